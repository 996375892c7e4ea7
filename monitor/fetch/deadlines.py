"""Deadlines of exchanges: one timer for all of them."""

from __future__ import annotations

import asyncio
import math
from types import TracebackType


class Deadlines:
    """Ends what takes too long, as `asyncio.timeout` does, for one event loop.

    That has a timer of its own for each exchange, which is a twentieth of a poll that found nothing new
    (measured). Here one timer waits for the earliest deadline; whoever comes later mostly has a later one.
    """

    def __init__(self) -> None:
        self._under_way: set[Deadline] = set()
        self._timer: asyncio.Handle | None = None
        self._rings_at = math.inf

    def within(self, seconds: float) -> Deadline:
        """Return a context that raises TimeoutError in place of what was not done after so many seconds."""
        return Deadline(self, seconds)

    def begin(self, one: Deadline, loop: asyncio.AbstractEventLoop) -> None:
        """Watch one that begins now."""
        if one.at < self._rings_at:
            self._ring_at(loop, one.at)
        self._under_way.add(one)

    def end(self, one: Deadline) -> None:
        """Watch one no longer. The timer stays: the next one would need it at once."""
        self._under_way.discard(one)

    def _ring_at(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        # The time is kept here: uvloop returns a handle that has none where it is due at once.
        self._timer, self._rings_at = loop.call_at(at, self._look, loop), at

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer, self._rings_at = None, math.inf
        now = loop.time()
        for one in sorted((one for one in self._under_way if one.at <= now), key=lambda one: one.at):
            self._under_way.discard(one)
            one.pass_by()
        if self._under_way:
            self._ring_at(loop, min(one.at for one in self._under_way))


class Deadline:
    """One piece of work in one task. `at` is when it must have ended, by the loop's clock."""

    __slots__ = ("_all", "_cancelled", "_passed", "_seconds", "_task", "at")

    def __init__(self, deadlines: Deadlines, seconds: float) -> None:
        self._all, self._seconds = deadlines, seconds
        self._passed = False

    def __enter__(self) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        self._task, self._cancelled = task, task.cancelling()
        self.at = loop.time() + self._seconds
        self._all.begin(self, loop)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._all.end(self)
        # Who was cancelled by others, too, stays cancelled (as in asyncio.timeout).
        if self._passed and self._task.uncancel() <= self._cancelled and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def pass_by(self) -> None:
        """The deadline is here."""
        self._passed = True
        self._task.cancel()
