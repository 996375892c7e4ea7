"""Group commit: which polls share one, who waits how long, and who is told of a failure."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Coroutine, Sequence
from typing import cast

import pytest

from monitor.errors import StoreError
from monitor.pipeline import committing
from monitor.pipeline._shop import Shop
from monitor.pipeline.committing import Commits


class Store:
    """Takes batches, on the loop: that is all of a shop that commits need."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.under_way = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def off_loop(self, work: Callable[[], Sequence[bool]]) -> Sequence[bool]:
        self.under_way.set()
        await self.go_on.wait()
        return work()

    def start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        return asyncio.create_task(work)

    def write(self, batch: Sequence[str]) -> Sequence[bool]:
        if "fault" in batch:
            raise ZeroDivisionError("fault")
        self.batches.append(list(batch))
        if "no disk" in batch:
            raise StoreError("no disk")
        return [one != "not taken" for one in batch]


def commits(store: Store, *, expected: int = 0) -> Commits[str]:
    """Return commits while so many polls are under way in all, those that wait included."""
    return Commits(cast("Shop", store), store.write, lambda waiting: waiting < expected)


async def all_of(many: Commits[str], *names: str, items: int = 0) -> list[object]:
    return list(await asyncio.gather(*(many.add(one, items) for one in names), return_exceptions=True))


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, it does not pass while a test looks."""
    monkeypatch.setattr(committing, "LINGER", 60)


@pytest.mark.usefixtures("patience")
async def test_polls_that_are_about_to_end_share_a_commit() -> None:
    store = Store()
    many = commits(store, expected=3)
    first = asyncio.create_task(many.add("a", 0))
    second = asyncio.create_task(many.add("b", 0))
    await asyncio.sleep(0.01)
    assert store.batches == []
    assert await many.add("c", 0)
    assert await first
    assert await second
    assert store.batches == [["a", "b", "c"]]


@pytest.mark.usefixtures("patience")
async def test_who_is_alone_waits_for_nobody() -> None:
    store = Store()
    assert await commits(store, expected=1).add("a", 0)
    assert await commits(store, expected=0).add("pushed", 0), "what a hub sends is no poll"
    assert store.batches == [["a"], ["pushed"]]


@pytest.mark.usefixtures("patience")
async def test_who_waits_for_a_poll_that_ends_with_nothing_to_write_is_told() -> None:
    store, under_way = Store(), ["a", "b"]
    many = Commits(cast("Shop", store), store.write, lambda waiting: waiting < len(under_way))
    first = asyncio.create_task(many.add("a", 0))
    await asyncio.sleep(0.01)
    assert store.batches == []
    under_way.remove("b")
    many.look()
    assert await first


async def test_a_commit_waits_no_longer_than_that() -> None:
    store = Store()
    async with asyncio.timeout(30):
        assert await commits(store, expected=9).add("a", 0)


@pytest.mark.usefixtures("patience")
async def test_a_commit_that_has_its_fill_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committing, "BATCH", 3)
    store = Store()
    many = commits(store, expected=6)
    await all_of(many, *"abcdef")
    assert store.batches == [["a", "b", "c"], ["d", "e", "f"]]


@pytest.mark.usefixtures("patience")
async def test_what_has_many_items_is_written_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committing, "BATCH_ITEMS", 50)
    store = Store()
    await all_of(commits(store, expected=4), "a", "b", "c", "d", items=25)
    await all_of(commits(store, expected=1), "large", items=999)
    assert store.batches == [["a", "b"], ["c", "d"], ["large"]]


async def test_what_comes_during_a_commit_is_in_the_next_one() -> None:
    store = Store()
    many = commits(store)
    store.go_on.clear()
    first = asyncio.create_task(many.add("a", 0))
    await store.under_way.wait()
    others = asyncio.create_task(all_of(many, "b", "c"))
    await asyncio.sleep(0.01)
    store.go_on.set()
    assert await first
    assert await others == [True, True]
    assert store.batches == [["a"], ["b", "c"]]


async def test_each_is_told_whether_it_was_taken() -> None:
    assert await all_of(commits(Store()), "a", "not taken", "b") == [True, False, True]


async def test_a_poll_that_is_cancelled_while_it_waits_keeps_nobody_waiting() -> None:
    store = Store()
    many = commits(store)
    store.go_on.clear()
    first = asyncio.create_task(many.add("a", 0))
    cancelled, last = asyncio.create_task(many.add("b", 0)), asyncio.create_task(many.add("c", 0))
    await store.under_way.wait()
    cancelled.cancel()
    await asyncio.sleep(0)
    store.go_on.set()
    async with asyncio.timeout(30):
        assert [await first, await last] == [True, True]
        assert await many.add("d", 0)
    assert store.batches == [["a", "b", "c"], ["d"]]


@pytest.mark.usefixtures("patience")
async def test_what_was_written_is_kept_no_longer() -> None:
    class Found:
        pass

    store, others = Store(), [0]
    many = Commits[Found](
        cast("Shop", store), lambda batch: [True] * len(batch), lambda waiting: waiting < others[0]
    )
    store.go_on.clear()
    found = Found()
    known = weakref.ref(found)
    first = asyncio.create_task(many.add(found, 0))
    del found
    await store.under_way.wait()
    others[0] = 9
    second = asyncio.create_task(many.add(Found(), 0))
    store.go_on.set()
    await first
    del first
    await asyncio.sleep(0.01)
    assert not second.done(), "it waits for others"
    assert known() is None
    others[0] = 0
    many.look()
    await second


async def test_a_fault_of_ours_is_that_polls_alone() -> None:
    store = Store()
    a, fault, b = await all_of(commits(store), "a", "fault", "b")
    assert (a, b) == (True, True)
    assert isinstance(fault, ZeroDivisionError)
    assert store.batches == [["a"], ["b"]]


async def test_a_store_that_fails_fails_all_and_is_not_asked_again_for_each() -> None:
    store = Store()
    assert [type(one) for one in await all_of(commits(store), "a", "no disk", "b")] == [StoreError] * 3
    assert len(store.batches) == 1
