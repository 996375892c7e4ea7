"""The matcher: made once from entities and topics, asked for every new entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from monitor import facts
from monitor.errors import ConfigError, Mistake, QueryError
from monitor.match import tree
from monitor.match.asked import asked
from monitor.match.decide import Every, Node, Term
from monitor.match.document import Document
from monitor.match.lint import Finding, lint
from monitor.match.near_miss import NearMiss, near_misses
from monitor.match.necessary import necessary
from monitor.match.parse import parse_query
from monitor.match.resolve import Names, check_names, resolve
from monitor.match.states import States
from monitor.match.vocabulary import WORDING, Form, Vocabulary, forms
from monitor.model import Entity, Entry, Evidence, LookAlike, Match, Reading, Said, Span, Topic
from monitor.text import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What match sees in an entry: its language, the entities, and for each topic why or why not."""

    language: str
    entities: tuple[Span, ...] = ()
    look_alikes: tuple[Span, ...] = ()
    """What looked like an entity and was claimed."""
    topics: Mapping[str, Evidence] = field(default_factory=dict)
    """Topic id (or the query that was asked) → evidence, misses included."""


class Query:
    """A query made ready for the archive: the index finds candidates by `necessary`, `evidence` decides."""

    def __init__(self, text: str, part: tree.Part, node: Node, vocabulary: Vocabulary, names: Names) -> None:
        self.text = text
        self.tree = part
        self.necessary = necessary(part, names)
        self._node, self._vocabulary = node, vocabulary

    def evidence(self, entry: Entry) -> Evidence:
        """Return whether the query holds for an entry, and why."""
        document = Document(entry)
        self._vocabulary.scan(document)
        return _evidence(self._node, document)


class Matcher:
    """All entities and topics, ready to read entries. Pure: the same entry always reads the same."""

    def __init__(
        self,
        entities: Iterable[Entity],
        look_alikes: Iterable[LookAlike] = (),
        groups: Mapping[str, tuple[str, ...]] | None = None,
        topics: Iterable[Topic] = (),
        *,
        typos: bool = True,
    ) -> None:
        """Compile everything. Raises ConfigError with one mistake for each topic that cannot be read."""
        self.names = Names(entities, look_alikes, groups)
        self.typos = typos
        self.topics = {t.id: t for t in topics}
        self._vocabulary = self._entities()
        self._nodes: dict[str, Node] = {}
        mistakes: list[Mistake] = []
        for topic in self.topics.values():
            try:
                part = parse_query(topic.query)
                self._nodes[topic.id] = resolve(part, self.names, self._vocabulary, topic.query, _nearest)
            except QueryError as error:
                found = error.mistakes[0]
                mistakes.append(
                    Mistake(
                        file="query",
                        line=found.line,
                        column=found.column,
                        key=topic.id,
                        problem=found.problem,
                        hint=found.hint,
                        excerpt=found.excerpt,
                    )
                )
        self._vocabulary.build()
        try:
            self._states = States(self.topics.values(), self.names, self._vocabulary, _nearest)
        except ConfigError as error:
            mistakes += error.mistakes
        if mistakes:
            raise ConfigError(*mistakes)
        self._order = list(self._nodes.items())
        self._always, self._by_term = self._index()

    def _entities(self) -> Vocabulary:
        vocabulary = Vocabulary()
        for entity in self.names.entities.values():
            if entity.type != WORDING:
                vocabulary.add_entity(entity, typos=self.typos)
        for look_alike in self.names.look_alikes.values():
            vocabulary.add_look_alike(look_alike)
        return vocabulary

    def asked(self, topic: str) -> dict[str, float]:
        """Return what a topic asks for (see `asked`), {} if there is no such topic."""
        known = self.topics.get(topic)
        return asked(parse_query(known.query), self.names) if known else {}

    def _index(self) -> tuple[list[int], dict[int, list[int]]]:
        """Return the topics that are always asked, and for each term those that need it."""
        usage: Counter[int] = Counter()
        for _, node in self._order:
            usage.update(_terms(node))
        always: list[int] = []
        by_term: dict[int, list[int]] = {}
        for index, (_, node) in enumerate(self._order):
            needed = node.necessary(usage.__getitem__)
            if needed is None:
                always.append(index)
                continue
            for term in needed:
                by_term.setdefault(term, []).append(index)
        return always, by_term

    def read(self, entry: Entry) -> Reading:
        """Return the topics an entry matches with their evidence, its key, and all entities in it."""
        document = Document(entry)
        self._vocabulary.scan(document)
        candidates = set(self._always)
        by_term = self._by_term
        for term in document.hits:
            topics = by_term.get(term)
            if topics:
                candidates.update(topics)
        matches = []
        for index in sorted(candidates):
            topic, node = self._order[index]
            if node.possible(document) and node.holds(document, 0, document.end):
                evidence = replace(_found(node, document), states=self._states.told(topic, document))
                matches.append(
                    Match(entry_id=entry.id, revision=entry.revision, topic=topic, evidence=evidence)
                )
        return Reading(matches=tuple(matches), key=document.search_key(), entities=self._spans(document))

    def said(self, entry: Entry) -> Said:
        """Return the facts that an entry gives and the statements it quotes (see facts.read)."""
        document = Document(entry)
        self._vocabulary.scan(document)
        return facts.read(entry, self._spans(document), self.names.entities)

    def _spans(self, document: Document) -> tuple[Span, ...]:
        entities = self._vocabulary.entity_terms
        marks = [
            (start, end, f"@{entities[term]}", entities[term])
            for term, places in document.hits.items()
            if term in entities
            for start, end in places
        ]
        return tuple(document.span(m) for m in sorted(marks))

    def watched(self, topic: str) -> tuple[str, ...]:
        """Return the named entities that a topic asks for, each once."""
        return tuple(dict.fromkeys(self.names.named_in(parse_query(self.topics[topic].query))))

    def explain(self, entry: Entry, *, topic: str | None = None, query: str | None = None) -> Explanation:
        """Return what is found in an entry and, for each topic or for one query, why it matches or not.

        Raises QueryError for a query that cannot be read, ConfigError for an unknown topic.
        """
        if topic is not None and topic not in self._nodes:
            near = get_close_matches(topic, self._nodes, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(self._nodes) or 'none'}"
            raise ConfigError(Mistake(key=topic, problem="there is no such topic", hint=hint))
        document = Document(entry)
        vocabulary = self._vocabulary
        asked = {t: n for t, n in self._nodes.items() if topic in (None, t)}
        if query is not None:
            vocabulary, node, _ = self._compile(query)
            asked = {query: node} if topic is None else {**asked, query: node}
        vocabulary.scan(document)
        return Explanation(
            language=document.language,
            entities=self._spans(document),
            look_alikes=tuple(document.span(m) for m in document.claims),
            topics={
                t: replace(_evidence(n, document), states=self._states.explain(t, document))
                for t, n in asked.items()
            },
        )

    def _compile(self, query: str) -> tuple[Vocabulary, Node, tree.Part]:
        """Return a query's own vocabulary (its words, on ours) and what runs."""
        part = parse_query(query)
        check_names(part, self.names, query)
        vocabulary = Vocabulary(self._vocabulary)
        node = resolve(part, self.names, vocabulary, query, _nearest)
        vocabulary.build()
        return vocabulary, node, part

    def find(self, query: str) -> Query:
        """Return a query made ready for the archive. Raises QueryError."""
        vocabulary, node, part = self._compile(query)
        return Query(query, part, node, vocabulary, self.names)

    def forms(self, entity_id: str) -> list[Form]:
        """Return every surface form of an entity, its language and where it comes from.

        Raises ConfigError for an unknown entity.
        """
        entity = self.names.entities.get(entity_id)
        if entity is None:
            near = get_close_matches(entity_id, self.names.entities, 1)
            hint = f"did you mean {near[0]}?" if near else ""
            raise ConfigError(Mistake(key=entity_id, problem="there is no such entity", hint=hint))
        return forms(entity, typos=self.typos)

    def lint(self, topics: Iterable[Topic] | None = None) -> list[Finding]:
        """Return the faults of topics (ours, unless others are given) that are no errors."""
        return lint(self.topics.values() if topics is None else topics, self.names)

    def near_misses(self, entries: Iterable[Entry], *, least: int = 2) -> list[NearMiss]:
        """Return new spellings seen beside known names in at least `least` entries, for a person to add."""
        return near_misses(entries, self.names, self._vocabulary, least=least)


