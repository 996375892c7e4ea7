"""How often reports of a subject come, by its own past. Times are whole seconds since 1970, sorted."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

HOUR, DAY, WEEK = 3_600, 86_400, 604_800

WEEKS = 8
"""So far back the past tells what is usual."""

YOUNG = 14 * DAY
"""A younger subject has no hour of the week: it is judged by the same hour of its days, and more sternly."""

LEAST_AGE = 3 * DAY
FLOOR, FLOOR_YOUNG = 5, 8
"""So few reports an hour are no burst, however rare the subject is."""

TIMES = 3.0
SPREADS = 3.0
"""A burst has at least so many times what is usual, and lies so many spreads above it (see 0008)."""

_FEW = 5
_MAD = 1.4826
"""A normal distribution's standard deviation is this times its median absolute deviation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Reports within the last hour, what is usual at this hour of the week, and from where on it is a burst.

    `past` hours were compared.
    """

    count: int
    usual: float
    limit: float
    past: int

    @property
    def is_burst(self) -> bool:
        """Whether there are far more than usual."""
        return self.count >= self.limit

    @property
    def is_calm(self) -> bool:
        """Whether there are no more than half of what makes a burst: what lies between is neither."""
        return self.count <= max(self.usual, self.limit / 2)


def between(times: Sequence[int], start: int, end: int) -> int:
    """Count the times in (`start`, `end`]."""
    return bisect_right(times, end) - bisect_right(times, start)


def rate(times: Sequence[int], at: int, since: int) -> Rate | None:
    """Hold the hour before `at` against the same hour of past weeks and of the last days.

    `since`: from when on the subject was looked for. None for one that is too young to say.
    The weeks know weekends, the days know what the subject has become; the higher limit counts.
    """
    age = at - since
    if age < LEAST_AGE:
        return None
    young = age < YOUNG
    days = [at - DAY * n for n in range(1, 15)]
    weeks = [at - WEEK * n for n in range(1, WEEKS + 1)]
    found = [_limit(times, days, since, FLOOR_YOUNG if young else FLOOR)]
    if not young:
        found.append(_limit(times, weeks, since, FLOOR))
    usual, limit, past = max(found, key=lambda one: one[1])
    return Rate(count=between(times, at - HOUR, at), usual=usual, limit=limit, past=past)


def same_hours(at: int, since: int) -> list[int]:
    """Return the ends of the hours to compare with: of past weeks, of the days of a young subject."""
    young = at - since < YOUNG
    moments = [at - DAY * n for n in range(1, 15)] if young else [at - WEEK * n for n in range(1, WEEKS + 1)]
    return _around(moments, since)


def times_usual(here: int, past: Sequence[int]) -> float:
    """Return how many times what is usual this is, at least 1; of a few nobody says that they are many."""
    usual = median(past) if past else here
    return max(1.0, (here + _FEW) / (usual + _FEW))


def _around(moments: Iterable[int], since: int) -> list[int]:
    hours = (end for moment in moments for end in (moment - HOUR, moment, moment + HOUR))
    return [end for end in hours if end - HOUR >= since]


def _limit(times: Sequence[int], moments: Sequence[int], since: int, floor: int) -> tuple[float, float, int]:
    """Return what is usual at some moments, from where on it is a burst, and how many were compared.

    The fullest of the three hours around each counts: what comes each Monday at eleven is usual then,
    an hour earlier or later too.
    """
    hours = [_around([moment], since) for moment in moments]
    counts = [max(between(times, end - HOUR, end) for end in ends) for ends in hours if ends]
    if not counts:
        return 0.0, float(floor), 0
    middle = float(median(counts))
    spread = max(_MAD * median(abs(one - middle) for one in counts), (middle + 1) ** 0.5)
    own = [between(times, moment - HOUR, moment) for moment in moments if moment - HOUR >= since]
    usual = median(own) if own else middle
    return float(usual), max(floor, TIMES * middle, middle + SPREADS * spread), len(counts)


# silence ──────────────────────────────────────────────────────────────────────────────────────

LEAST_REPORTS = 30
LEAST_GAP = 6 * HOUR
MARGIN = 1.5
EXPECTED = 8.0
"""Silence is told when so many reports would have come by now, and half as many again as were ever
missing before (see 0008)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How many reports are expected in each hour of the week, and how many were missing at most.

    `worst` is the longest silence of the past in reports that would have come meanwhile.
    """

    hours: tuple[float, ...]
    worst: float
    weekly: float

    def expected(self, start: int, end: int) -> float:
        """Return how many reports are expected between two moments."""
        return _expected(self.hours, start, end)

    @property
    def limit(self) -> float:
        """From how many missing reports on silence is unusual."""
        return max(EXPECTED, MARGIN * self.worst)


def rhythm(times: Sequence[int], until: int, since: int) -> Rhythm | None:
    """Learn the rhythm of the weeks before `until`. None where there is too little to learn from."""
    start = max(since, until - WEEKS * WEEK)
    if until - start < YOUNG:
        return None
    own = times[bisect_left(times, start) : bisect_left(times, until)]
    if len(own) < LEAST_REPORTS:
        return None
    hours = _hours(own, start, until)
    cumulative = _Cumulative(hours)
    at = [cumulative(time) for time in own]
    worst = max((after - before for before, after in pairwise(at)), default=0.0)
    return Rhythm(hours=hours, worst=worst, weekly=len(own) * WEEK / (until - start))


def _hours(times: Sequence[int], start: int, until: int) -> tuple[float, ...]:
    """Return the mean reports an hour by hour of the week, each lent two weeks of its hour of the day."""
    weeks = (until - start) / WEEK
    week, day = [0.0] * 168, [0.0] * 24
    for time in times:
        week[time // HOUR % 168] += 1
        day[time // HOUR % 24] += 1
    typical = [count / (7 * weeks) for count in day]
    return tuple((week[hour] + 2 * typical[hour % 24]) / (weeks + 2) for hour in range(168))


class _Cumulative:
    """Reports expected since 1970, by a week that repeats."""

    def __init__(self, hours: Sequence[float]) -> None:
        self._hours, self._sums = hours, [0.0]
        for one in hours:
            self._sums.append(self._sums[-1] + one)

    def __call__(self, time: int) -> float:
        weeks, rest = divmod(time, WEEK)
        hour, part = divmod(rest, HOUR)
        return weeks * self._sums[-1] + self._sums[hour] + self._hours[hour] * part / HOUR


def _expected(hours: Sequence[float], start: int, end: int) -> float:
    cumulative = _Cumulative(hours)
    return cumulative(end) - cumulative(start)
