"""Promise 3: the outcome of each try to deliver is recorded; what is sent twice carries the same id."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from monitor import cadence
from monitor.deliver import deliver
from monitor.errors import DeliveryError, DeliveryReason
from monitor.model import CANARY, Dead, Deferred, Delivery, Sent
from monitor.pipeline._shop import LEASE, Shop
from monitor.pipeline.canary import NOWHERE, arrived
from monitor.pipeline.copies import without_copy
from monitor.render.notice import noted

AT_ONCE = 32
"""Deliveries of one channel under way at once: each has its own lane, so a slow one holds up no other."""


class Sending:
    """Claims due deliveries and tries them side by side: one channel's trouble holds up no other."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.running: dict[str, asyncio.Task[None]] = {}
        self._claiming = asyncio.Lock()
        self._busy: Counter[str] = Counter()
        self._full: set[str] = set()
        """Channels that had more due than there was room for when last looked at."""

    async def start_due(self, now: datetime) -> None:
        """Start a try for each delivery that is due and has room in its channel's lane; do not wait."""
        shop = self._shop
        async with self._claiming:
            busy = dict(self._busy)
            claimed = await shop.off_loop(lambda: shop.store.claim_deliveries(now, AT_ONCE, LEASE, busy=busy))
            taken = Counter(delivery.channel for delivery in claimed)
            self._full |= {channel for channel, n in taken.items() if n + busy.get(channel, 0) >= AT_ONCE}
            for delivery in claimed:
                if delivery.id not in self.running:
                    self._busy[delivery.channel] += 1
                    self.running[delivery.id] = shop.start(self._deliver(delivery))

    async def _deliver(self, delivery: Delivery) -> None:
        shop = self._shop
        try:
            outcome = await self._try(delivery)
            now = shop.clock.now()
            recorded = await shop.off_loop(lambda: shop.store.record_try(delivery, outcome, now))
            if recorded and delivery.channel == CANARY:
                await shop.off_loop(lambda: arrived(shop, delivery, outcome, now))
            elif recorded:
                self._count(delivery, outcome, now)
        finally:
            self.running.pop(delivery.id, None)
            self._busy[delivery.channel] -= 1
        if delivery.channel in self._full and self._busy[delivery.channel] <= AT_ONCE // 2:
            # Half the lane at a time: a claim is a commit, and the next ring is a second away.
            self._full.discard(delivery.channel)
            self.running[f"lane {delivery.channel}"] = shop.start(self._refill(delivery.channel))

    async def _refill(self, channel: str) -> None:
        try:
            await self.start_due(self._shop.clock.now())
        finally:
            self.running.pop(f"lane {channel}", None)

    async def _try(self, delivery: Delivery) -> Sent | Deferred | Dead:
        channel = NOWHERE if delivery.channel == CANARY else self._shop.parts.channels.get(delivery.channel)
        if channel is None:
            gone = f"there is no channel {delivery.channel!r} in the config any more"
            return Dead(reason=DeliveryReason.REFUSED, detail=gone)
        shop, message = self._shop, noted(delivery.message, delivery.note)
        if (copies := shop.parts.copies) is not None:
            try:
                await copies.put(replace(delivery, message=message))
            except DeliveryError as error:
                if (again := self._retry_at(delivery.attempts, error.retry_after)) is not None:
                    return Deferred(reason=error.reason, detail=f"its full copy: {error}", retry_at=again)
                # Given up: better a message that names a page which is not there than none.
        return await deliver(
            replace(delivery, message=without_copy(message)),
            channel,
            now=shop.clock.now(),
            retry_at=self._retry_at,
            timeout=LEASE.total_seconds() / 2,
        )

    def _retry_at(self, attempts: int, asked: timedelta | None) -> datetime | None:
        jitter = self._shop.random.random()
        return cadence.after_failure(attempts, self._shop.clock.now(), retry_after=asked, jitter=jitter)

    def _count(self, delivery: Delivery, outcome: Sent | Deferred | Dead, now: datetime) -> None:
        sent, published = isinstance(outcome, Sent), delivery.message.published
        self._shop.tally.deliveries[delivery.channel]["sent" if sent else "failed"] += 1
        self._shop.say(
            "delivery",
            delivery=delivery.id,
            channel=delivery.channel,
            route=delivery.message.route,
            recipient=delivery.message.recipient.address,
            outcome=type(outcome).__name__.lower(),
            attempts=delivery.attempts,
            waited=round((now - published).total_seconds(), 3) if sent and published else None,
            reason=getattr(outcome, "reason", ""),
            detail=getattr(outcome, "detail", "") or getattr(outcome, "receipt", ""),
        )
