"""The contract of the stores, of the articles behind stubs: every member passes all of this."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from monitor.model import Article, ArticleRecord, ArticleStatus, Entry, Keep, Reading
from monitor.stores import Store
from tests.contracts.test_stores import (
    DAY,
    FEED,
    HOUR,
    LEASE,
    MINUTE,
    NOW,
    SECOND,
    claim,
    entry,
    feeds,
    found,
    match,
)

TEXT = "ক্রেমলিনের সহকারী বলেছেন, ফোনটি এসেছিল মস্কোর উদ্যোগে। \x00 And more of it."


def wanted(of: Entry, **changes: Any) -> Article:
    made = Article(
        entry_id=of.id, feed_url=of.feed_url, url=of.url, wanted_at=of.first_seen, due_at=of.first_seen
    )
    return replace(made, **changes)


def want(store: Store, *entries: Entry, now: datetime = NOW, **changes: Any) -> None:
    """Poll the only feed, find these entries and want their articles."""
    if not store.feed_states():
        store.sync_feeds(feeds(FEED), now, spread=timedelta(0))
    record = found(claim(store, now)[FEED], *entries, topics=["summit"], now=now)
    articles = tuple(wanted(one, **changes) for one in entries)
    assert store.record_polls([replace(record, wanted=articles)], now) == [True]


def take(store: Store, now: datetime = NOW, limit: int = 10, **how: Any) -> list[Article]:
    return store.claim_articles(now, limit, LEASE, **{"per_hour": 60, "since": now - DAY, **how})


def elsewhere(number: int, **changes: Any) -> Entry:
    """Return an entry on a host of its own."""
    return entry(number, url=f"https://host{number}.example/{number}", **changes)


def got(article: Article, of: Entry, *topics: str, **changes: Any) -> ArticleRecord:
    whole = replace(of, content=TEXT.replace("\x00", ""), article=True, revision=of.revision + 1, **changes)
    return ArticleRecord(
        article=replace(article, status=ArticleStatus.GOT, due_at=None),
        entry=whole,
        reading=Reading(matches=tuple(match(whole, topic) for topic in topics), key="ক্রেমলিনের"),
    )


def test_what_is_wanted_comes_with_the_poll_and_is_there_after_a_crash(store: Store) -> None:
    want(store, entry(1))

    assert store.article(entry(1).id) == wanted(entry(1), title=entry(1).title)
    assert store.next_due() == NOW
    (taken,) = take(store)
    assert (taken.entry_id, taken.tries, taken.title) == (entry(1).id, 1, entry(1).title)
    assert take(store) == []
    assert take(store, NOW + LEASE)[0].tries == 2  # whoever had it died


def test_an_article_is_wanted_once(store: Store) -> None:
    want(store, entry(1))
    (taken,) = take(store)
    store.record_article(got(taken, entry(1)), NOW)

    want(store, replace(entry(1), revision=3), now=NOW + HOUR)

    assert take(store, NOW + HOUR) == []


def test_a_poll_that_lost_its_lease_wants_nothing(store: Store) -> None:
    store.sync_feeds(feeds(FEED), NOW, spread=timedelta(0))
    record = found(replace(claim(store)[FEED], token="0"), entry(1))

    assert store.record_polls([replace(record, wanted=(wanted(entry(1)),))], NOW) == [False]
    assert store.article(entry(1).id) is None


def test_an_article_revises_its_entry_and_makes_new_matches(store: Store) -> None:
    want(store, entry(1))
    (taken,) = take(store)

    assert store.record_article(got(taken, entry(1), "summit", "missiles"), NOW + MINUTE)

    (stored, matches) = store.entry(entry(1).id) or (None, [])
    assert stored == replace(entry(1), content=TEXT.replace("\x00", ""), article=True, revision=2)
    assert [(one.topic, one.revision) for one in matches] == [("summit", 2), ("missiles", 2)]
    assert store.article_texts([entry(1).id, entry(2).id]) == {entry(1).id: TEXT.replace("\x00", "")}
    assert store.known([entry(1).id])[entry(1).id].length > len(TEXT)
    assert store.known([entry(1).id])[entry(1).id].fingerprints == {FEED: "print-1"}
    assert [one.id for one in store.search('"ক্রেমলিনের"', limit=9)] == [entry(1).id]
    assert store.article_counts() == {"got": 1}


def test_a_match_by_the_headline_stays_when_the_article_has_none(store: Store) -> None:
    want(store, entry(1))
    (taken,) = take(store)
    store.record_article(got(taken, entry(1)), NOW)

    (_, matches) = store.entry(entry(1).id) or (None, [])
    assert [(one.topic, one.held) for one in matches] == [("summit", "")]


def test_whoever_lost_the_lease_writes_nothing(store: Store) -> None:
    want(store, entry(1))
    (late,) = take(store)
    (taken,) = take(store, NOW + LEASE)

    assert not store.record_article(got(late, entry(1)), NOW + LEASE)
    assert store.record_article(got(taken, entry(1)), NOW + LEASE)
    assert not store.record_article(got(taken, replace(entry(1), revision=2)), NOW + LEASE)


def test_an_article_of_an_earlier_revision_is_asked_for_again(store: Store) -> None:
    want(store, entry(1))
    (taken,) = take(store)
    edited = replace(entry(1), revision=2, title="পুতিন বললেন না")
    record = found(claim(store)[FEED], edited, revised=True)
    store.record_polls([record], NOW)

    assert not store.record_article(got(taken, entry(1)), NOW)

    (again,) = take(store, NOW)
    assert (again.title, again.tries) == ("পুতিন বললেন না", 2)
    assert store.record_article(got(again, edited), NOW)


def test_one_at_a_time_of_a_host_and_none_of_those_that_are_busy(store: Store) -> None:
    want(store, entry(1), entry(2), elsewhere(3), elsewhere(4))

    taken = take(store, busy=["host4.example"])

    assert sorted(one.entry_id for one in taken) == [entry(1).id, entry(3).id]


def test_the_newest_come_first(store: Store) -> None:
    old, new, older = (elsewhere(n, published=NOW - hours * HOUR) for n, hours in ((1, 2), (2, 1), (3, 3)))
    want(store, old, new, older)
    want(store, elsewhere(4, first_seen=NOW + MINUTE), now=NOW + MINUTE)

    taken = [take(store, NOW + MINUTE, 1)[0].entry_id for _ in range(4)]

    assert taken == [entry(4).id, new.id, old.id, older.id]


def test_of_one_feed_only_so_many_come_in_an_hour(store: Store) -> None:
    want(store, *(elsewhere(number) for number in range(5)))

    assert len(take(store, per_hour=2)) == 2
    assert take(store, NOW + MINUTE, per_hour=2) == []
    assert store.article_counts() == {"wanted": 5}
    later = min(one.due_at for number in range(5) if (one := store.article(entry(number).id)) and one.due_at)
    assert later == NOW  # the two that were taken, under their lease
    assert len(take(store, NOW + HOUR, per_hour=2)) == 2


def test_what_is_put_off_is_due_when_the_hour_has_passed(store: Store) -> None:
    want(store, entry(1), elsewhere(2))
    (taken,) = take(store, per_hour=1)
    store.record_article(
        ArticleRecord(article=replace(taken, status=ArticleStatus.REFUSED, due_at=None)), NOW
    )
    assert claim(store, NOW + MINUTE)  # so that no feed is due

    assert take(store, NOW + MINUTE, per_hour=1) == []

    (other,) = {entry(1).id, entry(2).id} - {taken.entry_id}
    assert (article := store.article(other)) is not None
    assert article.due_at == NOW + HOUR


def test_a_feed_that_told_us_to_stay_away_holds_its_articles(store: Store) -> None:
    want(store, entry(1))
    state = replace(claim(store)[FEED], held_until=NOW + HOUR, next_poll_at=NOW)
    store.record_polls([found(state, next_poll_at=NOW + HOUR)], NOW)

    assert take(store) == []
    assert take(store, NOW + HOUR - MINUTE) == []
    assert len(take(store, NOW + HOUR)) == 1


def test_a_host_that_asks_for_rest_gets_it(store: Store) -> None:
    want(store, entry(1), entry(2), elsewhere(3))
    first, other = sorted(take(store), key=lambda one: one.entry_id == entry(3).id)
    failed = replace(first, reason="http-429", detail="HTTP 429", due_at=NOW + MINUTE)

    assert store.record_article(ArticleRecord(article=failed, rest_until=NOW + HOUR), NOW)
    store.record_article(ArticleRecord(article=replace(other, due_at=NOW + MINUTE)), NOW)

    assert [one.entry_id for one in take(store, NOW + MINUTE)] == [entry(3).id]
    assert len(take(store, NOW + HOUR, busy=["host3.example"])) == 1
    kept = store.article(first.entry_id)
    assert kept is not None
    assert (kept.reason, kept.detail, kept.due_at) == ("http-429", "HTTP 429", NOW + HOUR)


def test_what_waited_too_long_is_given_up(store: Store) -> None:
    want(store, entry(1))

    assert take(store, NOW + 2 * DAY) == []
    kept = store.article(entry(1).id)
    assert kept is not None
    assert (kept.status, kept.reason, kept.due_at) == ("refused", "late", None)


def test_the_next_claim_is_when_an_article_is_due_or_its_lease_ends(store: Store) -> None:
    want(store, entry(1), due_at=NOW + HOUR)
    store.record_polls([found(claim(store)[FEED], next_poll_at=NOW + DAY)], NOW)
    assert store.next_due() == NOW + HOUR
    take(store, NOW + HOUR)
    assert store.next_due() == NOW + HOUR + LEASE


def test_articles_are_pruned_as_bodies_and_entries_are(store: Store) -> None:
    want(store, entry(1))
    (taken,) = take(store)
    store.record_article(got(taken, entry(1)), NOW)

    store.prune(NOW + 31 * DAY, Keep())
    assert store.article_texts([entry(1).id]) == {}
    assert store.article(entry(1).id) is not None
    store.prune(NOW + 401 * DAY, Keep())
    assert store.article(entry(1).id) is None


def test_the_feeds_of_others_have_budgets_of_their_own(store: Store) -> None:
    store.sync_feeds(feeds(FEED, SECOND), NOW, spread=timedelta(0))
    states = claim(store)
    for number, url in enumerate((FEED, FEED, SECOND)):
        one = elsewhere(number, feed_url=url)
        record = replace(found(states[url], one), wanted=(wanted(one),))
        store.record_polls([record], NOW)
        states = states | claim(store)

    assert sorted(one.feed_url for one in take(store, per_hour=1)) == sorted((FEED, SECOND))
