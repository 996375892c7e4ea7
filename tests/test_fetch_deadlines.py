"""One timer for all deadlines: it ends what asyncio.timeout would end, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from monitor.fetch.deadlines import Deadlines

FOREVER = 600.0
Within = Callable[[float], AbstractAsyncContextManager[Any]]


def ours() -> Within:
    deadlines = Deadlines()

    @asynccontextmanager
    async def within(seconds: float) -> AsyncIterator[None]:
        with deadlines.within(seconds):
            yield

    return within


@pytest.fixture(params=["asyncio", "ours"])
def within(request: pytest.FixtureRequest) -> Within:
    """Both ways of doing it: what asyncio does is the measure."""
    return asyncio.timeout if request.param == "asyncio" else ours()


async def test_what_takes_too_long_ends_and_the_task_goes_on(within: Within) -> None:
    with pytest.raises(TimeoutError):
        async with within(0.02):
            await asyncio.sleep(FOREVER)
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()
    await asyncio.sleep(0)


async def test_what_is_done_in_time_is_not_touched(within: Within) -> None:
    async with within(0.02):
        await asyncio.sleep(0)
    await asyncio.sleep(0.06)


async def test_what_failed_fails_as_it_did(within: Within) -> None:
    with pytest.raises(ZeroDivisionError):
        async with within(FOREVER):
            raise ZeroDivisionError


async def test_whoever_is_cancelled_by_others_stays_cancelled(within: Within) -> None:
    async def work() -> None:
        async with within(FOREVER):
            await asyncio.sleep(FOREVER)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_whoever_is_cancelled_at_the_deadline_stays_cancelled(within: Within) -> None:
    async def work() -> None:
        async with within(0.02):
            try:
                await asyncio.sleep(FOREVER)
            except asyncio.CancelledError:
                task.cancel()
                await asyncio.sleep(FOREVER)

    task = asyncio.create_task(work())
    await asyncio.wait([task])
    assert task.cancelled()


async def test_each_ends_at_its_own_deadline_whatever_came_first(within: Within) -> None:
    ended: list[float] = []

    async def work(seconds: float) -> None:
        with pytest.raises(TimeoutError):
            async with within(seconds):
                await asyncio.sleep(FOREVER)
        ended.append(seconds)

    async with asyncio.timeout(30):
        await asyncio.gather(*map(work, (0.4, 0.1, 0.7, 0.05)))
    assert ended == [0.05, 0.1, 0.4, 0.7]


async def test_a_thousand_exchanges_share_one_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, timers = asyncio.get_running_loop(), 0
    call_at = loop.call_at

    def counted(*args: Any, **options: Any) -> asyncio.TimerHandle:
        nonlocal timers
        timers += 1
        return call_at(*args, **options)

    deadlines = Deadlines()
    monkeypatch.setattr(loop, "call_at", counted)
    for _ in range(1000):
        with deadlines.within(FOREVER):
            pass
    assert timers == 1
    deadlines.close()


async def test_after_closing_nothing_is_ended() -> None:
    deadlines = Deadlines()
    with deadlines.within(0.01):
        deadlines.close()
        await asyncio.sleep(0.05)
