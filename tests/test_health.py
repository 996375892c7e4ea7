"""When a feed's own rhythm says that something should have come."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import bench_health
from monitor.health import (
    DORMANT,
    HOUR,
    LONGEST_HELD,
    SHORTEST,
    Deadlines,
    comparisons,
    deadlines,
    holiday,
    hour_of,
)
from monitor.testing import NOON

START = NOON.replace(hour=0) - timedelta(days=35)
DAY = timedelta(days=1)


def hours(days: int, active: set[int], *, chance: float = 1.0, seed: int = 1) -> list[datetime]:
    """Return the active hours of a feed that writes in these hours of each day."""
    dice = random.Random(seed)
    every = (START + day * DAY + hour * HOUR for day in range(days) for hour in sorted(active))
    return [one for one in every if dice.random() < chance]


def waits(active: list[datetime]) -> tuple[float, float]:
    """Return the hours after the last one until late and stalled."""
    found = deadlines(active)
    assert found.late is not None
    assert found.stalled is not None
    return (found.late - active[-1]) / HOUR, (found.stalled - active[-1]) / HOUR


def test_an_hourly_feed_is_stalled_after_two_hours() -> None:
    assert waits(hours(28, set(range(24)))) == (1, 2)


def test_a_paper_that_sleeps_is_not_expected_at_night() -> None:
    paper = hours(28, set(range(6, 23)))
    late, stalled = waits(paper)
    assert 8 <= late < stalled <= 16
    by_noon = [one for one in paper if one <= paper[-1].replace(hour=12)]
    assert waits(by_noon)[1] <= 6


def test_a_paper_of_workdays_may_rest_at_the_weekend() -> None:
    paper = [one for one in hours(28, set(range(8, 20))) if one.weekday() < 5]
    friday = [one for one in paper if one <= max(o for o in paper if o.weekday() == 4)]
    late, stalled = waits(friday)
    assert 60 <= late <= stalled <= 2 * 61


def test_a_daily_is_missed_on_the_second_day() -> None:
    late, stalled = waits(hours(28, {20}))
    assert 24 <= late <= stalled <= 48


def test_a_rare_feed_whose_rhythm_is_not_known_is_left_in_peace() -> None:
    assert deadlines([]) == Deadlines()
    assert deadlines([START, START + DAY]) == Deadlines()
    few = [START, START + 9 * DAY, START + 20 * DAY]
    assert deadlines(few).stalled == few[-1] + 5 * 11 * DAY


def test_a_feed_that_fell_silent_years_ago_is_stalled_since_then() -> None:
    long_ago = [one - 800 * DAY for one in hours(28, {7, 12, 18})]
    found = deadlines(long_ago)
    assert found.stalled is not None
    assert found.stalled < long_ago[-1] + 3 * DAY
    burst = [START - 800 * DAY + n * HOUR for n in range(12)]
    assert deadlines(burst).stalled == burst[-1] + DORMANT


def test_the_hours_in_which_a_paper_writes_have_the_greater_shares() -> None:
    shares = deadlines(hours(28, set(range(6, 23)))).rhythm
    assert len(shares) == 168
    assert max(shares) == 255
    assert min(shares[6:23]) > 4 * max(shares[:5])
    assert min(shares) > 0
    assert deadlines([START, START + DAY, START + 2 * DAY]).rhythm == b""


def test_shares_follow_a_clock_change_within_the_weeks_that_are_looked_at() -> None:
    before = hours(28, {20})
    after = [before[-1] + n * DAY - HOUR for n in range(1, 29)]
    shares = deadlines([*before, *after]).rhythm
    assert shares[19] == 255
    assert shares[20] < 128


def test_an_outage_of_its_own_does_not_make_a_feed_seem_slower() -> None:
    regular = hours(28, set(range(24)), chance=0.9)
    broken = [one for one in regular if not START + 20 * DAY < one < START + 24 * DAY]
    assert waits(broken)[1] <= waits(regular)[1] + 2


@given(st.lists(st.integers(0, 24 * 400), unique=True, max_size=300))
def test_late_is_never_before_the_last_entry_nor_after_stalled(offsets: list[int]) -> None:
    active = [START + offset * HOUR for offset in sorted(offsets)]
    found = deadlines(active)
    if found.late is not None and found.stalled is not None:
        assert active[-1] < found.late <= found.stalled
        assert found.stalled >= active[-1] + SHORTEST


@given(st.integers(0, 500), st.floats(0.05, 1.0))
def test_the_same_rhythm_gives_the_same_deadlines(seed: int, chance: float) -> None:
    active = hours(14, set(range(24)), chance=chance, seed=seed)
    assert deadlines(active) == deadlines(list(active))


def test_an_hour_is_that_of_utc() -> None:
    assert hour_of(datetime.fromisoformat("2026-01-05T12:45:00+05:30")) == datetime.fromisoformat(
        "2026-01-05T07:00:00+00:00"
    )


DATA = Path(__file__).parents[2] / "shared" / "data" / "news" / "bn_2026-01_03.jsonl.gz"


@pytest.mark.shared
def test_on_the_rhythm_of_real_papers_outages_are_noticed_and_none_is_made_up() -> None:
    """Of eight papers in a quarter none: who printed nothing over Eid rested when the others did."""
    if not DATA.exists():
        pytest.skip("the shared research data is not next to the checkout")
    found = bench_health.measure(DATA)
    assert isinstance(found["within_two_gaps"], float)
    assert found["within_two_gaps"] >= 0.95
    assert found["alarms"] == []


# holidays ─────────────────────────────────────────────────────────────────────────────────────


def explained(hours: float, *shares: float, usual: int = 100) -> float:
    """Return the hours of a silence that a holiday explains; its peers bring these shares, day by day."""
    now = START + hours * HOUR
    counts = [[round(share * usual), *[usual] * 4] for share in shares]
    assert len(counts) == len(comparisons(START, now))
    return holiday(START, now, counts) / HOUR


def test_days_on_which_the_peers_are_slow_too_do_not_count() -> None:
    assert explained(50, 1.0, 0.5, 0.5, 0.5) == 50
    assert explained(50, 1.0, 0.5, 0.5, 1.0) == 48
    assert explained(74, 1.0, 0.9, 0.5, 0.5, 0.5) == 50


def test_a_feast_ends_when_the_peers_are_back() -> None:
    assert explained(74, 1.0, 0.5, 1.0, 0.5, 0.5) == 24


def test_who_still_wrote_on_the_feast_does_not_rest_on_it() -> None:
    assert explained(50, 0.5, 0.5, 0.5, 0.5) == 0


def test_a_silence_that_began_days_before_the_feast_is_none_of_it() -> None:
    assert explained(98, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5) == 0


def test_where_hardly_anything_comes_of_anybody_it_is_no_feast() -> None:
    assert explained(50, 1.0, 0.1, 0.1, 0.1) == 0


def test_of_few_peers_and_by_a_young_desk_nothing_is_explained() -> None:
    assert explained(50, 1.0, 0.5, 0.5, 0.5, usual=20) == 0
    assert holiday(START, START + 50 * HOUR, [[100, 0, 0, 0, 0], *[[50, 0, 0, 0, 0]] * 3]) == timedelta(0)


def test_no_feast_is_longer_than_a_week() -> None:
    days = comparisons(START, START + 40 * DAY)
    assert len(days) == 1 + 7 + 1
    assert holiday(START, START + 40 * DAY, [[100] * 5, *[[50, *[100] * 4]] * 8]) == LONGEST_HELD


@given(st.integers(1, 24 * 60), st.lists(st.integers(0, 200), min_size=50, max_size=50))
def test_a_feast_explains_no_more_than_a_silence_lasts(hours: int, counts: list[int]) -> None:
    now = START + hours * HOUR
    days = comparisons(START, now)
    found = holiday(START, now, [counts[5 * n : 5 * n + 5] for n in range(len(days))])
    assert timedelta(0) <= found <= now - START
