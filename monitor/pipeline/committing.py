"""Group commit: what many polls found is written in one transaction. A poll ends when its own is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Final, Generic, TypeVar

from monitor.errors import StoreError
from monitor.pipeline._shop import Shop

T = TypeVar("T")

BATCH: Final = 200
"""Polls in one commit. A sweep of 2,000 polls has 13 commits so, 23 with half as many and 30 where none waits
for others; where one feed in twenty changed it costs 4 % less than the second, 8 % less than the third."""

BATCH_ITEMS: Final = 300
"""Items in one commit that have to be looked at: what is read of each is held until then (15 MB at 1,250)."""

LINGER: Final = 0.1
"""Seconds that a commit waits for polls that are about to end, until it has its fill."""


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[T]):
    one: T
    items: int
    done: asyncio.Future[bool]


class Commits(Generic[T]):
    """Gathers what polls found until there is enough of it, or nobody else is expected.

    `write` writes a batch, on the store's thread, and says of each whether it was taken: the claim may
    have passed to another. `expects` says whether more may come soon, beside so many that wait.
    """

    def __init__(
        self,
        shop: Shop,
        write: Callable[[Sequence[T]], Sequence[bool]],
        expects: Callable[[int], bool],
    ) -> None:
        self._shop, self._write, self._expects = shop, write, expects
        self._waiting: list[_Waiting[T]] = []
        self._items = 0
        """How many items those that wait have, together."""
        self._writer: asyncio.Task[None] | None = None
        self._look = asyncio.Event()

    async def add(self, one: T, items: int) -> bool:
        """Wait until something with so many items is in the store; whether it was taken."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(one, items, done))
        self._items += items
        if self._writer is None or self._writer.done():
            self._writer = self._shop.start(self._write_all())
        self.look()
        taken: bool = await done
        return taken

    def look(self) -> None:
        """Wait no longer if there is reason not to: something came, or whoever was expected has ended."""
        if not self._look.is_set() and self._is_enough():
            self._look.set()

    def _is_enough(self) -> bool:
        count = len(self._waiting)
        return count >= BATCH or self._items >= BATCH_ITEMS or not self._expects(count)

    async def _write_all(self) -> None:
        while self._waiting:
            self._look.clear()
            if not self._is_enough():
                with suppress(TimeoutError):
                    async with asyncio.timeout(LINGER):
                        await self._look.wait()
            await self._settle(self._taken())  # and keep none of it while the next ones gather

    def _taken(self) -> Sequence[_Waiting[T]]:
        """Take as many of those that wait as one commit has room for: at least one."""
        totals = accumulate(one.items for one in self._waiting[:BATCH])
        many = max(1, sum(1 for total in totals if total <= BATCH_ITEMS))
        batch, self._waiting = self._waiting[:many], self._waiting[many:]
        self._items = sum(one.items for one in self._waiting)
        return batch

    async def _settle(self, batch: Sequence[_Waiting[T]]) -> None:
        """Write a batch and tell those who wait for it.

        One document over which our own code fails must not take the others of its commit with it:
        then each is written by itself, and only that one's poll ends in the error.
        """
        found = [one.one for one in batch]
        work = asyncio.ensure_future(self._shop.off_loop(partial(self._write, found)))
        await asyncio.wait([work])
        failure = work.exception()
        if failure is not None and not isinstance(failure, StoreError) and len(batch) > 1:
            for one in batch:
                await self._settle([one])
            return
        for place, one in enumerate(batch):
            if one.done.done():  # whoever was cancelled asks no more
                continue
            if failure is None:
                one.done.set_result(work.result()[place])
            else:
                one.done.set_exception(failure)
