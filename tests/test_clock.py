"""The only place that reads the time."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from monitor.clock import SystemClock, VirtualClock


def test_the_system_clock_is_aware_and_in_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_a_virtual_clock_stands_still_until_moved() -> None:
    clock = VirtualClock(datetime(2025, 10, 16, 6, tzinfo=timezone(timedelta(hours=6))))

    assert clock.now() == clock.now() == datetime(2025, 10, 16, tzinfo=UTC)

    clock.advance(timedelta(minutes=5))

    assert clock.now() == datetime(2025, 10, 16, 0, 5, tzinfo=UTC)


def test_a_virtual_clock_never_goes_back() -> None:
    clock = VirtualClock(datetime(2025, 10, 16, tzinfo=UTC))
    clock.jump_to(datetime(2025, 10, 15, tzinfo=UTC))

    assert clock.now() == datetime(2025, 10, 16, tzinfo=UTC)


def test_a_clock_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        VirtualClock(datetime(2025, 10, 16))