def check_query(
    query: str, entities: Iterable[Entity | LookAlike | str], groups: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise QueryError if a query cannot be read or names an unknown entity.

    `entities` are entities and look-alikes, or only their ids.
    """
    known = [Entity(id=e if isinstance(e, str) else e.id) for e in entities]
    check_names(parse_query(query), Names(known, (), groups), query)


def _found(node: Node, document: Document) -> Evidence:
    """Return the evidence of a query that holds, as it is stored: its words and what speaks for it."""
    marks = sorted(set(node.marks(document, 0, document.end)))
    return Evidence(
        matched=True,
        score=node.score(document, 0, document.end),
        spans=tuple(document.span(m) for m in marks),
    )


def _evidence(node: Node, document: Document) -> Evidence:
    """Return the evidence of a whole query with a clause for each of its parts that must hold."""
    low, high = 0, document.end
    parts = node.children if isinstance(node, Every) else (node,)
    clauses = tuple(p.clause(document, low, high) for p in parts)
    if not node.holds(document, low, high):
        return Evidence(matched=False, clauses=clauses)
    return replace(_found(node, document), clauses=clauses)


def _terms(node: Node) -> set[int]:
    found = {number for number, _ in node.terms} if isinstance(node, Term) else set()
    for child in node.children:
        found |= _terms(child)
    return found


def _nearest(document: Document, term: Term) -> str:
    """Say what in a document comes nearest to a term that was not found: a claim, or a similar word."""
    numbers = dict(term.terms)
    for start, end, label, _ in document.claims:
        for number in numbers:
            if number in document.claimed.get((start, end), ()):
                return f"{document.surface(start, end)} is {label}"
    asked = term.text.strip('@="*').split()
    if not asked or term.text.startswith("@"):
        return ""
    near = get_close_matches(
        words(asked[0])[0] if words(asked[0]) else "", set(document.flat.split()[:2000]), 1, 0.75
    )
    return f"the nearest is {near[0]}" if near else ""
