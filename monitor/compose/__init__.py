"""Compose: what changed since a reader was last told → the digest or alerts that tell it.

Which stories, in which order, under which topic, and of each only what is new to this reader: new
independent sources, new facts, denials, contradictions, changed headlines, turns of the event. What
was told is remembered in items (`entry:ID`, `fact:KIND|ABOUT|VALUE`, `conflict:…`, `turn:ID`), queued in
one transaction with the message: told once, they are never news again. Pure: the store says what
lies behind the reader's cursor and what they were told, the caller which slot it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from monitor.compose._case import Case, Desk, Reader
from monitor.compose._delta import Happened, ranked, tell, turn_item, unheard
from monitor.compose._disputes import contradictions, is_open, items
from monitor.compose._quiet import Quieted, quieted, reasons
from monitor.compose._signals import item_of, signal_notes, wanted
from monitor.compose._situation import Situation
from monitor.compose._turns import notes, standing, words
from monitor.model import (
    STORIES,
    Contradiction,
    Cursor,
    Digest,
    DigestStory,
    FeedState,
    FeedStatus,
    Kind,
    News,
    Route,
    Section,
    Send,
    SignalNote,
    Trouble,
    TurnNote,
)
from monitor.slots import last_slot, next_slot

__all__ = [
    "WELL",
    "Desk",
    "Quieted",
    "Reader",
    "Situation",
    "alerts",
    "compose",
    "item_of",
    "plan",
    "quieted",
    "reasons",
    "stay_behind",
]

LATE = timedelta(minutes=10)
"""A digest made this long after its time says so."""

WELL = frozenset({FeedStatus.NEW, FeedStatus.PAUSED, FeedStatus.OK, FeedStatus.QUIET, FeedStatus.LATE})


def plan(
    situation: Situation, cursor: Cursor, reader: Reader, desk: Desk, *, now: datetime, room: int | None
) -> tuple[Cursor, list[Digest]]:
    """Return what to tell a reader now, and where the cursor stands once that is queued.

    `room` is how many more alerts the hour has (None: any number). What does not fit stays behind the
    cursor: its time comes.
    """
    moved = replace(cursor, position=max(situation.news.position, cursor.position))
    if reader.route.send is Send.IMMEDIATE:
        digests = alerts(situation, reader, desk, until=now)
        fitting, left = _fitting(digests, room)
        if not left or reader.digest:
            return moved, fitting
        first = min(_seqs(situation.news, left), default=moved.position + 1)
        return replace(cursor, position=max(min(first - 1, moved.position), cursor.position)), fitting
    zone = reader.recipient.timezone
    due = cursor.next_slot or now
    # A machine that slept over several slots tells them in one, under the last of them.
    slot = last_slot(reader.route, due, now, timezone=zone) or due
    digest = compose(
        situation, reader, desk, slot=slot, since=cursor.last_slot, until=now, late=now - due > LATE
    )
    moved = replace(moved, last_slot=slot, next_slot=next_slot(reader.route, now, timezone=zone))
    return moved, [digest] if digest else []


def stay_behind(moved: Cursor, before: Cursor, news: News, left_out: Collection[str]) -> Cursor:
    """Return the cursor in front of the stories that a message had no room for: the next one tells them.

    What was told behind it is not told again, for it is remembered in items.
    """
    hits = [hit.seq for hit in news.hits if hit.story_id in left_out]
    changes = [one.seq for one in news.changes if one.story_id in left_out]
    first = min((*hits, *changes), default=moved.position + 1)
    return replace(moved, position=max(min(first - 1, moved.position), before.position))


def _fitting(digests: Sequence[Digest], room: int | None) -> tuple[list[Digest], list[Digest]]:
    """Part alerts into those that the hour has room for and the others. Corrections need none: whoever
    was told something wrong is told what is right.
    """
    if room is None:
        return list(digests), []
    costly = [one.id for one in digests if one.kind is not Kind.CORRECTION]
    left = frozenset(costly[room:])
    return [one for one in digests if one.id not in left], [one for one in digests if one.id in left]


def _seqs(news: News, digests: Iterable[Digest]) -> list[int]:
    """Return where in the log is what these digests tell."""
    digests = list(digests)
    stories = {story.id for one in digests for section in one.sections for story in section.stories}
    turns = {note.turn.id for one in digests for note in one.turns}
    signals = {one_id for one in digests for note in one.signals for one_id in (note.signal.id, note.began)}
    hits = [hit.seq for hit in news.hits if hit.story_id in stories]
    return hits + [
        one.seq
        for one in news.changes
        if one.story_id in stories
        or (one.turn and one.turn.id in turns)
        or (one.signal and one.signal.id in signals)
    ]


def compose(
    situation: Situation,
    reader: Reader,
    desk: Desk,
    *,
    slot: datetime,
    since: datetime | None,
    until: datetime,
    late: bool = False,
) -> Digest | None:
    """Return the digest of a slot, or None when there is nothing to tell and the route keeps silent then."""
    scene = _scene(situation, reader, desk, until)
    if not (scene.stories or scene.turns or scene.signals or reader.route.nothing_new):
        return None
    early = {hit.story_id for hit in situation.news.hits if since is not None and hit.matched_at <= since}
    stories = [replace(one, waited=one.id in early) for one in scene.stories]
    digest = _digest(Kind.DIGEST, stories, reader, desk, slot=slot, since=since, until=until, late=late)
    return replace(digest, turns=scene.turns, open=scene.open, signals=scene.signals)


def alerts(situation: Situation, reader: Reader, desk: Desk, *, until: datetime) -> list[Digest]:
    """Return the alerts that are due: one for each turn, signal, and story that the reader was never
    told of, and one for a story that they know in which somebody denies or contradicts, or of which a
    headline that they were sent is another now.

    Turns come first; a story that a turn's alert tells has none of its own, unless it is corrected. An
    alert's slot is the moment its cause came about, so that it is the same alert whenever it is made.
    """
    scene = _scene(situation, reader, desk, until)
    stories = {story.id: story for story in scene.stories}
    corrects = {one.id for one in scene.stories if reader.route.corrections and one.news.headlines}
    made = []
    for note in scene.turns:
        told = note.turn.story_id not in corrects
        story = stories.pop(note.turn.story_id, None) if told else None
        digest = _digest(
            Kind.TURN,
            [_with_turn(story, note.turn.id)] if story else [],
            reader,
            desk,
            slot=note.turn.reached_at,
            since=None,
            until=until,
            what=note.turn.id,
        )
        made.append(replace(digest, turns=(note,)))
    for signal in scene.signals:
        one = signal.signal
        alert = _digest(Kind(one.kind.value), [], reader, desk, slot=one.at, until=until, what=one.id)
        made.append(replace(alert, signals=(signal,)))
    for story in sorted(stories.values(), key=lambda one: (one.first_seen, one.id)):
        if story.id in corrects:
            made.append(_correction(_with_turn(story), reader, desk, until))
        elif (due := _alert(story, situation, reader, desk, until)) is not None:
            made.append(due)
    return made


def _with_turn(story: DigestStory, turn_id: str = "") -> DigestStory:
    """Return a story as an alert of one turn (or none) tells it: each other turn has an alert of its own."""
    kept = [one for one in story.told if not one.startswith("turn:") or one == turn_item(turn_id)]
    return replace(story, told=tuple(kept))


def _alert(
    story: DigestStory, situation: Situation, reader: Reader, desk: Desk, until: datetime
) -> Digest | None:
    """Return the alert of a story; None where it has to wait, or is for the digests."""
    what, slot = story.id, story.first_seen
    if story.state != "new":
        causes = [f"denial:{q.speaker}:{q.item.entry.id}" for q in story.news.denials]
        causes += [name for one in story.news.contradictions for name in items(one)]
        if _waits(story.id, situation, reader.route, until, causes=bool(causes)):
            return None
        what = f"{story.id}:{'|'.join(sorted(causes or story.told))}"
        moments = [q.item.entry.first_seen for q in story.news.denials]
        moments += [one.since for one in story.news.contradictions]
        slot = max(moments, default=story.lead.entry.first_seen)
    return _digest(Kind.ALERT, [story], reader, desk, slot=slot, since=None, until=until, what=what)


def _correction(story: DigestStory, reader: Reader, desk: Desk, until: datetime) -> Digest:
    """Return what tells a reader that a headline they were sent is another now; it does not wait."""
    changed = sorted(story.news.headlines, key=lambda one: (one.at, one.item.entry.id))
    names = [f"{one.item.entry.id}:{one.item.entry.revision}:{one.withdrawn}" for one in changed]
    what = f"{story.id}:correction:{'|'.join(sorted(names))}"
    return _digest(
        Kind.CORRECTION, [story], reader, desk, slot=changed[-1].at, since=None, until=until, what=what
    )


def _waits(story: str, situation: Situation, route: Route, now: datetime, *, causes: bool) -> bool:
    """Whether what is new in a story that was told has to wait, or is for the digests."""
    interval = route.group_interval if causes else route.repeat_interval
    if not causes and not interval:
        return True
    last = situation.lasts.get(story)
    return last is not None and now < last + interval


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """What there is to tell: stories, most important first; turns and signals, oldest first; what is open."""

    stories: Sequence[DigestStory]
    turns: tuple[TurnNote, ...]
    signals: tuple[SignalNote, ...]
    open: tuple[Contradiction | TurnNote, ...]


def _scene(situation: Situation, reader: Reader, desk: Desk, until: datetime) -> _Scene:
    cases = {one.story.id: Case(one, reader, desk) for one in situation.dossiers}
    told = situation.heard.union(*(case.told for case in cases.values()))
    disputes = contradictions(list(cases.values()))
    new = [one for one in disputes if not told.issuperset(items(one))]
    log = situation.news.changes
    turned = [change.turn for change in log if change.turn and wanted(change, reader.route)]
    turns = notes(
        [turn for turn in turned if not turn.held and turn_item(turn.id) not in told],
        cases,
        reader,
        desk,
    )
    moved = {hit.story_id for hit in situation.news.hits} | {change.story_id for change in log}
    moved |= {one.story_id for one in new} | {note.turn.story_id for note in turns} | situation.again
    stories = []
    for story_id in sorted(moved & cases.keys()):
        case = cases[story_id]
        happened = Happened(
            changes=unheard(case, [one for one in log if one.story_id == story_id]),
            contradictions=[one for one in new if one.story_id == story_id],
            turns=[note for note in turns if note.turn.story_id == story_id],
        )
        story = tell(case, happened)
        if story is not None:
            stories.append(replace(story, life=case.life(until)))
    stories.sort(key=_weight)
    still = [one for one in disputes if one not in new and is_open(one, list(cases.values()))]
    now_told = {note.turn.id for note in turns}
    doubts = tuple(
        note
        for note in notes(standing(situation.turns, reader, desk), cases, reader, desk)
        if note.turn.id not in now_told and turn_item(note.turn.id) in told
    )
    told_of = STORIES in reader.route.tells
    configured = [state for state in desk.states if state.url in desk.feeds]
    well = sum(state.status in WELL for state in configured)
    return _Scene(
        stories=stories if told_of else [],
        turns=turns,
        signals=signal_notes(situation, reader, desk, well, len(configured)),
        open=(*doubts, *still) if told_of else doubts,
    )


def _weight(story: DigestStory) -> tuple[float, float, str]:
    """Order stories: the most important first, of equals the newest."""
    return -(story.life.importance if story.life else 0.0), -story.first_seen.timestamp(), story.id


def _digest(
    kind: Kind,
    stories: Sequence[DigestStory],
    reader: Reader,
    desk: Desk,
    *,
    slot: datetime,
    since: datetime | None = None,
    until: datetime,
    late: bool = False,
    what: str = "",
) -> Digest:
    what = what or f"{slot:%Y-%m-%dT%H:%M:%SZ}"
    everything = [one for story in stories for one in (story.lead, *story.also, *story.carriers)]
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
        languages=ranked(one.entry.language for one in everything),
        troubles=_troubles(configured, desk, since) if kind is Kind.DIGEST else (),
        recovered=_recovered(desk, since) if kind is Kind.DIGEST else (),
        feeds_ok=sum(state.status in WELL for state in configured),
        feeds_total=len(configured),
        topics={t: words(desk.topics.get(t, {}), reader.language, t) for t in reader.route.topics},
        labels={e: words(names, reader.language, e) for e, names in desk.labels.items()},
    )


def _sections(stories: Sequence[DigestStory], reader: Reader, desk: Desk) -> tuple[Section, ...]:
    """Each story once, under the first of the route's topics that it is about."""
    by_topic: defaultdict[str, list[DigestStory]] = defaultdict(list)
    for story in stories:
        by_topic[next(iter(story.topics), reader.route.topics[0])].append(story)
    return tuple(
        Section(
            topic=topic,
            title=words(desk.topics.get(topic, {}), reader.language, topic),
            stories=tuple(by_topic[topic]),
        )
        for topic in reader.route.topics
        if topic in by_topic
    )


