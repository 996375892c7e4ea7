"""A machine asleep over several slots sends one merged digest, marked late, to each reader in their zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.testing import FakeClock
from tests.pipeline_kit import HOUR, MINUTE, desk

ROUTE = """
channels:
  dhaka: {RECORDING, to: [dhaka], timezone: Asia/Dhaka}
  budapest: {RECORDING, to: [budapest], timezone: Europe/Budapest}
  york: {RECORDING, to: [york], timezone: America/New_York}
routes:
  day: {topics: summit, channels: [dhaka, budapest, york], at: ["07:30", "13:00", "19:00"], nothing_new: NOTHING}
"""
EVE = datetime(2025, 10, 25, 12, 0, tzinfo=UTC)
"""The clocks of Budapest go back in the night; those of New York a week later, those of Dhaka never."""


async def test_three_slots_slept_over_are_one_late_digest_for_each_zone(tmp_path: Path) -> None:
    async with desk(tmp_path, ROUTE.replace("NOTHING", "false"), clock=FakeClock(EVE)) as world:
        world.publish("Trump and Putin agree to meet")
        await world.tick()
        await world.tick(30 * HOUR)  # Sunday, 18:00 UTC
        sent = {name: [d.message for d in world.channel(name).sent] for name in ("dhaka", "budapest", "york")}
        assert {name: [one.slot for one in got] for name, got in sent.items()} == {
            "dhaka": [datetime(2025, 10, 26, 13, 0, tzinfo=UTC)],  # 19:00 at +6
            "budapest": [datetime(2025, 10, 26, 18, 0, tzinfo=UTC)],  # 19:00 in winter time
            "york": [datetime(2025, 10, 26, 17, 0, tzinfo=UTC)],  # 13:00 in summer time
        }
        for (message,) in sent.values():
            assert "(late)" in message.subject
            assert "This digest is late: monitor was not running at the time." in message.parts["txt"]
            assert "Trump and Putin agree to meet" in message.parts["txt"]
        for cursor in world.store.cursors():
            assert cursor.next_slot is not None
            assert world.clock.now() < cursor.next_slot <= world.clock.now() + 14 * HOUR
        await world.tick(10 * HOUR)
        assert all(len(world.channel(name).sent) == 1 for name in sent), "what was slept over comes once"


async def test_a_note_that_nothing_is_new_comes_once_after_a_sleep_and_never_unasked(tmp_path: Path) -> None:
    async with desk(tmp_path, ROUTE.replace("NOTHING", "true"), clock=FakeClock(EVE)) as world:
        await world.tick()
        await world.tick(30 * HOUR)
        for name in ("dhaka", "budapest", "york"):
            (delivery,) = world.channel(name).sent
            assert "nothing new" in delivery.message.subject
            assert "(late)" in delivery.message.subject
            assert "Nothing new was found in this time." in delivery.message.parts["txt"]
        await world.tick(HOUR + MINUTE)
        before = {name: len(world.channel(name).sent) for name in ("dhaka", "budapest", "york")}
        assert before == {"dhaka": 1, "budapest": 1, "york": 1}, "no slot has come since"


async def test_a_digest_of_the_minute_is_not_late(tmp_path: Path) -> None:
    clock = FakeClock(EVE - timedelta(minutes=1))
    async with desk(tmp_path, ROUTE.replace("NOTHING", "true"), clock=clock) as world:
        await world.tick()
        await world.tick(HOUR + 5 * MINUTE)  # 19:00 in Dhaka was four minutes ago
        (delivery,) = world.channel("dhaka").sent
        assert "(late)" not in delivery.message.subject
