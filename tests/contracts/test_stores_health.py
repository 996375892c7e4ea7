"""The contract of the stores, of rhythms and outages: every member passes all of this."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from monitor.health import Deadlines, hour_of
from monitor.model import FeedState, FeedStatus, Outage, PollRecord
from monitor.stores import Store
from tests.contracts.test_stores import DAY, FEED, HOUR, NOW, claim, delivery, feeds

HERE = hour_of(NOW)
OUTAGE = Outage(
    feed_url=FEED,
    since=NOW - HOUR,
    status=FeedStatus.BLOCKED,
    reason="html",
    detail="a web page \x00",
    noticed_at=NOW,
)


def polled(store: Store, *hours: datetime, **changes: Any) -> FeedState:
    """Record a poll that brought something in these hours."""
    if not store.feed_states():
        store.sync_feeds(feeds(FEED), NOW, spread=timedelta(0))
    state = replace(claim(store)[FEED], status=FeedStatus.OK, next_poll_at=NOW, last_ok_at=NOW, **changes)
    assert store.record_polls([PollRecord(state=state, arrivals=hours)], NOW) == [True]
    return state


def the_state(store: Store) -> FeedState:
    (state,) = store.feed_states()
    return state


def test_a_rhythm_waits_for_its_deadlines_until_they_are_said(store: Store) -> None:
    polled(store, HERE - 2 * DAY, HERE, arrived_at=NOW)
    assert store.unwatched(10) == {FEED: [HERE - 2 * DAY, HERE]}
    store.watch({FEED: Deadlines(NOW + HOUR, NOW + 2 * HOUR)})
    assert store.unwatched(10) == {}
    state = the_state(store)
    assert (state.late_at, state.stalled_at, state.status) == (NOW + HOUR, NOW + 2 * HOUR, "ok")


def test_a_rhythm_stays_while_polls_come_and_go(store: Store) -> None:
    polled(store, HERE, arrived_at=NOW)
    assert the_state(store).rhythm == b""
    store.watch({FEED: Deadlines(NOW, NOW, bytes(range(1, 169)))})
    polled(store, HERE, arrived_at=NOW, window=30)
    state = replace(the_state(store), token="")
    assert (state.rhythm, state.window) == (bytes(range(1, 169)), 30)


def test_the_same_hour_is_one(store: Store) -> None:
    polled(store, HERE, arrived_at=NOW)
    polled(store, HERE, HERE + HOUR, arrived_at=NOW + HOUR)
    assert store.unwatched(10) == {FEED: [HERE, HERE + HOUR]}


def test_a_feed_of_which_nothing_is_expected_is_asked_for_no_more(store: Store) -> None:
    polled(store, HERE, arrived_at=NOW)
    store.watch({FEED: Deadlines()})
    assert store.unwatched(10) == {}
    assert the_state(store).stalled_at is None


def test_one_that_is_stalled_by_now_says_so_at_once(store: Store) -> None:
    polled(store, HERE - 90 * DAY, arrived_at=NOW - 90 * DAY)
    store.watch({FEED: Deadlines(NOW - 80 * DAY, NOW - 70 * DAY)})
    assert the_state(store).status == FeedStatus.STALLED
    assert [one.url for one in store.troubled()] == [FEED]


def test_one_that_was_stalled_may_be_given_more_time(store: Store) -> None:
    polled(store, HERE - 90 * DAY, arrived_at=NOW - 90 * DAY)
    store.watch({FEED: Deadlines(NOW - 80 * DAY, NOW - 70 * DAY)})
    assert store.unwatched(10) == {}
    assert store.unwatched(10, [FEED, "https://nobody.example/"]) == {
        FEED: [HERE - 90 * DAY],
        "https://nobody.example/": [],
    }
    store.watch({FEED: Deadlines(NOW - 80 * DAY, NOW + DAY)})
    state = the_state(store)
    assert (state.status, state.stalled_at) == (FeedStatus.LATE, NOW + DAY)
    assert store.troubled() == []


def test_old_hours_are_forgotten_but_those_before_a_long_silence_are_kept(store: Store) -> None:
    polled(store, HERE - 400 * DAY, HERE - 300 * DAY, HERE - 299 * DAY, arrived_at=HERE - 299 * DAY)
    store.watch({FEED: Deadlines(NOW, NOW)})
    polled(store, arrived_at=HERE - 299 * DAY, late_at=None)
    assert store.unwatched(10) == {FEED: [HERE - 300 * DAY, HERE - 299 * DAY]}


def test_an_outage_begins_once_and_ends_once_with_the_word_of_it(store: Store) -> None:
    polled(store)
    word = delivery()
    assert store.record_outages([OUTAGE], [], [word])
    assert not store.record_outages([replace(OUTAGE, since=NOW)], [], [replace(word, id="another")])
    assert store.outages() == [replace(OUTAGE, detail="a web page ")]
    assert [one.id for one in store.deliveries()] == [word.id]
    ended = replace(OUTAGE, ended_at=NOW + HOUR)
    assert store.record_outages([], [ended], [])
    assert not store.record_outages([], [ended], [replace(word, id="another")])
    assert store.outages() == []
    assert [one.ended_at for one in store.outages(NOW)] == [NOW + HOUR]
    assert store.outages(NOW + DAY) == []
    assert len(store.deliveries()) == 1


def test_troubled_are_those_that_fail_or_have_an_outage(store: Store) -> None:
    polled(store)
    assert store.troubled() == []
    store.record_outages([OUTAGE], [], [])
    assert [one.url for one in store.troubled()] == [FEED]
    store.record_outages([], [replace(OUTAGE, ended_at=NOW)], [])
    polled(store, failing_since=NOW)
    assert [one.failing_since for one in store.troubled()] == [NOW]
