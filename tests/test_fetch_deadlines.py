"""One timer for all deadlines: it ends what asyncio.timeout would end, and nothing else."""

from __future__ import annotations

import asyncio
import time
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


async def too_long(within: Within, seconds: float, ended: list[float]) -> None:
    """Work until the deadline, and note which one it was."""
    with pytest.raises(TimeoutError):
        async with within(seconds):
            await asyncio.sleep(FOREVER)
    ended.append(seconds)


async def test_what_takes_too_long_ends_and_the_task_goes_on(within: Within) -> None:
    with pytest.raises(TimeoutError):
        async with within(0.02):
            await asyncio.sleep(FOREVER)
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()
    await asyncio.sleep(0)


async def test_what_is_done_in_time_is_not_touched(within: Within) -> None:
    async with within(0.5):
        await asyncio.sleep(0)
    await asyncio.sleep(0.6)


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
    async with asyncio.timeout(30):
        await asyncio.gather(*(too_long(within, seconds, ended) for seconds in (0.4, 0.1, 0.7, 0.05)))
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


async def test_what_passes_while_the_loop_stands_still_ends_in_order(within: Within) -> None:
    ended: list[float] = []
    deadlines = (0.04, 0.01, 0.07, 0.03, 0.08, 0.02, 0.06, 0.05)  # too many to be in order by chance
    tasks = [asyncio.create_task(too_long(within, seconds, ended)) for seconds in deadlines]
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(time.sleep, 0.15)  # it does nothing else meanwhile
    await asyncio.wait(tasks)
    assert ended == sorted(deadlines)


def test_uvloop_ends_the_same_also_where_a_deadline_is_due_at_once() -> None:
    uvloop = pytest.importorskip("uvloop")
    deadlines, ended = Deadlines(), list[bool]()

    async def work(seconds: float) -> None:
        for _ in range(20):
            try:
                with deadlines.within(seconds):
                    await asyncio.sleep(0.001)
            except TimeoutError:
                ended.append(True)
            else:
                ended.append(False)

    async def many() -> None:
        await asyncio.gather(*(work(seconds) for seconds in (0.0, 0.0002, 0.0004, 0.0007, 600.0) * 10))
        await asyncio.sleep(0.01)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(many())
    assert len(ended) == 1000
    assert ended.count(False) >= 200, "those of ten minutes"
    assert ended.count(True) >= 200, "those of no time at all"
