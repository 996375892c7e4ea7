"""What is out of the ordinary by a subject's own past, and what is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.model import Appearance, Signal, SignalKind
from monitor.sense import MARK, Subject, World, mark_of, newcomers, sense

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
NOW = datetime(2025, 10, 13, 12, tzinfo=UTC)
"""A Monday."""
BOTH = frozenset({SignalKind.BURST, SignalKind.NO_DATA})


def reports(times: Iterable[datetime], source: str = "") -> list[Appearance]:
    return [
        Appearance(
            seq=n, topic="t", entry_id=f"{at:%m%dT%H%M}-{n}", feed_url="f", source=source or f"s{n % 3}",
            at=at, first_seen=at,
        )
        for n, at in enumerate(sorted(times))
    ]  # fmt: skip


def past(weeks: int, hourly: Callable[[datetime], int], until: datetime = NOW) -> list[datetime]:
    """Return so many reports in each hour, spread over it."""
    start = until - weeks * WEEK
    hours = [start + n * HOUR for n in range(weeks * 168)]
    return [hour + HOUR * (k + 1) / (hourly(hour) + 1) for hour in hours for k in range(hourly(hour))]


def subject(times: Iterable[datetime], since: datetime, **changes: Any) -> Subject:
    made = Subject(topic="t", kinds=BOTH, since=since, reports=reports(times))
    return replace(made, **changes)


def world(arrivals: int = 0, now: int = 0, *, listening: bool = True) -> World:
    """Return a desk where so many other entries come in an hour, and `now` in this one."""

    def count(spans: Sequence[tuple[datetime, datetime]]) -> list[int]:
        return [now or arrivals, *[arrivals] * (len(spans) - 1)]

    return World(arrivals=count, awake=NOW - 400 * DAY, listening=listening)


def kinds(signals: Iterable[Signal]) -> list[str]:
    return [one.kind.value + ("-over" if one.over else "") for one in signals]


def by_day(when: datetime) -> int:
    """Three reports an hour by day, none at night, one at weekends."""
    return 0 if when.hour < 6 else 1 if when.weekday() >= 5 else 3


def test_far_more_than_at_this_hour_of_the_week_is_a_burst_with_its_numbers() -> None:
    times = [*past(8, by_day), *(NOW - HOUR / 20 * n for n in range(17))]
    (signal,) = sense(subject(times, NOW - 8 * WEEK), NOW, world())
    assert signal.kind is SignalKind.BURST
    assert signal.since == NOW - HOUR
    assert signal.numbers == {"count": 20, "usual": 3.0, "limit": 9.0, "past": 14, "sources": 3}


def test_what_comes_each_monday_is_no_burst_and_on_a_sunday_it_is() -> None:
    def cabinet(when: datetime) -> int:
        return 20 if (when.weekday(), when.hour) == (0, 11) else by_day(when)

    times = past(9, cabinet, NOW)
    assert sense(subject(times, NOW - 9 * WEEK), NOW, world()) == []
    sunday = NOW - DAY
    here = [*(one for one in times if one <= sunday), *(sunday - HOUR / 30 * n for n in range(20))]
    assert kinds(sense(subject(here, NOW - 9 * WEEK), sunday, world())) == ["burst"]


def test_a_clock_that_changed_shifts_no_burst() -> None:
    """What came at 11 UTC all summer comes at 12 when Budapest goes back."""
    summer = past(8, lambda when: 15 if when.hour == 10 else 1, NOW)
    winter = [NOW - HOUR / 20 * n for n in range(15)]
    assert sense(subject([*summer, *winter], NOW - 8 * WEEK), NOW, world()) == []


def test_when_everything_comes_more_often_one_topic_s_part_of_it_is_no_burst() -> None:
    times = [*past(8, by_day), *(NOW - HOUR / 20 * n for n in range(17))]
    assert sense(subject(times, NOW - 8 * WEEK), NOW, world(40, 150)) == []
    assert kinds(sense(subject(times, NOW - 8 * WEEK), NOW, world(40, 44))) == ["burst"]


@pytest.mark.parametrize(
    ("age", "count", "told"), [(2, 40, []), (5, 7, []), (5, 9, ["burst"]), (30, 6, ["burst"])]
)
def test_a_young_topic_has_a_floor_and_one_of_two_days_no_bursts(
    age: int, count: int, told: list[str]
) -> None:
    times = [NOW - HOUR / 50 * n for n in range(count)]
    assert kinds(sense(subject(times, NOW - age * DAY), NOW, world())) == told


def test_a_burst_is_over_after_six_calm_hours_and_says_what_it_was() -> None:
    times = [*past(8, by_day), *(NOW - HOUR / 20 * n for n in range(17))]
    burst = subject(times, NOW - 8 * WEEK)
    (begun,) = sense(burst, NOW, world())
    ends: list[Signal] = []
    at = NOW
    while not ends and at < NOW + DAY:
        at += MARK
        times += [at] if at.minute == 0 else []
        ends = sense(subject(times, burst.since, open={SignalKind.BURST: begun}), at, world())
    (over,) = ends
    assert (over.kind, over.over, over.since) == (SignalKind.BURST, True, begun.since)
    assert over.until is not None
    assert NOW <= over.until <= NOW + HOUR
    assert over.numbers["peak"] == 20
    assert over.id != begun.id


def test_a_night_and_a_weekend_are_no_silence_and_a_silent_monday_is() -> None:
    times = past(8, by_day, NOW - 2 * DAY - 12 * HOUR)  # until Saturday 0:00
    quiet = subject(times, NOW - 9 * WEEK)
    assert kinds(sense(quiet, NOW - 2 * DAY - 6 * HOUR, world())) == [], "a night"
    saturday = NOW - 2 * DAY - 12 * HOUR
    told = [at for n in range(240) if sense(quiet, at := saturday + n * MARK, world())]
    assert told[0] >= saturday + 10 * HOUR, "the night counts nothing, Saturday's hours a third"
    (signal,) = sense(quiet, told[0], world())
    assert signal.numbers["missing"] >= 8
    assert sense(quiet, told[0], world(listening=False)) == [], "whoever did not ask hears nothing"


def test_silence_ends_with_the_first_report() -> None:
    times = past(8, by_day, NOW - 4 * DAY)
    quiet = subject(times, NOW - 9 * WEEK)
    (begun,) = sense(quiet, NOW, world())
    still = replace(quiet, open={SignalKind.NO_DATA: begun})
    assert sense(still, NOW + MARK, world()) == []
    loud = replace(still, reports=reports([*times, NOW + MARK]))
    (over,) = sense(loud, NOW + MARK, world())
    assert (over.over, over.until, over.since) == (True, NOW + MARK, begun.since)


def test_whenever_a_moment_is_judged_the_same_comes_of_it() -> None:
    times = [*past(8, by_day), *(NOW - HOUR / 20 * n for n in range(17))]
    once = sense(subject(times, NOW - 8 * WEEK), NOW, world())
    again = sense(subject(list(reversed(times)), NOW - 8 * WEEK), NOW, world())
    assert once == again


NAMES = dict.fromkeys(("putin", "orban", "met"), NOW - WEEK * 9) | {"new": NOW - DAY}


def new_names(of: Subject, at: datetime = NOW, told: Iterable[str] = ()) -> list[str]:
    """Return the names that are told at a mark, each with its count; those of the past are known by it."""

    def met(name: str, since: datetime) -> bool:
        return name == "met" or any(name in one.entities for one in of.reports if one.first_seen < since)

    found = newcomers(of, at, watched=["putin"], names=NAMES, told=frozenset(told), met=met)
    return [f"{signal.entity} {signal.numbers['count']}" for signal in found]


def naming(times: Sequence[datetime], *named: tuple[datetime, str]) -> Subject:
    """Return a topic of four weeks with its rhythm, and reports at moments by outlets that name others."""
    more = [
        replace(one, entities=("putin", "orban", "met", "new"))
        for when, outlet in named
        for one in reports([when], outlet)
    ]
    made = sorted([*reports(times), *more], key=lambda one: one.at)
    return subject([], NOW - 4 * WEEK, reports=made)


def test_names_wait_for_an_old_topic_with_much_behind_it_and_are_told_by_entity() -> None:
    old = naming(past(4, by_day), (NOW - HOUR, "one"), (NOW, "other"))
    assert new_names(old) == ["orban 2"]
    assert new_names(replace(old, since=NOW - 13 * DAY)) == []
    assert new_names(replace(old, reports=old.reports[-29:])) == []


def test_a_name_is_told_with_its_second_outlet_or_its_third_report_and_once() -> None:
    times = past(4, by_day)
    first, second, third = (NOW - DAY, "one"), (NOW - HOUR, "one"), (NOW, "one")
    assert new_names(naming(times, first)) == [], "a passing mention"
    assert new_names(naming(times, first, second)) == []
    assert new_names(naming(times, first, second, third)) == ["orban 3"]
    both = naming(times, first, (NOW, "other"))
    assert new_names(both, NOW - MARK) == [], "what is seen later does not count yet"
    assert new_names(both) == ["orban 2"]
    assert new_names(both, NOW + MARK, ["orban"]) == []


def test_a_name_that_comes_back_after_two_days_was_met_by_then() -> None:
    old, more = (NOW - 2 * DAY, "one"), (NOW, "other")
    assert new_names(naming(past(4, by_day), old, more)) == [], "each alone is a passing mention"


def test_marks_are_quarters_of_an_hour() -> None:
    assert mark_of(NOW + timedelta(minutes=29, seconds=59)) == NOW + MARK
    assert mark_of(NOW) == NOW
