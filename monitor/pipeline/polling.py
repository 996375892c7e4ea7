"""Promise 1: what a poll found (state, validators, entries, matches) is remembered all or nothing."""

from __future__ import annotations

import asyncio
from array import array
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from monitor import cadence
from monitor.dedupe import Candidate, candidates, dedupe, identities, length, marks, whole
from monitor.errors import ParseError, RecordingError
from monitor.health import hour_of
from monitor.model import (
    Article,
    Document,
    Entry,
    Failed,
    Feed,
    FeedState,
    Fetched,
    FetchResult,
    Fresh,
    Known,
    PollRecord,
    Reading,
    Validators,
)
from monitor.pipeline._shop import Shop
from monitor.pipeline.articles import LATE, wanted
from monitor.pipeline.claiming import Claims
from monitor.pipeline.committing import Commits
from monitor.pipeline.gathering import Gathering
from monitor.pipeline.machine import Machine

ROOM = 50
"""Documents in memory at once: a document read is five times its bytes."""

PINNED = 2
"""Items that publishers pin to the top, at most: they stay whatever comes, and would hide a gap."""

LONGEST_KEPT = 200
FEEDS_KEPT = 50_000
"""Items of a document whose marks are kept; feeds they are kept of (20 MB)."""


@dataclass(frozen=True, slots=True)
class _Parsed:
    """What parsing gave: nothing where the body is the one absorbed before."""

    document: Document | None = None
    error: ParseError | None = None
    found: tuple[Candidate, ...] = ()
    marks: Sequence[int] = ()
    shares: bool = False
    """Some of it stands as in the body absorbed before, and not only what is pinned to the top."""
    pinned: int = 0
    """So many items at the top are pinned there, and all others are new."""


@dataclass(frozen=True, slots=True)
class _Absorption:
    """A fetched and parsed poll on its way into the store."""

    state: FeedState
    result: FetchResult
    parsed: _Parsed
    pushed: bool = False
    """A hub sent it: nobody was asked."""


_NOTHING = _Parsed()
_NOTHING_NEW: tuple[Fresh, Mapping[str, Reading], int] = (Fresh(), {}, 0)


class Relies(Protocol):
    """Who knows what hubs tell us (see pipeline.subscribing); for the store's thread."""

    def note(self, polls: Sequence[tuple[Feed, FetchResult, Document | None]]) -> Mapping[str, bool]:
        """Take note of what polls brought; return whether the hub is relied on of each feed that has one."""
        ...

    def missed(self, urls: Collection[str]) -> None:
        """Polls of these feeds found what no hub had sent."""
        ...


