"""When a route sends."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Route, Send
from monitor.slots import last_slot, next_slot, parse_cron, quiet_until, slots


def a_route(**settings: object) -> Route:
    given: dict[str, object] = {"name": "day", "topics": ("t",), "channels": ("c",), "send": Send.DIGEST}
    return Route(**{**given, **settings})  # type: ignore[arg-type]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_dhaka_desk_gets_its_digests_at_its_own_hours() -> None:
    route = a_route(at=(time(7, 30), time(13), time(19)), timezone="Asia/Dhaka")

    found = [next(it) for it in [slots(route, at("2025-10-16T00:00"))] for _ in range(4)]

    assert found == [at(f"2025-10-16T{t}") for t in ("01:30", "07:00", "13:00")] + [at("2025-10-17T01:30")]


def test_a_time_in_the_spring_gap_comes_once_behind_it() -> None:
    route = a_route(at=(time(2, 30),), timezone="Europe/Budapest")

    assert next_slot(route, at("2025-03-29T12:00")) == at("2025-03-30T01:30")
    assert next_slot(route, at("2025-03-30T01:30")) == at("2025-03-31T00:30")


def test_a_time_that_exists_twice_in_autumn_counts_once() -> None:
    route = a_route(at=(time(2, 30),), timezone="Europe/Budapest")

    assert next_slot(route, at("2025-10-25T12:00")) == at("2025-10-26T00:30")
    assert next_slot(route, at("2025-10-26T00:30")) == at("2025-10-27T01:30")


def test_weekdays_leave_days_out() -> None:
    route = a_route(at=(time(9),), weekdays=frozenset({0, 1, 2, 3, 4}))

    assert next_slot(route, at("2025-10-17T09:00")) == at("2025-10-20T09:00")


def test_every_two_hours_counts_from_local_midnight() -> None:
    route = a_route(every=timedelta(hours=2), timezone="Asia/Kolkata")

    assert next_slot(route, at("2025-10-16T00:00")) == at("2025-10-16T00:30")


@pytest.mark.parametrize(
    ("line", "after", "expected"),
    [
        ("30 7 * * mon-fri", "2025-10-17T08:00", "2025-10-20T07:30"),
        ("*/20 * * * *", "2025-10-16T00:20", "2025-10-16T00:40"),
        ("0 0 1,15 * *", "2025-10-16T00:00", "2025-11-01T00:00"),
        ("0 12 13 * fri", "2025-10-12T00:00", "2025-10-13T12:00"),  # both restricted: either is enough
        ("0 0 29 2 *", "2025-01-01T00:00", "2028-02-29T00:00"),
        ("0 6 * * 7", "2025-10-16T00:00", "2025-10-19T06:00"),
    ],
)
def test_cron_means_what_crontab_means(line: str, after: str, expected: str) -> None:
    assert next_slot(a_route(cron=line), at(after)) == at(expected)


@pytest.mark.parametrize(
    "line", ["", "* * * *", "60 * * * *", "* * 0 * *", "x * * * *", "5-1 * * * *", "*/0 * * * *"]
)
def test_a_wrong_cron_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="cron"):
        parse_cron(line)


def test_the_last_of_the_slots_that_were_slept_over_is_found() -> None:
    route = a_route(at=(time(7), time(13), time(19)))

    assert last_slot(route, at("2025-10-16T07:00"), at("2025-10-17T12:00")) == at("2025-10-17T07:00")
    assert last_slot(route, at("2025-10-16T07:00"), at("2025-10-16T12:00")) is None


def test_quiet_hours_hold_a_message_until_they_end() -> None:
    route = a_route(quiet=((time(23), time(6)),), timezone="Asia/Dhaka")

    assert quiet_until(route, at("2025-10-16T18:00")) == at("2025-10-17T00:00")
    assert quiet_until(route, at("2025-10-16T23:59")) == at("2025-10-17T00:00")
    assert quiet_until(route, at("2025-10-17T00:00")) == at("2025-10-17T00:00")
    assert quiet_until(route, at("2025-10-16T12:00")) == at("2025-10-16T12:00")


@settings(deadline=None, max_examples=60)
@given(
    zone=st.sampled_from(sorted(available_timezones() - {"localtime"})),
    year=st.integers(2020, 2035),
    day=st.integers(0, 364),
    times=st.lists(
        st.times().map(lambda t: t.replace(second=0, microsecond=0)), min_size=1, max_size=4, unique=True
    ),
)
def test_no_slot_is_skipped_or_doubled_in_any_zone(zone: str, year: int, day: int, times: list[time]) -> None:
    start = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day)
    route = a_route(at=tuple(times), timezone=zone)
    walked, now = [], start
    while now < start + timedelta(days=20):
        slot = next_slot(route, now)
        assert slot is not None
        assert slot > now
        walked.append(slot)
        now = slot

    # Each local date has each of its times once; only times that a gap pushes onto another fall together.
    local = [slot.astimezone(ZoneInfo(zone)) for slot in walked]
    per_day: dict[date, int] = {}
    for one in local:
        per_day[one.date()] = per_day.get(one.date(), 0) + 1
    whole_days = sorted(per_day)[1:-1]
    assert len(walked) == len(set(walked))
    assert all(per_day[d] <= len(times) + 1 for d in whole_days)
    offsets = {one.utcoffset() for one in local}
    if len(offsets) == 1:
        assert all(per_day[d] == len(times) for d in whole_days)


def changes_of(zone: ZoneInfo) -> list[date]:
    """Return the local dates from 2020 to 2035 on which a zone's clocks change."""
    found, last = [], None
    for week in range(16 * 53):
        day = date(2020, 1, 1) + timedelta(days=7 * week)
        offset = datetime.combine(day, time(), zone).utcoffset()
        if last is not None and offset != last:
            days = [day + timedelta(days=n) for n in range(-7, 1)]
            offsets = [datetime.combine(one, time(), zone).utcoffset() for one in days]
            found += [one for one, a, b in zip(days, offsets, offsets[1:], strict=False) if a != b]
        last = offset
    return found


