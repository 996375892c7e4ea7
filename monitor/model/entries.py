"""Entries and what is found in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitor.model.articles import Article
from monitor.model.polling import FeedState


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One published item, as plain text. `id` is its identity (see dedupe).

    `summary` and `content` keep line breaks between blocks. `fingerprint` changes with the text;
    each change is a new `revision`, counted from 1.
    """

    id: str
    url: str
    guid: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    author: str = ""
    tags: tuple[str, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    first_seen: datetime
    source: str
    feed_url: str
    language: str = "und"
    country: str = ""
    revision: int = 1
    fingerprint: str = ""
    entities: tuple[str, ...] = ()
    """Ids of the entities that match found in it, in order of first mention."""
    article: bool = False
    """Whether `content` is from the article's own page, not from the feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store remembers of an identity, for ever. `fingerprints`: feed URL → last text seen there."""

    id: str
    guid: str = ""
    revision: int = 1
    length: int = 0
    """Characters of the text that is stored."""
    first_seen: datetime
    fingerprints: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """An entry was in a feed, with this text."""

    entry_id: str
    feed_url: str
    fingerprint: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """What a document brought: new entries, revised ones, and where each was seen (changes only)."""

    entries: tuple[Entry, ...] = ()
    revised: tuple[Entry, ...] = ()
    sightings: tuple[Sighting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of a field: code points `start` to `end` of `field`; `surface` is exactly that text.

    `term` is what of the query it answers (`@putin`, `বৈঠক`); `entity` the entity's id, if one.
    """

    field: str
    start: int
    end: int
    surface: str
    term: str = ""
    entity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One clause of a query and whether it held; `note` says what was nearest where it did not."""

    text: str
    matched: bool
    spans: tuple[Span, ...] = ()
    note: str = ""
    clauses: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StateEvidence:
    """A state of the topic that an entry tells, and the words that do; `explain` shows misses, too.

    `clauses` are of the sentence that tells it (or came nearest); they are not stored with a match.
    `note` says why a sentence that would fit does not count (a question, a condition, a denial …).
    """

    state: str
    matched: bool = True
    spans: tuple[Span, ...] = ()
    clauses: tuple[Clause, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a topic matched (or not): feeds `explain`, the marks in templates and `--json` alike.

    `clauses` are the whole answer, part by part; they are not stored with a match, being nine tenths of it
    and following from the text.

    `states` are the topic's states that the entry tells, in the order in which it tells them.
    """

    matched: bool
    score: float = 0.0
    clauses: tuple[Clause, ...] = ()
    spans: tuple[Span, ...] = ()
    states: tuple[StateEvidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An entry revision is about a topic. `held` says why it is sent nowhere (`before-start`)."""

    entry_id: str
    revision: int
    topic: str
    evidence: Evidence
    held: str = ""

    @property
    def score(self) -> float:
        """The evidence's score."""
        return self.evidence.score

    @property
    def states(self) -> tuple[StateEvidence, ...]:
        """The states of the topic that the entry tells."""
        return self.evidence.states


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What match read in one entry: its topics, and the normalised text that search indexes."""

    matches: tuple[Match, ...] = ()
    key: str = ""
    entities: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRecord:
    """All that one poll found: remembered whole or not at all (promise 1)."""

    state: FeedState
    fresh: Fresh = field(default_factory=Fresh)
    readings: Mapping[str, Reading] = field(default_factory=dict)
    """Entry id → what match read, for each new and revised entry."""
    arrivals: tuple[datetime, ...] = ()
    """Hours in which it brought something; of a first poll, those that its dates speak of."""
    wanted: tuple[Article, ...] = ()
    """Articles to be fetched from now on, of new entries."""
    before: FeedState | None = None
    """The state as it was claimed, where that is known: then only what differs need be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRecord:
    """What came of one try to get an article: remembered whole or not at all.

    `entry` is the next revision of the entry, with the article's text, and `reading` what match read
    in it; None where there was nothing to be had. `rest_until`: its host is left alone until then.
    """

    article: Article
    entry: Entry | None = None
    reading: Reading = field(default_factory=Reading)
    rest_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A match as compose reads it from the store: in order of `seq`, which only grows."""

    seq: int
    match: Match
    entry: Entry
    story_id: str = ""
    matched_at: datetime
    feeds: tuple[str, ...] = ()
