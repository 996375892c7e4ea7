"""The outbox of the stores: lanes, dead letters that are queued again, and what stands in for them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from monitor.errors import DeliveryReason
from monitor.model import Dead, Deferred, Delivery, DeliveryStatus, Redrive, Sent
from monitor.stores import Store
from tests.contracts.test_stores import HOUR, LEASE, MINUTE, NOW, delivery, queue

GONE = Dead(reason=DeliveryReason.REJECTED, detail="550 no such mailbox")


def spare(of: Delivery, channel: str = "wire") -> Delivery:
    """Return what stands in for a delivery."""
    message = replace(of.message, id=f"{of.message.id}-2", channel=channel)
    name = f"{message.id}-{channel}"
    return replace(
        of, id=name, message=message, channel=channel, status=DeliveryStatus.SPARE, instead_of=of.id
    )


def kill(store: Store, name: str = "d1-desk") -> None:
    (one,) = [d for d in store.claim_deliveries(NOW, 9, LEASE) if d.id == name]
    assert store.record_try(one, GONE, NOW + MINUTE)


def test_a_dead_letter_that_is_redriven_is_queued_as_if_never_tried_and_says_who_did_it(
    store: Store,
) -> None:
    queue(store, delivery())
    kill(store)
    assert store.redrive(["d1-desk", "unknown"], NOW + HOUR, "ops") == ["d1-desk"]
    (queued,) = store.deliveries()
    assert queued == replace(
        delivery(),
        due_at=NOW + HOUR,
        redriven=(Redrive(at=NOW + HOUR, by="ops", attempts=1, reason="rejected", detail=GONE.detail),),
    )
    (again,) = store.claim_deliveries(NOW + HOUR, 9, LEASE)
    assert again.attempts == 1
    assert store.record_try(again, GONE, NOW + HOUR)
    assert store.redrive(["d1-desk"], NOW + 2 * HOUR, "desk") == ["d1-desk"]
    (twice,) = store.deliveries()
    assert [(one.by, one.at) for one in twice.redriven] == [("ops", NOW + HOUR), ("desk", NOW + 2 * HOUR)]


def test_only_the_dead_are_redriven(store: Store) -> None:
    queue(store, delivery("d1"), delivery("d2"), delivery("d3", due=NOW + HOUR))
    sent, under_way = store.claim_deliveries(NOW, 9, LEASE)
    assert store.record_try(sent, Sent(receipt="250"), NOW)
    before = store.deliveries()
    assert store.redrive([one.id for one in before], NOW + MINUTE, "ops") == []
    assert store.deliveries() == before
    assert store.record_try(under_way, Sent(), NOW + MINUTE)


def test_who_had_a_letter_before_it_was_redriven_changes_nothing(store: Store) -> None:
    queue(store, delivery())
    (lost,) = store.claim_deliveries(NOW, 9, LEASE)
    (alive,) = store.claim_deliveries(NOW + LEASE, 9, LEASE)
    assert store.record_try(alive, GONE, NOW + LEASE)
    store.redrive([alive.id], NOW + HOUR, "ops")
    (now,) = store.claim_deliveries(NOW + HOUR, 9, LEASE)
    for late in (lost, alive):
        assert not store.record_try(late, Sent(receipt="late"), NOW + HOUR)
    assert store.record_try(now, Sent(receipt="250"), NOW + HOUR)


def test_a_fallback_s_delivery_waits_until_the_first_is_dead_and_says_why(store: Store) -> None:
    queue(store, delivery(), spare(delivery()))
    assert [one.id for one in store.deliveries()] == ["d1-desk"]
    assert [one.id for one in store.claim_deliveries(NOW + HOUR, 9, LEASE)] == ["d1-desk"]
    assert store.told("day", "wire", "desk@example.org") == frozenset()
    (first,) = store.claim_deliveries(NOW + HOUR + LEASE, 9, LEASE)
    later = Deferred(reason=DeliveryReason.TIMEOUT, detail="no answer", retry_at=NOW + 2 * HOUR)
    assert store.record_try(first, later, NOW + HOUR)
    assert store.deliveries(status=DeliveryStatus.SPARE) == [spare(delivery())]

    (second,) = store.claim_deliveries(NOW + 2 * HOUR, 9, LEASE)
    assert store.record_try(second, GONE, NOW + 2 * HOUR)
    (instead,) = store.claim_deliveries(NOW + 2 * HOUR, 9, LEASE)
    assert (instead.channel, instead.instead_of, instead.attempts) == ("wire", "d1-desk", 1)
    assert instead.note == "desk could not reach desk@example.org: 550 no such mailbox"
    assert instead.message == spare(delivery()).message


def test_what_stands_in_is_dropped_when_the_first_was_sent(store: Store) -> None:
    queue(store, delivery(), spare(delivery()))
    (first,) = store.claim_deliveries(NOW, 9, LEASE)
    assert store.record_try(first, Sent(receipt="250"), NOW)
    assert store.deliveries(status=DeliveryStatus.SPARE) == []
    assert (store.counts().sent, store.counts().queued) == (1, 0)


def test_each_channel_has_a_lane_of_its_own(store: Store) -> None:
    slow = [delivery(f"s{n}", at=NOW + n * MINUTE) for n in range(30)]
    quick = replace(delivery("q", at=NOW + HOUR), id="q-wire", channel="wire")
    queue(store, *slow, quick)
    first = store.claim_deliveries(NOW + HOUR, 4, LEASE)
    assert [one.id for one in first] == ["s0-desk", "s1-desk", "s2-desk", "s3-desk", "q-wire"]
    assert store.claim_deliveries(NOW + HOUR, 4, LEASE, busy=Counter(desk=4)) == []
    more = store.claim_deliveries(NOW + HOUR, 4, LEASE, busy=Counter(desk=3))
    assert [one.id for one in more] == ["s4-desk"]


@pytest.mark.parametrize(
    ("asked", "found"), [("d1-desk", "d1-desk"), ("d2", "d2-desk"), ("d", ""), ("x", "")]
)
def test_a_delivery_is_found_by_the_beginning_of_its_id(store: Store, asked: str, found: str) -> None:
    queue(store, delivery("d1"), replace(delivery("d1"), id="d1-desk-more"), delivery("d2"))
    one = store.delivery(asked)
    assert (one.id if one else "") == found
