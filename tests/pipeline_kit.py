"""A desk of few lines of YAML over a scripted publisher, for tests of telling and sending."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from monitor import service
from monitor.config import load
from monitor.model import Entry, Event
from monitor.service import Service
from monitor.testing import NOON, FakeClock, Publisher, RecordingChannel, an_entry

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

HEAD = """
store: sqlite:monitor.db
language: en
timezone: UTC
poll: {per_host_gap: 0s, every: 5m, minimum: 5m, maximum: 5m}
feeds:
  - {url: "https://publisher.example/rss", source: A publisher, language: en}
  - {url: "https://another.example/other", source: Another, language: en}
"""
SUMMIT = 'summit: {title: {en: The summit}, query: "Trump AND Putin"}'
KIND = "type: 'monitor.testing:RecordingChannel'"


class World:
    """The desk while it runs: what the publisher carries, the clock, what its channels got."""

    def __init__(self, built: Service, publisher: Publisher, clock: FakeClock) -> None:
        self.built, self.publisher, self.clock = built, publisher, clock
        self.store, self.pipeline = built.store, built.pipeline
        self._carried: defaultdict[str, list[Entry]] = defaultdict(list)

    def channel(self, name: str) -> RecordingChannel:
        """Return a channel."""
        channel = self.pipeline.parts.channels[name]
        assert isinstance(channel, RecordingChannel)
        return channel

    def publish(self, *titles: str, path: str = "/rss", **changes: object) -> list[Entry]:
        """Put more entries on top of a feed."""
        new = [an_entry(title=title, published=self.clock.now() - MINUTE, **changes) for title in titles]
        self._carried[path] = [*new, *self._carried[path]]
        self.publisher.publish(path, *self._carried[path])
        return new

    def edit(self, entry: Entry, title: str, path: str = "/rss") -> None:
        """Let a publisher change a headline."""
        carried = self._carried[path]
        self._carried[path] = [replace(one, title=title) if one.id == entry.id else one for one in carried]
        self.publisher.publish(path, *self._carried[path])

    async def tick(self, later: timedelta = timedelta(0)) -> None:
        """Let time pass, then do all that is due."""
        self.clock.advance(later)
        await self.pipeline.tick()

    def subjects(self, channel: str) -> list[str]:
        """Return the subjects of what a channel took, in order."""
        return [delivery.message.subject for delivery in self.channel(channel).sent]


@asynccontextmanager
async def desk(
    folder: Path,
    rest: str,
    *,
    clock: FakeClock | None = None,
    topics: str = SUMMIT,
    tell: Callable[[Event], None] | None = None,
    maximum: str = "5m",
) -> AsyncIterator[World]:
    """Run a desk whose channels and routes are `rest`; `tell` hears what it does."""
    ticking = clock or FakeClock(NOON)
    path = folder / "monitor.yaml"
    head = HEAD.replace("maximum: 5m", f"maximum: {maximum}")
    path.write_text(f"{head}topics: {{{topics}}}\n" + rest.replace("RECORDING", KIND), encoding="utf-8")
    publisher = Publisher(ticking)
    publisher.publish("/rss")
    publisher.publish("/other")
    config = load(path, {})
    config = replace(config, folder=folder)
    async with service.build(config, clock=ticking, transport=publisher, tell=tell) as built:
        yield World(built, publisher, ticking)
