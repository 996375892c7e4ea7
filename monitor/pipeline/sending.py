"""Promise 3: the outcome of each try to deliver is recorded; what is sent twice carries the same id."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from monitor import cadence
from monitor.deliver import deliver
from monitor.errors import DeliveryReason
from monitor.model import Dead, Deferred, Delivery, Sent
from monitor.pipeline._shop import LEASE, Shop

AT_ONCE = 50
"""Deliveries claimed in one go."""


class Sending:
    """Claims due deliveries and tries them side by side: one channel's trouble holds up no other."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.running: dict[str, asyncio.Task[None]] = {}

    async def start_due(self, now: datetime) -> None:
        """Start a try for each delivery that is due; do not wait for them."""
        shop = self._shop
        for delivery in await shop.off_loop(lambda: shop.store.claim_deliveries(now, AT_ONCE, LEASE)):
            if delivery.id not in self.running:
                self.running[delivery.id] = shop.start(self._deliver(delivery))

    async def _deliver(self, delivery: Delivery) -> None:
        shop = self._shop
        try:
            outcome = await self._try(delivery)
            now = shop.clock.now()
            if await shop.off_loop(lambda: shop.store.record_try(delivery, outcome, now)):
                self._count(delivery, outcome)
        finally:
            self.running.pop(delivery.id, None)

    async def _try(self, delivery: Delivery) -> Sent | Deferred | Dead:
        channel = self._shop.parts.channels.get(delivery.channel)
        if channel is None:
            gone = f"there is no channel {delivery.channel!r} in the config any more"
            return Dead(reason=DeliveryReason.REFUSED, detail=gone)
        return await deliver(
            delivery,
            channel,
            now=self._shop.clock.now(),
            retry_at=self._retry_at,
            timeout=LEASE.total_seconds() / 2,
        )

    def _retry_at(self, attempts: int, asked: timedelta | None) -> datetime | None:
        jitter = self._shop.random.random()
        return cadence.after_failure(attempts, self._shop.clock.now(), retry_after=asked, jitter=jitter)

    def _count(self, delivery: Delivery, outcome: Sent | Deferred | Dead) -> None:
        sent = isinstance(outcome, Sent)
        self._shop.tally.deliveries[delivery.channel]["sent" if sent else "failed"] += 1
        self._shop.say(
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
