"""200 feed-days; `make score DAYS=10000` runs 10,000."""

from __future__ import annotations

from pathlib import Path

from tests.politeness import days


async def test_two_hundred_feed_days_without_a_fault(tmp_path: Path) -> None:
    polls, faults = await days.simulate(tmp_path, 200)
    assert polls > 1000
    assert faults == dict.fromkeys(days.FAULTS, 0)
