"""The contract of the stores, of what its keepers ask: every member passes all of this."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from monitor.errors import DeliveryReason
from monitor.model import (
    CANARY,
    Dead,
    Deferred,
    Delivery,
    Feed,
    FeedState,
    FeedStatus,
    Keep,
    PollRecord,
    Sent,
    Story,
    Vitals,
)
from monitor.stores import Store
from tests.contracts.test_stores import FEED, HOUR, NOW, absorb, claim, delivery, entry, feeds, found, tell

MINUTE = timedelta(minutes=1)
LEASE = 3 * MINUTE


def queue(store: Store, *queued: Delivery) -> None:
    assert store.record_outages([], [], list(queued))


def one(name: str, **changes: Any) -> Delivery:
    return replace(delivery(), id=name, due_at=NOW, queued_at=NOW, **changes)


def alert(name: str, published: datetime, **changes: Any) -> Delivery:
    made = one(name, **changes)
    return replace(made, message=replace(made.message, published=published))


def test_an_empty_store_is_well(store: Store) -> None:
    assert store.vitals(NOW, feeds=10) == Vitals()
    assert store.delays(NOW - HOUR) == []


def test_queued_dead_and_the_oldest_that_is_not_delivered(store: Store) -> None:
    queue(store, one("a"), replace(one("b"), queued_at=NOW - HOUR), one("c"))
    assert store.vitals(NOW, feeds=10).queued == 3
    assert store.vitals(NOW, feeds=10).undelivered_since == NOW - HOUR
    claimed = {taken.id: taken for taken in store.claim_deliveries(NOW, 9, LEASE)}
    assert store.vitals(NOW, feeds=10).queued == 3, "what is under way is not delivered yet"
    assert store.record_try(claimed["b"], Sent(), NOW)
    assert store.record_try(claimed["c"], Dead(reason=DeliveryReason.GONE, detail=""), NOW)
    again = Deferred(reason=DeliveryReason.TIMEOUT, detail="", retry_at=NOW + HOUR)
    assert store.record_try(claimed["a"], again, NOW)
    after = store.vitals(NOW, feeds=10)
    assert (after.queued, after.dead, after.undelivered_since) == (1, 1, NOW)
    counts = store.counts()
    assert (counts.queued, counts.dead, counts.sent) == (1, 1, 1)


def test_what_waits_for_its_own_time_is_not_late_until_that_has_come(store: Store) -> None:
    queue(store, replace(one("quiet"), due_at=NOW + HOUR))
    assert store.vitals(NOW, feeds=10).undelivered_since is None
    assert store.vitals(NOW, feeds=10).queued == 1
    assert store.vitals(NOW + HOUR, feeds=10).undelivered_since == NOW


def test_feeds_by_status_and_when_each_last_answered(store: Store) -> None:
    urls = (FEED, "https://paused.example/rss", "https://new.example/rss")
    known = [*feeds(*urls[::2]), Feed(url=urls[1], source="P", paused=True)]
    store.sync_feeds(known, NOW, spread=timedelta(0))
    state = claim(store)[FEED]
    done = replace(state, status=FeedStatus.OK, last_ok_at=NOW, next_poll_at=NOW + HOUR)
    assert store.record_polls([PollRecord(state=done)], NOW) == [True]
    now = store.vitals(NOW + MINUTE, feeds=3)
    assert now.feeds == {"ok": 1, "paused": 1, "new": 1}
    assert now.last_ok == {FEED: NOW}
    assert now.poll_due_since == NOW, "the new one was due at once"
    assert store.vitals(NOW, feeds=2).last_ok == {}, "of more feeds than that nothing is said of each"
    store.sync_feeds(feeds(FEED), NOW, spread=timedelta(0))
    assert store.vitals(NOW, feeds=3).feeds == {"ok": 1}
    assert store.vitals(NOW, feeds=3).poll_due_since is None


def test_how_long_alerts_took_is_known_of_those_that_say_when_their_news_was_out(store: Store) -> None:
    queue(store, alert("b", NOW - 5 * MINUTE), one("digest"), alert("dead", NOW - HOUR))
    for taken in store.claim_deliveries(NOW, 9, LEASE):
        outcome = Dead(reason=DeliveryReason.GONE, detail="") if taken.id == "dead" else Sent()
        assert store.record_try(taken, outcome, NOW + MINUTE)
    assert store.delays(NOW) == [6 * MINUTE]
    assert store.delays(NOW + HOUR) == []


def test_a_rehearsal_is_read_back_and_leaves_nothing(store: Store) -> None:
    absorb(store, entry(1))
    tell(store, entry(1))
    before = (store.counts(), store.last_seq(), store.search("", limit=9), store.feed_states())
    bird = entry(2, title="Two canaries", feed_url="https://canary.invalid/")
    record = found(FeedState(url=bird.feed_url), bird, topics=[CANARY], key="two canaries")
    story = Story(id="c0ffee", entry_ids=(bird.id,), first_seen=NOW, last_seen=NOW)
    for _ in range(2):
        back = store.rehearse(record, story, NOW, finds='"canaries"')
        assert back.found
        (hit,) = back.news.hits
        assert (hit.entry, hit.story_id, hit.match.topic) == (bird, "c0ffee", CANARY)
        assert [(one.story.id, len(one.hits)) for one in back.dossiers] == [("c0ffee", 1)]
        assert not store.rehearse(record, story, NOW, finds='"sparrows"').found
        assert store.entry(bird.id) is None
        assert store.known([bird.id]) == {}
        assert store.find_story("c0ffee") is None
        assert (store.counts(), store.last_seq(), store.search("", limit=9), store.feed_states()) == before


def test_the_canary_s_deliveries_are_in_no_list_and_no_total(store: Store) -> None:
    made = one("canary-1", channel=CANARY)
    queue(store, replace(made, message=replace(made.message, channel=CANARY, route=CANARY)))
    assert store.deliveries() == []
    assert store.deliveries(limit=None) == []
    assert store.counts().queued == 0
    assert store.counts().oldest_queued_at is None
    assert store.vitals(NOW, feeds=10) == Vitals()
    (taken,) = store.claim_deliveries(NOW, 9, LEASE)
    assert taken.channel == CANARY
    assert store.record_try(taken, Sent(), NOW)
    assert store.counts().sent == 0
    assert store.prune(NOW, Keep()) == 1, "and it is soon gone"
