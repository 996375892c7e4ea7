"""Which feeds are claimed when: over a store in memory, with polls that take as long as a test says."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from monitor.cadence import host_of
from monitor.model import FeedState
from monitor.pipeline._shop import Shop
from monitor.pipeline.claiming import AHEAD, Claims
from monitor.testing import NOON

T = TypeVar("T")
AT_ONCE = 4
ROOM = AHEAD * AT_ONCE


class Desk:
    """Feeds that are due, in that order; polls end when they are told to."""

    def __init__(self, *due: str) -> None:
        self.due, self.claimed = list(due), list[list[str]]()
        self.parts = SimpleNamespace(poll=SimpleNamespace(concurrency=AT_ONCE, per_host=2))
        self.store = self
        self.running: dict[str, None] = {}
        self.claims = Claims(cast("Shop", self), self.running, self.begin)
        self.asked: Callable[[], None] = lambda: None

    def claim_feeds(
        self, now: datetime, limit: int, lease: Any, *, everything: bool, per_host: int, busy: frozenset[str]
    ) -> list[FeedState]:
        """As a store does: of the first that are due of other hosts, so many of each."""
        taken: Counter[str] = Counter()
        found = []
        for url in [url for url in self.due if host_of(url) not in busy][:limit]:
            taken[host_of(url)] += 1
            if taken[host_of(url)] <= per_host:
                found.append(url)
                self.due.remove(url)
        self.claimed.append(found)
        self.asked()
        return [FeedState(url=url) for url in found]

    async def off_loop(self, work: Callable[[], T]) -> T:
        await asyncio.sleep(0)
        return work()

    def start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        return asyncio.create_task(work)

    def begin(self, states: Sequence[FeedState]) -> bool:
        for state in states:
            self.claims.count(state.url, 1)
            self.running[state.url] = None
        return bool(states)

    async def end(self, *urls: str) -> None:
        """End polls, and let follow what follows."""
        for url in urls or list(self.running):
            del self.running[url]
            self.claims.count(url, -1)
            self.claims.go_on()
        for _ in range(20):
            await asyncio.sleep(0)

    async def ring(self) -> None:
        await self.claims.start_due(NOON)


def of(host: str, count: int) -> list[str]:
    return [f"https://{host}.example/{n}" for n in range(count)]


def alone(count: int) -> list[str]:
    return [f"https://alone{n}.example/" for n in range(count)]


async def test_a_crowded_host_hides_nobody() -> None:
    desk = Desk(*of("crowd", 80), *of("small", 3))
    await desk.ring()
    assert sorted(desk.running) == sorted(of("crowd", 3) + of("small", 3))


async def test_what_a_crowded_host_hid_is_claimed_when_there_is_room_again() -> None:
    desk = Desk(*of("crowd", 80), *alone(40))
    await desk.ring()
    first = [url for url in desk.running if "alone" in url]
    assert len(first) == ROOM - 3, "all there is room for"
    await desk.end(*first)
    assert len(desk.due) == 80 - 3 + 40 - 2 * len(first), "nobody had to ring"


async def test_what_a_crowded_host_hid_is_remembered_where_there_was_no_room_at_all() -> None:
    desk = Desk(*alone(6))
    await desk.ring()
    desk.due = of("crowd", 80) + alone(40)[6:]
    await desk.ring()
    assert sorted(desk.running) == sorted(alone(6) + of("crowd", 3)), "more than half of the room is taken"
    await desk.end(*alone(6))
    assert len([url for url in desk.running if "alone" in url]) == ROOM - 3


async def test_more_are_claimed_when_half_have_ended() -> None:
    desk = Desk(*alone(30))
    await desk.ring()
    assert len(desk.running) == ROOM
    await desk.end(*list(desk.running)[: ROOM // 2 - 1])
    assert len(desk.claimed) == 1
    await desk.end(next(iter(desk.running)))
    assert len(desk.claimed) == 2
    assert len(desk.running) == ROOM


async def test_no_batch_is_claimed_once_it_closes_however_many_hosts_are_crowded() -> None:
    desk = Desk(*(url for n in range(9) for url in of(f"crowd{n}", 80)))
    closing: list[asyncio.Task[None]] = []
    desk.asked = lambda: closing.append(asyncio.create_task(desk.claims.close()))
    await desk.ring()
    await asyncio.gather(*closing)
    known = len(desk.claimed)
    assert known <= 2, "one may be on its way when it closes"
    await desk.end()
    assert len(desk.claimed) == known


async def test_after_a_reload_it_claims_as_before() -> None:
    desk = Desk(*alone(60))
    await desk.claims.close()
    await desk.ring()
    await desk.end()
    assert len(desk.claimed) == 1, "what is asked for, and no more"
    desk.claims.open()
    await desk.ring()
    await desk.end()
    await desk.end()
    assert desk.due == []
