"""Watches the feeds: when each is late, which stopped, which are back; operators are told once of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b

from monitor.compose import WELL
from monitor.health import PEERS, comparisons, deadlines, holiday
from monitor.model import (
    Delivery,
    Digest,
    Feed,
    FeedState,
    FeedStatus,
    Kind,
    Outage,
    Recipient,
    Trouble,
)
from monitor.pipeline._shop import Shop, written

EVERY = timedelta(minutes=1)
"""Between two looks at all feeds."""
BATCH = 500
"""Rhythms that are read at once: half a millisecond each."""
SURE = 3
"""Failures in a row that are an outage: one is the weather of the network."""
ROUTE = "feeds"
"""Stands where a digest's route does, in what operators get."""


class Watching:
    """Plain code, for the store's thread."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._next: datetime | None = None

    def watch(self) -> None:
        """Look at all feeds, if it is time: computing what is due costs a poll's worth for each feed."""
        now = self._shop.clock.now()
        if self._next is not None and self._next - EVERY <= now < self._next:
            return
        self._next = now + EVERY
        store = self._shop.store
        while found := store.unwatched(BATCH):
            store.watch({url: deadlines(hours) for url, hours in found.items()})
        self._notice(now)

    def _notice(self, now: datetime) -> None:
        """Begin and end outages, and queue the word of them in the same transaction."""
        shop, feeds = self._shop, self._shop.parts.feeds
        states = {state.url: state for state in shop.store.troubled()}
        going = {outage.feed_url: outage for outage in shop.store.outages()}
        resting = self._resting(states, going, now)
        begun = [
            outage
            for url, state in states.items()
            if url in feeds
            and url not in going
            and url not in resting
            and (outage := _outage(state, now)) is not None
        ]
        ended = [
            replace(outage, ended_at=now)
            for url, outage in going.items()
            if (state := states.get(url)) is None or _is_back(state) or state.status is FeedStatus.PAUSED
        ]
        if not begun and not ended:
            return
        told = [one for one in ended if one.feed_url in states and _is_back(states[one.feed_url])]
        troubles, back = [self._trouble(one) for one in begun], [self._trouble(one) for one in told]
        deliveries = list(deliveries_of(shop, troubles, back, now))
        if shop.store.record_outages(begun, ended, deliveries):
            for outage in begun:
                shop.say(
                    "outage",
                    feed=outage.feed_url,
                    status=outage.status.value,
                    reason=outage.reason,
                    detail=outage.detail,
                    since=outage.since,
                )
            for outage in told:
                shop.say("recovered", feed=outage.feed_url, since=outage.since)

    def _resting(
        self, states: Mapping[str, FeedState], going: Collection[str], now: datetime
    ) -> Collection[str]:
        """Give more time to feeds that fell silent when most of their country did; return their URLs."""
        store, feeds = self._shop.store, self._shop.parts.feeds
        stalled = [
            url
            for url, state in states.items()
            if state.status is FeedStatus.STALLED and url in feeds and url not in going
        ]
        later = {}
        for url, hours in (store.unwatched(BATCH, stalled) if stalled else {}).items():
            found, peers = deadlines(hours), _peers(feeds[url], feeds.values(), states)
            if found.stalled is None or len(peers) < PEERS:
                continue
            counts = [store.arrivals(day, peers) for day in comparisons(hours[-1], now)]
            moment = found.stalled + holiday(hours[-1], now, counts)
            if moment > now:
                later[url] = replace(found, stalled=moment)
        if later:
            store.watch(later)
        return later.keys()

    def _trouble(self, outage: Outage) -> Trouble:
        feed = self._shop.parts.feeds.get(outage.feed_url)
        return Trouble(
            source=feed.source if feed else outage.feed_url,
            url=outage.feed_url,
            status=outage.status.value,
            reason=outage.reason,
            since=outage.since,
        )


def deliveries_of(
    shop: Shop, troubles: Sequence[Trouble], recovered: Sequence[Trouble], now: datetime
) -> Iterator[Delivery]:
    """Yield what operators get: one message for all that is noticed at once.

    Its id is made of what it tells, so that the same word is queued once.
    """
    parts = shop.parts
    if not parts.operators or not (troubles or recovered):
        return
    states = shop.store.feed_states()
    for name in parts.operators:
        channel = parts.channels.get(name)
        for recipient in channel.recipients() if channel else ():
            digest = _digest(shop, troubles, recovered, states, name, recipient, now)
            message, _ = written(parts, digest)
            yield Delivery(id=f"{digest.id}-{name}", message=message, channel=name, due_at=now, queued_at=now)


def _digest(
    shop: Shop,
    troubles: Sequence[Trouble],
    recovered: Sequence[Trouble],
    states: Sequence[FeedState],
    channel: str,
    recipient: Recipient,
    now: datetime,
) -> Digest:
    parts = shop.parts
    what = [
        f"{one.url or one.source}|{one.since or now:%Y%m%dT%H%M%SZ}|{one in troubles}"
        for one in (*troubles, *recovered)
    ]
    identity = "\x1f".join((ROUTE, channel, recipient.address, *sorted(what)))
    return Digest(
        id=blake2b(identity.encode(), digest_size=16).hexdigest(),
        kind=Kind.FEEDS,
        route=ROUTE,
        channel=channel,
        recipient=recipient,
        language=recipient.language or parts.language,
        timezone=recipient.timezone or parts.timezone,
        slot=now,
        since=None,
        until=now,
        sections=(),
        troubles=tuple(troubles),
        recovered=tuple(recovered),
        feeds_ok=sum(state.status in WELL for state in states),
        feeds_total=len(states),
    )


def _peers(feed: Feed, feeds: Iterable[Feed], troubled: Collection[str]) -> set[str]:
    """Return the other sources of a feed's country (or language, where it has none) that are well."""
    return {
        one.source
        for one in feeds
        if one.source != feed.source
        and one.url not in troubled
        and (one.country == feed.country if feed.country else one.language == feed.language)
    }


def _outage(state: FeedState, now: datetime) -> Outage | None:
    """Return the outage that a state speaks of: a silence out of the ordinary, or failures in a row."""
    if state.status is FeedStatus.STALLED:
        since = state.late_at
    elif state.status in WELL or not _is_sure(state, now):
        return None
    else:
        since = state.failing_since
    return Outage(
        feed_url=state.url,
        since=since or state.last_poll_at or now,
        status=state.status,
        reason=state.reason,
        detail=state.detail,
        noticed_at=now,
    )


def _is_sure(state: FeedState, now: datetime) -> bool:
    """Whether failures are an outage: the publisher says so, or they go on, or news was due meanwhile."""
    due = state.late_at is not None and now >= state.late_at
    return state.status is FeedStatus.GONE or state.failures >= (SURE - 1 if due else SURE)


def _is_back(state: FeedState) -> bool:
    """Whether a feed brings something again: one that only answers again, late, may still be silent."""
    return state.status in (FeedStatus.OK, FeedStatus.QUIET)
