"""The states of topics: asked only of entries that match, sentence by sentence, where news is told.

A state is told by a sentence of the headline, or of the first few of the text, for which its query holds
and that asserts something: no question, no condition, no denial, nothing that was before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC

from monitor import facts
from monitor.errors import ConfigError, Mistake, QueryError
from monitor.match import tree
from monitor.match.decide import Node
from monitor.match.document import Document, Mark
from monitor.match.parse import parse_query
from monitor.match.resolve import Names, Nearest, resolve
from monitor.match.vocabulary import Vocabulary
from monitor.model import State, StateEvidence, Topic

LEAD = 3
"""Sentences of the text that are its lead: what follows is what was known before."""

_NOTES = {
    "question": "the sentence asks",
    "condition": "the sentence is under a condition",
    "background": "the sentence tells what was before",
    "denial": "the sentence denies it",
}

Window = tuple[int, int]


class States:
    """All states of all topics, with a vocabulary of their own on that of the topics."""

    def __init__(self, topics: Iterable[Topic], names: Names, base: Vocabulary, nearest: Nearest) -> None:
        """Compile the queries. Raises ConfigError with a mistake for each that cannot be read."""
        self._vocabulary = Vocabulary(base)
        self._nodes: dict[str, list[tuple[str, Node]]] = {}
        mistakes: list[Mistake] = []
        for topic in topics:
            for state in topic.states:
                try:
                    part = _asked(topic, state)
                    node = resolve(part, names, self._vocabulary, tree.print_query(part), nearest)
                except QueryError as error:
                    where = f"{topic.id}.states.{state.id}"
                    mistakes.append(replace(error.mistakes[0], file="query", key=where))
                else:
                    self._nodes.setdefault(topic.id, []).append((state.id, node))
        if mistakes:
            raise ConfigError(*mistakes)
        self._vocabulary.build()

    def told(self, topic: str, document: Document) -> tuple[StateEvidence, ...]:
        """Return the states of a topic that an entry tells, in the order in which it does."""
        if topic not in self._nodes:
            return ()
        self._extend(document)
        return tuple(one for one in self._read(topic, document, brief=True) if one.matched)

    def explain(self, topic: str, document: Document) -> tuple[StateEvidence, ...]:
        """Return all states of a topic: first those that an entry tells, then those it does not, and why."""
        if topic not in self._nodes:
            return ()
        self._extend(document)
        return self._read(topic, document, brief=False)

    def _extend(self, document: Document) -> None:
        """Find the states' words, once in a document however many topics it matches."""
        if not document.extended:
            self._vocabulary.extend(document)
            document.able.clear()  # more was found
            document.extended = True

    def _read(self, topic: str, document: Document, *, brief: bool) -> tuple[StateEvidence, ...]:
        windows = tuple(lead(document))
        hedges: dict[Window, str] = {}
        found: list[tuple[bool, int, StateEvidence]] = []
        for state, node in self._nodes[topic]:
            if brief and not node.possible(document):
                continue
            at, evidence = _evidence(state, node, document, windows, hedges, brief=brief)
            found.append((not evidence.matched, at, evidence))
        return tuple(evidence for _, _, evidence in sorted(found, key=lambda one: one[:2]))


def _asked(topic: Topic, state: State) -> tree.Part:
    """Return a state's query together with what is not asserted of any state. Raises QueryError."""
    part = parse_query(state.query)
    if not topic.states_unless:
        return part
    parts = part.parts if isinstance(part, tree.Every) else (part,)
    return tree.Every(parts=(*parts, tree.Not(part=parse_query(topic.states_unless))))


def lead(document: Document) -> Iterator[Window]:
    """Yield the sentences in which news is told: the headline's, and the first of the text's."""
    counts = [0, 0, 0]
    body = 1 if document.entry.summary.strip() else 2
    for start, end in document.sentences(0, document.end):
        field = document.field(start)
        if field not in (0, body) or not document.key[start:end].strip():
            continue
        counts[field] += 1
        if field == 0 or counts[field] <= LEAD:
            yield start, end


def _evidence(
    state: str,
    node: Node,
    document: Document,
    windows: tuple[Window, ...],
    hedges: dict[Window, str],
    *,
    brief: bool,
) -> tuple[int, StateEvidence]:
    """Return whether a state is told and where in the document; the nearest sentence where it is not.

    The words of all sentences that tell it are given: the headline seldom says who says so.
    """
    hedged: Window | None = None
    telling: list[Window] = []
    for window in windows:
        if not node.holds(document, *window):
            continue
        if window not in hedges:
            hedges[window] = _hedge(document, window)
        if hedges[window]:
            hedged = hedged or window
            continue
        telling.append(window)
    if telling:
        marks = _outermost(m for w in telling for m in node.marks(document, *w) if _inside(m, w))
        return (
            marks[0][0] if marks else telling[0][0],
            StateEvidence(
                state=state,
                spans=tuple(document.span(m) for m in marks),
                clauses=() if brief else (node.clause(document, *telling[0]),),
            ),
        )
    nearest = hedged or max(windows, key=lambda w: _parts(node, document, w), default=None)
    if brief or nearest is None:
        return document.end, StateEvidence(state=state, matched=False)
    note = _NOTES[hedges[hedged]] if hedged else ""
    clauses = (node.clause(document, *nearest),)
    return document.end, StateEvidence(state=state, matched=False, clauses=clauses, note=note)


def _inside(mark: Mark, window: Window) -> bool:
    """Tell whether a mark stands in the sentence that tells: `entry:` finds others."""
    return window[0] <= mark[0] and mark[1] <= window[1]


def _outermost(marks: Iterable[Mark]) -> list[Mark]:
    """Return marks in order without those that stand within others: what is shown is read once."""
    found: list[Mark] = []
    for mark in sorted(set(marks), key=lambda m: (m[0], -m[1])):
        if not found or mark[1] > found[-1][1]:
            found.append(mark)
    return found


def _hedge(document: Document, window: Window) -> str:
    entry = document.entry
    when = (entry.published or entry.first_seen).astimezone(UTC)
    return facts.hedge(document.surface(*window), document.language, when)


def _parts(node: Node, document: Document, window: Window) -> int:
    return sum(child.holds(document, *window) for child in node.children or (node,))
