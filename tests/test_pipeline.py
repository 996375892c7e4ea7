"""The pipeline over a scripted publisher: what a poll does, and what it need not do again."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor import pipeline, process, service
from monitor.config import load
from monitor.model import Entry, Feed, FeedState
from monitor.service import Service
from monitor.testing import NOON, FakeClock, Publisher, an_entry

ROOT = Path(__file__).parent.parent
HOUR = timedelta(hours=1)


@asynccontextmanager
async def desk(folder: Path, publisher: Publisher, clock: FakeClock, *urls: str) -> AsyncIterator[Service]:
    shipped = load(ROOT / "config" / "monitor.yaml", {})
    config = replace(
        shipped,
        poll=replace(shipped.poll, per_host_gap=timedelta(0)),
        folder=folder,
        store=f"sqlite:{folder}/monitor.db",
        routes=(),
        channels={},
        feeds=tuple(Feed(url=url, source=f"Source {url}") for url in urls),
    )
    async with service.build(config, clock=clock, transport=publisher) as built:
        yield built


def told(built: Service, entry: Entry) -> list[tuple[str, int]]:
    """Return the titles and revisions that the archive has of an entry's page."""
    found = built.store.search("", limit=100)
    return [(one.title, one.revision) for one in found if one.url == entry.url]


