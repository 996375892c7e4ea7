"""A story laid open for one reader: its entries, who of them speaks for themselves, what was told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor import languages, text
from monitor.life import appeared, lead_rank, life, short
from monitor.model import (
    Dossier,
    Entry,
    Fact,
    FactKind,
    Feed,
    FeedState,
    Hit,
    Life,
    LinkKind,
    Outage,
    Recipient,
    Route,
    Said,
    Span,
    State,
    StoryEntry,
    Turn,
)
from monitor.sources import independent

_LATE = timedelta(hours=6)
"""An entry that was out so long before we saw it, and before what the reader knows, is history."""


_FIRST = tuple(FactKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a digest says besides its stories: titles and labels (id → language → words), the feeds.

    `read` says what an entry says; `stages` are the states of each topic; `within` the bodies that an
    entity belongs to (Peskov: the Kremlin); `watched` those that a topic asks for by name, `names` all
    entities that are names, not words.
    """

    topics: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    stages: Mapping[str, Sequence[State]] = field(default_factory=dict)
    within: Mapping[str, Sequence[str]] = field(default_factory=dict)
    watched: Mapping[str, Sequence[str]] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    feeds: Mapping[str, Feed] = field(default_factory=dict)
    states: Sequence[FeedState] = ()
    outages: Sequence[Outage] = ()
    """Those that go on, and those that ended lately."""
    read: Callable[[Entry], Said] = lambda entry: Said()

    def tier(self, entry: Entry) -> int:
        """Say how good an entry's source is; 3 for one that is no longer configured."""
        feed = self.feeds.get(entry.feed_url)
        return feed.tier if feed else 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who is told, by which route and channel, in which language and zone.

    `digest` is the route by which the same recipient gets a digest of the same topics.
    """

    route: Route
    channel: str
    recipient: Recipient
    digest: str = ""

    @property
    def language(self) -> str:
        """The recipient's language, else the route's."""
        return self.recipient.language or self.route.language

    @property
    def timezone(self) -> str:
        """The recipient's zone, else the route's."""
        return self.recipient.timezone or self.route.timezone


class Case:
    """A dossier with what follows from it."""

    def __init__(self, dossier: Dossier, reader: Reader, desk: Desk) -> None:
        self.dossier, self.reader, self.desk = dossier, reader, desk
        self.id, self.told = dossier.story.id, dossier.told
        by_entry: defaultdict[str, list[Hit]] = defaultdict(list)
        for hit in dossier.hits:
            by_entry[hit.entry.id].append(hit)
        items = sorted((_item(hits) for hits in by_entry.values()), key=_by_time)
        self.items: Mapping[str, StoryEntry] = {item.entry.id: item for item in items}
        self.copies = frozenset(
            link.entry_id for link in dossier.story.links if link.kind is LinkKind.COPY and not link.veto
        )
        self.groups = independent([item.entry for item in items], dossier.story.links)
        self.group = {one: number for number, group in enumerate(self.groups) for one in group}

    @property
    def is_new(self) -> bool:
        """Whether the reader was never told of the story."""
        return not self.told

    def knows(self, entry_id: str) -> bool:
        """Whether the reader was told of an entry."""
        return f"entry:{entry_id}" in self.told

    @property
    def known(self) -> list[StoryEntry]:
        """What the reader was told of, best first."""
        return self.ranked([item for one, item in self.items.items() if self.knows(one)])

    @property
    def fresh(self) -> list[StoryEntry]:
        """What the reader was not told of, in the order in which it was out."""
        return [item for one, item in self.items.items() if not self.knows(one)]

    def is_late(self, item: StoryEntry) -> bool:
        """Whether an entry was out long ago, before something that the reader was told."""
        out = appeared(item.entry)
        if self.is_new or item.entry.first_seen - out < _LATE:
            return False
        return any(out < appeared(one.entry) for one in self.known)

    def ranked(self, items: Sequence[StoryEntry]) -> list[StoryEntry]:
        """Return entries with the one first that should tell the story to this reader."""
        return sorted(
            items, key=lambda one: lead_rank(one.entry, self.reader.language, self.desk.tier(one.entry))
        )

    def sources(self, entry_ids: Sequence[str]) -> tuple[str, ...]:
        """Return the publishers of entries, each once, in the order in which they were out."""
        wanted = set(entry_ids)
        return tuple(dict.fromkeys(i.entry.source for one, i in self.items.items() if one in wanted))

    def told_by(self, entry_id: str, turn: Turn) -> tuple[Span, ...]:
        """Return the words by which an entry tells the state of a turn."""
        return tuple(
            span
            for hit in self.dossier.hits
            if hit.entry.id == entry_id and hit.match.topic == turn.topic
            for state in hit.match.states
            if state.state == turn.state and state.matched
            for span in state.spans
        )

    def facts(self, item: StoryEntry) -> list[Fact]:
        """Return the values in an entry that may be news, what is counted or measured first.

        Not a number of nobody knows what, nor the country where something is ("a truce in Ukraine"), nor
        a day that is not ahead: when it was said and when it was are one word apart ("on Thursday").
        """
        today = appeared(item.entry).toordinal()
        told = [
            fact
            for fact in self.desk.read(item.entry).facts
            if fact.about
            and (fact.kind is not FactKind.PLACE or fact.within)
            and (fact.kind is not FactKind.DATE or today < fact.low == fact.high)
        ]
        return sorted(told, key=lambda fact: _FIRST.index(fact.kind))

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics it is about, in the route's order."""
        found = {hit.match.topic for hit in self.dossier.hits}
        order = {topic: place for place, topic in enumerate(self.reader.route.topics)}
        return tuple(sorted(found, key=lambda topic: order.get(topic, len(order))))

    @property
    def score(self) -> float:
        """The best score of a match."""
        return max((hit.match.score for hit in self.dossier.hits), default=0.0)

    def life(self, at: datetime) -> Life | None:
        """Return how the story is doing; None if nothing in it is about the route's topics any more."""
        if not self.items:
            return None
        return life(
            [item.entry for item in self.items.values()],
            self.groups,
            copies=self.copies,
            tier=self.desk.tier,
            score=self.score,
            at=at,
        )

    def silent(self) -> tuple[str, ...]:
        """Return the languages of the desk's feeds that have nothing of it, the reader's first."""
        followed = {short(feed.language): None for feed in self.desk.feeds.values() if not feed.paused}
        spoken = {short(item.entry.language) for item in self.items.values()}
        missing = sorted(set(followed) - spoken - {"", "und"})
        return tuple(sorted(missing, key=lambda one: one != short(self.reader.language)))


def _says_nothing(surface: str, language: str) -> bool:
    """Whether a word of a query is one of those between the names (with, সঙ্গে): no reason for a reader."""
    member = languages.language(language)
    return member is not None and member.headlines.stops.issuperset(text.words(surface))


def _by_time(item: StoryEntry) -> tuple[datetime, str]:
    return appeared(item.entry), item.entry.id


def _item(hits: Sequence[Hit]) -> StoryEntry:
    """Return an entry with the marks and reasons of all its topics."""
    spans: dict[tuple[str, int, int], Span] = {}
    terms: dict[str, None] = {}
    for hit in hits:
        for span in hit.match.evidence.spans:
            if not span.entity and _says_nothing(span.surface, hit.entry.language):
                continue
            spans.setdefault((span.field, span.start, span.end), span)
            terms.setdefault(f"@{span.entity}" if span.entity else span.term)
    return StoryEntry(
        entry=hits[0].entry,
        spans=tuple(spans[place] for place in sorted(spans)),
        topics=tuple(dict.fromkeys(hit.match.topic for hit in hits)),
        terms=tuple(term for term in terms if term),
    )
