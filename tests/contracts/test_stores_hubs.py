"""The contract of the stores, of subscriptions at hubs: every member passes all of this."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from monitor.model import FeedStatus, PollRecord, Standing, Subscription, Trust
from monitor.stores import Store
from tests._stores import open_store
from tests.contracts.test_stores import FEED, HOUR, LEASE, MINUTE, NOW, SECOND, claim, feeds

ONE = Subscription(
    id="1" * 32, feed_url=FEED, hub="https://hub.example/", topic="https://example.org/rss?বাং", due_at=NOW
)
FULL = replace(
    ONE,
    id="2" * 32,
    standing=Standing.VERIFIED,
    trust=Trust.SUSPECT,
    asked_at=NOW - HOUR,
    attempts=3,
    reason="HTTP 503: the server failed",
    lease_until=NOW + HOUR,
    pushed_at=NOW - MINUTE,
    poll_by=NOW + MINUTE,
    suspect_at=NOW,
    strikes=2,
    pushes=7,
    ignored=1,
)


@pytest.fixture
def desk(store: Store) -> Store:
    """A store with two feeds."""
    store.sync_feeds(feeds(FEED, SECOND), NOW, spread=timedelta(0))
    return store


def put(store: Store, *rows: Subscription) -> None:
    assert store.change_subscriptions(rows[0].feed_url, lambda before: (*before, *rows)) is not None


def test_what_is_put_in_comes_out(desk: Store) -> None:
    put(desk, FULL, ONE)
    assert desk.subscriptions() == [ONE, FULL]
    assert desk.subscriptions([FEED]) == [ONE, FULL]
    assert desk.subscriptions([SECOND]) == []
    assert desk.subscription(FULL.id) == FULL
    assert desk.subscription("3" * 32) is None


def test_a_change_sees_one_feed_s_rows_and_may_add_change_and_drop_them(desk: Store) -> None:
    put(desk, ONE, FULL)
    put(desk, other := replace(ONE, id="4" * 32, feed_url=SECOND))
    new = replace(ONE, id="3" * 32)
    seen = []

    def follows(rows: tuple[Subscription, ...]) -> tuple[Subscription, ...]:
        seen.append(rows)
        return (new, replace(FULL, strikes=3))

    assert desk.change_subscriptions(FEED, follows) == [replace(FULL, strikes=3), new]
    assert seen == [(ONE, FULL)]
    assert desk.subscriptions() == [other, replace(FULL, strikes=3), new]


def test_a_change_that_changes_nothing_says_so(desk: Store) -> None:
    put(desk, ONE, FULL)
    assert desk.change_subscriptions(FEED, lambda rows: tuple(reversed(rows))) is None


def test_any_text_of_a_hub_can_be_kept(desk: Store) -> None:
    put(desk, replace(ONE, reason="no\x00 more"))
    assert desk.subscription(ONE.id) == replace(ONE, reason="no more")


def test_what_is_due_comes_in_order_and_what_is_not_does_not(desk: Store) -> None:
    put(desk, ONE, replace(FULL, due_at=NOW + HOUR, poll_by=None))
    put(desk, replace(ONE, id="3" * 32, feed_url=SECOND, due_at=NOW - MINUTE))
    put(desk, replace(ONE, id="4" * 32, feed_url=SECOND, due_at=NOW + HOUR, poll_by=NOW))
    assert [one.id[0] for one in desk.due_subscriptions(NOW, 10)] == ["3", "1", "4"]
    assert [one.id[0] for one in desk.due_subscriptions(NOW, 1)] == ["3"]
    assert desk.due_subscriptions(NOW - 2 * MINUTE, 10) == []


def test_two_who_change_the_same_feed_s_rows_come_one_after_the_other(desk: Store, store_url: str) -> None:
    begun = Barrier(2)

    def add(number: str) -> None:
        with open_store(store_url) as other:
            begun.wait()
            other.change_subscriptions(
                FEED, lambda rows: rows or (replace(ONE, id=number * 32, strikes=len(rows)),)
            )

    threads = [Thread(target=add, args=(number,)) for number in "56"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(desk.subscriptions()) == 1


def test_a_feed_is_claimed_for_a_push_whether_it_is_due_or_not(desk: Store) -> None:
    state = replace(claim(desk)[FEED], status=FeedStatus.OK, next_poll_at=NOW + HOUR)
    assert desk.claim_feed(FEED, NOW, LEASE) is None
    assert desk.record_polls([PollRecord(state=state)], NOW) == [True]

    pushed = desk.claim_feed(FEED, NOW, LEASE)
    assert pushed is not None
    assert (pushed.url, pushed.next_poll_at) == (FEED, NOW + HOUR)
    assert desk.claim_feed(FEED, NOW, LEASE) is None
    assert FEED not in claim(desk, NOW + 2 * MINUTE)
    assert desk.record_polls([PollRecord(state=pushed)], NOW) == [True]
    assert desk.claim_feed(FEED, NOW, LEASE) is not None


def test_a_push_whose_process_died_gives_its_feed_free_after_the_lease(desk: Store) -> None:
    first = desk.claim_feed(FEED, NOW, LEASE)
    second = desk.claim_feed(FEED, NOW + LEASE, LEASE)
    assert first is not None
    assert second is not None
    assert desk.record_polls([PollRecord(state=first)], NOW + LEASE) == [False]
    assert desk.record_polls([PollRecord(state=second)], NOW + LEASE) == [True]


def test_a_feed_that_is_not_configured_is_not_claimed(desk: Store) -> None:
    desk.sync_feeds(feeds(SECOND), NOW, spread=timedelta(0))
    assert desk.claim_feed(FEED, NOW, LEASE) is None
    assert desk.claim_feed("https://unknown.example/", NOW, LEASE) is None
    assert not desk.hasten(FEED, NOW, MINUTE)


def test_a_feed_is_hastened_but_never_asked_more_often_than_it_may_be(desk: Store) -> None:
    state = replace(claim(desk)[FEED], last_poll_at=NOW, next_poll_at=NOW + 6 * HOUR)
    assert not desk.hasten(FEED, NOW, MINUTE)  # it is being polled just now
    desk.record_polls([PollRecord(state=state)], NOW)
    assert desk.hasten(FEED, NOW, 5 * MINUTE)
    assert FEED not in claim(desk, NOW + 4 * MINUTE)
    assert FEED in claim(desk, NOW + 5 * MINUTE)


def test_a_feed_that_is_due_sooner_stays_so_and_its_publisher_s_word_counts(desk: Store) -> None:
    state = claim(desk)[FEED]
    state = replace(state, last_poll_at=NOW - HOUR, next_poll_at=NOW - MINUTE, held_until=NOW + 2 * HOUR)
    desk.record_polls([PollRecord(state=state)], NOW)
    assert desk.hasten(FEED, NOW, MINUTE)
    (kept,) = [one for one in desk.feed_states() if one.url == FEED]
    assert kept.next_poll_at == NOW - MINUTE
    later = replace(kept, next_poll_at=NOW + 9 * HOUR, token=str(int(state.token) + 1))
    assert desk.claim_feed(FEED, NOW, LEASE) is not None
    desk.record_polls([PollRecord(state=later)], NOW)
    assert desk.hasten(FEED, NOW, MINUTE)
    assert FEED not in claim(desk, NOW + HOUR)
    assert FEED in claim(desk, NOW + 2 * HOUR)
