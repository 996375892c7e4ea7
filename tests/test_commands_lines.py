"""What `explain` says of the turns and signals that an entry shows, and what `verify` counts of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from monitor.commands._fates import ledger
from monitor.commands._lines import lines_in_words
from monitor.inquire.lines import line_facts
from monitor.model import Cursor, Passed, PassedKind, Turn
from tests.pipeline_kit import HOUR, World
from tests.test_pipeline_signals import ALERTS, shout, soon, watching

DAYS = timedelta(days=400)


def books(world: World) -> list[str]:
    """Return what does not add up, without what the kit told nobody of."""
    (cursor,), (route,) = world.store.cursors(), world.pipeline.parts.routes
    now = world.clock.now()
    began = min(one.seq for one in world.store.hits(["summit"], 0, now) if "take" in one.entry.title)
    cursor = replace(cursor, start=began - 1)
    sheet = ledger(world.store, route, cursor, world.store.deliveries(limit=None), kept=now - DAYS, now=now)
    assert sum(sheet.turns.values()) == len(world.store.turns(["summit"]))
    assert sum(sheet.signals.values()) == len(world.store.signals())
    return [fault.partition(": ")[2] for fault in sheet.faults]


def turn(name: str, world: World, *entries: str, held: str = "") -> Turn:
    return Turn(
        id=name,
        topic="summit",
        state="agreed",
        story_id="",
        reached_at=world.clock.now(),
        entry_ids=entries,
        held=held,
    )


async def test_an_entry_is_explained_with_the_burst_it_is_part_of(tmp_path: Path) -> None:
    async with watching(tmp_path, ALERTS) as world:
        shout(world)
        await soon(world)
        entry = next(one for one in world.store.search("", limit=1))
        config = world.built.config
        (facts,) = line_facts(config, world.store, entry, ["summit"])
        assert (facts["kind"], facts["over"], facts["numbers"]["count"]) == ("burst", False, 12)
        assert [(one["route"], one["outcome"]) for one in facts["readers"]] == [("now", "sent")]
        first, second = lines_in_words([facts])
        assert first.startswith("burst summit")
        assert "count 12" in first
        assert second.startswith("  now → out (desk): sent")
        assert books(world) == []


async def test_turns_are_in_the_books_and_what_is_missing_is_named(tmp_path: Path) -> None:
    async with watching(tmp_path, ALERTS) as world:
        shout(world, 1)
        await soon(world)
        entry = next(one for one in world.store.search("", limit=1))
        world.store.record_stories(
            [], [turn("told", world, entry.id), turn("known", world, held="before-start")]
        )
        await soon(world)
        assert books(world) == []
        (facts,) = line_facts(world.built.config, world.store, entry, ["summit"])
        assert (facts["kind"], facts["state"]) == ("turn", "agreed")
        assert [one["outcome"] for one in facts["readers"]] == ["sent"]
        # A cursor that passes one without a word, and one that is told and passed as well.
        world.store.record_stories([], [turn("lost", world)])
        (cursor,) = world.store.cursors()
        passed = Passed(entry_id="turn:told", kind=PassedKind.SILENCED, detail="x", at=world.clock.now())
        moved: Cursor = replace(cursor, position=world.store.last_seq())
        assert world.store.enqueue(moved, [], cursor.position, passed=[passed])
        assert books(world) == [
            "told, and passed as well: turn:told: x",
            "the cursor passed it, and neither a message nor a reason is there: turn:lost",
        ]
        world.clock.advance(HOUR)