async def test_an_edit_that_is_taken_back_is_two_edits_over_a_restart_too(tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    publisher = Publisher(clock)
    others = [an_entry(title=f"Other news number {n}", url=f"https://x.example/{n}") for n in range(20)]
    first = an_entry(title="They will meet in Budapest", url="https://x.example/a")
    second = replace(first, title="They will not meet in Budapest")
    url = publisher.publish("/rss", first, *others)
    revisions = []
    for shown in (first, second, first):
        publisher.publish("/rss", shown, *others)
        async with desk(tmp_path, publisher, clock, url) as built:
            report = await built.pipeline.tick()
            clock.advance(6 * HOUR)
            again = await built.pipeline.tick()
            assert (again.entries, again.updated) == (0, 0)
            revisions.append((report.entries, report.updated, *told(built, first)))
        clock.advance(6 * HOUR)
    assert revisions == [
        (21, 0, (first.title, 1)),
        (0, 1, (second.title, 2)),
        (0, 1, (first.title, 3)),
    ]


async def test_an_edit_that_is_taken_back_is_two_edits_within_one_run(tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    publisher = Publisher(clock)
    other = an_entry(title="Other news of the day", url="https://x.example/b")
    first = an_entry(title="They will meet in Budapest", url="https://x.example/a")
    second = replace(first, title="They will not meet in Budapest")
    url = publisher.publish("/rss", first, other)
    async with desk(tmp_path, publisher, clock, url) as built:
        for shown, revision in ((first, 1), (second, 2), (first, 3), (second, 4)):
            publisher.publish("/rss", shown, other)
            await built.pipeline.tick()
            assert told(built, first) == [(shown.title, revision)]
            clock.advance(6 * HOUR)


async def test_what_failed_to_be_written_is_looked_at_again(tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    publisher = Publisher(clock)
    first = an_entry(title="They will meet in Budapest", url="https://x.example/a")
    second = an_entry(title="The meeting is put off", url="https://x.example/b")
    url = publisher.publish("/rss", first)
    async with desk(tmp_path, publisher, clock, url) as built:
        await built.pipeline.tick()
        publisher.publish("/rss", first, second)
        publisher.answer("/rss", 200, body="<rss version='2.0'><channel><item><title>", times=1)
        for _ in range(3):
            clock.advance(6 * HOUR)
            await built.pipeline.tick()
        assert {one.title for one in built.store.search("", limit=9)} == {first.title, second.title}


async def test_thousands_of_due_feeds_are_all_polled_once(tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    publisher = Publisher(clock)
    urls = [f"https://{n % 40}.example/rss/{n}" for n in range(1_200)]
    for n in range(1_200):
        publisher.publish(f"/rss/{n}", an_entry(title=f"News number {n}", url=f"https://x.example/{n}"))
    async with desk(tmp_path, publisher, clock, *urls) as built:
        report = await built.pipeline.tick()
    assert (report.polls, report.entries, len(publisher.requests)) == (1_200, 1_200, 1_200)


def test_settling_leaves_new_cycles_to_the_collector() -> None:
    threshold = gc.get_threshold()
    try:
        process.settle()
        assert gc.get_freeze_count() > 10_000
        cycle: list[object] = []
        cycle.append(cycle)
        del cycle
        assert gc.collect() >= 1
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)


async def test_a_host_that_is_free_again_while_feeds_are_claimed_is_asked_for_them(tmp_path: Path) -> None:
    """A claim that leaves out a busy host must not be the last, if that host's polls end meanwhile."""
    clock = FakeClock(NOON)
    publisher = Publisher(clock)
    urls = [publisher.publish(f"/{n}", an_entry(url=f"https://x.example/{n}")) for n in range(8)]
    async with desk(tmp_path, publisher, clock, *urls) as built:
        polling, claim = built.pipeline._polling, built.store.claim_feeds
        polling.count(urls[0], 3)

        def meanwhile(*asked: Any, **how: Any) -> list[FeedState]:
            found = claim(*asked, **how)
            if not found:
                polling.count(urls[0], -3)
            return found

        built.store.claim_feeds = meanwhile  # type: ignore[method-assign]
        assert (await built.pipeline.tick()).polls == len(urls)


async def test_a_host_has_no_more_polls_claimed_than_it_may_and_one_that_waits(tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    publisher = Publisher(clock)
    urls = [publisher.publish(f"/{n}", an_entry(url=f"https://x.example/{n}")) for n in range(20)]
    async with desk(tmp_path, publisher, clock, *urls) as built:
        await built.pipeline.poll_due()
        assert len(built.pipeline._polling.running) == built.pipeline.parts.poll.per_host + 1
        assert (await built.pipeline.tick()).polls == len(urls)


@asynccontextmanager
async def crowded_desk(folder: Path, feeds: int) -> AsyncIterator[Service]:
    """A desk of more feeds than it has room for at once."""
    clock = FakeClock(NOON)
    publisher = Publisher(clock)
    urls = [publisher.publish(f"/{n}", an_entry(url=f"https://x.example/{n}")) for n in range(feeds)]
    async with desk(folder, publisher, clock, *urls) as built:
        built.pipeline.parts = replace(
            built.pipeline.parts, poll=replace(built.pipeline.parts.poll, concurrency=1)
        )
        yield built


def polled(built: Service) -> int:
    return sum(state.polls for state in built.store.feed_states())


async def test_feeds_there_was_no_room_for_are_polled_when_others_have_ended(tmp_path: Path) -> None:
    async with crowded_desk(tmp_path, 20) as built, asyncio.timeout(30):
        await built.pipeline.poll_due()
        while await built.pipeline.off_loop(lambda: polled(built)) < 20:
            pass


async def test_no_more_feeds_are_claimed_once_it_stops(tmp_path: Path) -> None:
    async with crowded_desk(tmp_path, 20) as built:
        await built.pipeline.poll_due()
        await built.pipeline.drain()
        done = polled(built)
        assert 0 < done < 20
        free = built.store.claim_feeds(NOON, 100, HOUR)
        assert len(free) == 20 - done, "no lease is left behind"


async def test_all_feeds_are_claimed_again_after_what_was_under_way_was_ended_for_a_reload(
    tmp_path: Path,
) -> None:
    async with crowded_desk(tmp_path, 20) as built, asyncio.timeout(30):
        await built.pipeline.drain()
        await built.pipeline.off_loop(lambda: built.pipeline.start(timedelta(0)))
        await built.pipeline.poll_due()
        while await built.pipeline.off_loop(lambda: polled(built)) < 20:
            pass


async def test_many_matches_are_folded_a_batch_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("telling", "grouping"):
        monkeypatch.setattr(f"monitor.pipeline.{module}.BATCH", 3)
    clock = FakeClock(NOON)
    publisher = Publisher(clock)
    url = publisher.publish("/rss", *(an_entry(title=f"Trump and Putin meet, part {n}") for n in range(7)))
    async with desk(tmp_path, publisher, clock, url) as built:
        telling, left = built.pipeline._telling, list[tuple[bool, int]]()
        fold = telling.fold

        def folding() -> bool:
            more = fold()
            left.append((more, len(built.store.unclustered(9))))
            return more

        monkeypatch.setattr(telling, "fold", folding)
        assert (await built.pipeline.tick()).matches >= 7
    assert left == [(True, 4), (True, 1), (False, 0)]


async def test_a_tick_folds_what_was_found_while_it_still_polls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "FOLD_AFTER", 4)
    async with crowded_desk(tmp_path, 20) as built:
        telling, tally, at = built.pipeline._telling, built.pipeline._shop.tally, list[tuple[int, int]]()
        fold = telling.fold

        def folding() -> bool:
            at.append((tally.numbers["polls"], tally.numbers["matches"]))
            return fold()

        monkeypatch.setattr(telling, "fold", folding)
        assert (await built.pipeline.tick()).polls == 20
        assert at[0][0] < 20, "while others were still to come"
        assert all(matches >= 4 for _, matches in at)
        assert at[-1][0] == 20
        assert isinstance(built.clock, FakeClock)
        built.clock.advance(8 * HOUR)
        at.clear()
        assert (await built.pipeline.tick()).polls == 20
        assert at == [(20, 0)], "nothing new: once, at the end"
