"""Threads in the stores: which message was the first about a story, and what goes out after it."""

from __future__ import annotations

from dataclasses import replace

from monitor.errors import DeliveryReason
from monitor.model import Dead, Deferred, Delivery, Follows, Kind, Sent
from monitor.stores import Store
from tests.contracts.test_stores import HOUR, LEASE, MINUTE, NOW, delivery, queue


def alert(name: str, *, after: Delivery | None = None, kind: Kind = Kind.ALERT) -> Delivery:
    """Return an alert about the story s1, perhaps one that follows another."""
    made = delivery(name)
    follows = None
    if after:
        follows = Follows(message=after.message.id, delivery=after.id, at=NOW, subject=after.message.subject)
    message = replace(made.message, kind=kind, stories=("s1",), told={"s1": ()}, follows=follows)
    return replace(made, message=message)


def firsts(store: Store, *routes: str) -> dict[str, str]:
    one = delivery().message
    found = store.firsts(routes or (one.route,), one.channel, one.recipient.address, ["s1", "s2"])
    return {story: follows.message for story, follows in found.items()}


def test_the_first_alert_about_a_story_is_known_and_no_digest_is_it(store: Store) -> None:
    queue(store, alert("digest", kind=Kind.DIGEST))
    assert firsts(store) == {}
    first = alert("first")
    queue(store, first)
    queue(store, alert("second", after=first))
    queue(store, alert("third"))
    assert firsts(store) == {"s1": "first"}
    assert firsts(store, "another route") == {}
    assert firsts(store, "another route", first.message.route) == {"s1": "first"}


def test_what_follows_waits_for_the_first_and_comes_with_what_the_receiver_calls_it(store: Store) -> None:
    first = alert("first")
    second, third = alert("second", after=first), alert("third", after=first)
    queue(store, first)
    queue(store, second, third)
    (claimed,) = store.claim_deliveries(NOW, 9, LEASE)
    assert (claimed.id, claimed.thread) == (first.id, None)
    assert store.claim_deliveries(NOW, 9, LEASE) == []
    assert store.next_due() == NOW + LEASE
    assert store.record_try(claimed, Sent(receipt="200", handle="1760.1"), NOW)
    known = store.delivery(first.id)
    assert known is not None
    assert (known.handle, known.detail) == ("1760.1", "200")
    assert store.next_due() == NOW
    one, two = store.claim_deliveries(NOW, 9, LEASE)
    for later in (one, two):
        assert later.thread is not None
        assert later.thread.handle == "1760.1"
        assert later.thread.first == first.message
        assert [message.id for message in later.thread.later] == ["second", "third"]


def test_a_first_that_fails_holds_up_nobody(store: Store) -> None:
    first = alert("first")
    queue(store, first)
    queue(store, alert("second", after=first))
    (claimed,) = store.claim_deliveries(NOW, 9, LEASE)
    retry = Deferred(reason=DeliveryReason.SERVER, detail="502", retry_at=NOW + HOUR)
    assert store.record_try(claimed, retry, NOW)
    (second,) = store.claim_deliveries(NOW, 9, LEASE)
    assert second.message.id == "second"
    assert second.thread is not None
    assert second.thread.handle == ""
    assert store.record_try(second, Dead(reason=DeliveryReason.GONE, detail="410"), NOW + MINUTE)
