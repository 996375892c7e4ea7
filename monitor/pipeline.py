"""The stages in order. Read this file to know what monitor does.

`await` stands where a socket is; all else is plain code on two kinds of thread: parsing on a small
pool, everything that touches the store on one thread of its own, so that the database sees one
writer and the loop never waits for either.

Four promises, each one transaction of the store; between them anything may crash:

1.  What a poll found (state, validators, entries, matches) is remembered all or nothing.
1b. Stories follow from matches; repeated after a crash, they get the same ids.
2.  A route's cursor for a recipient moves over matches *and* the frozen message is queued.
3.  The outcome of a try to deliver is recorded.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import TypeVar

from monitor import cadence, slots
from monitor.channels import Channel
from monitor.clock import Clock
from monitor.cluster import WINDOW, cluster
from monitor.compose import Desk, Reader, plan
from monitor.dedupe import Candidate, candidates, dedupe, identities, length
from monitor.deliver import deliver
from monitor.errors import DeliveryReason, ParseError, RenderError, StoreError
from monitor.fetch import Fetcher
from monitor.match import Matcher
from monitor.model import (
    Cursor,
    Dead,
    Deferred,
    Delivery,
    Digest,
    Document,
    Event,
    Failed,
    Feed,
    FeedState,
    Fetched,
    FetchResult,
    Fresh,
    Keep,
    Known,
    Message,
    PollRecord,
    PollSettings,
    Reading,
    Recipient,
    Report,
    Route,
    Send,
    Sent,
)
from monitor.parse import Parser
from monitor.render import Renderer
from monitor.stores import Store

T = TypeVar("T")

LEASE = timedelta(minutes=3)
"""Longer than any exchange may take, so that only the dead lose theirs."""
BATCH = 50
"""Polls in one commit: at 50, synchronous=FULL costs nothing (75,000 states a second, measured)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything the pipeline is made of; `service.build` makes it. A reload makes another."""

    feeds: Mapping[str, Feed]
    poll: PollSettings
    keep: Keep
    routes: Sequence[Route]
    channels: Mapping[str, Channel]
    channel_types: Mapping[str, str]
    desk: Desk
    matcher: Matcher
    fetcher: Fetcher
    parser: Parser
    renderer: Renderer


@dataclass(slots=True)
class _Tally:
    """Counts of the work since it was last asked for."""

    numbers: Counter[str] = field(default_factory=Counter)
    deliveries: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def report(self) -> Report:
        n = self.numbers
        made = Report(
            polls=n["polls"],
            entries=n["entries"],
            updated=n["updated"],
            matches=n["matches"],
            stories=n["stories"],
            deliveries={
                name: {"sent": c["sent"], "failed": c["failed"]} for name, c in self.deliveries.items()
            },
        )
        self.numbers, self.deliveries = Counter(), defaultdict(Counter)
        return made


@dataclass(frozen=True, slots=True)
class _Absorption:
    """A fetched and parsed poll on its way into the store."""

    state: FeedState
    result: FetchResult
    document: Document | None
    error: ParseError | None
    found: tuple[Candidate, ...]
    done: asyncio.Future[None]


class Pipeline:
    """One desk's flow, from feeds to deliveries."""

    def __init__(
        self, parts: Parts, *, store: Store, clock: Clock, random: Random, tell: Callable[[Event], None]
    ) -> None:
        self.parts, self.store, self.clock, self.random, self.tell = parts, store, clock, random, tell
        self._store_thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._parse_threads = ThreadPoolExecutor(2, thread_name_prefix="parse")
        self._polling: dict[str, asyncio.Task[None]] = {}
        self._absorbing: list[_Absorption] = []
        self._absorber: asyncio.Task[None] | None = None
        self._delivering: dict[str, asyncio.Task[None]] = {}
        self._failures: list[BaseException] = []
        self._tally = _Tally()

    # one entry point ──────────────────────────────────────────────────────────────────────────

    async def tick(self, *, everything: bool = False) -> Report:
        """Do all that is due now, then say what was done. `everything` polls feeds that are not due too."""
        now = self.clock.now()
        await self.poll_due(now, everything=everything)
        while self._polling:
            await asyncio.wait(self._polling.values(), return_when=asyncio.FIRST_COMPLETED)
            self.check()
            await self.poll_due(now, everything=everything)
        self.check()
        await self.tell_due()
        await self.deliver_due()
        while self._delivering:
            await asyncio.wait(self._delivering.values())
            self.check()
            await self.deliver_due()
        return self._tally.report()

    async def poll_due(self, now: datetime | None = None, *, everything: bool = False) -> None:
        """Start a poll for each feed due at `now` that there is room for; do not wait for them."""
        room = self.parts.poll.concurrency - len(self._polling)
        if room <= 0:
            return
        when = now or self.clock.now()
        claimed = await self.off_loop(
            lambda: self.store.claim_feeds(when, room, LEASE, everything=everything)
        )
        for state in claimed:
            if state.url in self.parts.feeds and state.url not in self._polling:
                task = asyncio.create_task(self._poll(self.parts.feeds[state.url], state))
                self._polling[state.url] = task
                task.add_done_callback(self._ended)

    def check(self) -> None:
        """Raise what ended a poll or a delivery that nobody waited for."""
        failures, self._failures = self._failures, []
        for failure in failures:
            raise failure

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (failure := task.exception()):
            self._failures.append(failure)

    async def drain(self) -> None:
        """Wait for all that is under way: polls, commits, deliveries."""
        while self._polling or self._delivering:
            await asyncio.wait([*self._polling.values(), *self._delivering.values()])

    def report(self) -> Report:
        """Say what was done since this was last asked."""
        return self._tally.report()

    # promise 1: poll ──────────────────────────────────────────────────────────────────────────

    async def _poll(self, feed: Feed, state: FeedState) -> None:
        try:
            address = cadence.poll_url(feed, state)
            result = await self.parts.fetcher.fetch(replace(feed, url=address), state.validators)
            document: Document | None = None
            error: ParseError | None = None
            found: tuple[Candidate, ...] = ()
            outcome = result.outcome
            if isinstance(outcome, Fetched) and outcome.body_hash != state.body_hash:
                loop = asyncio.get_running_loop()
                document, error, found = await loop.run_in_executor(
                    self._parse_threads, self._parse, feed, result
                )
            done = asyncio.get_running_loop().create_future()
            self._absorbing.append(_Absorption(state, result, document, error, found, done))
            if self._absorber is None or self._absorber.done():
                self._absorber = asyncio.create_task(self._absorb_all())
            await done
        finally:
            self._polling.pop(state.url, None)

    def _parse(
        self, feed: Feed, result: FetchResult
    ) -> tuple[Document | None, ParseError | None, tuple[Candidate, ...]]:
        try:
            document = self.parts.parser.parse(result)
        except ParseError as error:
            return None, error, ()
        return document, None, candidates(document, feed)

    async def _absorb_all(self) -> None:
        """Write what polls found, all that has gathered while the last commit ran in one."""
        while self._absorbing:
            batch, self._absorbing = self._absorbing[:BATCH], self._absorbing[BATCH:]
            try:
                await self.off_loop(partial(self._absorb, batch))
            except StoreError as error:
                for one in batch:
                    one.done.set_exception(error)
            else:
                for one in batch:
                    one.done.set_result(None)

    def _absorb(self, batch: Sequence[_Absorption]) -> None:
        """Promise 1: what these polls found is remembered, each whole or not at all."""
        now = self.clock.now()
        known = self.store.known({one for absorption in batch for one in identities(absorption.found)})
        records = [self._record(absorption, known, now) for absorption in batch]
        taken = self.store.record_polls(records, now)
        for absorption, record, was_taken in zip(batch, records, taken, strict=True):
            if was_taken:
                self._count_poll(absorption, record)

    def _record(self, one: _Absorption, known: dict[str, Known], now: datetime) -> PollRecord:
        feed = self.parts.feeds[one.state.url]
        fresh = Fresh()
        if one.document is not None:
            fresh = dedupe(one.found, one.document, feed, known, now=now)
        first = one.state.first_poll_at is None
        carried = sum(not _seen(known.get(sighting.entry_id), feed) for sighting in fresh.sightings)
        readings = {}
        for entry in (*fresh.entries, *fresh.revised):
            old = known.get(entry.id)
            known[entry.id] = Known(
                id=entry.id,
                guid=entry.guid,
                revision=entry.revision,
                length=length(entry),
                first_seen=entry.first_seen,
                fingerprints={**(old.fingerprints if old else {}), feed.url: entry.fingerprint},
            )
            when = entry.published or entry.updated
            backlog = first and when is not None and when < now - self.parts.poll.backfill
            readings[entry.id] = _hold(self.parts.matcher.read(entry), "before-start" if backlog else "")
        state = cadence.after_poll(
            one.state,
            one.result,
            one.document,
            one.error,
            settings=self.parts.poll,
            feed=feed,
            new_entries=carried,
            jitter=self.random.random(),
        )
        return PollRecord(state=state, fresh=fresh, readings=readings)

    def _count_poll(self, one: _Absorption, record: PollRecord) -> None:
        fresh = record.fresh
        matches = sum(len(reading.matches) for reading in record.readings.values())
        self._tally.numbers.update(
            polls=1, entries=len(fresh.entries), updated=len(fresh.revised), matches=matches
        )
        error = one.error or (one.result.outcome.error if isinstance(one.result.outcome, Failed) else None)
        self._say(
            "poll",
            feed=record.state.url,
            outcome="error" if error else type(one.result.outcome).__name__.lower(),
            reason=error.reason.value if error else "",
            detail=str(error) if error else "",
            status=record.state.status.value,
            before=one.state.status.value,
            new=len(fresh.entries),
            revised=len(fresh.revised),
            matches=matches,
            next=record.state.next_poll_at,
        )

    # promises 1b and 2: tell ──────────────────────────────────────────────────────────────────

    async def tell_due(self) -> None:
        """Fold new matches into stories, then queue what each reader is due."""
        await self.off_loop(self._cluster)
        await self.off_loop(self._queue)

    def _cluster(self) -> None:
        """Promise 1b: stories follow from matches."""
        while entries := self.store.unclustered(500):
            since = min(entry.first_seen for entry in entries) - WINDOW
            recent = self.store.recent_stories(since)
            stories = cluster(entries, recent)
            self.store.record_stories(stories)
            before = {story.id for story, _ in recent}
            self._tally.numbers["stories"] += sum(story.id not in before for story in stories)

    def _queue(self) -> None:
        now = self.clock.now()
        desk: Desk | None = None
        for cursor in self.store.cursors():
            route = next((r for r in self.parts.routes if r.name == cursor.route), None)
            channel = self.parts.channels.get(cursor.channel)
            if route is None or channel is None or cursor.channel not in route.channels:
                continue
            recipient = next((r for r in channel.recipients() if r.address == cursor.recipient), None)
            if recipient is None or (route.send is Send.DIGEST and not _due(cursor, now)):
                continue
            desk = desk or replace(self.parts.desk, states=self.store.feed_states())
            try:
                self._queue_one(cursor, route, recipient, desk, now)
            except RenderError as error:
                self._say("render-failed", route=route.name, channel=cursor.channel, detail=str(error))
                self.store.meta({f"trouble:{route.name}:{cursor.channel}": str(error)})

    def _queue_one(
        self, cursor: Cursor, route: Route, recipient: Recipient, desk: Desk, now: datetime
    ) -> None:
        """Promise 2: the cursor moves over matches and the frozen messages are queued, in one."""
        until = now - route.group_wait if route.send is Send.IMMEDIATE else now
        hits = self.store.hits(route.topics, cursor.position, until)
        if route.send is Send.IMMEDIATE and not hits:
            return
        told = self.store.told(cursor.route, cursor.channel, cursor.recipient)
        reader = Reader(route=route, channel=cursor.channel, recipient=recipient, told=told)
        moved, digests = plan(hits, cursor, reader, desk, now=now, room=self._budget(route, cursor, now))
        due = slots.quiet_until(route, now, timezone=recipient.timezone)
        deliveries = [self._delivery(digest, cursor.channel, now, due) for digest in digests]
        if self.store.enqueue(moved, deliveries, cursor.position):
            for delivery in deliveries:
                self._say("queued", delivery=delivery.id, route=route.name, channel=cursor.channel, due=due)

    def _budget(self, route: Route, cursor: Cursor, now: datetime) -> int | None:
        """How many more alerts this recipient may get within the hour; None: any number."""
        if not route.budget:
            return None
        hour = now - timedelta(hours=1)
        sent = sum(
            d.message.route == route.name
            and d.channel == cursor.channel
            and d.message.recipient.address == cursor.recipient
            and d.queued_at > hour
            for d in self.store.deliveries(limit=1_000)
        )
        return max(route.budget - sent, 0)

    def _delivery(self, digest: Digest, channel: str, now: datetime, due: datetime) -> Delivery:
        return Delivery(
            id=f"{digest.id}-{channel}",
            message=self.render(digest),
            channel=channel,
            due_at=due,
            queued_at=now,
        )

    def render(self, digest: Digest) -> Message:
        """Return the digest as its channel will get it. Raises RenderError."""
        channel = self.parts.channels[digest.channel]
        message = self.parts.renderer.render(
            digest,
            channel_type=self.parts.channel_types[digest.channel],
            parts=channel.parts,
        )
        return channel.prepare(message)

    # promise 3: deliver ───────────────────────────────────────────────────────────────────────

    async def deliver_due(self) -> None:
        """Start sending what is due. One channel's trouble holds up no other channel."""
        now = self.clock.now()
        claimed = await self.off_loop(lambda: self.store.claim_deliveries(now, 50, LEASE))
        for delivery in claimed:
            if delivery.id not in self._delivering:
                task = asyncio.create_task(self._deliver(delivery))
                self._delivering[delivery.id] = task
                task.add_done_callback(self._ended)

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            channel = self.parts.channels.get(delivery.channel)
            if channel is None:
                outcome: Sent | Deferred | Dead = Dead(
                    reason=DeliveryReason.REFUSED, detail=f"there is no channel {delivery.channel!r} any more"
                )
            else:
                outcome = await deliver(
                    delivery,
                    channel,
                    now=self.clock.now(),
                    retry_at=lambda attempts, asked: cadence.after_failure(
                        attempts, self.clock.now(), retry_after=asked, jitter=self.random.random()
                    ),
                    timeout=LEASE.total_seconds() / 2,
                )
            now = self.clock.now()
            if await self.off_loop(lambda: self.store.record_try(delivery, outcome, now)):
                self._count_try(delivery, outcome)
        finally:
            self._delivering.pop(delivery.id, None)

    def _count_try(self, delivery: Delivery, outcome: Sent | Deferred | Dead) -> None:
        sent = isinstance(outcome, Sent)
        self._tally.deliveries[delivery.channel]["sent" if sent else "failed"] += 1
        self._say(
            "delivery",
            delivery=delivery.id,
            channel=delivery.channel,
            route=delivery.message.route,
            recipient=delivery.message.recipient.address,
            outcome=type(outcome).__name__.lower(),
            attempts=delivery.attempts,
            reason=getattr(outcome, "reason", ""),
            detail=getattr(outcome, "detail", "") or getattr(outcome, "receipt", ""),
        )

    # care ─────────────────────────────────────────────────────────────────────────────────────

    def start(self, spread: timedelta) -> None:
        """Make the store know the configured feeds and readers. Plain code, for the store's thread.

        New feeds become due within `spread`.
        """
        now = self.clock.now()
        self.store.sync_feeds(self.parts.feeds.values(), now, spread=spread)
        existing = {(c.route, c.channel, c.recipient) for c in self.store.cursors()}
        for route in self.parts.routes:
            for name in route.channels:
                for recipient in self.parts.channels[name].recipients():
                    if (route.name, name, recipient.address) not in existing:
                        self._start_cursor(route, name, recipient, now)

    def _start_cursor(self, route: Route, channel: str, recipient: Recipient, now: datetime) -> None:
        upcoming = None
        if route.send is Send.DIGEST:
            upcoming = slots.next_slot(route, now, timezone=recipient.timezone)
        cursor = Cursor(
            route=route.name, channel=channel, recipient=recipient.address, position=0, next_slot=upcoming
        )
        self.store.start_cursor(cursor, now - self.parts.poll.backfill)

    def make_due(self, route: str) -> None:
        """Make a digest route's next slot due now, for all its readers. For the store's thread."""
        now = self.clock.now()
        for cursor in self.store.cursors():
            if cursor.route == route and cursor.next_slot is not None:
                self.store.enqueue(replace(cursor, next_slot=now), [], cursor.position)

    async def prune(self) -> int:
        """Drop what is kept no longer, a batch at a time; return how many entries went."""
        total = 0
        while gone := await self.off_loop(lambda: self.store.prune(self.clock.now(), self.parts.keep)):
            total += gone
        return total

    async def off_loop(self, work: Callable[[], T]) -> T:
        """Run plain code that uses the store on the store's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._store_thread, work)

    async def close(self) -> None:
        """Let what is under way end, then stop the threads."""
        await self.drain()
        self._store_thread.shutdown()
        self._parse_threads.shutdown()

    def _say(self, kind: str, **fields: object) -> None:
        self.tell(Event(kind=kind, at=self.clock.now(), fields=fields))


def _seen(known: Known | None, feed: Feed) -> bool:
    """Whether this feed was known to carry the entry."""
    return known is not None and feed.url in known.fingerprints


def _due(cursor: Cursor, now: datetime) -> bool:
    return cursor.next_slot is not None and cursor.next_slot <= now


def _hold(reading: Reading, reason: str) -> Reading:
    """Mark matches as sent nowhere, for that reason."""
    if not reason or not reading.matches:
        return reading
    return replace(reading, matches=tuple(replace(match, held=reason) for match in reading.matches))