def _troubles(states: Iterable[FeedState], desk: Desk, since: datetime | None) -> tuple[Trouble, ...]:
    """Return the feeds that fail, then those of which something may have slid past since the last digest."""
    states = list(states)
    failing = tuple(
        Trouble(
            source=desk.feeds[state.url].source,
            url=state.url,
            status=state.status,
            reason=state.reason,
            since=state.late_at if state.status is FeedStatus.STALLED else state.failing_since,
        )
        for state in states
        if state.status not in WELL
    )
    return failing + tuple(
        Trouble(
            source=desk.feeds[state.url].source, url=state.url, status="gap", reason="", since=state.gap_at
        )
        for state in states
        if state.gap_at is not None and (since is None or state.gap_at >= since)
    )


def _recovered(desk: Desk, since: datetime | None) -> tuple[Trouble, ...]:
    """Return the feeds that are back since the last digest, and stayed so."""
    failing = {state.url for state in desk.states if state.status not in WELL}
    return tuple(
        Trouble(
            source=desk.feeds[one.feed_url].source,
            url=one.feed_url,
            status=one.status,
            reason=one.reason,
            since=one.since,
        )
        for one in desk.outages
        if one.ended_at is not None and since is not None and one.ended_at >= since
        if one.feed_url in desk.feeds and one.feed_url not in failing
    )


def _identity(*parts: str) -> str:
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()
