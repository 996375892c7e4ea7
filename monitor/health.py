"""Health: when a feed's own rhythm says that something should have come by now. Pure.

A feed is watched by the hours in which it brought something new, of the last four weeks before its
last entry. What was dated anew, what vanished and came back, what only got another guid is not new.
Two moments follow: when it is *late*, and when it is *stalled*: docs/howto/feeds.md has the rules in
words, `benchmarks/bench_health.py` their figures on real papers.

An hour that is active in three weeks of four weighs much when it stays silent, one in the night
little: the weight of silence is -ln(1 - p), added up over its hours (0: nothing was expected; 4: one
silence in fifty by chance, if hours were independent. They are not, so a feed's own longest count).
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

HOUR: Final = timedelta(hours=1)
WEEK: Final = 168
WINDOW: Final = timedelta(days=28)
"""How far back a rhythm is looked for."""
KNOWN: Final = 10
LEARNT: Final = timedelta(days=7)
"""Active hours, and the time they are spread over, before a rhythm is believed."""
DORMANT: Final = timedelta(days=30)
"""A feed whose rhythm is not known is stalled after this, or five times its longest silence."""
LEAST: Final = 4.0
"""The least weight of a silence that is out of the ordinary."""
HEAVIER: Final = 1.8
LONGER: Final = 1.9
"""How much heavier, or longer, than the feed's own heaviest and longest a silence is that is an outage:
under two, so that it is noticed within two expected gaps. Of eight papers in thirteen weeks one silence
was: that of a daily that printed nothing for six days over Eid (see `holiday`, and bench_health)."""
OUTLIER: Final = 2.5
"""A longest silence that is so much longer than the second was an outage itself: it is not usual."""
SHORTEST: Final = timedelta(hours=2)
"""No outage is shorter: polls are up to hours apart."""
SLOW: Final = 2 / 3
"""A day on which what a feed's peers bring is less than this share of what they bring on that weekday is a
holiday: it says nothing about the feed. Over Eid 2026 the papers of Bangladesh brought 0.5 to 0.65."""
DEAD: Final = 0.2
"""Less than this share is no holiday: something has happened to all of them, and the desk must hear of it."""
PEERS: Final = 3
"""Other sources of a feed's country at least."""
BUSY: Final = 30
"""Entries that the peers bring on a usual day at least: of fewer nobody can say that they are few."""
WEEKS: Final = 4
"""So many weeks before a day tell what is usual on it."""
LONGEST_HELD: Final = timedelta(days=7)
"""No holiday keeps an outage from being told for longer."""
FURTHEST: Final = 60 * 24
"""Hours that are looked ahead."""

_DAY: Final = timedelta(days=1)
_OF_WEEK: Final = 2.0
_OF_DAY: Final = 3.0
"""Weeks and days of observation that the coarser rhythm counts for, where the finer is thin."""
_SUREST: Final = 0.9
"""No hour is surer: a feed that was active in each of them may still miss one."""


_EVEN: Final = 0.25
"""Share of what comes that no hour of the week is trusted with: what never came at night may come tonight."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """When a feed is late and when it is stalled, should nothing come. None: nothing is expected.

    `rhythm` has a byte for each hour of the week in UTC, Monday first: how what comes is shared among
    them. Empty: nobody knows.
    """

    late: datetime | None = None
    stalled: datetime | None = None
    rhythm: bytes = b""


def hour_of(moment: datetime) -> datetime:
    """Return the beginning of a moment's hour in UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def deadlines(active: Sequence[datetime]) -> Deadlines:
    """Return what follows from the hours in which a feed brought something: distinct, in order."""
    if len(active) < 3:
        return Deadlines()
    last = active[-1]
    window = active[bisect_left(active, last - WINDOW) :]
    if len(window) < KNOWN or last - window[0] < LEARNT:
        longest = max(b - a for a, b in itertools.pairwise(active))
        moment = last + max(DORMANT, 5 * longest)
        return Deadlines(moment, moment)
    weights = _Weights(window)
    heaviest = max(LEAST, _usual([weights.between(a, b) for a, b in itertools.pairwise(window)]))
    longest = HOUR * _usual([(b - a) / HOUR for a, b in itertools.pairwise(window)])
    late = min(weights.reaches(last, heaviest), max(last + longest, last + SHORTEST / 2))
    stalled = min(weights.reaches(last, HEAVIER * heaviest), last + LONGER * longest)
    stalled = max(stalled, last + SHORTEST)
    return Deadlines(min(late, stalled), stalled, weights.shares())


