"""What all steps of the pipeline work with: parts, store, clock, threads, and who hears what was done."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Protocol, TypeVar

from monitor import cadence
from monitor.channels import Channel
from monitor.clock import Clock
from monitor.compose import Desk
from monitor.errors import FetchError, RenderError
from monitor.fetch import Pages
from monitor.match import Matcher
from monitor.model import (
    Digest,
    Entity,
    Event,
    Feed,
    FeedState,
    FetchResult,
    Keep,
    Message,
    PollSettings,
    Report,
    Route,
    Topic,
    Validators,
)
from monitor.parse import Parser
from monitor.pipeline.copies import Copies
from monitor.record import Recorder
from monitor.render import Renderer
from monitor.render.plain import plainly
from monitor.stores import Store
from monitor.websub import Keys

T = TypeVar("T")

LEASE = timedelta(minutes=3)
"""Longer than any exchange may take, so that only the dead lose theirs."""


class Fetches(Protocol):
    """Who asks publishers: fetch.Fetcher, or a replay's stand-in."""

    async def fetch(self, feed: Feed, validators: Validators) -> FetchResult:
        """Ask for a feed once."""

    async def close(self) -> None:
        """Ask no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callbacks:
    """How hubs reach us and we them (WebSub). `on`: feeds are subscribed to; else what is left is ended."""

    keys: Keys
    post: Callable[[str, bytes, datetime], Awaitable[FetchError | None]]
    """URL, form, now → what went wrong (see fetch.post)."""
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything the pipeline is made of; `service.build` makes it. A reload makes another."""

    feeds: Mapping[str, Feed]
    poll: PollSettings
    keep: Keep
    entities: Sequence[Entity]
    topics: Sequence[Topic]
    routes: Sequence[Route]
    channels: Mapping[str, Channel]
    channel_types: Mapping[str, str]
    desk: Desk
    matcher: Matcher
    fetcher: Fetches
    parser: Parser
    renderer: Renderer
    fallbacks: Mapping[str, str] = field(default_factory=dict)
    """Channel → the one that gets what it failed to deliver for good, unless the route names another."""
    operators: Sequence[str] = ()
    """Channels that are told of feeds that stop and are back: in `language`, by the clock of `timezone`."""
    language: str = "en"
    timezone: str = "UTC"
    copies: Copies | None = None
    """Keeps in full what messages have no room for."""
    canary: timedelta = timedelta(0)
    """Time between two canaries; 0: none."""
    pages: Pages | None = None
    """Gets the articles behind stubs, where a feed wants them."""
    recorder: Recorder | None = None
    """Keeps what polls bring, where the desk wants that."""
    callbacks: Callbacks | None = None
    """None: hubs cannot reach us."""
    after_poll: Callable[..., FeedState] = cadence.after_poll
    """When to come back: cadence's rules, or a replay's record of when it was."""


@dataclass(slots=True)
class Tally:
    """Counts of the work since it was last asked for."""

    numbers: Counter[str] = field(default_factory=Counter)
    deliveries: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def report(self) -> Report:
        """Say what was counted, and start again."""
        numbers, deliveries = self.numbers, self.deliveries
        self.numbers, self.deliveries = Counter(), defaultdict(Counter)
        return Report(
            **{name: numbers[name] for name in ("polls", "entries", "updated", "matches", "stories")},
            deliveries={name: {"sent": c["sent"], "failed": c["failed"]} for name, c in deliveries.items()},
        )


def written(parts: Parts, digest: Digest, *, copy_at: str = "") -> tuple[Message, str]:
    """Return a digest as its channel will get it, whatever the desk's templates do, and what one that
    failed says ("": none did).

    Where a template fails the message has the shipped form, with the error on top.
    """
    channel, kind = parts.channels[digest.channel], parts.channel_types[digest.channel]
    failed = ""
    try:
        message = parts.renderer.render(digest, channel_type=kind, parts=channel.parts, copy_at=copy_at)
    except RenderError as error:
        failed = str(error)
        message = plainly(
            parts.renderer, digest, channel_type=kind, parts=channel.parts, error=error, copy_at=copy_at
        )
    return channel.prepare(message), failed


class Shop:
    """One desk's workplace. `parts` is replaced by a reload, between pieces of work."""

    def __init__(
        self, parts: Parts, *, store: Store, clock: Clock, random: Random, tell: Callable[[Event], None]
    ) -> None:
        self.parts, self.store, self.clock, self.random, self.tell = parts, store, clock, random, tell
        self.tally = Tally()
        self._store_thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._parse_threads = ThreadPoolExecutor(2, thread_name_prefix="parse")
        self._article_thread = ThreadPoolExecutor(1, thread_name_prefix="article")
        self._failures: list[BaseException] = []

    async def off_loop(self, work: Callable[[], T]) -> T:
        """Run plain code that uses the store on the store's thread: the database sees one writer."""
        return await asyncio.get_running_loop().run_in_executor(self._store_thread, work)

    async def aside(self, work: Callable[[], T]) -> T:
        """Run plain code that uses no store on another thread."""
        return await asyncio.get_running_loop().run_in_executor(self._parse_threads, work)

    async def apart(self, work: Callable[[], T]) -> T:
        """Run plain code that uses no store and for which no feed must wait."""
        return await asyncio.get_running_loop().run_in_executor(self._article_thread, work)

    def start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Start something that nobody waits for at once; what ends it badly is kept for `check`."""
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        return task

    def check(self) -> None:
        """Raise what ended something that was started."""
        failures, self._failures = self._failures, []
        for failure in failures:
            raise failure

    def say(self, kind: str, **fields: object) -> None:
        """Tell of one thing that happened, with everything on it."""
        self.tell(Event(kind=kind, at=self.clock.now(), fields=fields))

    def close(self) -> None:
        """Stop the threads when they have ended what they do."""
        self._store_thread.shutdown()
        self._parse_threads.shutdown()
        self._article_thread.shutdown()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (failure := task.exception()):
            self._failures.append(failure)
