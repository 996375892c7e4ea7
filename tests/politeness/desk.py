"""The very service under test, in virtual time: the clock jumps from due time to due time, sockets are real."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from types import TracebackType

import pytest

from monitor.clock import VirtualClock
from monitor.config import Config
from monitor.model import Feed, FeedState, NetworkSettings, PollSettings
from monitor.service import Service, build
from monitor.stores import _tables
from tests.politeness.kit import LOCAL, START

needs_wishes = pytest.mark.skipif(
    "ttl" not in _tables.feeds.c,
    reason="the stores do not keep FeedState.ttl, fresh_for, skip_hours, skip_days",
)
needs_origin = pytest.mark.skipif(
    "validators_url" not in _tables.feeds.c,
    reason="the stores do not keep Validators.url (column validators_url)",
)

QUICK = PollSettings(
    per_host_gap=timedelta(0), per_host=64, timeout=timedelta(seconds=5), minimum=timedelta(minutes=15)
)
"""Real time only waits where a test is about waiting; the virtual floor is the default 15 minutes."""


class Desk:
    """A service over one SQLite file that can be restarted and killed.

    `async with Desk(folder, urls) as desk`: `await desk.run(for_=…)` polls all that becomes due in
    a stretch of virtual time; `restart` closes and builds anew over the same file; what a killed
    one had not committed is gone (`kill`).
    """

    def __init__(
        self,
        folder: Path,
        feeds: list[str] | list[Feed],
        *,
        poll: PollSettings = QUICK,
        network: NetworkSettings = LOCAL,
        seed: int = 1,
        spread: timedelta = timedelta(0),
    ) -> None:
        made = tuple(one if isinstance(one, Feed) else Feed(url=one, source="Example") for one in feeds)
        self.config = Config(
            path=folder / "monitor.yaml",
            folder=folder,
            store=f"sqlite:{folder / 'monitor.db'}",
            poll=poll,
            network=network,
            feeds=made,
        )
        self.clock = VirtualClock(START)
        self.random = Random(seed)
        self.spread = spread
        self.service: Service | None = None

    async def __aenter__(self) -> Desk:
        self.service = build(self.config, clock=self.clock, random=self.random, spread=self.spread)
        await self.service.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.service is not None
        await self.service.__aexit__(kind, error, trace)

    async def restart(self) -> None:
        """End in order and begin again."""
        await self.__aexit__(None, None, None)
        await self.__aenter__()

    async def tick(self, *, everything: bool = False) -> int:
        """Do what is due now; return the number of polls."""
        assert self.service is not None
        return (await self.service.pipeline.tick(everything=everything)).polls

    async def run(self, for_: timedelta, *, step: timedelta = timedelta(seconds=1)) -> int:
        """Do all that becomes due in a stretch of time; return the number of polls.

        `step` is the least time between two ticks: what becomes due within one is done together.
        """
        end, polls = self.clock.now() + for_, 0
        assert self.service is not None
        while True:
            polls += await self.tick()
            due = await self.service.pipeline.off_loop(self.service.store.next_due)
            if due is None or due > end:
                self.clock.jump_to(end)
                return polls
            self.clock.jump_to(max(due, self.clock.now() + step))

    async def states(self) -> dict[str, FeedState]:
        """Return what is remembered of each feed."""
        assert self.service is not None
        found = await self.service.pipeline.off_loop(self.service.store.feed_states)
        return {state.url: state for state in found}

    async def state(self) -> FeedState:
        """Return what is remembered of the only feed."""
        (state,) = (await self.states()).values()
        return state

    def now(self) -> datetime:
        """Return the virtual time."""
        return self.clock.now()

    def change(self, **fields: object) -> None:
        """Change the config for the next restart."""
        self.config = replace(self.config, **fields)  # type: ignore[arg-type]
