"""Compose: what was found since a reader was last told → the digest or alerts that tell it.

Which stories, in which order, under which topic, and what of each comes first. Pure: the store
says what is new for this reader, the caller which slot it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import takewhile

from monitor.model import (
    Cursor,
    Digest,
    DigestStory,
    Entry,
    Feed,
    FeedState,
    FeedStatus,
    Hit,
    Kind,
    Recipient,
    Route,
    Section,
    Send,
    Span,
    StoryEntry,
    Trouble,
)
from monitor.slots import last_slot, next_slot

LATE = timedelta(minutes=10)
"""A digest made this long after its time says so."""

WELL = frozenset({FeedStatus.NEW, FeedStatus.PAUSED, FeedStatus.OK, FeedStatus.QUIET, FeedStatus.LATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a digest says besides its stories: titles and labels (id → language → words), the feeds."""

    topics: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    feeds: Mapping[str, Feed] = field(default_factory=dict)
    states: Sequence[FeedState] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who is told, by which route and channel, in which language and zone, and what they know already."""

    route: Route
    channel: str
    recipient: Recipient
    told: frozenset[str] = frozenset()

    @property
    def language(self) -> str:
        """The recipient's language, else the route's."""
        return self.recipient.language or self.route.language

    @property
    def timezone(self) -> str:
        """The recipient's zone, else the route's."""
        return self.recipient.timezone or self.route.timezone


def plan(
    hits: Sequence[Hit], cursor: Cursor, reader: Reader, desk: Desk, *, now: datetime, room: int | None
) -> tuple[Cursor, list[Digest]]:
    """Return what to tell a reader now, and where the cursor stands once that is queued.

    `hits` are those behind the cursor; `room` is how many more alerts the hour has (None: any
    number). What does not fit stays behind the cursor: its time comes.
    """
    moved = replace(cursor, position=hits[-1].seq if hits else cursor.position)
    if reader.route.send is Send.IMMEDIATE:
        digests = alerts(hits, reader, desk, until=now)
        if room is None or len(digests) <= room:
            return moved, digests
        waiting = {digest.sections[0].stories[0].id for digest in digests[room:]}
        fits = list(takewhile(lambda hit: hit.story_id not in waiting, hits))
        return replace(cursor, position=fits[-1].seq if fits else cursor.position), digests[:room]
    zone = reader.recipient.timezone
    due = cursor.next_slot or now
    # A machine that slept over several slots tells them in one, under the last of them.
    slot = last_slot(reader.route, due, now, timezone=zone) or due
    digest = compose(hits, reader, desk, slot=slot, since=cursor.last_slot, until=now, late=now - due > LATE)
    moved = replace(moved, last_slot=slot, next_slot=next_slot(reader.route, now, timezone=zone))
    return moved, [digest] if digest else []


def compose(
    hits: Sequence[Hit],
    reader: Reader,
    desk: Desk,
    *,
    slot: datetime,
    since: datetime | None,
    until: datetime,
    late: bool = False,
) -> Digest | None:
    """Return the digest of a slot, or None when there is nothing to tell and the route keeps silent then."""
    stories = _stories(hits, reader, desk)
    if not stories and not reader.route.nothing_new:
        return None
    return _digest(Kind.DIGEST, stories, reader, desk, slot=slot, since=since, until=until, late=late)


def alerts(hits: Sequence[Hit], reader: Reader, desk: Desk, *, until: datetime) -> list[Digest]:
    """Return one alert for each story this reader was never told of, in order of appearance.

    An alert's slot is the moment its story was first seen, so that it is the same alert whenever
    it is made.
    """
    fresh = [story for story in _stories(hits, reader, desk) if story.state == "new"]
    fresh.sort(key=lambda story: (story.first_seen, story.id))
    return [
        _digest(Kind.ALERT, [story], reader, desk, slot=story.first_seen, since=None, until=until)
        for story in fresh
    ]


def _digest(
    kind: Kind,
    stories: Sequence[DigestStory],
    reader: Reader,
    desk: Desk,
    *,
    slot: datetime,
    since: datetime | None,
    until: datetime,
    late: bool = False,
) -> Digest:
    what = stories[0].id if kind is Kind.ALERT else f"{slot:%Y-%m-%dT%H:%M:%SZ}"
    everything = [one for story in stories for one in (story.lead, *story.also)]
    configured = [state for state in desk.states if state.url in desk.feeds]
    return Digest(
        id=_identity(reader.route.name, reader.channel, reader.recipient.address, kind, what),
        kind=kind,
        route=reader.route.name,
        channel=reader.channel,
        recipient=reader.recipient,
        language=reader.language,
        timezone=reader.timezone,
        slot=slot,
        since=since,
        until=until,
        late=late,
        sections=_sections(stories, reader, desk),
        entries=len({one.entry.id for one in everything}),
        sources=len({one.entry.source for one in everything}),
        languages=_ranked(one.entry.language for one in everything),
        troubles=_troubles(configured, desk) if kind is Kind.DIGEST else (),
        feeds_ok=sum(state.status in WELL for state in configured),
        feeds_total=len(configured),
        topics={t: _words(desk.topics.get(t, {}), reader.language, t) for t in reader.route.topics},
        labels={e: _words(names, reader.language, e) for e, names in desk.labels.items()},
    )


def _stories(hits: Sequence[Hit], reader: Reader, desk: Desk) -> list[DigestStory]:
    """Group hits by story; most important first: score, then how many publishers carry it, then freshness."""
    by_story: defaultdict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        by_story[hit.story_id].append(hit)
    stories = [_story(story_id, told, reader, desk) for story_id, told in by_story.items()]
    stories.sort(key=lambda s: (-s.sources, -s.score, -s.first_seen.timestamp(), s.id))
    return stories


def _story(story_id: str, hits: Sequence[Hit], reader: Reader, desk: Desk) -> DigestStory:
    by_entry: defaultdict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        by_entry[hit.entry.id].append(hit)
    entries = [_entry(found) for found in by_entry.values()]
    entries.sort(key=lambda one: _lead_rank(one.entry, reader, desk))
    order = {topic: place for place, topic in enumerate(reader.route.topics)}
    topics = sorted({hit.match.topic for hit in hits}, key=lambda t: order.get(t, len(order)))
    return DigestStory(
        id=story_id,
        state="developing" if story_id in reader.told else "new",
        lead=entries[0],
        also=tuple(entries[1:]),
        topics=tuple(topics),
        score=max(hit.match.score for hit in hits),
        first_seen=min(hit.entry.first_seen for hit in hits),
        sources=len({one.entry.source for one in entries}),
        languages=_ranked(one.entry.language for one in entries),
    )


def _lead_rank(entry: Entry, reader: Reader, desk: Desk) -> tuple[bool, int, bool, datetime, str]:
    """The reader's language first, then the better source, then one with text, then the earliest."""
    feed = desk.feeds.get(entry.feed_url)
    return (
        entry.language.partition("-")[0] != reader.language.partition("-")[0],
        feed.tier if feed else 3,
        not (entry.summary or entry.content),
        entry.first_seen,
        entry.id,
    )


