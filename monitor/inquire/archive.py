"""The archive: candidates from the index, decisions by match, how an entry is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from monitor.inquire import Reads, plain
from monitor.match import Query
from monitor.model import Entry, Evidence

CANDIDATES = 20_000
"""How many of the newest candidates the index may bring before match decides."""


def found(
    store: Reads, query: Query, *, limit: int, since: datetime | None = None, until: datetime | None = None
) -> Iterator[tuple[Entry, Evidence]]:
    """Yield the newest entries that satisfy a query, with the evidence."""
    for entry in store.search(query.necessary, limit=limit, since=since, until=until):
        evidence = query.evidence(entry)
        if evidence.matched:
            yield entry, evidence


def entry_facts(entry: Entry) -> dict[str, Any]:
    """Return what JSON says of an entry wherever one is named."""
    return {
        "url": entry.url,
        "title": entry.title,
        "source": entry.source,
        "lang": entry.language,
        "first_seen": plain(entry.first_seen),
    }


def search(
    store: Reads,
    query: Query,
    *,
    limit: int = CANDIDATES,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[tuple[Entry, Evidence]]:
    """Return all entries that satisfy a query, the best score first, then the newest."""
    hits = list(found(store, query, limit=limit, since=since, until=until))
    return sorted(hits, key=lambda hit: (-hit[1].score, -hit[0].first_seen.timestamp(), hit[0].id))


def hit_facts(hits: Sequence[tuple[Entry, Evidence]]) -> list[dict[str, Any]]:
    """Return what JSON says of entries that were found."""
    return [
        {
            "id": entry.id,
            **entry_facts(entry),
            "published": plain(entry.published),
            "score": evidence.score,
            "spans": plain(evidence.spans),
        }
        for entry, evidence in hits
    ]
