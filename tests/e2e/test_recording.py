"""`record: DIR`: what the daemon polls can be replayed, and comes to the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import httpx
import pytest

from monitor import config as configs
from monitor import service
from monitor.commands._replay.facts import facts
from monitor.commands._replay.run import replay
from monitor.commands._replay.tracks import tracks
from monitor.config import Config
from monitor.model import Entry, Event, Feed, FeedState
from monitor.record import read
from monitor.testing import NOON, FakeClock, Publisher, an_entry
from tests.world import Desk, Newsstand, rss

FEED = Feed(url="https://publisher.example/rss", source="নদীপথ", language="bn", country="BD")
OTHER = Feed(url="https://publisher.example/wire", source="Wire", language="en")
CALL = an_entry(title="ট্রাম্প–পুতিন ফোনালাপ, বৈঠক বুদাপেস্টে", url="https://publisher.example/1", guid="1")
EDITED = replace(CALL, title="ট্রাম্প–পুতিন ফোনালাপ: বৈঠক বাতিল")
WIRE = an_entry(title="Putin and Trump to meet", url="https://publisher.example/2", guid="2")
ROUTES = (
    "routes:\n  day: {topics: [summit], channels: [out], at: ['19:00']}\n"
    "  now: {topics: [summit], channels: [out], send: immediate, group_wait: 0s}\n"
)


def a_config(folder: Path, feeds: tuple[Feed, ...] = (FEED, OTHER)) -> Config:
    Desk(folder, routes=ROUTES, extra="record: kept\n").write()
    return replace(configs.load(folder / "monitor.yaml", {}), feeds=feeds)


Step = Callable[[Publisher], object]

DAY: tuple[Step, ...] = (
    lambda p: (p.publish("/rss", CALL), p.publish("/wire")),
    lambda p: p.publish("/wire", WIRE),
    lambda p: p.answer("/rss", 503, headers={"Retry-After": "60"}),
    lambda p: (p.publish("/rss", EDITED), p.hang("/wire")),
    lambda p: p.answer("/wire", 200, body="<html><body>Access denied</body></html>"),
    lambda p: p.fail("/rss", httpx.ConnectError),
)
"""What changes before each round of polls; rounds are an hour apart."""


async def live(config: Config, told: list[Event]) -> tuple[list[Entry], list[FeedState]]:
    """Be the daemon for a day of hourly polls; return what it stored and how its feeds are."""
    clock = FakeClock(NOON)
    publisher = Publisher(clock)
    built = service.build(config, clock=clock, random=Random(1), transport=publisher, tell=told.append)
    async with built:
        for step in DAY:
            step(publisher)
            await built.pipeline.tick(everything=True)
            clock.advance(timedelta(hours=1))
        entries = await built.pipeline.off_loop(lambda: built.store.search("", limit=100))
        return entries, await built.pipeline.off_loop(built.store.feed_states)


async def test_what_the_daemon_recorded_comes_to_the_same_when_it_is_replayed(tmp_path: Path) -> None:
    config, told = a_config(tmp_path), list[Event]()
    config = replace(config, poll=replace(config.poll, per_host_gap=timedelta()))
    entries, states = await live(config, told)
    archive = read(tmp_path / "kept", tmp_path / "work")
    (tmp_path / "store").mkdir()
    replayed = await replay(config, tracks(archive.recordings, config.feeds), tmp_path / "store")

    assert not any(event.kind.startswith("record") for event in told)
    assert {one.title for one in entries} == {EDITED.title, WIRE.title}
    assert (replayed.report.polls, replayed.report.entries, replayed.report.updated) == (12, 2, 1)
    compared = [
        [(s.url, s.status, s.reason, s.detail, s.failures, s.polls, s.entries, s.last_ok_at) for s in found]
        for found in (states, replayed.states)
    ]
    assert compared[0] == compared[1]
    sent = {event.fields["delivery"] for event in told if event.kind == "delivery"}
    assert sent
    assert sent <= {one.delivery.id for one in replayed.told}
    by_id = {story["entries"][0]["url"]: story for m in facts(replayed)["messages"] for story in m["stories"]}
    assert by_id[WIRE.url]["entries"][0]["source"] == "Wire"


async def test_the_same_bodies_and_304s_are_lines_and_not_copies(tmp_path: Path) -> None:
    await live(a_config(tmp_path, feeds=(FEED,)), [])
    (index,) = (tmp_path / "kept").rglob("index.jsonl")
    lines = [json.loads(line) for line in index.read_text(encoding="utf-8").splitlines()]

    assert [sorted(line.keys() - {"polled_at", "detail"}) for line in lines] == [
        ["file", "type"],
        ["file", "unchanged"],
        ["failed", "retry_after", "status"],
        ["file", "type"],
        ["file", "unchanged"],
        ["failed"],
    ]
    assert len(list(index.parent.glob("*.gz"))) == 2


async def test_a_recording_begins_with_a_body_though_the_publisher_would_say_not_modified(
    tmp_path: Path,
) -> None:
    """The desk polls already when it begins to record."""
    config = a_config(tmp_path, feeds=(FEED,))
    publisher, clock = Publisher(), FakeClock(NOON)
    publisher.publish("/rss", CALL)
    for record in (None, tmp_path / "kept", tmp_path / "kept"):
        recording = replace(config, record=record)
        async with service.build(recording, clock=clock, transport=publisher) as built:
            await built.pipeline.tick(everything=True)
        clock.advance(timedelta(hours=1))
    ((one,),) = [read(tmp_path / "kept", tmp_path).recordings]

    assert [asked.status for asked in publisher.requests] == [200, 200, 304]
    assert [poll.unchanged for poll in one.polls] == [False, True]


async def test_a_full_disk_stops_no_poll_and_is_said_once(tmp_path: Path) -> None:
    config, told = a_config(tmp_path, feeds=(FEED,)), list[Event]()
    (tmp_path / "kept").write_text("in the way")
    entries, _ = await live(config, told)

    assert [one.title for one in entries] == [EDITED.title]
    assert [event.kind for event in told if event.kind.startswith("record")] == ["record-failed"]


async def test_old_recordings_go_with_what_is_kept_no_longer(tmp_path: Path) -> None:
    config = a_config(tmp_path, feeds=(FEED,))
    config = replace(config, keep=replace(config.keep, recorded=timedelta(days=2)))
    publisher, clock = Publisher(), FakeClock(NOON)
    publisher.publish("/rss", CALL)
    async with service.build(config, clock=clock, transport=publisher) as built:
        for _ in range(5):
            await built.pipeline.tick(everything=True)
            await built.pipeline.prune()
            clock.advance(timedelta(days=1))
    (recording,) = read(tmp_path / "kept", tmp_path).recordings

    assert [poll.at - NOON for poll in recording.polls] == [timedelta(days=n) for n in (2, 3, 4)]


def test_the_daemon_records_where_the_config_says_and_replay_reads_it(tmp_path: Path) -> None:
    item = ("https://example.com/1", "ট্রাম্প–পুতিন ফোনালাপ", "বুদাপেস্টে বৈঠক।")
    with Newsstand({"/paper": rss("A", item)}) as stand:
        desk = Desk(tmp_path, {stand.url + "/paper": "bn"}, routes=ROUTES, extra="record: kept\n").write()
        desk.run("once", "--at", "2025-10-16T18:30Z")
        stand.pages["/paper"].body = rss("A", (item[0], item[1] + " শেষ", item[2]))
        desk.run("once", "--all", "--at", "2025-10-16T19:30Z")
    files = len(list((tmp_path / "kept").rglob("*")))
    replayed = desk.json("replay", str(tmp_path / "kept"))

    assert (replayed["polls"], replayed["entries"], replayed["updated"]) == (2, 1, 1)
    assert [feed["source"] for feed in replayed["feed"]] == ["paper"]
    assert replayed["messages"][0]["stories"][0]["entries"][0]["lang"] == "bn"
    assert len(list((tmp_path / "kept").rglob("*"))) == files, "a replay does not record itself"


@pytest.mark.parametrize("extra", ["record: [a]\n", "record: ''\n", "record: monitor.yaml\n"])
def test_a_place_that_cannot_be_recorded_to_is_a_mistake_with_its_line(tmp_path: Path, extra: str) -> None:
    done = Desk(tmp_path, extra=extra).write().run("check", check=False)

    assert done.returncode == 78
    assert "error: record: " in done.stderr


def test_a_recording_is_where_the_store_is(tmp_path: Path) -> None:
    Desk(tmp_path, extra="record: kept\nkeep: {recorded: 7d}\n").write()
    state = tmp_path / "state"
    config = configs.load(tmp_path / "monitor.yaml", {"STATE_DIRECTORY": str(state)})

    assert (config.record, config.keep.recorded) == (state / "kept", timedelta(days=7))
    assert configs.changes(replace(config, record=None), config) == [f"record none → {state / 'kept'}"]