class Polling:
    """Claims due feeds and polls them side by side; one commit takes all that is ready."""

    def __init__(self, shop: Shop, hubs: Relies) -> None:
        self._shop, self._hubs = shop, hubs
        self._gathering, self._machine = Gathering(shop), Machine(shop)
        self.running: dict[str, asyncio.Task[None]] = {}
        self._claims = Claims(shop, self.running, self._start)
        self._ended = asyncio.Event()
        self._room = asyncio.Semaphore(ROOM)
        self._last: dict[str, tuple[str, Sequence[int]]] = {}
        """Feed URL → the hash of the body absorbed last and the marks of its items (see `marks`)."""
        self._commits = Commits(shop, self._absorb, self._expects)
        self._unrecorded = ""

    async def start_due(self, now: datetime, *, everything: bool = False) -> None:
        """Start a poll for each feed due at `now` that there is room for; do not wait for them."""
        await self._claims.start_due(now, everything=everything)

    async def some_ended(self) -> None:
        """Wait until some of the polls have ended: to wait for 256 tasks is to touch each of them twice."""
        self._ended.clear()
        if self.running:
            await self._ended.wait()
            await asyncio.sleep(0)  # so that what ended one badly is known

    def open(self) -> None:
        """Start all polls that are due, as far as there is room, from now on."""
        self._claims.open()

    async def close(self) -> None:
        """Start no more polls but those that are asked for."""
        await self._claims.close()

    def _start(self, claimed: Sequence[FeedState]) -> bool:
        """Start the polls of claimed feeds; say whether there were any."""
        started = False
        for state in claimed:
            feed = self._shop.parts.feeds.get(state.url)
            if feed is not None and state.url not in self.running:
                self.count(feed.url, 1)
                self.running[state.url] = self._shop.start(self._poll(feed, state))
                started = True
        return started

    def count(self, url: str, polls: int) -> None:
        """Count polls that begin at a URL's host, or with a minus end."""
        self._claims.count(url, polls)

    async def _poll(self, feed: Feed, state: FeedState) -> None:
        shop = self._shop
        try:
            result, parsed = await self._fetch(feed, state), _NOTHING
            if isinstance(result.outcome, Fetched) and result.outcome.body_hash != state.body_hash:
                async with self._room:
                    result, parsed = await shop.aside(partial(self._parse, feed, state, result))
                    document = parsed.document
                    if document is None or not (document.parts or document.previous):
                        await self._remember(state, result, parsed)
                        return
                # To ask for more may take minutes: nobody waits for room meanwhile.
                result, parsed = await self._whole(feed, state, result, parsed, document)
            await self._remember(state, result, parsed)
        finally:
            self.running.pop(state.url, None)
            self.count(feed.url, -1)
            self._ended.set()
            self._commits.look()
            self._claims.go_on()

    async def _fetch(self, feed: Feed, state: FeedState) -> FetchResult:
        """Ask the publisher; keep the answer where the desk wants that."""
        shop, recorder = self._shop, self._shop.parts.recorder
        address = cadence.poll_url(feed, state)
        asked = feed if address == feed.url else replace(feed, url=address)
        if recorder is None:
            return await shop.parts.fetcher.fetch(asked, state.validators)
        # A recording that begins with "not modified" would say nothing.
        validators = state.validators if await shop.aside(partial(recorder.knows, feed)) else Validators()
        result = await shop.parts.fetcher.fetch(asked, validators)
        trouble = ""
        try:
            await shop.aside(partial(recorder.record, feed, result))
        except RecordingError as error:  # a full disk stops no poll
            trouble = str(error)
        if trouble != self._unrecorded:
            self._unrecorded = trouble
            shop.say("record-failed" if trouble else "record-resumed", detail=trouble)
        return result

    async def absorb(self, feed: Feed, state: FeedState, result: FetchResult) -> bool:
        """Take in what a hub sent, of a feed that was claimed for it; whether it is in the store now."""
        async with self._room:
            result, parsed = await self._shop.aside(partial(self._parse, feed, state, result))
            taken = await self._remember(state, result, parsed, pushed=True)
        return taken and parsed.document is not None and bool(parsed.document.items)

    async def _remember(
        self, state: FeedState, result: FetchResult, parsed: _Parsed, *, pushed: bool = False
    ) -> bool:
        """Wait until what a poll found is in the store; whether it was taken."""
        return await self._commits.add(_Absorption(state, result, parsed, pushed), len(parsed.found))

    def _expects(self, waiting: int) -> bool:
        """Say whether more polls than wait may end soon: not while the room for documents is full."""
        return waiting < len(self.running) and not self._room.locked()

    def _parse(self, feed: Feed, state: FeedState, result: FetchResult) -> tuple[FetchResult, _Parsed]:
        """Parse a body and let go of it; items that stand as in the body absorbed last are looked at no more.

        Of a feed that changed usually one item in twenty-five did: the others cost two thirds of it.
        """
        try:
            document = self._shop.parts.parser.parse(result)
        except ParseError as error:
            return result, _Parsed(error=error)
        assert isinstance(result.outcome, Fetched)
        result = replace(result, outcome=replace(result.outcome, body=b""))
        return result, self._found(feed, state, document)

    def _found(self, feed: Feed, state: FeedState, document: Document) -> _Parsed:
        """Return what of a document has to be looked at."""
        of, last = self._last.get(feed.url, ("", ()))
        before = last if of == state.body_hash else ()
        known, here = frozenset(before), marks(document)
        same = {place for place, mark in enumerate(here) if mark in known}
        found = candidates(document, feed, absorbed=same)
        pinned = _pinned(same, before, here)
        return _Parsed(document, None, found, here, bool(same) and not pinned, pinned)

    async def _whole(
        self, feed: Feed, state: FeedState, result: FetchResult, parsed: _Parsed, document: Document
    ) -> tuple[FetchResult, _Parsed]:
        """Ask for what a document is not whole without: an index's sitemaps, what slid out of the window."""
        if document.parts:
            result, whole = await self._gathering.parts(feed, state, result, document)
            if isinstance(result.outcome, Failed):
                return result, _NOTHING
        elif parsed.shares or not state.entries:
            return result, parsed
        else:
            whole = await self._gathering.older(feed, document, parsed.pinned)
            if whole is document:
                return result, parsed
        return result, await self._shop.aside(partial(self._found, feed, state, whole))

    def _keep(self, one: _Absorption) -> None:
        """Remember the marks of what was just absorbed, for a bounded number of feeds."""
        outcome, seen = one.result.outcome, one.parsed.marks
        if isinstance(outcome, Fetched) and 0 < len(seen) <= LONGEST_KEPT:
            if len(self._last) >= FEEDS_KEPT:
                self._last.clear()
            # By the feed's own string, not by another of the same letters.
            self._last[self._shop.parts.feeds[one.state.url].url] = (outcome.body_hash, array("q", seen))

    def _absorb(self, batch: Sequence[_Absorption]) -> Sequence[bool]:
        """Write what these polls found, each whole or not at all; return which of them were taken."""
        store, now = self._shop.store, self._shop.clock.now()
        known = store.known({one for absorption in batch for one in identities(absorption.parsed.found)})
        polls = [one for one in batch if not one.pushed]
        feeds = self._shop.parts.feeds
        hubs = self._hubs.note([(feeds[one.state.url], one.result, one.parsed.document) for one in polls])
        records = [self._record(one, known, now, hubs.get(one.state.url, False)) for one in batch]
        taken = store.record_polls(records, now)
        for absorption, record, was_taken in zip(batch, records, taken, strict=True):
            if was_taken and not absorption.pushed:
                self._keep(absorption)
            if was_taken:
                self._count(absorption, record)
        brought = {one.state.url for one, found in zip(batch, records, strict=True) if found.arrivals}
        self._hubs.missed(brought & {one.state.url for one in polls} & hubs.keys())
        self._machine.mind([one.result for one in polls])
        return taken

    def _record(
        self, one: _Absorption, known: dict[str, Known], now: datetime, relied_on: bool
    ) -> PollRecord:
        document, feed = one.parsed.document, self._shop.parts.feeds[one.state.url]
        fresh, readings, carried = _NOTHING_NEW
        wants: tuple[Article, ...] = ()
        gap = False
        arrivals: tuple[datetime, ...] = ()
        if document is not None:
            fresh = dedupe(one.parsed.found, document, feed, known, now=now)
            carried = sum(not _seen(known.get(sighting.entry_id), feed) for sighting in fresh.sightings)
            gap = bool(one.state.entries and one.parsed.found and not one.parsed.shares) and not _any_seen(
                one.parsed.found, known, feed
            )
            arrivals = _arrivals(one, carried)
            fresh, readings = self._read(self._whole_still(fresh), feed, one.state, known, now)
            wants = self._wants(fresh, feed, one.state, now)
        if one.pushed:
            state = cadence.after_push(one.state, now, carried)
        else:
            state = self._next(one, carried, gap=gap, relied_on=relied_on)
        return PollRecord(
            state=state, before=one.state, fresh=fresh, readings=readings, arrivals=arrivals, wanted=wants
        )

    def _next(self, one: _Absorption, carried: int, *, gap: bool, relied_on: bool) -> FeedState:
        """Return the state after a poll: by cadence's rules, and at ease where a hub tells what is new."""
        parts, feed = self._shop.parts, self._shop.parts.feeds[one.state.url]
        jitter = self._shop.random.random()
        state = parts.after_poll(
            one.state,
            one.result,
            one.parsed.document,
            one.parsed.error,
            settings=parts.poll,
            feed=feed,
            new_entries=carried,
            jitter=jitter,
            gap=gap,
        )
        if relied_on and not carried:
            state = cadence.at_ease(state, parts.poll, feed, now=one.result.fetched_at, jitter=jitter)
        return state

    def _whole_still(self, fresh: Fresh) -> Fresh:
        """Let edited entries keep the text of their article: their feed still has only the stub."""
        if not fresh.revised:
            return fresh
        texts = self._shop.store.article_texts([entry.id for entry in fresh.revised])
        return replace(fresh, revised=tuple(whole(one, texts.get(one.id, "")) for one in fresh.revised))

    def _wants(self, fresh: Fresh, feed: Feed, state: FeedState, now: datetime) -> tuple[Article, ...]:
        """Return the articles of new entries that their feed only names; of old ones none."""
        if not feed.fulltext or self._shop.parts.pages is None:
            return ()
        backfill = self._shop.parts.poll.backfill
        oldest = backfill if state.first_poll_at is None else max(backfill, LATE)
        return tuple(filter(None, (wanted(entry, feed, now, oldest) for entry in fresh.entries)))

    def _read(
        self, fresh: Fresh, feed: Feed, state: FeedState, known: dict[str, Known], now: datetime
    ) -> tuple[Fresh, dict[str, Reading]]:
        """Match what is new and what was edited; what came before the desk began is held."""
        parts = self._shop.parts
        readings = {}
        for entry in (*fresh.entries, *fresh.revised):
            _remember(known, entry, feed)
            backlog = state.first_poll_at is None and _older(entry, now - parts.poll.backfill)
            readings[entry.id] = _hold(parts.matcher.read(entry), "before-start" if backlog else "")
        return replace(
            fresh,
            entries=tuple(_named(entry, readings[entry.id]) for entry in fresh.entries),
            revised=tuple(_named(entry, readings[entry.id]) for entry in fresh.revised),
        ), readings

    def _count(self, one: _Absorption, record: PollRecord) -> None:
        """Count what was written, and say it."""
        fresh = record.fresh
        if record.state.gap_at != one.state.gap_at:
            self._shop.say("gap", feed=record.state.url, last=one.state.last_ok_at)
        numbers = self._shop.tally.numbers
        numbers["polls"] += not one.pushed
        topics: Counter[str] = Counter()
        matched = 0
        if record.readings:
            topics.update(one.topic for reading in record.readings.values() for one in reading.matches)
            matched = sum(bool(reading.matches) for reading in record.readings.values())
            numbers["entries"] += len(fresh.entries)
            numbers["updated"] += len(fresh.revised)
            numbers["matches"] += topics.total()
        outcome = one.result.outcome
        error = one.parsed.error or (outcome.error if isinstance(outcome, Failed) else None)
        self._shop.say(
            "push" if one.pushed else "poll",
            feed=record.state.url,
            outcome="error" if error else type(outcome).__name__.lower(),
            reason=error.reason.value if error else "",
            detail=str(error) if error else "",
            status=record.state.status.value,
            before=one.state.status.value,
            new=len(fresh.entries),
            revised=len(fresh.revised),
            matches=topics.total(),
            matched=matched,
            topics=dict(topics) or None,
            took=None if one.result.took is None else round(one.result.took, 3),
            received=outcome.received if isinstance(outcome, Fetched) else None,
            next=record.state.next_poll_at,
        )


