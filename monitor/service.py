"""Build the parts from a config and keep them running: the only place where things are constructed.

Clock, chance, the network and the store are given or made here and nowhere else.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from secrets import token_bytes
from types import TracebackType
from typing import Any, Protocol

import httpx

from monitor import __version__, keyfile, registry
from monitor.channels import Channel, Tools
from monitor.channels.file import Channel as Pages
from monitor.channels.file import FileOptions
from monitor.clock import Clock, SystemClock
from monitor.compose import Desk
from monitor.config import Config, changes, templates_folder
from monitor.errors import ConfigError, MonitorError
from monitor.fetch import Fetcher, client, post
from monitor.fetch import Pages as ArticlePages
from monitor.keeper import Keeper
from monitor.match import Matcher
from monitor.metrics import Metrics
from monitor.model import Entry, Event, Report, Said
from monitor.parse import Parser
from monitor.pipeline import Callbacks, Copies, Fetches, Parts, Pipeline
from monitor.process import settle
from monitor.record import Recorder
from monitor.render import Renderer
from monitor.scheduler import Scheduler
from monitor.stores import Store
from monitor.web import Site
from monitor.websub import Keys

POLL_EVERY = timedelta(seconds=1)
SEND_EVERY = timedelta(seconds=1)
PRUNE_EVERY = timedelta(hours=1)
WATCH_EVERY = timedelta(seconds=5)
_REMEMBERED = 2_000
"""Entries of which is remembered what they say: a day of a large desk, some 8 MB."""
STALE = 30.0
"""Seconds without a completed ring of either bell after which the watchdog is not fed any more."""


class Watchdog(Protocol):
    """Who is told how the service is doing: systemd, or nobody (see observe.Notifier)."""

    def ready(self, status: str = "") -> None:
        """Everything is up."""

    def reloading(self) -> None:
        """A new config is being read."""

    def stopping(self) -> None:
        """No new work is taken."""

    def status(self, text: str) -> None:
        """Say in a sentence what goes on."""

    def watchdog(self) -> None:
        """Work was completed just now."""


class Serves(Protocol):
    """Who serves the status page: web._server.Server, loaded only where the desk wants one."""

    site: Site

    @property
    def address(self) -> str:
        """Where it listens."""

    async def open(self) -> None:
        """Begin to listen. Raises ConfigError where the address cannot be had."""

    async def close(self) -> None:
        """Stop listening."""


class Service:
    """A pipeline with everything it needs, opened and closed as a context manager."""

    def __init__(
        self,
        config: Config,
        pipeline: Pipeline,
        *,
        http: httpx.AsyncClient,
        spread: timedelta,
        make: Callable[[Config], tuple[Parts, httpx.AsyncClient]],
        metrics: Metrics,
        reading: Store | None = None,
    ) -> None:
        self.config, self.pipeline, self.metrics = config, pipeline, metrics
        self.store, self.clock = pipeline.store, pipeline.clock
        self._http, self._spread, self._make = http, spread, make
        self._rung = {"poll": 0.0, "send": 0.0}
        self._reading = reading or self.store
        self.keeper = Keeper(config, pipeline, metrics, self._reading, self._tools(config), stale=STALE)
        self._pages: Serves | None = None
        self._seconds: Callable[[], float] = lambda: 0.0

    async def __aenter__(self) -> Service:
        await self.pipeline.off_loop(self.store.open)
        await self.pipeline.off_loop(lambda: self.pipeline.start(self._spread))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.keeper.close()
        await self.pipeline.close()
        await self._close(self.pipeline.parts, self._http)
        self._reading.close()
        self.store.close()

    @staticmethod
    async def _close(parts: Parts, http: httpx.AsyncClient) -> None:
        await parts.fetcher.close()
        parts.parser.close()
        await http.aclose()

    async def run(self, *, load: Callable[[], Config], watchdog: Watchdog) -> None:
        """Be the daemon until SIGTERM or SIGINT; SIGHUP loads the config again.

        The caller holds `store.exclusive()`. Ends when what was under way has ended.
        """
        loop = asyncio.get_running_loop()
        stop, reload = asyncio.Event(), asyncio.Event()
        self._seconds = loop.time
        self.keeper.begin(loop.time)
        self._pages = await self._served(self.config)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, reload.set)
        scheduler = Scheduler(
            {
                "poll": (POLL_EVERY, partial(self._ring, "poll", self._poll, watchdog)),
                "send": (SEND_EVERY, partial(self._ring, "send", self._send, watchdog)),
                "watch": (WATCH_EVERY, partial(self._ring, "watch", self._watch, watchdog)),
                "prune": (PRUNE_EVERY, partial(self._ring, "prune", self.pipeline.prune, watchdog)),
            }
        )
        settle()
        scheduler.start()
        self._say(
            "started",
            version=__version__,
            feeds=len(self.config.feeds),
            store=self.config.store.partition(":")[0],
            page=self._pages.address if self._pages else "",
        )
        watchdog.ready(f"{len(self.config.feeds)} feeds")
        try:
            while not stop.is_set():
                waiting = [asyncio.create_task(event.wait()) for event in (stop, reload)]
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in waiting:
                    task.cancel()
                if reload.is_set() and not stop.is_set():
                    reload.clear()
                    scheduler.pause()
                    await self._reload(load, watchdog)
                    scheduler.resume()
        finally:
            watchdog.stopping()
            scheduler.stop()
            self._say("stopping")
            if self._pages is not None:
                await self._pages.close()

    async def _ring(self, name: str, answer: Callable[[], Any], watchdog: Watchdog) -> None:
        """Answer a bell. What our own machine does to us is told, and tried again at the next ring."""
        try:
            await answer()
        except MonitorError as error:
            self._say("ring-failed", bell=name, reason=type(error).__name__, detail=str(error))
            return
        now = asyncio.get_running_loop().time()
        self._rung[name] = now
        if now - min(self._rung["poll"], self._rung["send"]) < STALE:
            watchdog.watchdog()

    async def _poll(self) -> None:
        await self.pipeline.poll_due()
        await self.pipeline.read_due()
        if self._pages is not None:
            await self.pipeline.ask_hubs()
        self.pipeline.check()

    async def _send(self) -> None:
        await self.pipeline.tell_due()
        await self.pipeline.deliver_due()

    async def _watch(self) -> None:
        await self.keeper.watch({bell: self._rung[bell] for bell in ("poll", "send")})

    def _tools(self, config: Config) -> Tools:
        return Tools(http=self._http, clock=self.clock, folder=config.folder)

    async def _reload(self, load: Callable[[], Config], watchdog: Watchdog) -> None:
        """Take a new config if it is right; else say what is wrong with it and go on as before."""
        watchdog.reloading()
        try:
            # In a thread: thousands of feeds take seconds to read, and the watchdog waits for none.
            config = await asyncio.to_thread(load)
            if config.store != self.config.store:
                raise ConfigError("store: cannot be changed by a reload; restart the service")
            parts, http = self._make(config)
            try:
                pages = await self._served(config)
            except MonitorError:
                await self._close(parts, http)
                raise
        except MonitorError as error:
            self._say("reload-refused", detail=str(error))
        else:
            await self.pipeline.drain()
            old_parts, old_http = self.pipeline.parts, self._http
            self.pipeline.parts, self._http = parts, http
            await self.keeper.take(config, self._tools(config))
            await self._close(old_parts, old_http)
            await self._serve(pages, config)
            await self.pipeline.off_loop(lambda: self.pipeline.start(self._spread))
            self._say("reloaded", changes=changes(self.config, config))
            self.config = config
            settle()
        watchdog.ready(f"{len(self.config.feeds)} feeds")

    # the status page ──────────────────────────────────────────────────────────────────────────

    async def _served(self, config: Config) -> Serves | None:
        """Return what serves a config's pages, listening; None where it wants none. Raises ConfigError.

        What listens already at the same address is returned as it is.
        """
        wanted, now = config.web, self.config.web
        if not wanted.host:
            return None
        if self._pages is not None and (wanted.host, wanted.port) == (now.host, now.port):
            return self._pages
        pages: Serves = registry.find("web", "monitor.web._server:Server")(await self.site(config))
        await pages.open()
        return pages

    async def _serve(self, pages: Serves | None, config: Config) -> None:
        """Go on with the pages of a new config."""
        if self._pages is not None and self._pages is not pages:
            await self._pages.close()
        if pages is not None:
            pages.site = await self.site(config)
        self._pages = pages

    async def site(self, config: Config) -> Site:
        """Return what pages are told of a config's desk. Opens the store they read, for good."""
        await self.pipeline.off_loop(self._reading.open)
        parts = self.pipeline.parts
        return Site(
            settings=config.web,
            store=self._reading,
            clock=self.clock,
            renderer=parts.renderer,
            matcher=parts.matcher,
            language=config.language,
            timezone=config.timezone,
            feeds=config.feeds,
            topics=config.topics,
            routes=config.routes,
            canary=config.canary,
            heartbeat=config.heartbeat,
            channels={name: one.recipients() for name, one in parts.channels.items()},
            copies=config.folder / config.copies,
            rung=self._since,
            patience=STALE,
            metrics=self.keeper.families,
            hubs=self.pipeline.hubs,
            say=self._say,
        )

    def _since(self) -> dict[str, float | None]:
        """Return the seconds since each bell was last answered; None: not yet."""
        now = self._seconds()
        bells = {bell: at for bell, at in self._rung.items() if bell in ("poll", "send")}
        return {bell: now - at if at else None for bell, at in bells.items()}

    def _say(self, kind: str, **fields: object) -> None:
        self.pipeline.tell(Event(kind=kind, at=self.clock.now(), fields=fields))


