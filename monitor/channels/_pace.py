"""Not faster than a receiver takes messages: one turn after the other, with a gap between two starts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from monitor.errors import DeliveryError, DeliveryReason

PATIENCE = 20.0
"""Seconds that a message waits for its turn here; with more before it, it goes back to the outbox."""


class Pace:
    """The turns of one channel.

    What would wait too long is deferred to the time at which its turn comes, each later than the one
    before: a thousand messages come back one by one, not all at once. Sockets wait in real time, so
    turns are counted by the loop's clock.
    """

    def __init__(self, gap: timedelta, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._gap = gap.total_seconds()
        self._pause = pause
        self._next = self._held = self._promised = float("-inf")

    async def turn(self) -> None:
        """Wait until it is this message's turn. Raises DeliveryError (`rate-limited`) if that takes long."""
        now = asyncio.get_running_loop().time()
        start = max(now, self._next)
        if start - now > PATIENCE:
            self._promised = max(self._promised, start) + self._gap
            raise _later(self._promised - now)
        self._next = start + self._gap
        if start > now:
            await self._pause(start - now)
            if (held := self._held - start) > 0:  # told to wait while this one was in the queue
                raise _later(held)

    def hold(self, wait: timedelta) -> None:
        """Let nobody go for a while: the receiver said so."""
        self._held = max(self._held, asyncio.get_running_loop().time() + wait.total_seconds())
        self._next = max(self._next, self._held)


def _later(seconds: float) -> DeliveryError:
    return DeliveryError(
        DeliveryReason.RATE_LIMITED,
        f"its turn comes in {seconds:.0f} s: the receiver takes only so many messages a second",
        retryable=True,
        retry_after=timedelta(seconds=seconds),
    )
