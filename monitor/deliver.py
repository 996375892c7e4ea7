"""Deliver: one try to hand one delivery to its channel, and what came of it.

The outbox calls this again until the outcome is `Sent` or `Dead`. Every try carries the same
identity (Message-ID, webhook-id, file name), so a try whose answer was lost can be repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from monitor.channels import Channel, Posted
from monitor.errors import DeliveryError, DeliveryReason
from monitor.model import Dead, Deferred, Delivery, Sent

RetryAt = Callable[[int, timedelta | None], datetime | None]
"""(tries so far with this one, what the far side asked to wait) → when to try again, None: give up."""


async def deliver(
    delivery: Delivery,
    channel: Channel,
    *,
    now: datetime,
    retry_at: RetryAt,
    timeout: float,  # noqa: ASYNC109 (seconds for the whole try, whatever the channel waits for)
) -> Sent | Deferred | Dead:
    """Try once, in at most `timeout` seconds. What the far side does is an outcome, never an exception.

    A try that takes too long is given up as `timeout` and tried again: it may have arrived.
    `delivery.attempts` counts this try already, as a claimed delivery does. `retry_at` answering a time
    that is past means: at once.
    """
    try:
        async with asyncio.timeout(timeout):
            answer = await channel.send(delivery)
            if isinstance(answer, Posted):
                return Sent(receipt=answer.receipt, handle=answer.handle)
            return Sent(receipt=answer)
    except DeliveryError as error:
        failure = error
    except TimeoutError as error:
        failure = DeliveryError(
            DeliveryReason.TIMEOUT, f"{channel.name}: took longer than {timeout:g} s", retryable=True
        )
        failure.__cause__ = error
    if not failure.retryable:
        return Dead(reason=failure.reason, detail=str(failure))
    tries = max(delivery.attempts, 1)
    when = retry_at(tries, failure.retry_after)
    if when is None:
        return Dead(reason=failure.reason, detail=f"{failure} (given up after {tries} tries)")
    return Deferred(reason=failure.reason, detail=str(failure), retry_at=max(when, now))
