"""Sense: when the reports of a subject came → what is unusual about it now, and what is so no more.

A subject is a topic, or a route's topics together. Everything is judged at a mark, a quarter of an hour
by the clock, from what had been seen by then: whenever it is done, and however often, the same signals
come of it. What the figures are and how they were found: docs/decisions/0008-signals.md. Pure.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b

from monitor.model import Appearance, Signal, SignalKind
from monitor.sense import _rhythm as rhythms
from monitor.sense._rhythm import DAY, HOUR, Rhythm, between, rate

__all__ = ["MARK", "PAST", "YOUNG", "Subject", "World", "mark_of", "newcomers", "sense"]

MARK = timedelta(minutes=15)
PAST = timedelta(seconds=rhythms.WEEKS * rhythms.WEEK + DAY)
"""So far back reports are needed."""
YOUNG = timedelta(seconds=rhythms.YOUNG)
"""Before this age nobody says of a subject what is new in it, or that it is silent."""

CALM = timedelta(hours=6)
"""A burst is over when it was calm for so long: an event has pauses."""
_TOGETHER = timedelta(days=2)
"""Within so long of the first report that has it a new name is told, or never."""
_SURE = 3
"""Reports of one outlet that make a new name sure."""
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A topic or a route: what it is watched for, and since when it is looked for as it is now.

    `reports` are its matches, each entry once, by time, seen by the mark at which it is judged.
    """

    topic: str = ""
    route: str = ""
    kinds: frozenset[SignalKind]
    since: datetime
    reports: Sequence[Appearance] = ()
    open: Mapping[SignalKind, Signal] = field(default_factory=dict)
    """What began and is not over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What else a judgement needs. `arrivals` counts all entries of the desk in spans of time.

    `awake`: since when the daemon has run without a long pause. `listening`: whether feeds were asked
    since then, so that silence is theirs and not ours.
    """

    arrivals: Callable[[Sequence[tuple[datetime, datetime]]], Sequence[int]]
    awake: datetime
    listening: bool = True


def mark_of(when: datetime) -> datetime:
    """Return the last mark at or before a moment."""
    seconds = int(when.timestamp())
    return _moment(seconds - seconds % int(MARK.total_seconds()))


def sense(subject: Subject, at: datetime, world: World) -> list[Signal]:
    """Return what begins to be unusual about a subject at a mark, and what ends."""
    times = tuple(_seconds(one.at) for one in subject.reports)
    found: list[Signal | None] = []
    if SignalKind.BURST in subject.kinds:
        found.append(_burst(subject, times, at, world))
    if SignalKind.NO_DATA in subject.kinds:
        found.append(_silence(subject, times, at, world))
    return [one for one in found if one is not None]


# bursts ───────────────────────────────────────────────────────────────────────────────────────


def _burst(subject: Subject, times: Sequence[int], at: datetime, world: World) -> Signal | None:
    since, now = _seconds(subject.since), _seconds(at)
    begun = subject.open.get(SignalKind.BURST)
    if begun is not None:
        return _calmed(subject, times, begun, at)
    if at - world.awake < timedelta(hours=1):
        return None  # what gathered while we slept comes all at once
    judged = rate(times, now, since)
    if judged is None or not judged.is_burst or judged.count < judged.limit * _rush(subject, world, now):
        return None
    shown = [one for one in subject.reports if now - HOUR < _seconds(one.at) <= now]
    return _signal(
        SignalKind.BURST,
        subject,
        since=_moment(now - HOUR),
        at=at,
        numbers={
            "count": judged.count,
            "usual": judged.usual,
            "limit": round(judged.limit, 1),
            "past": judged.past,
            "sources": len({one.source for one in shown}),
        },
        reports=shown,
    )


def _rush(subject: Subject, world: World, now: int) -> float:
    """Return how many times more than usual comes of all else: an election, a feed that caught up."""
    ends = [now, *rhythms.same_hours(now, _seconds(subject.since))]
    own = sorted(_seconds(one.first_seen) for one in subject.reports)
    everything = world.arrivals([(_moment(end - HOUR), _moment(end)) for end in ends])
    others = zip(everything, ends, strict=True)
    here, *past = (count - between(own, end - HOUR, end) for count, end in others)
    return rhythms.times_usual(here, past)


def _calmed(subject: Subject, times: Sequence[int], begun: Signal, at: datetime) -> Signal | None:
    """Return the end of a burst, once it was calm for long enough."""
    if at - begun.at < CALM:
        return None
    now, since, step = _seconds(at), _seconds(subject.since), int(MARK.total_seconds())
    for moment in range(now, now - int(CALM.total_seconds()), -step):
        judged = rate(times, moment, since)
        if judged is not None and not judged.is_calm:
            return None
    until = now - int(CALM.total_seconds())
    start = _seconds(begun.since)
    marks = range(start + HOUR, until + step, step)
    inside = [one for one in subject.reports if start < _seconds(one.at) <= until]
    return _signal(
        SignalKind.BURST,
        subject,
        since=begun.since,
        at=at,
        until=_moment(until),
        numbers={
            "total": len(inside),
            "peak": max((between(times, moment - HOUR, moment) for moment in marks), default=0),
            "usual": begun.numbers.get("usual", 0.0),
            "sources": len({one.source for one in inside}),
            "hours": round((until - start) / HOUR, 1),
        },
        reports=inside,
    )


