"""Watches the daemon itself: heartbeat, canary, and how all is when somebody scrapes.

What it needs to know it asks of the pipeline and the store; what it finds is told as events, stands in
`status` as facts of the store, and is measured (see metrics).
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from datetime import datetime

from monitor import __version__
from monitor.alive import ARRIVED, BEATEN, BEATING, SINCE, UNBEATEN, waits_since, when
from monitor.channels import Tools
from monitor.config import Config
from monitor.heartbeat import Pulse
from monitor.metrics import Family, Metrics, Snapshot
from monitor.model import Event, FeedStatus
from monitor.pipeline import Pipeline, late_since
from monitor.stores import Store

_SILENT = frozenset({FeedStatus.ERROR, FeedStatus.BLOCKED, FeedStatus.GONE, FeedStatus.MOVED})
_UNASKED = frozenset({FeedStatus.NEW, FeedStatus.PAUSED})


class Keeper:
    """Keeps watch while the daemon runs. `stale` are the seconds after which a bell counts as silent."""

    def __init__(
        self,
        config: Config,
        pipeline: Pipeline,
        metrics: Metrics,
        reading: Store,
        tools: Tools,
        *,
        stale: float,
    ) -> None:
        self._config, self._pipeline, self._metrics, self._reading = config, pipeline, metrics, reading
        self._stale = stale
        self._seconds: Callable[[], float] = lambda: 0.0
        self._pulse = Pulse(config.heartbeat, tools, seconds=lambda: self._seconds(), told=self._heard)
        self._began = self._answered = pipeline.clock.now()
        self._trouble: str | None = None
        """Why heartbeats are not answered, as it was told last; None: nothing was told yet."""
        self._facts: dict[str, str] = {}
        """What is still to be written."""

    def begin(self, seconds: Callable[[], float]) -> None:
        """The daemon runs from now on; `seconds` only goes forward."""
        self._seconds = seconds
        self._began = self._answered = self._pipeline.clock.now()

    async def take(self, config: Config, tools: Tools) -> None:
        """Go on with a new config. A heartbeat that is under way is given up: its client is closed next."""
        await self._pulse.close()
        self._config = config
        self._pulse.settings, self._pulse.tools = config.heartbeat, tools

    async def close(self) -> None:
        """Watch no more."""
        await self._pulse.close()

    async def watch(self, rung: Mapping[str, float]) -> None:
        """Do what is due. `rung` says when each bell was last answered well, in `seconds`; 0: not yet."""
        if self._facts:
            facts, self._facts = self._facts, {}
            await self._pipeline.off_loop(lambda: self._pipeline.store.meta(facts))
        if self._pulse.is_due() and self._passed(rung) and not await self._silence():
            # A heartbeat is a promise that we can write: this is where it would fail.
            sent = {BEATING: self._pipeline.clock.now().isoformat()}
            await self._pipeline.off_loop(lambda: self._pipeline.store.meta(sent))
            self._pulse.beat()
        await self._pipeline.watch_canary()

    def _passed(self, rung: Mapping[str, float]) -> bool:
        """Whether every bell was answered well since the last heartbeat, and lately."""
        now, last = self._seconds(), self._pulse.last or 0.0
        return all(at > last and now - at < self._stale for at in rung.values())

    async def _silence(self) -> bool:
        """Whether no feed at all answers: then nothing comes in, and that is no good pass."""
        now = self._pipeline.clock.now()
        vitals = await self._pipeline.off_loop(lambda: self._pipeline.store.vitals(now, feeds=0))
        asked = sum(number for status, number in vitals.feeds.items() if status not in _UNASKED)
        silent = asked > 0 and asked == sum(vitals.feeds.get(status, 0) for status in _SILENT)
        if silent:
            self._say_once("heartbeat-held", f"none of {asked} feeds answers")
        return silent

    def _heard(self, trouble: str) -> None:
        """Take what came of a heartbeat."""
        if trouble:
            self._say_once("heartbeat-failed", trouble)
            return
        self._answered = self._pipeline.clock.now()
        self._facts[BEATEN] = self._answered.isoformat()
        if self._trouble is None or self._trouble:
            self._facts[UNBEATEN] = ""
        if self._trouble:
            self._say("heartbeat-resumed", detail=self._trouble)
        self._trouble = ""

    def _say_once(self, kind: str, detail: str) -> None:
        if not self._trouble:
            self._say(kind, detail=detail)
            self._facts[UNBEATEN] = detail
            self._trouble = detail

    def _say(self, kind: str, **fields: object) -> None:
        self._pipeline.tell(Event(kind=kind, at=self._pipeline.clock.now(), fields=fields))

    # metrics ──────────────────────────────────────────────────────────────────────────────────

    def families(self) -> list[Family]:
        """Return all metrics as they are now. Asks the store that pages read; safe on any thread."""
        config, store, parts = self._config, self._reading, self._pipeline.parts
        now = self._pipeline.clock.now()
        canary, heartbeat = config.canary.every.total_seconds(), config.heartbeat
        return self._metrics.families(
            Snapshot(
                now=now,
                vitals=store.vitals(now, feeds=config.metrics.feeds),
                feeds=parts.feeds,
                channels=tuple(config.channels),
                topics=tuple(topic.id for topic in config.topics),
                build=(__version__, platform.python_version(), config.store.partition(":")[0]),
                late_since=late_since(parts, store.cursors(), now),
                canary_at=self._canary_at(store),
                canary_every=canary or None,
                heartbeat_at=self._answered,
                heartbeat_every=heartbeat.every.total_seconds() if heartbeat.url else None,
            )
        )

    def _canary_at(self, store: Store) -> datetime:
        """Return when the last one arrived. That none does while the daemon is down is not its fault."""
        facts = store.meta()
        at, waits = when(facts, ARRIVED) or when(facts, SINCE), waits_since(facts) is not None
        return at if at is not None and (waits or at >= self._began) else self._began