TIMES = (time(0), time(0, 30), time(1, 59), time(2, 30), time(12), time(23, 30))
ZONES = sorted(available_timezones() - {"localtime"})


@pytest.mark.parametrize("first", sorted({zone[0] for zone in ZONES}))
def test_every_wall_time_has_one_slot_around_the_clock_changes_of_every_zone(first: str) -> None:
    for name in (zone for zone in ZONES if zone[0] == first):
        zone, chance = ZoneInfo(name), Random(name)
        changes = changes_of(zone)
        days = [*chance.sample(changes, min(2, len(changes))), date(2020 + chance.randrange(15), 2, 28)]
        for day in days:
            start = datetime.combine(day - timedelta(days=1), time(), zone).astimezone(UTC)
            route = a_route(at=TIMES, timezone=name)
            walked, now = [], start - timedelta(seconds=1)
            while (slot := next_slot(route, now)) is not None and slot < start + timedelta(days=4):
                walked.append(slot)
                now = slot
            assert walked == sorted(set(walked)), name
            whole = [day + timedelta(days=n) for n in (-1, 0, 1)]
            meant = [instants(datetime.combine(one, at), zone) for one in whole for at in TIMES]
            # Each wall time that exists comes at its first instant and never again; one that a gap
            # swallows comes as much later as the gap is long. Nothing else comes.
            for instant, again in meant:
                assert walked.count(instant) == 1, (name, instant)
                assert again is None or again not in walked or again in [one for one, _ in meant], name
            end = max(instant for instant, _ in meant)
            assert {one for one in walked if one <= end} == {instant for instant, _ in meant}, name


def instants(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime | None]:
    """Return when a clock on the wall shows a time, and when it does again.

    By the offsets of the day before and the day after alone: not the way in which slots are computed.
    """
    found = []
    for hours in (-26, 26):
        around = (wall.replace(tzinfo=UTC) + timedelta(hours=hours)).astimezone(zone)
        offset = around.utcoffset()
        assert offset is not None
        found.append((wall.replace(tzinfo=UTC) - offset, offset))
    shown = sorted({one for one, _ in found if one.astimezone(zone).replace(tzinfo=None) == wall})
    if shown:
        return shown[0], shown[1] if len(shown) > 1 else None
    return wall.replace(tzinfo=UTC) - found[0][1], None
