"""Which topics match a text and why, clause by clause; of an entry also what became of it."""

from __future__ import annotations

from typing import Any

from monitor.inquire import Reads, Settings, plain
from monitor.inquire.archive import of_article
from monitor.inquire.fates import life_facts, link_facts, sending_facts, story_of
from monitor.inquire.lines import line_facts
from monitor.match import Explanation, Matcher
from monitor.model import Article, Clause, Entry, Match, Said, Span, StateEvidence


def entry_explained(
    config: Settings, store: Reads, matcher: Matcher, entry: Entry, matches: list[Match]
) -> dict[str, Any]:
    """Return all there is to say about an entry of the archive."""
    found = matcher.explain(entry)
    facts = explanation_facts(found, None) | said_facts(matcher.said(entry), None)
    if entry.article:
        facts = of_article(facts)
    return {"entry": plain(entry), **facts, **became_facts(config, store, entry, matches)}


def became_facts(config: Settings, store: Reads, entry: Entry, matches: list[Match]) -> dict[str, Any]:
    """Return what became of an entry: its story, and for each reader whether they were told."""
    story = story_of(store, entry)
    return {
        "article": _article(store.article(entry.id)),
        "life": life_facts(config, store, story),
        "links": link_facts(store, story, entry.id) if story else [],
        "sending": sending_facts(config, store, story, entry, matches),
        "unusual": line_facts(config, store, entry, [match.topic for match in matches]),
    }


def _article(article: Article | None) -> dict[str, Any] | None:
    """Return how far we are with the page behind an entry; None where none was wanted."""
    if article is None:
        return None
    return {
        "status": article.status.value,
        "reason": article.reason,
        "detail": article.detail,
        "tries": article.tries,
        "next_try": plain(article.due_at),
    }


def explanation_facts(found: Explanation, rename: str | None) -> dict[str, Any]:
    """Return what matched and why; `rename` is what fields are called, where the text has none."""
    by_entity: dict[str, list[Span]] = {}
    for span in found.entities:
        by_entity.setdefault(span.entity, []).append(span)
    return {
        "lang": found.language,
        "entities": [
            {"entity": entity, "spans": [_span(s, rename, term=False) for s in spans]}
            for entity, spans in by_entity.items()
        ],
        "look_alikes": [_span(s, rename) for s in found.look_alikes],
        "topics": [
            {
                "topic": name,
                "matched": evidence.matched,
                "score": evidence.score,
                "clauses": [_clause(c, rename) for c in evidence.clauses],
                "spans": [_span(s, rename) for s in evidence.spans],
                "states": [_state(s, rename) for s in evidence.states],
            }
            for name, evidence in found.topics.items()
        ],
    }


def _state(state: StateEvidence, rename: str | None) -> dict[str, Any]:
    return {
        "state": state.state,
        "matched": state.matched,
        "note": state.note,
        "spans": [_span(s, rename) for s in state.spans],
        "clauses": [_clause(c, rename) for c in state.clauses],
    }


def said_facts(said: Said, rename: str | None) -> dict[str, Any]:
    """Return the facts and statements of the text."""
    return {
        "facts": [
            {
                "kind": fact.kind.value,
                "about": fact.about,
                "value": fact.value,
                "low": fact.low,
                "high": fact.high,
                "who": list(fact.who),
                **_span(fact.span, rename, term=False),
            }
            for fact in said.facts
        ],
        "statements": [
            {"speaker": one.speaker, "stance": one.stance.value, **_span(one.span, rename, term=False)}
            for one in said.statements
        ],
    }


def _span(span: Span, rename: str | None, *, term: bool = True) -> dict[str, Any]:
    place = {"field": rename or span.field, "start": span.start, "end": span.end, "surface": span.surface}
    return {**place, "term": span.term} if term else place


def _clause(clause: Clause, rename: str | None) -> dict[str, Any]:
    return {
        "text": clause.text,
        "matched": clause.matched,
        "note": clause.note,
        "spans": [_span(s, rename) for s in clause.spans],
        "clauses": [_clause(c, rename) for c in clause.clauses],
    }
