"""Whose turn it is at a host: so many at once, their starts so far apart, over the whole process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Host:
    """One host: how many have a turn or wait for one, and when the next start may be."""

    slots: asyncio.Semaphore
    users: int = 0
    free_at: float = 0.0
    queue: asyncio.Lock = field(default_factory=asyncio.Lock)


class Hosts:
    """Hands out turns. `at_once` and `gap` (seconds) are per host, `concurrency` over all of them.

    Turns are given in the order they were asked for. Who waits for a host's gap holds no place
    of the others. Time is the loop's own, so a jump of the wall clock is no burst and no stall.
    """

    def __init__(self, *, at_once: int, gap: float, concurrency: int) -> None:
        self._at_once, self._gap = max(1, at_once), max(0.0, gap)
        self._all = asyncio.Semaphore(max(1, concurrency))
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Hold one of the host's places from a permitted start on."""
        here = self._hosts.get(host)
        if here is None:
            here = self._hosts[host] = _Host(asyncio.Semaphore(self._at_once))
        here.users += 1
        try:
            async with here.slots:
                await self._start(here, take=True)
                try:
                    yield
                finally:
                    self._all.release()
        finally:
            here.users -= 1
            if not here.users:
                self._tidy(host, here)

    async def again(self, host: str) -> None:
        """Wait, inside a turn, until the same host may be asked once more (a redirect within it)."""
        await self._start(self._hosts[host], take=False)

    async def _start(self, here: _Host, *, take: bool) -> None:
        loop = asyncio.get_running_loop()
        async with here.queue:
            while True:
                wait = here.free_at - loop.time()
                if wait > 0:
                    await asyncio.sleep(wait)
                if take:
                    await self._all.acquire()
                if here.free_at <= loop.time():
                    here.free_at = loop.time() + self._gap
                    return
                if take:
                    self._all.release()

    def _tidy(self, host: str, here: _Host) -> None:
        """Forget a host that nobody uses, once its gap has passed: 100,000 hosts cost nothing."""
        loop = asyncio.get_running_loop()
        wait = here.free_at - loop.time()
        if wait > 0:
            loop.call_later(wait, self._forget, host, here)
        else:
            self._forget(host, here)

    def _forget(self, host: str, here: _Host) -> None:
        loop = asyncio.get_running_loop()
        if not here.users and here.free_at <= loop.time() and self._hosts.get(host) is here:
            del self._hosts[host]
