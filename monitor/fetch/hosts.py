"""Whose turn it is at a host: so many at once, their starts so far apart, over the whole process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Host:
    """One host: how many have a turn or wait for one, and when the next start may be."""

    slots: asyncio.Semaphore
    users: int = 0
    free_at: float = 0.0
    queue: asyncio.Lock = field(default_factory=asyncio.Lock)


class Turn:
    """One place at one host. A class, not a generator: a poll that finds nothing costs little else."""

    __slots__ = ("_here", "_host", "_hosts")

    def __init__(self, hosts: Hosts, host: str) -> None:
        self._hosts, self._host = hosts, host
        self._here: _Host | None = None

    async def __aenter__(self) -> Turn:
        self._here = await self._hosts.enter(self._host)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    async def go_on(self, host: str) -> None:
        """Wait, inside the turn, until the same host may be asked once more, or for a place at another."""
        if host == self._host and self._here is not None:
            await self._hosts.start(self._here, take=False)
            return
        self._leave()
        self._host = host
        self._here = await self._hosts.enter(host)

    def _leave(self) -> None:
        here, self._here = self._here, None
        if here is not None:
            self._hosts.leave(self._host, here)


class Hosts:
    """Hands out turns. `at_once` and `gap` (seconds) are per host, `concurrency` over all of them.

    Turns are given in the order they were asked for. Who waits for a host's gap holds no place
    of the others. Time is the loop's own, so a jump of the wall clock is no burst and no stall.
    """

    def __init__(self, *, at_once: int, gap: float, concurrency: int) -> None:
        self._at_once, self._gap = max(1, at_once), max(0.0, gap)
        self._all = asyncio.Semaphore(max(1, concurrency))
        self._hosts: dict[str, _Host] = {}

    def turn(self, host: str) -> Turn:
        """Return a turn at a host: `async with` holds one of its places from a permitted start on."""
        return Turn(self, host)

    async def enter(self, host: str) -> _Host:
        """Wait for a place at a host and take it."""
        here = self._hosts.get(host)
        if here is None:
            here = self._hosts[host] = _Host(asyncio.Semaphore(self._at_once))
        here.users += 1
        try:
            await here.slots.acquire()
            try:
                await self.start(here, take=True)
            except BaseException:
                here.slots.release()
                raise
        except BaseException:
            self._left(host, here)
            raise
        return here

    def leave(self, host: str, here: _Host) -> None:
        """Give a place back."""
        self._all.release()
        here.slots.release()
        self._left(host, here)

    def _left(self, host: str, here: _Host) -> None:
        here.users -= 1
        if not here.users:
            self._tidy(host, here)

    async def start(self, here: _Host, *, take: bool) -> None:
        """Wait until the host's gap has passed; `take`: and for one of the places of all."""
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
