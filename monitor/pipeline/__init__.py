"""The stages in order. Read this folder to know what monitor does.

`await` stands where a socket is; all else is plain code on two kinds of thread: parsing on a small
pool, everything that touches the store on one thread of its own, so that the database sees one
writer and the loop never waits for either.

Four promises, each one transaction of the store; between them anything may crash:

1.  What a poll found (state, validators, entries, matches) is remembered all or nothing (`polling`).
1b. Stories follow from matches; repeated after a crash, they get the same ids (`telling`).
2.  A route's cursor for a recipient moves over matches *and* the frozen message is queued (`telling`).
3.  The outcome of a try to deliver is recorded (`sending`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import TypeVar

from monitor.clock import Clock
from monitor.model import Event, Report
from monitor.pipeline._shop import Callbacks, Fetches, Parts, Shop
from monitor.pipeline.articles import Articles
from monitor.pipeline.canary import Canary
from monitor.pipeline.copies import Copies
from monitor.pipeline.polling import Polling
from monitor.pipeline.sending import Sending
from monitor.pipeline.subscribing import Reliance, Subscribing
from monitor.pipeline.telling import LATELY, Telling, late_since, situation
from monitor.pipeline.watching import Watching
from monitor.stores import Store

__all__ = ["LATELY", "Callbacks", "Copies", "Fetches", "Parts", "Pipeline", "late_since", "situation"]

T = TypeVar("T")


FOLD_AFTER = 100
"""Matches of one tick after which they are folded into stories; then after twice as many, and so on: what a
first poll brings is older than what others brought, and is filed before it."""


class Pipeline:
    """One desk's flow, from feeds to deliveries."""

    def __init__(
        self, parts: Parts, *, store: Store, clock: Clock, random: Random, tell: Callable[[Event], None]
    ) -> None:
        self.store, self.clock, self.tell = store, clock, tell
        self._shop = Shop(parts, store=store, clock=clock, random=random, tell=tell)
        self._reliance = Reliance(self._shop)
        self._polling, self._articles = Polling(self._shop, self._reliance), Articles(self._shop)
        self._telling, self._sending = Telling(self._shop), Sending(self._shop)
        self._watching, self._canary = Watching(self._shop), Canary(self._shop)
        self.hubs = Subscribing(self._shop, self._polling, self._reliance, self._tell_at_once)

    @property
    def parts(self) -> Parts:
        """What the pipeline is made of now."""
        return self._shop.parts

    @parts.setter
    def parts(self, parts: Parts) -> None:
        self._shop.parts = parts

    async def tick(self, *, everything: bool = False) -> Report:
        """Do all that is due now, then say what was done. `everything` polls feeds that are not due too."""
        now, fold_at = self.clock.now(), FOLD_AFTER
        await self.poll_due(now, everything=everything)
        while self._polling.running:
            await self._polling.some_ended()
            self.check()
            # As the daemon does meanwhile: all at once would need the memory for all.
            if self._shop.tally.numbers["matches"] >= fold_at:
                fold_at *= 2
                await self._fold()
            await self.poll_due(now, everything=everything)
        self.check()
        await self._get_articles(now)
        await self.tell_due()
        await self.deliver_due()
        while sending := self._sending.running:
            await asyncio.wait(sending.values(), return_when=asyncio.FIRST_COMPLETED)
            self.check()
            if not self._sending.running:
                await self.deliver_due()
        self.check()
        return self.report()

    async def _get_articles(self, now: datetime) -> None:
        """Get the articles that are due. Alerts by what the feeds say do not wait for them; digests do."""
        if not await self._articles.start_due(now):
            return
        await self._fold()
        await self.off_loop(partial(self._telling.queue, digests=False))
        await self.deliver_due()
        under_way = True
        while await self._articles.start_due(now) or under_way:
            # What ends during a claim frees its host for articles that the claim had to leave out.
            under_way = bool(self._articles.running)
            if running := self._articles.running:
                await asyncio.wait(running.values(), return_when=asyncio.FIRST_COMPLETED)
            self.check()

    async def poll_due(self, now: datetime | None = None, *, everything: bool = False) -> None:
        """Start a poll for each feed due at `now` that there is room for; do not wait for them."""
        await self._polling.start_due(now or self.clock.now(), everything=everything)

    async def read_due(self) -> None:
        """Start getting the articles that are due; do not wait for them."""
        await self._articles.start_due(self.clock.now())

    async def tell_due(self) -> None:
        """Look at the feeds, fold new matches into stories, then queue what each reader is due."""
        await self.off_loop(self._watching.watch)
        await self._fold()
        await self.off_loop(self._telling.queue)

    async def _fold(self) -> None:
        """Fold all that waits; in between the store's thread does what else there is to do."""
        while await self.off_loop(self._telling.fold):
            pass

    async def watch_canary(self) -> None:
        """Let a canary go if it is time, and see whether the last one arrived."""
        await self.off_loop(self._canary.watch)

    async def deliver_due(self) -> None:
        """Start sending what is due; do not wait for it."""
        await self._sending.start_due(self.clock.now())

    async def _tell_at_once(self) -> None:
        await self.tell_due()
        await self.deliver_due()

    async def ask_hubs(self) -> None:
        """Start asking hubs what is due; do not wait for them. Only who can be called back does so."""
        await self.hubs.start_due(self.clock.now())

    def check(self) -> None:
        """Raise what ended a poll or a delivery that nobody waited for."""
        self._shop.check()

    async def drain(self) -> None:
        """Wait for all that is under way: polls, commits, deliveries; for articles not long."""
        await self._polling.close()
        await self._articles.stop()
        while running := [
            *self._polling.running.values(),
            *self.hubs.running,
            *self._sending.running.values(),
        ]:
            await asyncio.wait(running)

    def report(self) -> Report:
        """Say what was done since this was last asked."""
        return self._shop.tally.report()

    def start(self, spread: timedelta) -> None:
        """Make the store know the configured feeds and readers, and claim feeds again after a `drain`.

        Plain code, for the store's thread. New feeds become due within `spread`.
        """
        now = self.clock.now()
        self._polling.open()
        self.store.sync_feeds(self.parts.feeds.values(), now, spread=spread)
        self._reliance.begin()
        self._telling.start_cursors(now)

    def make_due(self, route: str) -> None:
        """Make a digest route's next slot due now, for all its readers. For the store's thread."""
        self._telling.make_due(route, self.clock.now())

    async def prune(self) -> int:
        """Drop what is kept no longer, a batch at a time; return how many entries went.

        Raises RecordingError when old recordings cannot be removed, once the rest is done.
        """
        total = 0
        while gone := await self.off_loop(lambda: self.store.prune(self.clock.now(), self.parts.keep)):
            total += gone
        if (copies := self.parts.copies) is not None:
            await self._shop.aside(lambda: copies.prune(self.clock.now()))
        if (recorder := self.parts.recorder) is not None:
            await self._shop.aside(lambda: recorder.prune(self.clock.now()))
        return total

    async def off_loop(self, work: Callable[[], T]) -> T:
        """Run plain code that uses the store on the store's thread."""
        return await self._shop.off_loop(work)

    async def close(self) -> None:
        """Let what is under way end, then stop the threads."""
        await self.drain()
        self._shop.close()
