"""The canary: it goes all the way, nobody sees it, and operators hear when it does not arrive."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.alive import ARRIVED, OVERDUE, SINCE, waits_since, when
from monitor.model import CANARY, DeliveryStatus, Keep, Kind
from tests.pipeline_kit import HOUR, MINUTE, World, desk

ROUTES = """
operators: [ops]
canary: {every: 15m}
channels:
  slack: {RECORDING}
  ops: {RECORDING}
routes:
  now: {topics: [summit, birds], channels: [slack], send: immediate, group_wait: 0s}
  day: {topics: [summit, birds], channels: [slack], at: ["18:00"]}
"""
TOPICS = 'summit: {query: "Trump AND Putin"}, birds: {query: "canary OR ক্যানারি"}'


@asynccontextmanager
async def birds(folder: Path, rest: str = ROUTES) -> AsyncIterator[World]:
    async with desk(folder, rest, topics=TOPICS) as world:
        await world.tick()
        yield world


async def step(world: World, later: Any = MINUTE) -> None:
    """Let time pass, watch, and send what is due."""
    world.clock.advance(later)
    await world.pipeline.watch_canary()
    await world.tick()


def times(facts: Mapping[str, str]) -> tuple[datetime | None, datetime | None]:
    """When one last arrived, and since when one is waited for."""
    return when(facts, ARRIVED), waits_since(facts)


def rows(folder: Path) -> dict[str, int]:
    """The number of rows of each table."""
    with closing(sqlite3.connect(folder / "monitor.db")) as store:
        names = [
            name
            for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if name != "sqlite_sequence"
        ]
        return {name: store.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}


async def test_it_arrives_and_nothing_that_anybody_sees_has_changed(tmp_path: Path) -> None:
    async with birds(tmp_path) as world:
        before, counts, seq = rows(tmp_path), world.store.counts(), world.store.last_seq()
        await step(world)
        after = rows(tmp_path)

        assert times(world.store.meta()) == (world.clock.now(), None)
        changed = {name for name in after if after[name] != before[name]}
        assert changed <= {"deliveries", "cursors", "meta"}
        assert after["deliveries"] == before["deliveries"] + 1
        assert world.store.counts() == counts
        assert world.store.last_seq() == seq
        assert world.store.deliveries(limit=None) == []
        assert world.store.search('"canaries"', limit=9) == []
        await step(world, 7 * HOUR)
    assert world.channel("slack").sent == [], "a topic that asks for canaries is told of none of ours"
    assert world.channel("ops").sent == []


async def test_one_goes_each_time_and_old_ones_leave_no_rows(tmp_path: Path) -> None:
    async with birds(tmp_path) as world:
        seen = []
        for _ in range(60):
            await step(world)
            seen.append(world.store.meta()[ARRIVED])
        assert len(set(seen)) == 4
        assert rows(tmp_path)["deliveries"] == 4
        world.store.prune(world.clock.now(), Keep())
        assert rows(tmp_path)["deliveries"] == 0


async def test_after_a_restart_the_next_one_goes_when_it_is_time(tmp_path: Path) -> None:
    async with birds(tmp_path) as world:
        await step(world)
        first, clock = world.store.meta()[ARRIVED], world.clock
    async with desk(tmp_path, ROUTES, clock=clock, topics=TOPICS) as world:
        await step(world, 13 * MINUTE)
        assert world.store.meta()[ARRIVED] == first
        await step(world, 2 * MINUTE)
        assert world.store.meta()[ARRIVED] != first


async def test_one_that_does_not_arrive_is_told_once_and_once_that_the_next_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with birds(tmp_path) as world:
        await step(world)
        claim = type(world.store).claim_deliveries
        # What a lane that never comes free looks like: nothing of this channel is ever handed out.
        monkeypatch.setattr(
            type(world.store),
            "claim_deliveries",
            lambda self, *args, **options: [
                one for one in claim(self, *args, **options) if one.channel != CANARY
            ],
        )
        await step(world, 15 * MINUTE)
        since = world.store.meta()[SINCE]
        await step(world, 14 * MINUTE)
        assert world.channel("ops").sent == []
        for _ in range(40):
            await step(world)
        (told,) = world.channel("ops").sent
        assert told.message.kind is Kind.FEEDS
        assert told.message.subject == "monitor (canary): the test message does not arrive"
        assert world.store.meta()[SINCE] == since
        assert "none has arrived since 2025-" in world.store.meta()[OVERDUE]
        at, waited = times(world.store.meta())
        assert at is not None
        assert waited is not None
        assert at < waited

        monkeypatch.undo()
        for _ in range(20):
            await step(world)
        assert world.subjects("ops")[1:] == ["monitor (canary): is back"]
        assert world.store.meta()[OVERDUE] == ""
        await step(world, 2 * HOUR)
        await step(world)
        assert len(world.channel("ops").sent) == 2


async def test_a_template_that_fails_stops_it_and_the_word_says_where(tmp_path: Path) -> None:
    (tmp_path / "templates" / "default").mkdir(parents=True)
    (tmp_path / "templates" / "default" / "alert.txt.j2").write_text("{{ nothing.here }}")
    async with birds(tmp_path, "templates: templates\n" + ROUTES) as world:
        for _ in range(20):
            await step(world)
        (told,) = world.channel("ops").sent
        assert "alert.txt.j2" in told.message.parts["txt"]
        assert "alert.txt.j2:1" in world.store.meta()[OVERDUE]
        assert world.store.deliveries(status=DeliveryStatus.DEAD) == []


async def test_one_that_is_switched_off_goes_nowhere_and_is_never_overdue(tmp_path: Path) -> None:
    async with birds(tmp_path, ROUTES.replace("15m", "0s")) as world:
        world.store.meta({OVERDUE: "none has arrived"})
        for _ in range(20):
            await step(world)
        assert ARRIVED not in world.store.meta()
        assert world.store.meta()[OVERDUE] == ""
        assert rows(tmp_path)["deliveries"] == 0


async def test_a_pass_by_hand_lets_none_go(tmp_path: Path) -> None:
    async with birds(tmp_path) as world:
        await world.tick(2 * HOUR)
        assert ARRIVED not in world.store.meta()


async def test_a_clock_that_was_set_back_does_not_keep_it_in(tmp_path: Path) -> None:
    async with birds(tmp_path) as world:
        await step(world)
        world.store.meta({"canary:last": "2099-01-01T00:00:00+00:00"})
        await step(world, 15 * MINUTE)
        assert times(world.store.meta()) == (world.clock.now(), None)


async def test_of_two_processes_one_lets_it_go(tmp_path: Path) -> None:
    async with birds(tmp_path) as one, desk(tmp_path, ROUTES, clock=one.clock, topics=TOPICS) as other:
        for _ in range(31):
            await step(one)
            await other.pipeline.watch_canary()
            await other.tick()
        assert rows(tmp_path)["deliveries"] == 3
        assert times(one.store.meta())[1] is None
