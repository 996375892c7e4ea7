"""`/search?q=…`: the archive, in the query language of topics, as `monitor search` has it."""

from __future__ import annotations

from monitor.errors import QueryError, caret
from monitor.inquire.archive import search
from monitor.model import StoryEntry
from monitor.web import Answer, Asked, Page, Site
from monitor.web._shown import Part, number, shown

ON_A_PAGE = 50
LONGEST = 1_000
"""Characters of a query; what is longer is no question that somebody typed."""


def results(site: Site, asked: Asked) -> Answer:
    """Show what was found, the best first; or where the query is wrong, with a caret under the place."""
    query = asked.query.get("q", "").strip()
    first = number(asked.query.get("from", ""))
    hits: list[StoryEntry] | None = None
    mistake, total = None, 0
    if query:
        try:
            found = search(site.store, site.matcher.find(query[:LONGEST]))
        except QueryError as error:
            mistake = _mistake(error)
        else:
            total = len(found)
            hits = [
                StoryEntry(entry=one, spans=evidence.spans) for one, evidence in found[first:][:ON_A_PAGE]
            ]
    part = Part(first=first, size=ON_A_PAGE, total=total)
    return shown(site, asked, "search", q=query, hits=hits, mistake=mistake, part=part)


def _mistake(error: QueryError) -> dict[str, str]:
    """Return what is wrong and where: the line of the query and the caret under it."""
    (said, *_) = error.mistakes
    return {
        "problem": error.problem,
        "hint": error.hint,
        "line": said.excerpt,
        "caret": caret(said.excerpt, said.column),
    }


PAGES = (Page(path="/search", reply=results),)