def build(
    config: Config,
    *,
    clock: Clock | None = None,
    random: Random | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    fetcher: Fetches | None = None,
    store: Store | None = None,
    templates: tuple[Path, ...] | None = None,
    tell: Callable[[Event], None] | None = None,
    spread: timedelta = timedelta(),
) -> Service:
    """Return the service of a config; every part of the world can be replaced.

    `transport` replaces the network of feeds, `fetcher` all that asks them; `tell` hears every
    Event; new feeds become due within `spread`. Raises ConfigError.
    """
    ticking = clock or SystemClock()

    def make(config: Config) -> tuple[Parts, httpx.AsyncClient]:
        http = client(config.network, version=__version__, timeout=config.poll.timeout)
        made = parts(
            config, clock=ticking, transport=transport, fetcher=fetcher, http=http, templates=templates
        )
        return made, http

    made, http = make(config)
    metrics = Metrics()

    def hear(event: Event) -> None:
        metrics.tell(event)
        if tell is not None:
            tell(event)

    pipeline = Pipeline(
        made,
        store=store or open_store(config),
        clock=ticking,
        random=random or Random(),  # noqa: S311 - spreads load, guards nothing
        tell=hear,
    )
    # Pages read on threads of their own, so that no search keeps the one that writes waiting.
    shared = store is not None or config.store.endswith(":memory:")
    reading = None if shared else open_store(config)
    return Service(config, pipeline, http=http, spread=spread, make=make, metrics=metrics, reading=reading)


