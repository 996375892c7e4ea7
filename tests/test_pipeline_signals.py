"""Bursts, new names and silence: told once when they begin and once when they are over, with the numbers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from monitor.commands._fates import ledger
from monitor.model import (
    Entry,
    Evidence,
    Fresh,
    Kind,
    Match,
    PassedKind,
    PollRecord,
    Reading,
    Scope,
    SignalKind,
    Silence,
    Story,
)
from monitor.pipeline.sensing import FACT
from monitor.testing import an_entry
from tests.pipeline_kit import HOUR, MINUTE, World, desk

DAY = timedelta(days=1)
NAMES = """
entities:
  trump: {type: person, label: {en: Donald Trump}, names: {en: [Trump]}}
  putin: {type: person, label: {en: Vladimir Putin}, names: {en: [Putin]}}
  orban: {type: person, label: {en: Viktor Orban}, names: {en: [Orban]}}
  meeting: {type: concept, names: {en: [meeting]}}
channels: {out: {RECORDING}}
"""
ALERTS = NAMES + "routes: {now: {topics: summit, channels: out, send: immediate, group_wait: 0s}}"
DIGEST = NAMES + 'routes: {day: {topics: summit, channels: out, at: ["13:00", "19:00"]}}'
WATCHED = (
    "summit: {title: {en: The summit}, query: '@trump AND @putin', signals: [burst, first-seen, no-data]}"
)
WEEKS = 4


@asynccontextmanager
async def watching(folder: Path, rest: str, topic: str = WATCHED) -> AsyncIterator[World]:
    """Run a desk that has looked at its topic for weeks: a report every six hours, told long ago."""
    async with desk(folder, rest, topics=topic) as world:
        await world.tick()
        world.clock.advance(MINUTE)
        remember(world)
        yield world


def remember(world: World) -> None:
    """Give the desk its past."""
    store, now = world.store, world.clock.now()
    start = now - WEEKS * 7 * DAY
    times = [start + 6 * HOUR * n + (n * 37 % 60) * MINUTE for n in range(WEEKS * 28)]
    entries = [past(time, place) for place, time in enumerate(times)]
    claimed = store.claim_feeds(now, 9, MINUTE, everything=True)
    (state,) = (one for one in claimed if one.url.endswith("/rss"))
    evidence = Evidence(matched=True, score=1.0)
    readings = {
        one.id: Reading(
            matches=(Match(entry_id=one.id, revision=1, topic="summit", evidence=evidence),), key=one.title
        )
        for one in entries
    }
    state = replace(state, first_poll_at=start, last_poll_at=now, next_poll_at=now + 5 * MINUTE)
    assert store.record_polls(
        [PollRecord(state=state, fresh=Fresh(entries=tuple(entries)), readings=readings)], now
    )
    store.record_stories(
        [
            Story(
                id=f"past{one.id}", entry_ids=(one.id,), first_seen=one.first_seen, last_seen=one.first_seen
            )
            for one in entries
        ]
    )
    for cursor in store.cursors():
        store.enqueue(replace(cursor, position=store.last_seq()), [], cursor.position)
    since = start.isoformat()
    memory = json.loads(store.meta()[FACT])
    memory["subjects"] = {name: [of, since] for name, (of, _) in memory["subjects"].items()}
    memory["entities"] = dict.fromkeys(memory["entities"], since)
    memory["awake"] = since
    store.meta({FACT: json.dumps(memory)})
    world.pipeline._telling._sensing.forget()


def past(time: datetime, place: int) -> Entry:
    return an_entry(
        title=f"Trump and Putin, report {place}",
        url=f"https://publisher.example/past/{place}",
        guid=f"past-{place}",
        published=time,
        first_seen=time,
        feed_url="https://publisher.example/rss",
        entities=("trump", "putin"),
    )


def kinds(world: World) -> list[str]:
    """Return the kinds of the messages about signals that the channel took."""
    unusual = {one.value for one in SignalKind}
    return [d.message.kind.value for d in world.channel("out").sent if d.message.kind.value in unusual]


def shout(world: World, count: int = 12, words: str = "Trump and Putin talk") -> None:
    world.publish(*(f"{words}, take {place} {chr(97 + place) * 9}" for place in range(count)))


async def soon(world: World) -> None:
    """Let a feed be polled, and then the next mark come."""
    await world.tick(7 * MINUTE)
    await world.tick(15 * MINUTE)


async def test_a_burst_is_alerted_once_and_its_end_is_for_digests(tmp_path: Path) -> None:
    async with watching(tmp_path, ALERTS) as world:
        await world.tick(HOUR)
        assert kinds(world) == [], "a desk that lives by its rhythm hears nothing"
        shout(world)
        await soon(world)
        assert kinds(world) == ["burst"]
        (message,) = [d.message for d in world.channel("out").sent if d.message.kind is Kind.BURST]
        assert message.subject == "The summit: 12 reports within an hour, 1 usual"
        assert "12 reports from 1 outlet within one hour" in message.parts["txt"]
        for _ in range(12):
            await world.tick(HOUR)
        assert kinds(world) == ["burst"], "nobody is woken because it is calm"
        begun, over = world.store.signals()
        assert (begun.over, over.over, over.since) == (False, True, begun.since)
        assert (over.numbers["total"], over.numbers["peak"]) == (12, 12)
        (reason,) = world.store.passed("now", "out", "desk", [f"signal:{over.id}"])
        assert reason.kind is PassedKind.OVER


async def test_a_digest_tells_a_burst_that_is_over_by_then_in_one(tmp_path: Path) -> None:
    async with watching(tmp_path, DIGEST) as world:
        for _ in range(7):
            await world.tick(HOUR)
        shout(world)
        for _ in range(20):
            await world.tick(HOUR)
        (digest,) = (d.message for d in world.channel("out").sent)
        text = " ".join(digest.parts["txt"].split())
        assert "Out of the ordinary" in text
        assert "The summit: the rush is over, 12 reports in" in text
        assert "within an hour" not in text
        both = {f"signal:{one.id}" for one in world.store.signals()}
        assert {item for items in digest.told.values() for item in items} > both
        assert len(both) == 2


async def test_silence_is_told_with_its_length_and_so_is_its_end(tmp_path: Path) -> None:
    async with watching(tmp_path, ALERTS) as world:
        for _ in range(80):
            await world.tick(HOUR)
        assert kinds(world) == ["no-data"], "once"
        world.publish("Trump and Putin talk again")
        await soon(world)
        assert kinds(world) == ["no-data", "no-data"]
        begun, over = (d.message for d in world.channel("out").sent if d.message.kind is Kind.NO_DATA)
        assert begun.subject.startswith("The summit: nothing for 2 d")
        assert "2 of 2 feeds are working." in begun.parts["txt"]
        assert over.subject.startswith("The summit: reports again after 3 d")
        assert over.thread == begun.thread


async def test_silence_while_we_slept_is_ours(tmp_path: Path) -> None:
    async with watching(tmp_path, ALERTS) as world:
        world.clock.advance(5 * DAY)
        world.publish("Trump and Putin talk again")
        await world.tick()
        shout(world, 12, "What Trump told Putin")
        await soon(world)
        assert kinds(world) == []


MET = [f"Trump and Putin: a meeting with Orban, report {place}" for place in ("one", "two", "three")]


async def test_a_name_that_never_stood_there_is_told_once(tmp_path: Path) -> None:
    async with watching(tmp_path, ALERTS) as world:
        world.publish(*MET[:2])
        await soon(world)
        assert kinds(world) == [], "two reports of one outlet may be a passing mention"
        world.publish(MET[2])
        await soon(world)
        (message,) = [d.message for d in world.channel("out").sent if d.message.kind is Kind.FIRST_SEEN]
        assert message.subject == "The summit: Viktor Orban, for the first time"
        assert "Never before was Viktor Orban named together with Donald Trump" in message.parts["txt"]
        world.publish("Orban on Trump and Putin")
        await soon(world)
        assert kinds(world) == ["first-seen"]


async def test_a_name_of_the_archive_or_of_yesterday_is_not_new(tmp_path: Path) -> None:
    async with watching(tmp_path, ALERTS) as world:
        world.publish("Orban praises Putin")  # not about the topic
        await soon(world)
        world.publish(*MET)
        await soon(world)
        assert kinds(world) == []
    names = ALERTS.replace("meeting:", "xi: {type: person, names: {en: [Jinping]}}\n  meeting:")
    async with watching(tmp_path / "..", names) as world:
        memory = json.loads(world.store.meta()[FACT])
        del memory["entities"]["xi"]
        world.store.meta({FACT: json.dumps(memory)})
        world.publish(*(f"Trump and Putin invite Jinping, {place}" for place in ("one", "two", "three")))
        await soon(world)
        assert kinds(world) == []


async def test_a_new_desk_hears_nothing_of_what_is_new_to_itself(tmp_path: Path) -> None:
    async with desk(tmp_path, ALERTS, topics=WATCHED) as world:
        shout(world, 20)
        await world.tick()
        for day in range(3):
            world.publish(f"Trump, Putin and Orban, day {day}")
            await world.tick(DAY)
        assert kinds(world) == []
        assert world.store.signals() == []


async def test_a_crash_before_the_record_gives_the_same_signals_again(tmp_path: Path) -> None:
    async with watching(tmp_path, ALERTS) as world:
        shout(world)
        telling, record = world.pipeline._telling, world.store.record_stories
        seen = []

        def lost(*arguments: object, signals: object = (), **more: object) -> bool:
            if signals:
                seen.append([one.id for one in signals])  # type: ignore[attr-defined]
                return False
            return record(*arguments, **more)  # type: ignore[arg-type]

        world.store.record_stories = lost  # type: ignore[method-assign]
        await soon(world)
        assert kinds(world) == []
        world.store.record_stories = record  # type: ignore[method-assign]
        telling.fold()
        telling.queue()
        assert [one.id for one in world.store.signals()] == seen[0]
        await world.tick(MINUTE)
        assert kinds(world) == ["burst"]


async def test_a_silenced_topic_s_signals_are_passed_for_that_reason(tmp_path: Path) -> None:
    async with watching(tmp_path, ALERTS) as world:
        now = world.clock.now()
        world.store.add_silence(
            Silence(
                id="5115", scope=Scope.TOPIC, target="summit", since=now, until=now + DAY, why="w", by="R"
            )
        )
        shout(world)
        await soon(world)
        assert world.channel("out").sent == []
        (signal,) = world.store.signals()
        (reason,) = world.store.passed("now", "out", "desk", [f"signal:{signal.id}"])
        assert (reason.kind, reason.detail[:16]) == (PassedKind.SILENCED, "silenced by 5115")


async def test_a_route_tells_only_what_it_says_it_tells(tmp_path: Path) -> None:
    route = ALERTS.replace("group_wait: 0s", "group_wait: 0s, tells: [no-data, first-seen]")
    async with watching(tmp_path, route) as world:
        shout(world)
        world.publish(*MET)
        await soon(world)
        assert [d.message.kind for d in world.channel("out").sent] == [Kind.FIRST_SEEN]
        reasons = {one.entry_id: one.kind for one in world.store.passed("now", "out", "desk")}
        assert set(reasons.values()) == {PassedKind.NOT_ASKED}
        assert sum(name.startswith("signal:") for name in reasons) == 1
        (cursor,), (made,) = world.store.cursors(), world.pipeline.parts.routes
        cursor = replace(cursor, start=len(world.store.hits(["summit"], 0, world.clock.now())) - 15)
        now = world.clock.now()
        sheet = ledger(
            world.store, made, cursor, world.store.deliveries(limit=None), kept=now - 400 * DAY, now=now
        )
        assert sheet.faults == ()


async def test_a_route_is_watched_as_a_whole(tmp_path: Path) -> None:
    topic = WATCHED.replace(", signals: [burst, first-seen, no-data]", "")
    route = ALERTS.replace("group_wait: 0s", "group_wait: 0s, signals: [no-data]")
    async with watching(tmp_path, route, topic) as world:
        for _ in range(80):
            await world.tick(HOUR)
        (message,) = [d.message for d in world.channel("out").sent if d.message.kind is Kind.NO_DATA]
        assert message.subject.startswith("Route “now”: nothing for 2 d")
        assert [(one.topic, one.route) for one in world.store.signals()] == [("", "now")]


async def test_another_query_is_another_subject(tmp_path: Path) -> None:
    async with watching(tmp_path, ALERTS) as world:
        parts = world.pipeline.parts
        (topic,) = parts.topics
        world.pipeline.parts = replace(parts, topics=(replace(topic, query="@trump"),))
        shout(world)
        await soon(world)
        assert kinds(world) == [], "it is young again"
