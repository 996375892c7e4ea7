"""Which feeds are claimed when: the longest due, as many as there is room for, no host before all others."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence, Sized
from datetime import datetime
from functools import partial

from monitor import cadence
from monitor.model import FeedState
from monitor.pipeline._shop import LEASE, Shop

AHEAD = 4
"""Polls claimed for each that may be under way: they wait for their host, and no other for them."""


class Claims:
    """Claims due feeds in batches. `running` are the polls under way, `start` begins those of claimed
    feeds and says whether there were any."""

    def __init__(self, shop: Shop, running: Sized, start: Callable[[Sequence[FeedState]], bool]) -> None:
        self._shop, self._running, self._start = shop, running, start
        self._hosts: Counter[str] = Counter()
        self._claiming = asyncio.Lock()
        self._more: Callable[[], Coroutine[None, None, None]] | None = None
        """Claims more: there was not room for all that was due."""
        self._closing = False

    async def start_due(self, now: datetime, *, everything: bool = False) -> None:
        """Start polls of feeds due at `now` for which there is room; of others when half of these ended."""
        shop, poll = self._shop, self._shop.parts.poll
        async with self._claiming:
            while self._has_room():  # claims come in batches, as commits do
                busy, room = self._busy(), AHEAD * poll.concurrency - len(self._running)
                claim = partial(
                    shop.store.claim_feeds,
                    now,
                    room,
                    LEASE,
                    everything=everything,
                    per_host=poll.per_host + 1,
                    busy=busy,
                )
                claimed = await shop.off_loop(claim)
                started, crowded = self._start(claimed), self._busy()
                # Feeds of a host that is busy now may have hidden others in what the store looked at.
                hidden = not crowded <= busy
                more = len(claimed) > room // 2 or hidden
                again = partial(self.start_due, now, everything=everything)
                self._more = again if more and not self._closing else None
                # And feeds of a host that became free meanwhile are nobody else's to come back for.
                freed = not started and crowded < busy
                if self._closing or not (hidden or freed):
                    return

    def go_on(self) -> None:
        """Claim what there was not room for before, if there is now: a poll has ended."""
        if self._more is not None and self._has_room():
            more, self._more = self._more, None
            self._shop.start(self._unless_closing(more))

    def count(self, url: str, polls: int) -> None:
        """Count polls that begin at a URL's host, or with a minus end."""
        host = cadence.host_of(url)
        self._hosts[host] += polls
        if not self._hosts[host]:
            del self._hosts[host]

    def open(self) -> None:
        """Claim again all that there is room for: what was being ended has ended."""
        self._closing = False

    async def close(self) -> None:
        """Claim no more but what is asked for, and of that one batch at a time."""
        self._closing, self._more = True, None
        async with self._claiming:
            pass  # what is being claimed is begun, or its leases would be held for nothing

    async def _unless_closing(self, claim: Callable[[], Coroutine[None, None, None]]) -> None:
        if not self._closing:
            await claim()

    def _has_room(self) -> bool:
        return len(self._running) <= AHEAD * self._shop.parts.poll.concurrency // 2

    def _busy(self) -> frozenset[str]:
        """Return the hosts that have as many polls as they may, and one that waits."""
        most = self._shop.parts.poll.per_host
        return frozenset(host for host, count in self._hosts.items() if count > most)