def _entry(hits: Sequence[Hit]) -> StoryEntry:
    spans: dict[tuple[str, int, int], Span] = {}
    terms: dict[str, None] = {}
    for hit in hits:
        for span in hit.match.evidence.spans:
            spans.setdefault((span.field, span.start, span.end), span)
            terms.setdefault(f"@{span.entity}" if span.entity else span.term)
    return StoryEntry(
        entry=hits[0].entry,
        spans=tuple(spans[place] for place in sorted(spans)),
        topics=tuple(dict.fromkeys(hit.match.topic for hit in hits)),
        terms=tuple(term for term in terms if term),
    )


def _sections(stories: Sequence[DigestStory], reader: Reader, desk: Desk) -> tuple[Section, ...]:
    """Each story once, under the first of the route's topics that it is about."""
    by_topic: defaultdict[str, list[DigestStory]] = defaultdict(list)
    for story in stories:
        by_topic[story.topics[0]].append(story)
    return tuple(
        Section(
            topic=topic,
            title=_words(desk.topics.get(topic, {}), reader.language, topic),
            stories=tuple(by_topic[topic]),
        )
        for topic in reader.route.topics
        if topic in by_topic
    )


def _troubles(states: Iterable[FeedState], desk: Desk) -> tuple[Trouble, ...]:
    return tuple(
        Trouble(
            source=desk.feeds[state.url].source,
            url=state.url,
            status=state.status,
            reason=state.reason,
            since=state.last_ok_at,
        )
        for state in states
        if state.status not in WELL
    )


def _words(by_language: Mapping[str, str], language: str, otherwise: str) -> str:
    short = language.partition("-")[0]
    return by_language.get(language) or by_language.get(short) or by_language.get("en") or otherwise


def _ranked(values: Iterable[str]) -> tuple[str, ...]:
    """Distinct values, most frequent first."""
    counts: defaultdict[str, int] = defaultdict(int)
    for value in values:
        counts[value] += 1
    return tuple(sorted(counts, key=lambda value: (-counts[value], value)))


def _identity(*parts: str) -> str:
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()
