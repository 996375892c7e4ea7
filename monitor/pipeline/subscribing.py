"""WebSub: hubs are asked to tell of feeds' news, what they send is taken in, and their silence is weighed.

Nothing that a hub sends is lost once it was answered: before the answer it is written down by when the
feed is to be polled, unless the push is in the store by then. So its body need be nowhere but in memory,
and a push that cannot be used costs a poll.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from datetime import datetime
from functools import partial

from monitor import websub
from monitor.cadence import shortest
from monitor.formats import _page
from monitor.model import (
    Document,
    Feed,
    Fetched,
    FetchResult,
    Standing,
    Subscription,
    Trust,
)
from monitor.pipeline._shop import LEASE, Shop
from monitor.pipeline.polling import Polling

AT_ONCE = 20
"""Requests to hubs that one ring begins: a thousand new feeds are subscribed to within a minute."""
ADDRESS = "websub"
"""The fact by which it is seen that hubs know another address, or another key's."""
HELD = 100_000_000
"""Bytes of pushes that wait in memory; for more the feeds are polled."""


class Reliance:
    """What polls have to do with hubs. Plain code, for the store's thread."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def wanted(self, feed: Feed | None) -> bool:
        """Whether a feed is to be subscribed to."""
        callbacks = self._shop.parts.callbacks
        return callbacks is not None and callbacks.on and bool(feed and feed.websub and not feed.paused)

    def begin(self) -> None:
        """Leave the hubs of feeds not subscribed to any more; ask all again where they cannot reach us."""
        shop, now = self._shop, self._shop.clock.now()
        if (callbacks := shop.parts.callbacks) is None:
            return
        name = callbacks.keys.name
        moved = shop.store.meta().get(ADDRESS, name) != name
        for url in {one.feed_url for one in shop.store.subscriptions()}:
            if moved:
                shop.store.change_subscriptions(url, partial(websub.anew, fresh=self.fresh(), now=now))
            if not self.wanted(shop.parts.feeds.get(url)):
                shop.store.change_subscriptions(url, partial(websub.left, now=now))
        if shop.store.meta().get(ADDRESS) != name:
            shop.store.meta({ADDRESS: name})

    def note(self, polls: Sequence[tuple[Feed, FetchResult, Document | None]]) -> Mapping[str, bool]:
        """Subscribe where documents name a hub; return whether it is relied on of each feed that has one.

        Comes before the polls are recorded: a crash in between repeats it.
        """
        shop, now = self._shop, self._shop.clock.now()
        wanted = [one for one in polls if self.wanted(one[0])]
        if not wanted:
            return {}
        rows: defaultdict[str, list[Subscription]] = defaultdict(list)
        for one in shop.store.subscriptions([feed.url for feed, _, _ in wanted]):
            rows[one.feed_url].append(one)
        for feed, result, document in wanted:
            if document is None or not isinstance(result.outcome, Fetched):
                continue
            hub, topic = websub.offer(_page.relations(result.outcome.link, result.url), document)
            if hub and not websub.has(rows[feed.url], hub, topic):
                shop.store.change_subscriptions(
                    feed.url,
                    partial(
                        websub.offered, feed_url=feed.url, hub=hub, topic=topic, fresh=self.fresh(), now=now
                    ),
                )
        return {url: websub.is_relied_on(found, now) for url, found in rows.items() if found}

    def missed(self, urls: Collection[str]) -> None:
        """Polls of these feeds found what no hub had sent."""
        shop = self._shop
        for url in urls:
            after = shop.store.change_subscriptions(url, partial(websub.missed, now=shop.clock.now()))
            for one in after or ():
                if one.trust is Trust.SUSPECT:
                    shop.say("websub", feed=url, hub=one.hub, outcome="suspect", strikes=one.strikes)

    def fresh(self) -> str:
        """Return the id of a new subscription. Only its mark cannot be guessed (see Keys)."""
        return f"{self._shop.random.getrandbits(128):032x}"


class Subscribing:
    """Asks hubs, answers them, and takes in what they send. `told` is called when there is news."""

    def __init__(
        self, shop: Shop, polling: Polling, reliance: Reliance, told: Callable[[], Awaitable[None]]
    ) -> None:
        self._shop, self._polling, self._reliance, self._told = shop, polling, reliance, told
        self.running: set[asyncio.Task[None]] = set()
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._held = 0
        self._news = self._telling = False

    # asking ───────────────────────────────────────────────────────────────────────────────────

    async def start_due(self, now: datetime) -> None:
        """Ask hubs what is due; do not wait for them."""
        if self._shop.parts.callbacks is None:
            return
        for one in await self._shop.off_loop(partial(self._take, now)):
            self._start(self._ask(one, now))

    def _take(self, now: datetime) -> list[Subscription]:
        """Return the subscriptions to ask hubs for now; nobody else has them then."""
        shop, asked = self._shop, []
        for one in shop.store.due_subscriptions(now, AT_ONCE):
            if one.poll_by is not None and one.poll_by <= now:
                self._make_up(one, now)
            follows = partial(websub.taken, which=one.id, fresh=self._reliance.fresh(), now=now)
            after = shop.store.change_subscriptions(one.feed_url, follows) if one.due_at <= now else None
            asked += [
                found
                for found in after or ()
                if (found.id, found.asked_at) == (one.id, now) and found.standing is not Standing.VERIFIED
            ]
        return asked

    def _make_up(self, one: Subscription, now: datetime) -> None:
        """Have a feed polled for a push that never came into the store."""
        shop = self._shop
        feed = shop.parts.feeds.get(one.feed_url)
        if (
            feed is None
            or not self._reliance.wanted(feed)
            or shop.store.hasten(feed.url, now, shortest(shop.parts.poll, feed))
        ):
            shop.store.change_subscriptions(one.feed_url, partial(websub.owed, which=one.id, by=None))

    async def _ask(self, one: Subscription, now: datetime) -> None:
        """Post one request, and write down what came of it."""
        shop, callbacks = self._shop, self._shop.parts.callbacks
        if callbacks is None:  # a reload came in between
            return
        failure = await callbacks.post(one.hub, websub.request(one, callbacks.keys), now)
        follows = partial(
            websub.answered,
            which=one.id,
            reason=str(failure) if failure else "",
            retry_after=failure.retry_after if failure else None,
            now=shop.clock.now(),
        )
        await shop.off_loop(lambda: shop.store.change_subscriptions(one.feed_url, follows))
        shop.say(
            "websub",
            feed=one.feed_url,
            hub=one.hub,
            outcome="refused" if failure else "left" if one.standing is Standing.LEAVING else "asked",
            reason=failure.reason.value if failure else "",
            detail=str(failure) if failure else "",
        )

    # answering ────────────────────────────────────────────────────────────────────────────────

    def knows(self, name: str) -> bool:
        """Whether a callback is one that we made. Asks no store: it may be asked by anybody."""
        callbacks = self._shop.parts.callbacks
        return callbacks is not None and bool(callbacks.keys.opened(name))

    async def verify(self, name: str, query: Mapping[str, str]) -> str | None:
        """Return what to answer a hub that asks whether we asked, or says no; None: say 404."""
        callbacks = self._shop.parts.callbacks
        which = callbacks.keys.opened(name) if callbacks else ""
        mode, challenge = query.get("hub.mode", ""), query.get("hub.challenge", "")
        if not which or (mode != "denied" and not 0 < len(challenge) <= websub.LONGEST_CHALLENGE):
            return None
        return await self._shop.off_loop(partial(self._verify, which, mode, query))

    def _verify(self, which: str, mode: str, query: Mapping[str, str]) -> str | None:
        shop, now = self._shop, self._shop.clock.now()
        one, topic = shop.store.subscription(which), query.get("hub.topic", "")
        if one is None:
            return None
        follows: Callable[[websub.Rows], websub.Rows]
        if mode == "denied":
            reason = query.get("hub.reason", "")
            follows = partial(websub.denied, which=which, topic=topic, reason=reason, now=now)
        else:
            lease = query.get("hub.lease_seconds", "")
            follows = partial(websub.confirmed, which=which, mode=mode, topic=topic, lease=lease, now=now)
        after = shop.store.change_subscriptions(one.feed_url, follows)
        if after is None:
            return None
        here = next((found for found in after if found.id == which), None)
        shop.say(
            "websub",
            feed=one.feed_url,
            hub=one.hub,
            outcome=here.standing.value if here else "ended",
            detail=here.reason if here else "",
            until=here.lease_until if here else None,
        )
        return "" if mode == "denied" else query["hub.challenge"]

    # pushes ───────────────────────────────────────────────────────────────────────────────────

    async def push(self, name: str, headers: Mapping[str, str], body: bytes) -> int:
        """Take what a hub sends; return the status to answer. `headers` have names in lower case.

        What is not signed as agreed is answered like what is, and counted (§8.1).
        """
        shop, callbacks = self._shop, self._shop.parts.callbacks
        which = callbacks.keys.opened(name) if callbacks else ""
        if callbacks is None or not which:
            return 404
        one = await shop.off_loop(lambda: shop.store.subscription(which))
        feed = shop.parts.feeds.get(one.feed_url) if one else None
        if one is None or feed is None or not self._reliance.wanted(feed) or not _may_push(one):
            return 410
        if not websub.signed(headers.get("x-hub-signature", ""), body, callbacks.keys.secret(which)):
            await self._ignored(one, "signature")
            return 202
        now = shop.clock.now()
        fat = body.strip() and headers.get("content-encoding", "identity") == "identity"
        if not fat or self._held + len(body) > HELD:
            await self._change(one, partial(websub.owed, which=which, by=now))
            return 202
        await self._change(one, partial(websub.owed, which=which, by=now + LEASE))
        self._held += len(body)
        result = FetchResult(
            feed=feed,
            fetched_at=now,
            outcome=Fetched(body=body, content_type=headers.get("content-type", "")),
            url=one.topic,
        )
        self._start(self._take_in(one, feed, result, len(body)))
        return 202

    async def _take_in(self, one: Subscription, feed: Feed, result: FetchResult, size: int) -> None:
        """Take in a push as a poll's document would be; where that cannot be, have the feed polled."""
        shop = self._shop
        try:
            async with self._turns[feed.url]:
                good = await self._absorbed(feed, result)
        finally:
            self._held -= size
        now = shop.clock.now()
        if not good:
            await self._change(one, partial(websub.owed, which=one.id, by=now))
            return
        after = await self._change(one, partial(websub.absorbed, which=one.id, now=now))
        here = next((found for found in after if found.id == one.id), one)
        if here.trust is not one.trust:
            shop.say("websub", feed=one.feed_url, hub=one.hub, outcome=here.trust.value)
        await self._tell()

    async def _absorbed(self, feed: Feed, result: FetchResult) -> bool:
        """Whether what came is in the store now: not where it is no feed, or nobody's turn but another's."""
        shop = self._shop
        if (poll := self._polling.running.get(feed.url)) is not None:
            await asyncio.wait((poll,))
        claim = partial(shop.store.claim_feed, feed.url, shop.clock.now(), LEASE)
        state = await shop.off_loop(claim)
        if state is None:
            return False
        return await self._polling.absorb(feed, state, result)

    async def _ignored(self, one: Subscription, reason: str) -> None:
        await self._change(one, partial(websub.ignored, which=one.id))
        self._shop.say("push", feed=one.feed_url, outcome="ignored", reason=reason)

    async def _change(
        self, one: Subscription, follows: Callable[[websub.Rows], websub.Rows]
    ) -> list[Subscription]:
        change = partial(self._shop.store.change_subscriptions, one.feed_url, follows)
        return await self._shop.off_loop(change) or []

    async def _tell(self) -> None:
        """Let readers be told at once, not at the next ring; of what came meanwhile in one go."""
        self._news = True
        if self._telling:
            return
        self._telling = True
        try:
            while self._news:
                self._news = False
                await self._told()
        finally:
            self._telling = False

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = self._shop.start(work)
        self.running.add(task)
        task.add_done_callback(self.running.discard)


def _may_push(one: Subscription) -> bool:
    """Whether a hub may send for it: for one that is being left, too, until it is over."""
    return one.standing in (Standing.VERIFIED, Standing.LEAVING)