def _pinned(same: Collection[int], before: Sequence[int], here: Sequence[int]) -> int:
    """Return how many items are pinned to the top: all that stayed, where they stood; the others are new.

    An item that is left of a window that slid has moved to its end.
    """
    count = len(same)
    if not 0 < count <= PINNED or len(here) <= 2 * count or set(same) != set(range(count)):
        return 0
    return count if list(before[:count]) == list(here[:count]) else 0


def _remember(known: dict[str, Known], entry: Entry, feed: Feed) -> None:
    """Let the next document of the same batch know of an entry."""
    old = known.get(entry.id)
    known[entry.id] = Known(
        id=entry.id,
        guid=entry.guid,
        revision=entry.revision,
        length=length(entry),
        first_seen=entry.first_seen,
        fingerprints={**(old.fingerprints if old else {}), feed.url: entry.fingerprint},
    )


def _seen(known: Known | None, feed: Feed) -> bool:
    """Whether this feed was known to carry the entry."""
    return known is not None and feed.url in known.fingerprints


def _any_seen(found: Sequence[Candidate], known: Mapping[str, Known], feed: Feed) -> bool:
    """Whether this feed was known to carry one of these, under any of its identities."""
    return any(_seen(known.get(identity), feed) for one in found for identity in one.ids)


def _arrivals(one: _Absorption, carried: int) -> tuple[datetime, ...]:
    """Return the hours in which a feed brought something: now, or of a first document when its dates say.

    Where all its dates are of one day, nothing is learnt from them: some stamp each poll's time on all.
    """
    now, document = one.result.fetched_at, one.parsed.document
    if one.state.first_poll_at is not None or document is None:
        return (hour_of(now),) if carried else ()
    dates = (item.published or item.updated for item in document.items)
    return tuple(sorted({hour_of(moment) for moment in dates if moment is not None and moment <= now}))[-400:]


def _older(entry: Entry, start: datetime) -> bool:
    """Whether an entry says it is older than a moment; one without a date is taken for new."""
    when = entry.published or entry.updated
    return when is not None and when < start


def _hold(reading: Reading, reason: str) -> Reading:
    """Mark matches as sent nowhere, for that reason."""
    if not reason or not reading.matches:
        return reading
    return replace(reading, matches=tuple(replace(match, held=reason) for match in reading.matches))


def _named(entry: Entry, reading: Reading) -> Entry:
    """Return the entry with the entities that were found in it."""
    return replace(entry, entities=tuple(dict.fromkeys(span.entity for span in reading.entities)))
