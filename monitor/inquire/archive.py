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


def of_article(facts: Any) -> Any:
    """Return facts whose spans in the content say that they are the article's, not the feed's."""
    if isinstance(facts, list):
        return [of_article(one) for one in facts]
    if not isinstance(facts, dict):
        return facts
    said = {name: of_article(value) for name, value in facts.items()}
    return {**said, "from": "article"} if said.get("field") == "content" else said


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
            "spans": of_article(spans) if entry.article else spans,
        }
        for entry, evidence in hits
        for spans in [plain(evidence.spans)]
    ]
