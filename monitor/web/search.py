"""`/search?q=…`: the archive, in the query language of topics, as `monitor search` has it."""

from __future__ import annotations

from typing import Any

from monitor.errors import QueryError, caret
from monitor.inquire.archive import search
from monitor.model import StoryEntry
from monitor.web import Answer, Asked, Page, Site
from monitor.web._shown import shown

ON_A_PAGE = 50
LONGEST = 1_000
"""Characters of a query; what is longer is no question that somebody typed."""


def results(site: Site, asked: Asked) -> Answer:
    """Show what was found, the best first; or where the query is wrong, with a caret under the place."""
    query = asked.query.get("q", "").strip()
    first = _number(asked.query.get("from", ""))
    facts: dict[str, Any] = {"q": query, "mistake": None, "hits": None, "total": 0, "first": first}
    if query:
        try:
            facts |= _found(site, query[:LONGEST], first)
        except QueryError as error:
            facts["mistake"] = _mistake(error)
    facts |= {"next": first + ON_A_PAGE if first + ON_A_PAGE < facts["total"] else 0, "page": ON_A_PAGE}
    return shown(site, asked, "search", **facts)


def _found(site: Site, query: str, first: int) -> dict[str, Any]:
    hits = search(site.store, site.matcher.find(query))
    return {
        "total": len(hits),
        "hits": [
            StoryEntry(entry=entry, spans=evidence.spans)
            for entry, evidence in hits[first : first + ON_A_PAGE]
        ],
    }


def _mistake(error: QueryError) -> dict[str, str]:
    """Return what is wrong and where: the line of the query and the caret under it."""
    (said, *_) = error.mistakes
    return {
        "problem": error.problem,
        "hint": error.hint,
        "line": said.excerpt,
        "caret": caret(said.excerpt, said.column),
    }


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


PAGES = (Page(path="/search", reply=results),)
