"""What commands over entries share: candidates from the index, decisions by match, how an entry is said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click

from monitor.commands._app import plain
from monitor.match import Query
from monitor.model import Entry, Evidence, Span
from monitor.stores import Store


def found(
    store: Store, query: Query, *, limit: int, since: datetime | None = None, until: datetime | None = None
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


def marked(entry: Entry, spans: tuple[Span, ...], field: str = "title") -> str:
    """Return a field of an entry with what matched in bold, for a terminal."""
    text = str(getattr(entry, field))
    out, at = "", 0
    for span in sorted((s for s in spans if s.field == field), key=lambda s: s.start):
        if span.start >= at:
            out += text[at : span.start] + click.style(text[span.start : span.end], bold=True)
            at = span.end
    return out + text[at:]