Span = tuple[datetime, datetime]


def comparisons(last: datetime, now: datetime) -> list[list[Span]]:
    """Return the day before `last`, those of the silence since, and that before `now`, each with the same
    of the weeks before it."""
    whole = min((now - last) // _DAY, LONGEST_HELD // _DAY)
    ends = [last + number * _DAY for number in range(whole + 1)]
    return [
        [(end - week * 7 * _DAY - _DAY, end - week * 7 * _DAY) for week in range(WEEKS + 1)]
        for end in (*ends, now)
    ]


def holiday(last: datetime, now: datetime, counts: Sequence[Sequence[int]]) -> timedelta:
    """Return how much of a silence a holiday explains: days since a feed and its peers slowed down at once.

    `counts` are the entries of the peers in the spans of `comparisons`. A feed that still brought something
    when the others had slowed down does not rest on that day, and nothing is explained.
    """
    before, *days, latest = map(_is_slow, counts)
    if before:
        return timedelta(0)
    held = timedelta(0)
    for number, is_slow in enumerate(days):
        if is_slow:
            held += _DAY
        elif number:  # the last issue may be that of the day before
            return held
    rest = now - last - len(days) * _DAY
    return min(held + (rest if latest and timedelta(0) < rest < _DAY else timedelta(0)), LONGEST_HELD)


def _is_slow(counts: Sequence[int]) -> bool:
    """Whether a day is a holiday, by what came on it and on the same day of the weeks before it."""
    here, *past = counts
    known = sorted(count for count in past if count)  # a desk that is young has no weeks before
    usual = known[len(known) // 2] if known else 0
    return usual >= BUSY and DEAD * usual <= here < SLOW * usual


def _usual(values: Sequence[float]) -> float:
    """Return the greatest of some values, without one that stands alone."""
    *_, second, first = sorted((0.0, 0.0, *values))
    return second if first > OUTLIER * second > 0 else first


class _Weights:
    """The weight of silence, by hour of week."""

    def __init__(self, window: Sequence[datetime]) -> None:
        hours = (window[-1] - window[0]) / HOUR + 1
        of_week = Counter(_place(one) for one in window)
        of_day = Counter(_place(one) % 24 for one in window)
        overall = len(window) / hours
        self._sums, self._chances = [0.0], []
        for place in range(WEEK):
            daily = (of_day[place % 24] + _OF_DAY * overall) / (hours / 24 + _OF_DAY)
            chance = (of_week[place] + _OF_WEEK * daily) / (hours / WEEK + _OF_WEEK)
            self._chances.append(chance)
            self._sums.append(self._sums[-1] - math.log(1 - min(chance, _SUREST)))

    def shares(self) -> bytes:
        """Return the share of each hour of the week, the greatest being 255, none 0."""
        mean = math.fsum(self._chances) / WEEK
        parts = [(1 - _EVEN) * chance + _EVEN * mean for chance in self._chances]
        greatest = max(parts)
        return bytes(max(1, round(255 * part / greatest)) for part in parts)

    def between(self, start: datetime, end: datetime) -> float:
        """Return the weight of the hours after `start` and before `end`."""
        return self._from(_place(start) + 1, round((end - start) / HOUR) - 1)

    def reaches(self, start: datetime, weight: float) -> datetime:
        """Return when a silence since `start` has become so heavy."""
        place = _place(start) + 1
        low, high = 0, FURTHEST
        while low < high:
            middle = (low + high) // 2
            if self._from(place, middle) >= weight:
                high = middle
            else:
                low = middle + 1
        return start + (low + 1) * HOUR

    def _from(self, place: int, hours: int) -> float:
        weeks, rest = divmod(max(hours, 0), WEEK)
        start, end = place % WEEK, place % WEEK + rest
        within = self._sums[min(end, WEEK)] - self._sums[start]
        within += self._sums[end - WEEK] if end > WEEK else 0.0
        return weeks * self._sums[WEEK] + within


def _place(moment: datetime) -> int:
    return moment.weekday() * 24 + moment.hour