def open_store(config: Config) -> Store:
    """Return the config's store, not opened yet."""
    made: Store = registry.find("stores", config.store.partition(":")[0])(config.store)
    return made


@contextmanager
def opened(config: Config) -> Iterator[Store]:
    """Give the config's store, open; close it after. Raises StoreError."""
    with closing(open_store(config)) as store:
        store.open()
        yield store


def matcher(config: Config) -> Matcher:
    """Return the matcher of a config's entities and topics."""
    return Matcher(config.entities, config.look_alikes, config.groups, config.topics)


def renderer(config: Config, templates: tuple[Path, ...] | None = None) -> Renderer:
    """Return the renderer over the desk's own templates and the shipped ones."""
    folders = templates or (templates_folder(),)
    return Renderer([config.templates, *folders] if config.templates else list(folders))


def parts(
    config: Config,
    *,
    clock: Clock,
    http: httpx.AsyncClient,
    transport: httpx.AsyncBaseTransport | None = None,
    fetcher: Fetches | None = None,
    templates: tuple[Path, ...] | None = None,
) -> Parts:
    """Return everything a pipeline is made of."""
    reads = matcher(config)
    asks = fetcher or Fetcher(config.poll, config.network, clock, version=__version__, transport=transport)
    pages = None
    if isinstance(asks, Fetcher) and any(feed.fulltext for feed in config.feeds):
        pages = ArticlePages(asks, clock)  # a replay has none: what it may ask for was recorded
    return Parts(
        feeds={feed.url: feed for feed in config.feeds},
        poll=config.poll,
        keep=config.keep,
        canary=config.canary.every,
        entities=config.entities,
        topics=config.topics,
        routes=config.routes,
        channels=channels(config, clock=clock, http=http),
        channel_types={name: one.type for name, one in config.channels.items()},
        fallbacks={name: one.fallback for name, one in config.channels.items() if one.fallback},
        desk=desk(config, reads),
        operators=config.operators,
        language=config.language,
        timezone=config.timezone,
        matcher=reads,
        fetcher=asks,
        pages=pages,
        parser=Parser(),
        renderer=renderer(config, templates),
        copies=copies(config, clock=clock, http=http),
        recorder=Recorder(config.record, config.keep.recorded) if config.record else None,
        callbacks=None if fetcher else callbacks(config, http),
    )


