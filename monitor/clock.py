"""The only place that reads the time.

Everything that decides by time takes a `Clock`. The daemon runs on `SystemClock`; the demo,
`replay`, `once --at` and the tests on a `VirtualClock`, which is moved between ticks while
sockets and their timeouts stay in real time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Says what time it is: aware, in UTC."""

    def now(self) -> datetime:
        """Return the current time in UTC."""
        ...


class SystemClock(Clock):
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)


class VirtualClock(Clock):
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs an aware time")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the time it was last moved to."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move forward by a duration."""
        self.jump_to(self._now + by)

    def jump_to(self, when: datetime) -> None:
        """Move to a time; never back."""
        self._now = max(self._now, when.astimezone(UTC))
