"""However little a message holds, every entry is told once: what has no room comes in the next digest."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.commands._fates import ledger
from monitor.model import PassedKind
from monitor.testing import RecordingChannel
from tests.pipeline_kit import HOUR, World, desk

ROOM = 1_200
"""Characters: two or three stories, beside what every message says."""
SUBJECTS = (
    "Grain exports through the strait rise after Trump wrote Putin",
    "Winter gas: Putin names his price, Trump shrugs",
    "Ballet night in the old opera house for Putin, without Trump",
    "A bridge that nobody wanted divides Trump from Putin",
    "Harvest failed, says Putin; wheat will come, says Trump",
    "Stolen icons: museum sues, Putin silent, Trump amused",
    "Cod quotas in the north anger Putin more than Trump",
    "Prisoners exchanged at dawn; Trump thanks Putin",
    "Chess title match moved, Putin absent, Trump late",
    "Insurers of tankers ask Trump for mercy, Putin for time",
)


class Narrow(RecordingChannel):
    """A channel whose messages hold little."""

    @staticmethod
    def fits(part: str, text: str) -> bool:
        """Say whether a text is small enough."""
        return part != "txt" or len(text) <= ROOM


CHANNELS = """
channels: {out: {type: 'tests.properties.test_room:Narrow'}}
routes: {day: {topics: summit, channels: out, every: 1h}}
"""


def told(world: World) -> list[str]:
    """Return the entries that were told, each as often as it was."""
    return [
        item
        for one in world.channel("out").sent
        for items in one.message.told.values()
        for item in sorted(set(items))
        if item.startswith("entry:")
    ]


@settings(max_examples=8, deadline=None)
@given(st.lists(st.sets(st.sampled_from(SUBJECTS), max_size=9), min_size=1, max_size=4))
async def test_nothing_is_dropped_by_and_n_more(hours: list[set[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with desk(Path(folder), CHANNELS) as world:
            published = 0
            for number, subjects in enumerate(hours):
                titles = [f"{one}, part {number}" for one in sorted(subjects)]
                published += len(world.publish(*titles))
                await world.tick(HOUR)
            for _ in range(published + 2):
                await world.tick(HOUR)
                (cursor,), (route,) = world.store.cursors(), world.pipeline.parts.routes
                now = world.clock.now()
                sheet = ledger(
                    world.store,
                    route,
                    cursor,
                    world.store.deliveries(limit=None),
                    kept=now - timedelta(days=400),
                    now=now,
                )
                assert sheet.faults == ()
            items = told(world)
            reasons = {one.entry_id: one.kind for one in world.store.passed("day", "out", "desk")}
            assert len(items) == len(set(items)), "told twice"
            assert PassedKind.NO_ROOM not in reasons.values()
            everything = {f"entry:{one.id}" for one in world.store.search("", limit=99)}
            assert set(items) | {f"entry:{one}" for one in reasons} == everything


async def test_what_had_no_room_is_first_in_the_next_digest_and_has_its_reason_until_then(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, CHANNELS) as world:
        world.publish(*SUBJECTS)
        await world.tick(HOUR)
        await world.tick(HOUR)
        first = set(told(world))
        waiting = {one.entry_id: one for one in world.store.passed("day", "out", "desk")}
        assert len(first) < len(SUBJECTS)
        assert {one.kind for one in waiting.values()} == {PassedKind.NO_ROOM}
        assert all("comes in the next digest" in one.detail for one in waiting.values())
        await world.tick(HOUR)
        second = {item.removeprefix("entry:") for item in set(told(world)) - first}
        assert second
        assert second <= set(waiting)
        assert not second & {one.entry_id for one in world.store.passed("day", "out", "desk")}


async def test_a_changed_headline_that_had_no_room_is_told_later(tmp_path: Path) -> None:
    async with desk(tmp_path, CHANNELS) as world:
        (old,) = world.publish("Trump asks Putin about tea")
        for _ in range(3):
            await world.tick(HOUR)
        new = world.publish(*SUBJECTS)
        world.publisher.publish("/rss", *new, replace(old, title="Trump asks Putin about coffee"))
        for _ in range(8):
            await world.tick(HOUR)
        texts = " ".join(" ".join(d.message.parts["txt"] for d in world.channel("out").sent).split())
        assert "now: Trump asks Putin about coffee" in texts
