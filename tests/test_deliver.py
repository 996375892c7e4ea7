"""One try: what each ending of it becomes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from monitor import channels
from monitor.channels import Tools
from monitor.deliver import deliver
from monitor.errors import DeliveryError, DeliveryReason
from monitor.model import Dead, Deferred, Delivery, Kind, Message, Recipient, Sent

NOW = datetime(2025, 10, 17, 1, 31, tzinfo=UTC)


class Wire(channels.Channel):
    """A channel that does what the test says."""

    Options = dict
    parts = ("subject.txt",)

    def __init__(self, act: Callable[[], Awaitable[str]]) -> None:
        super().__init__("wire", {}, cast("Tools", None))
        self.act = act

    def recipients(self) -> tuple[Recipient, ...]:
        return (Recipient(address="wire"),)

    async def send(self, delivery: Delivery) -> str:
        return await self.act()


def a_delivery(attempts: int) -> Delivery:
    message = Message(
        id="m1",
        kind=Kind.ALERT,
        route="fast",
        channel="wire",
        recipient=Recipient(address="wire"),
        slot=NOW,
        language="bn",
        subject="x",
        parts={"subject.txt": "x"},
    )
    return Delivery(id="d1", message=message, channel="wire", due_at=NOW, queued_at=NOW, attempts=attempts)


async def tried(
    act: Callable[[], Awaitable[str]],
    *,
    attempts: int = 1,
    when: datetime | None = NOW + timedelta(minutes=5),
    seconds: float = 5,
) -> tuple[Sent | Deferred | Dead, list[tuple[int, timedelta | None]]]:
    asked: list[tuple[int, timedelta | None]] = []

    def retry_at(tries: int, wait: timedelta | None) -> datetime | None:
        asked.append((tries, wait))
        return when

    outcome = await deliver(a_delivery(attempts), Wire(act), now=NOW, retry_at=retry_at, timeout=seconds)
    return outcome, asked


def failing(retryable: bool, retry_after: timedelta | None = None) -> Callable[[], Awaitable[str]]:
    async def act() -> str:
        raise DeliveryError(
            DeliveryReason.SERVER, "mx: answered 451", retryable=retryable, retry_after=retry_after
        )

    return act


async def test_what_the_channel_took_is_sent_with_its_receipt() -> None:
    async def act() -> str:
        return "250 OK"

    assert await tried(act) == (Sent(receipt="250 OK"), [])


async def test_a_failure_that_may_pass_is_deferred_to_when_the_schedule_says() -> None:
    outcome, asked = await tried(failing(True, timedelta(seconds=90)), attempts=3)
    assert outcome == Deferred(
        reason=DeliveryReason.SERVER, detail="mx: answered 451", retry_at=NOW + timedelta(minutes=5)
    )
    assert asked == [(3, timedelta(seconds=90))]


async def test_a_failure_that_will_not_pass_is_dead_at_once() -> None:
    outcome, asked = await tried(failing(False))
    assert outcome == Dead(reason=DeliveryReason.SERVER, detail="mx: answered 451")
    assert asked == []


async def test_when_the_schedule_ends_the_delivery_is_dead_and_says_after_how_many_tries() -> None:
    outcome, _ = await tried(failing(True), attempts=10, when=None)
    assert isinstance(outcome, Dead)
    assert "given up after 10 tries" in outcome.detail


async def test_a_try_that_takes_too_long_is_ended_and_tried_again() -> None:
    async def act() -> str:
        await asyncio.Event().wait()
        return ""

    outcome, _ = await tried(act, seconds=0.01)
    assert isinstance(outcome, Deferred)
    assert outcome.reason is DeliveryReason.TIMEOUT


async def test_a_time_that_is_past_means_at_once() -> None:
    outcome, _ = await tried(failing(True), when=NOW - timedelta(hours=1))
    assert isinstance(outcome, Deferred)
    assert outcome.retry_at == NOW


async def test_a_fault_of_our_own_is_not_hidden() -> None:
    async def act() -> str:
        return str(Path(cast("str", None)))

    with pytest.raises(TypeError):
        await tried(act)