# silence ──────────────────────────────────────────────────────────────────────────────────────


def _silence(subject: Subject, times: Sequence[int], at: datetime, world: World) -> Signal | None:
    now = _seconds(at)
    begun = subject.open.get(SignalKind.NO_DATA)
    if begun is not None:
        return _broken(subject, times, begun, at)
    if not times or not world.listening:
        return None
    last = times[-1]
    if now - last < rhythms.LEAST_GAP:
        return None
    today = now - now % DAY
    usual = _learned(tuple(times[: bisect_left(times, today)]), today, _seconds(subject.since))
    missing = usual.expected(last, now) if usual else 0.0
    if usual is None or missing < usual.limit:
        return None
    return _signal(
        SignalKind.NO_DATA,
        subject,
        since=_moment(last),
        at=at,
        numbers={
            "hours": round((now - last) / HOUR, 1),
            "missing": round(missing, 1),
            "worst": round(usual.worst, 1),
            "weekly": round(usual.weekly, 1),
        },
        reports=[one for one in subject.reports if _seconds(one.at) == last],
    )


def _broken(subject: Subject, times: Sequence[int], begun: Signal, at: datetime) -> Signal | None:
    """Return the end of a silence: the first report after it."""
    last = _seconds(begun.since)
    after = bisect_right(times, last)
    if after == len(times) or times[after] > _seconds(at):
        return None
    return _signal(
        SignalKind.NO_DATA,
        subject,
        since=begun.since,
        at=at,
        until=_moment(times[after]),
        numbers={"hours": round((times[after] - last) / HOUR, 1)},
        reports=[one for one in subject.reports if _seconds(one.at) == times[after]],
    )


@lru_cache(maxsize=256)
def _learned(times: tuple[int, ...], until: int, since: int) -> Rhythm | None:
    """Learn a rhythm once a day: it does not change within a quarter of an hour."""
    return rhythms.rhythm(times, until, since)


# names that are new ───────────────────────────────────────────────────────────────────────────


def newcomers(
    subject: Subject,
    at: datetime,
    *,
    watched: Collection[str],
    names: Mapping[str, datetime],
    told: Collection[str],
    met: Callable[[str, datetime], bool],
) -> list[Signal]:
    """Return which entities stand beside those that a topic watches for the first time ever.

    One is, once the reports of two days that name it are enough (`_enough`). `names` says of each
    entity since when it is looked for: a name that the desk wrote yesterday is no news. `told` are those
    that were noted of this subject. `met`: whether one stood in the archive beside those that are
    watched before a moment.
    """
    if at - subject.since < YOUNG or len(subject.reports) < rhythms.LEAST_REPORTS or not watched:
        return []
    beside: dict[str, list[Appearance]] = {}
    lately = [one for one in subject.reports if at - _TOGETHER < one.first_seen <= at and one.entities]
    for one in sorted(lately, key=lambda one: (one.first_seen, one.at, one.entry_id)):
        for entity in one.entities:
            begun = names.get(entity)
            if begun is not None and at - begun >= YOUNG and entity not in watched and entity not in told:
                beside.setdefault(entity, []).append(one)
    return [
        _signal(
            SignalKind.FIRST_SEEN,
            subject,
            entity=entity,
            since=found[0].first_seen,
            at=at,
            numbers={"count": len(found), "sources": len({one.source for one in found})},
            reports=found,
        )
        for entity, found in sorted(beside.items())
        if _enough(found) and not met(entity, found[0].first_seen)
    ]


def _enough(found: Sequence[Appearance]) -> bool:
    """Whether a name is no passing mention: a second outlet has it, or a third report."""
    return len(found) >= _SURE or len({one.source for one in found}) > 1


def _signal(
    kind: SignalKind,
    subject: Subject,
    *,
    since: datetime,
    at: datetime,
    numbers: Mapping[str, float],
    reports: Sequence[Appearance],
    entity: str = "",
    until: datetime | None = None,
) -> Signal:
    about = (kind.value, subject.topic, subject.route, entity, f"{since:%Y-%m-%dT%H:%M:%SZ}")
    what = "\x1f".join((*about, "over" if until else ""))
    return Signal(
        id=blake2b(what.encode(), digest_size=8).hexdigest(),
        kind=kind,
        topic=subject.topic,
        route=subject.route,
        entity=entity,
        over=until is not None,
        at=at,
        since=since,
        until=until,
        numbers=numbers,
        entry_ids=tuple(dict.fromkeys(one.entry_id for one in reports))[:_SHOWN],
    )


def _seconds(when: datetime) -> int:
    return int(when.timestamp())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