def callbacks(config: Config, http: httpx.AsyncClient) -> Callbacks | None:
    """Return how hubs and we reach one another; None where they cannot. Raises ConfigError."""
    key = keyfile.key(config.folder / "websub.key", token_bytes if config.websub else None)
    if key is None or not (config.web.host and config.web.public_url):
        return None
    return Callbacks(keys=Keys(key, config.web.public_url), post=partial(post, http), on=config.websub)


def channels(config: Config, *, clock: Clock, http: httpx.AsyncClient) -> dict[str, Channel]:
    """Return the ways out."""
    tools = Tools(http=http, clock=clock, folder=config.folder)
    return {name: one.cls(name, one.options, tools) for name, one in config.channels.items()}


def copies(config: Config, *, clock: Clock, http: httpx.AsyncClient) -> Copies:
    """Return what keeps in full what messages have no room for."""
    tools = Tools(http=http, clock=clock, folder=config.folder)
    pages = Pages("copies", FileOptions(folder=config.copies), tools)
    url, secret = config.copies_url, None
    if not url and config.web.host and config.web.public_url and config.web.password:
        # Our own page shows them. Readers of digests have no password: their links carry a key.
        url, secret = f"{config.web.public_url}/copies", config.web.password
    return Copies(folder=config.copies, channel=pages, url=url, secret=secret, keep=config.keep.copies)


def desk(config: Config, reads: Matcher) -> Desk:
    """Return what digests say besides their stories."""
    return Desk(
        topics={topic.id: topic.title for topic in config.topics},
        labels={entity.id: entity.label for entity in config.entities},
        stages={topic.id: topic.states for topic in config.topics},
        within={entity.id: entity.within for entity in config.entities},
        watched={topic.id: reads.watched(topic.id) for topic in config.topics if topic.signals},
        names=reads.names.named,
        feeds={feed.url: feed for feed in config.feeds},
        read=_remembering(reads.said),
    )


def _remembering(read: Callable[[Entry], Said]) -> Callable[[Entry], Said]:
    """Read each text once: every reader of a story asks what its entries say. Forgets all when full."""
    known: dict[tuple[str, int, bool], Said] = {}

    def said(entry: Entry) -> Said:
        key = (entry.id, entry.revision, bool(entry.content))
        if key not in known:
            if len(known) >= _REMEMBERED:
                known.clear()
            known[key] = read(entry)
        return known[key]

    return said


def add_reports(one: Report, other: Report) -> Report:
    """Return the sum of two reports."""
    deliveries: dict[str, Counter[str]] = {}
    for counts in (one.deliveries, other.deliveries):
        for name, outcome in counts.items():
            deliveries.setdefault(name, Counter()).update(outcome)
    return replace(
        one,
        polls=one.polls + other.polls,
        entries=one.entries + other.entries,
        updated=one.updated + other.updated,
        matches=one.matches + other.matches,
        stories=one.stories + other.stories,
        deliveries={name: {"sent": c["sent"], "failed": c["failed"]} for name, c in deliveries.items()},
    )
