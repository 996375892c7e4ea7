"""The contract of the stores: every member of the family passes all of this."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import fields as fields_of
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import DeliveryReason, StoreError
from monitor.health import Deadlines
from monitor.model import (
    Clause,
    Cursor,
    Dead,
    Deferred,
    Delivery,
    DeliveryStatus,
    Entry,
    Evidence,
    Feed,
    FeedState,
    FeedStatus,
    Fresh,
    Keep,
    Kind,
    Match,
    Message,
    PollRecord,
    Reading,
    Recipient,
    Sent,
    Sighting,
    Span,
    Story,
    Validators,
)
from monitor.stores import Store
from tests._stores import make_store, open_store

NOW = datetime(2025, 10, 16, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LEASE = timedelta(minutes=3)
FEED = "https://example.org/rss"
SECOND = "https://example.net/rss"


def feeds(*urls: str, paused: bool = False) -> list[Feed]:
    return [Feed(url=url, source="Example", paused=paused) for url in urls]


def entry(number: int, **changes: Any) -> Entry:
    made = Entry(
        id=f"{number:032x}",
        url=f"https://example.org/{number}",
        guid=f"guid-{number}",
        title=f"পুতিন ট্রাম্প {number}",
        first_seen=NOW,
        source="Example",
        feed_url=FEED,
        language="bn",
        fingerprint=f"print-{number}",
    )
    return replace(made, **changes)


def evidence(word: str = "পুতিন") -> Evidence:
    span = Span(field="title", start=0, end=len(word), surface=word, term="@putin", entity="putin")
    inner = Clause(text="@putin", matched=True, spans=(span,))
    return Evidence(
        matched=True,
        score=1.25,
        clauses=(
            Clause(text="@putin AND NOT x", matched=True, clauses=(inner,)),
            Clause(text="x", matched=False, note="near: ‘y’"),
        ),
        spans=(span,),
    )


def match(of: Entry, topic: str = "summit", held: str = "") -> Match:
    return Match(entry_id=of.id, revision=of.revision, topic=topic, evidence=evidence(), held=held)


def claim(store: Store, now: datetime = NOW) -> dict[str, FeedState]:
    claimed = {state.url: state for state in store.claim_feeds(now, 100, LEASE)}
    assert all(vars(state).keys() == vars(FeedState(url="")).keys() for state in claimed.values())
    return claimed


def found(
    state: FeedState,
    *entries: Entry,
    topics: Iterable[str] = (),
    held: str = "",
    key: str = "",
    revised: bool = False,
    now: datetime = NOW,
    next_poll_at: datetime | None = None,
) -> PollRecord:
    """What a poll found: these entries, all of them about these topics."""
    return PollRecord(
        state=replace(state, next_poll_at=next_poll_at or now, last_poll_at=now),
        fresh=Fresh(
            entries=() if revised else entries,
            revised=entries if revised else (),
            sightings=tuple(
                Sighting(entry_id=one.id, feed_url=state.url, fingerprint=one.fingerprint, seen_at=now)
                for one in entries
            ),
        ),
        readings={
            one.id: Reading(matches=tuple(match(one, topic, held) for topic in topics), key=key or one.title)
            for one in entries
        },
    )


def absorb(
    store: Store,
    *entries: Entry,
    topics: Iterable[str] = ("summit",),
    held: str = "",
    key: str = "",
    revised: bool = False,
    now: datetime = NOW,
) -> None:
    """Poll the only feed and find these entries, due again at once."""
    if not store.feed_states():
        store.sync_feeds(feeds(FEED), now, spread=timedelta(0))
    state = claim(store, now)[FEED]
    record = found(state, *entries, topics=topics, held=held, key=key, revised=revised, now=now)
    assert store.record_polls([record], now) == [True]


def tell(store: Store, *entries: Entry, story: str = "5707", now: datetime = NOW) -> None:
    """Put entries into one story."""
    store.record_stories(
        [Story(id=story, entry_ids=tuple(e.id for e in entries), first_seen=now, last_seen=now)]
    )


def delivery(name: str = "d1", *stories: str, at: datetime = NOW, due: datetime | None = None) -> Delivery:
    message = Message(
        id=name,
        kind=Kind.DIGEST,
        route="day",
        channel="desk",
        recipient=Recipient(address="desk@example.org", language="bn", timezone="Asia/Dhaka"),
        slot=at,
        language="bn",
        subject="সারসংক্ষেপ “১”",
        parts={"html": "<p>ট্রাম্প</p>\n", "txt": "ট্রাম্প\r\n\t\u2028'\"\\", "subject.txt": ""},
        stories=stories,
        thread="day-1",
    )
    return Delivery(id=f"{name}-desk", message=message, channel="desk", due_at=due or at, queued_at=at)


CURSOR = Cursor(route="day", channel="desk", recipient="desk@example.org", position=0)


def queue(store: Store, *deliveries: Delivery) -> None:
    store.start_cursor(CURSOR, NOW + 1000 * DAY)
    (cursor,) = store.cursors()
    assert store.enqueue(cursor, deliveries, cursor.position)


# life ─────────────────────────────────────────────────────────────────────────────────────────


def test_opening_twice_does_no_harm(store: Store) -> None:
    store.open()
    assert store.feed_states() == []


def test_what_was_written_is_there_after_a_restart(store_url: str) -> None:
    with open_store(store_url) as store:
        absorb(store, entry(1))
    with open_store(store_url) as store:
        assert store.entry(entry(1).id) == (entry(1), [match(entry(1))])


def test_a_store_that_is_not_open_says_so(store_url: str) -> None:
    with pytest.raises(StoreError, match="not open"):
        make_store(store_url).counts()


def test_a_database_of_a_later_version_is_refused(store_url: str) -> None:
    with open_store(store_url) as store:
        store._do(lambda conn: conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))  # type: ignore[attr-defined]
    with pytest.raises(StoreError, match="later version"):
        make_store(store_url).open()


def test_a_backup_is_a_store_with_everything_in_it(store: Store, tmp_path: Path) -> None:
    store.sync_feeds(feeds(FEED, SECOND), NOW, spread=timedelta(0))
    claimed = claim(store)
    records = [
        found(claimed[FEED], entry(1), entry(2), topics=["summit"], key="trump came, putin went"),
        found(claimed[SECOND], entry(2), topics=["summit"], key="trump came, putin went"),
    ]
    store.record_polls(records, NOW)
    tell(store, entry(1), entry(2))
    queue(store, delivery("d1", "5707"))
    store.meta({"installed": "today"})
    target = tmp_path / "backup.db"
    store.backup(target)

    with open_store(f"sqlite:{target}") as copy:
        assert copy.entry(entry(1).id) == store.entry(entry(1).id)
        assert copy.known([entry(2).id]) == store.known([entry(2).id])
        assert copy.hits(["summit"], 0, NOW) == store.hits(["summit"], 0, NOW)
        assert copy.recent_stories(NOW) == store.recent_stories(NOW)
        assert copy.deliveries() == store.deliveries()
        assert copy.cursors() == store.cursors()
        assert copy.counts() == store.counts()
        assert copy.meta() == store.meta()
        assert copy.feed_states() == store.feed_states()
        assert {e.id for e in copy.search('"came putin"', limit=9)} == {entry(1).id, entry(2).id}
        assert copy.search('"putin came"', limit=9) == []
        absorb(copy, entry(3), now=NOW + HOUR)
        assert copy.last_seq() == store.last_seq() + 1


def test_a_backup_overwrites_nothing(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    target.write_text("precious")
    with pytest.raises(StoreError, match="overwrites nothing"):
        store.backup(target)
    assert target.read_text() == "precious"
    with pytest.raises(StoreError, match="cannot write"):
        store.backup(tmp_path / "no such folder" / "backup.db")
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".part")] == []


# feeds ────────────────────────────────────────────────────────────────────────────────────────


def test_new_feeds_become_due_spread_over_time_and_a_known_one_keeps_its_time(store: Store) -> None:
    urls = [f"https://example.org/{n}" for n in range(200)]
    store.sync_feeds(feeds(*urls), NOW, spread=HOUR)
    due = [state.next_poll_at for state in store.feed_states()]
    assert len(set(due)) == 200
    assert all(at is not None and NOW <= at <= NOW + HOUR for at in due)
    late = sum(at is not None and at > NOW + HOUR / 2 for at in due)
    assert 70 < late < 130

    store.sync_feeds(feeds(*urls), NOW + DAY, spread=timedelta(0))
    assert [state.next_poll_at for state in store.feed_states()] == due


def test_a_feed_that_is_no_longer_configured_is_not_polled_and_keeps_its_state(store: Store) -> None:
    absorb(store, entry(1))
    store.sync_feeds(feeds(SECOND), NOW, spread=timedelta(0))
    assert [state.url for state in store.feed_states()] == [SECOND]
    assert list(claim(store, NOW + DAY)) == [SECOND]

    store.sync_feeds(feeds(FEED), NOW + DAY, spread=timedelta(0))
    assert [state.last_poll_at for state in store.feed_states()] == [NOW]
    assert list(claim(store, NOW + 2 * DAY)) == [FEED]


def test_a_paused_feed_is_never_claimed_and_says_so(store: Store) -> None:
    store.sync_feeds(feeds(FEED, paused=True), NOW, spread=timedelta(0))
    assert claim(store, NOW + DAY) == {}
    assert store.claim_feeds(NOW + DAY, 9, LEASE, everything=True) == []
    assert store.next_due() is None
    assert [state.status for state in store.feed_states()] == [FeedStatus.PAUSED]
    store.sync_feeds(feeds(FEED), NOW, spread=timedelta(0))
    assert [state.status for state in store.feed_states()] == [FeedStatus.NEW]
    assert list(claim(store)) == [FEED]


def test_the_feed_that_is_due_longest_is_claimed_first(store: Store) -> None:
    urls = [f"https://example.org/{n}" for n in range(20)]
    store.sync_feeds(feeds(*urls), NOW, spread=HOUR)
    by_time = sorted(store.feed_states(), key=lambda state: state.next_poll_at or NOW)
    first = store.claim_feeds(NOW + HOUR, 7, LEASE)
    then = store.claim_feeds(NOW + HOUR, 7, LEASE)
    assert [s.url for s in (*first, *then)] == [s.url for s in by_time[:14]]


def test_of_one_host_only_so_many_feeds_are_claimed_at_once(store: Store) -> None:
    crowd = [f"https://crowd.example/{n:03}" for n in range(300)]
    store.sync_feeds(feeds(*crowd), NOW, spread=timedelta(0))
    store.sync_feeds(feeds(*crowd, "https://single.example/a", "https://single.example/b"), NOW, spread=HOUR)
    first = store.claim_feeds(NOW + HOUR, 20, LEASE, per_host=3)
    assert [state.url for state in first] == crowd[:3]
    then = store.claim_feeds(NOW + HOUR, 20, LEASE, per_host=3, busy=["crowd.example"])
    assert {state.url for state in then} == {"https://single.example/a", "https://single.example/b"}
    assert store.claim_feeds(NOW + HOUR, 20, LEASE, per_host=3, busy=["crowd.example"]) == []
    assert len(store.claim_feeds(NOW + HOUR, 20, LEASE, per_host=3)) == 3, "those claimed count no more"


def test_a_feed_is_not_claimed_before_it_is_due(store: Store) -> None:
    store.sync_feeds(feeds(FEED), NOW, spread=timedelta(0))
    assert claim(store, NOW - timedelta(microseconds=1)) == {}
    assert list(claim(store, NOW)) == [FEED]


def test_a_leased_feed_is_taken_by_nobody_else_until_the_lease_ends(store: Store) -> None:
    store.sync_feeds(feeds(FEED), NOW, spread=timedelta(0))
    first = claim(store)[FEED]
    assert claim(store, NOW + LEASE - timedelta(microseconds=1)) == {}
    second = claim(store, NOW + LEASE)[FEED]
    assert first.token != second.token
    assert replace(first, token="") == replace(second, token="")


def test_who_lost_the_lease_changes_nothing(store: Store) -> None:
    store.sync_feeds(feeds(FEED), NOW, spread=timedelta(0))
    zombie = claim(store)[FEED]
    alive = claim(store, NOW + LEASE)[FEED]
    record = found(zombie, entry(1), topics=["summit"], next_poll_at=NOW + DAY)
    assert store.record_polls([record], NOW + LEASE) == [False]
    assert store.counts().entries == store.counts().matches == 0
    assert store.known([entry(1).id]) == {}
    assert store.last_seq() == 0
    both = [record, found(alive, entry(2), next_poll_at=NOW + 2 * DAY)]
    assert store.record_polls(both, NOW + LEASE) == [False, True]
    assert store.entry(entry(1).id) is None
    assert store.entry(entry(2).id) is not None
    assert [state.next_poll_at for state in store.feed_states()] == [NOW + 2 * DAY]


def test_a_lease_serves_one_record_only(store: Store) -> None:
    store.sync_feeds(feeds(FEED), NOW, spread=timedelta(0))
    state = claim(store)[FEED]
    again = found(state, entry(1))
    assert store.record_polls([again, found(state, entry(2))], NOW) == [True, False]
    assert store.record_polls([again], NOW) == [False]
    assert store.record_polls([found(replace(state, token=""), entry(2))], NOW) == [False]
    assert store.record_polls([found(replace(state, url="https://never.example"))], NOW) == [False]
    assert store.record_polls([], NOW) == []
    assert store.counts().entries == 1


def test_everything_takes_feeds_that_are_not_due_except_those_that_told_us_to_stay_away(
    store: Store,
) -> None:
    urls = ["https://a.example", "https://b.example", "https://c.example"]
    store.sync_feeds(feeds(*urls), NOW, spread=timedelta(0))
    states = claim(store)
    held = replace(states[urls[1]], held_until=NOW + DAY, next_poll_at=NOW + MINUTE, last_poll_at=NOW)
    free = replace(states[urls[0]], next_poll_at=NOW + HOUR, last_poll_at=NOW)
    gone = replace(states[urls[2]], next_poll_at=None, last_poll_at=NOW)
    store.record_polls([PollRecord(state=state) for state in (free, held, gone)], NOW)

    assert claim(store, NOW + 2 * MINUTE) == {}, "not due, or held"
    assert store.claim_feeds(NOW, 9, LEASE, everything=True) == [], "polled at this very time"
    later = NOW + 3 * MINUTE
    taken = {state.url: state for state in store.claim_feeds(later, 9, LEASE, everything=True)}
    assert set(taken) == {urls[0], urls[2]}
    assert store.claim_feeds(later, 9, LEASE, everything=True) == [], "under a lease"
    store.record_polls([found(state, now=later) for state in taken.values()], later)
    assert store.claim_feeds(later, 9, LEASE, everything=True) == [], "just polled"


def full_state(state: FeedState) -> FeedState:
    """A state of which everything is told that a poll may change."""
    return replace(
        state,
        status=FeedStatus.STALLED,
        reason="timeout",
        detail="took 30 s “…” %s :x",
        validators=Validators(
            url="https://example.com/final",
            etag='W/"\xff\x01"',
            last_modified="Thu, 16 Oct 2025 12:00:00 GMT",
        ),
        body_hash="abc",
        first_poll_at=NOW - DAY,
        last_poll_at=NOW - timedelta(microseconds=1),
        last_ok_at=NOW - HOUR,
        next_poll_at=NOW + HOUR,
        fresh_for=timedelta(minutes=7),
        ttl=timedelta(hours=2),
        skip_hours=frozenset({0, 7, 23}),
        skip_days=frozenset({6}),
        held_until=NOW + timedelta(microseconds=999_999),
        failures=7,
        interval=timedelta(days=1, microseconds=1),
        rate=1 / 3,
        moved_to="https://moved.example",
        moved_since=NOW - 2 * DAY,
        moved_polls=3,
        polls=2**40,
        entries=12,
        window=25,
        arrived_at=NOW - DAY,
        late_at=NOW + DAY,
        stalled_at=NOW + 2 * DAY,
        failing_since=NOW - HOUR,
        gap_at=NOW - 2 * HOUR,
    )


def test_a_state_comes_back_exactly(store: Store) -> None:
    store.sync_feeds(feeds(FEED), NOW, spread=timedelta(0))
    state = full_state(claim(store)[FEED])
    assert store.record_polls([PollRecord(state=state)], NOW) == [True]
    assert store.feed_states() == [replace(state, token="")]


def test_whatever_of_a_state_a_poll_changed_is_written(store: Store) -> None:
    store.sync_feeds(feeds(FEED), NOW, spread=timedelta(0))
    first = claim(store)[FEED]
    full = full_state(first)
    parts = [one.name for one in fields_of(FeedState) if one.name not in ("url", "token", "rhythm")]
    assert all(getattr(full, part) != getattr(first, part) for part in parts)
    store.record_polls([PollRecord(state=replace(first, next_poll_at=NOW), before=first)], NOW)
    for number, part in enumerate(parts, 1):
        now = NOW + number * DAY
        (claimed,) = store.claim_feeds(now, 1, LEASE, everything=True)
        value: Any = getattr(full, part)
        value = now if isinstance(value, datetime) else value
        changes: dict[str, Any] = {"last_poll_at": now, part: value}
        state = replace(claimed, **changes)
        assert store.record_polls([PollRecord(state=state, before=claimed)], now) == [True]
        assert store.feed_states() == [replace(state, token="")], part


def test_of_what_health_said_during_a_poll_the_poll_has_the_last_word(store: Store) -> None:
    store.sync_feeds(feeds(FEED), NOW, spread=timedelta(0))
    claimed = claim(store)[FEED]
    store.watch({FEED: Deadlines(NOW + HOUR, NOW + 2 * HOUR)})
    arrived = replace(claimed, arrived_at=NOW, next_poll_at=NOW + HOUR)
    assert store.record_polls([PollRecord(state=arrived, before=claimed)], NOW) == [True]
    assert FEED in store.unwatched(10), "when it is late has to be said anew: it brought something"


def test_two_daemons_never_share_a_feed(store_url: str) -> None:
    urls = [f"https://example.org/{n}" for n in range(60)]
    with open_store(store_url) as store:
        store.sync_feeds(feeds(*urls), NOW, spread=timedelta(0))
    taken: list[list[str]] = [[], [], []]
    start = threading.Barrier(3)

    def work(mine: list[str]) -> None:
        with open_store(store_url) as store:
            start.wait()
            while claimed := store.claim_feeds(NOW, 4, LEASE):
                mine.extend(state.url for state in claimed)

    threads = [threading.Thread(target=work, args=(mine,)) for mine in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(url for mine in taken for url in mine) == sorted(urls)


# archive ──────────────────────────────────────────────────────────────────────────────────────


def test_an_entry_comes_back_exactly(store: Store) -> None:
    dhaka = timezone(timedelta(hours=6))
    full = entry(
        1,
        summary="প্রথম\n\nদ্বিতীয়",
        content="x" * 100_000 + "‘’ \U0001f1e7\U0001f1e9 '\"\\%s:a",
        author="ক",
        tags=("রাজনীতি", 'a "b"', ""),
        published=datetime(2025, 10, 16, 1, 2, 3, 4, tzinfo=dhaka),
        updated=datetime(1, 1, 1, tzinfo=UTC),
        country="BD",
    )
    absorb(store, full, topics=["summit", "other"])
    back = store.entry(full.id)
    assert back == (full, [match(full, "summit"), match(full, "other")])
    assert back[0].published is not None
    assert back[0].published.tzinfo is UTC
    assert store.entry(full.id[:-1]) == back


def test_a_prefix_that_is_not_unique_names_no_entry(store: Store) -> None:
    absorb(store, entry(0x10), entry(0x1F), entry(0xAB))
    assert store.entry("0" * 30) is None
    assert store.entry("") is None
    assert store.entry("f") is None
    assert store.entry("0" * 30 + "a") is not None
    assert store.entry("%") is None


def test_entries_come_in_order_of_their_first_sight(store: Store) -> None:
    absorb(store, entry(7), entry(1), entry(3))
    assert store.entries([entry(7).id, entry(3).id, "none", entry(3).id]) == [entry(3), entry(7)]
    assert store.entries([]) == []


def test_text_that_no_database_takes_does_not_hold_up_the_batch(store: Store) -> None:
    odd = entry(1, title="a\0b", summary="c\udc80d", author="\ud83d", tags=("e\0", "\udfff"))
    absorb(store, odd, entry(2), key="a\0b \udc80")
    back = store.entry(odd.id)
    assert back is not None
    assert back[0].title == "ab"
    assert back[0].author.encode()
    assert back[0].tags == odd.tags, "JSON escapes them"
    assert store.counts().entries == 2


def test_the_same_entry_twice_is_one_entry_with_two_sightings(store: Store) -> None:
    store.sync_feeds(feeds(FEED, SECOND), NOW, spread=timedelta(0))
    states = claim(store)
    other = replace(entry(1), title="another wording", feed_url=SECOND, fingerprint="else")
    records = [
        found(states[FEED], entry(1), topics=["summit"]),
        found(states[SECOND], other, topics=["summit"]),
    ]
    assert store.record_polls(records, NOW) == [True, True]
    assert store.entry(entry(1).id) == (entry(1), [match(entry(1))])
    assert store.counts().matches == 1
    assert store.last_seq() == 1
    known = store.known([entry(1).id, entry(2).id])
    assert set(known) == {entry(1).id}
    assert known[entry(1).id].fingerprints == {FEED: "print-1", SECOND: "else"}

    states = claim(store)
    store.record_polls([found(states[SECOND], other, topics=["summit"], now=NOW + HOUR)], NOW + HOUR)
    assert store.entry(entry(1).id) == (entry(1), [match(entry(1))])
    assert store.last_seq() == 1


def test_what_is_known_of_an_identity(store: Store) -> None:
    absorb(store, entry(1, title="abc", summary="de", content="f"))
    known = store.known([entry(1).id])[entry(1).id]
    assert (known.guid, known.revision, known.length, known.first_seen) == ("guid-1", 1, 6, NOW)
    assert known.fingerprints == {FEED: "print-1"}
    many = [f"{n:032x}" for n in range(40_000)]
    assert set(store.known(many)) == {entry(1).id}
    assert store.known([]) == {}


def test_a_revision_goes_forward_only(store: Store) -> None:
    absorb(store, entry(1), entry(2), key="old wording")
    second = entry(1, title="নতুন", revision=2, fingerprint="p2", first_seen=NOW + DAY)
    absorb(store, second, revised=True, key="new wording", now=NOW + HOUR)
    back = store.entry(second.id)
    assert back is not None
    assert back[0] == replace(second, first_seen=NOW)
    assert [(m.revision, m.topic) for m in back[1]] == [(2, "summit")]
    assert store.last_seq() == 3, "a match that is there keeps its place; the third is the log's"
    assert [e.id for e in store.search('"old"', limit=9)] == [entry(2).id]
    assert [e.id for e in store.search('"new"', limit=9)] == [entry(1).id]
    assert store.known([second.id])[second.id].revision == 2

    stale = entry(1, title="stale", revision=2)
    absorb(store, stale, revised=True, key="stale", now=NOW + HOUR)
    absorb(store, entry(1), key="stale", now=NOW + HOUR)
    assert store.entry(second.id) == back
    assert store.search('"stale"', limit=9) == []

    third = replace(second, revision=3)
    absorb(store, third, revised=True, topics=["summit", "other"], now=NOW + HOUR)
    matched = store.entry(second.id)
    assert matched is not None
    assert [(m.topic, m.revision) for m in matched[1]] == [("summit", 3), ("other", 3)]
    tell(store, entry(1), entry(2))
    assert [hit.seq for hit in store.hits(["summit"], 0, NOW + HOUR)] == [1, 2]


def test_an_entry_and_its_revision_may_come_in_one_batch(store: Store) -> None:
    store.sync_feeds(feeds(FEED, SECOND), NOW, spread=timedelta(0))
    states = claim(store)
    longer = entry(1, title="longer", revision=2, feed_url=SECOND)
    records = [
        found(states[FEED], entry(1), topics=["summit"]),
        found(states[SECOND], longer, topics=["summit"], revised=True),
    ]
    assert store.record_polls(records, NOW) == [True, True]
    back = store.entry(entry(1).id)
    assert back is not None
    assert (back[0].title, back[0].revision, back[1][0].revision) == ("longer", 2, 2)
    assert store.known([entry(1).id])[entry(1).id].revision == 2


FINDS: dict[str, set[int]] = {
    "": {1, 2, 3, 4},
    '"পুতিনের"': {1},
    '"পুতিন" *': {1, 2},
    '"পুতিন"': set(),
    '"পাতিনের"': set(),
    '"শীর্ষ বৈঠক"': {1},
    '"বৈঠক শীর্ষ"': set(),
    '"শীর্ষ বৈ" *': {1},
    '"trump" AND "putin"': {3},
    '"trump" AND ("absent" OR "putin")': {3},
    '("trump" OR "পুতিনের") AND "absent"': set(),
    '"trump" OR "পুতিনে" *': {1, 2, 3},
    '"covid 19"': {4},
    '"covid-19"': {4},
    '"it s"': {4},
    '"…" AND "trump"': {3},
    '"…" OR "trump"': {1, 2, 3, 4},
    '("…")': {1, 2, 3, 4},
    '"x.y.example"': {4},
}


def test_search_finds_words_phrases_and_beginnings(store: Store) -> None:
    store.sync_feeds(feeds(FEED), NOW, spread=timedelta(0))
    keys = {
        1: "পুতিনের সঙ্গে শীর্ষ বৈঠক, বুদাপেস্টে",
        2: "পুতিনেরা",
        3: "trump met\nputin",
        4: "covid-19: it's at x.y.example/path",
    }
    made = [entry(n) for n in keys]
    record = found(claim(store)[FEED], *made)
    readings = {entry(n).id: Reading(key=key) for n, key in keys.items()}
    store.record_polls([replace(record, readings=readings)], NOW)
    for expression, ids in FINDS.items():
        found_ids = {e.id for e in store.search(expression, limit=9)}
        assert found_ids == {entry(n).id for n in ids}, expression


def test_search_gives_the_newest_first_within_its_times(store: Store) -> None:
    made = [entry(n, first_seen=NOW + n * HOUR) for n in range(5)]
    absorb(store, *made, key="word")
    newest = [made[4], made[3], made[2], made[1], made[0]]
    assert store.search('"word"', limit=9) == newest
    assert store.search("", limit=2) == newest[:2]
    assert store.search('"word"', limit=9, since=NOW + 2 * HOUR) == newest[:3]
    assert store.search('"word"', limit=9, until=NOW + 2 * HOUR) == newest[3:]
    with pytest.raises(ValueError, match="expression"):
        store.search("NEAR(a b)", limit=9)


# telling ──────────────────────────────────────────────────────────────────────────────────────


def test_hits_come_in_order_with_their_story_and_their_feeds(store: Store) -> None:
    store.sync_feeds(feeds(FEED, SECOND), NOW, spread=timedelta(0))
    states = claim(store)
    store.record_polls([found(states[SECOND], entry(2), entry(1), topics=["summit"])], NOW)
    store.record_polls(
        [found(states[FEED], entry(1), topics=["summit", "war"], now=NOW + MINUTE)], NOW + MINUTE
    )
    tell(store, entry(1), entry(2))
    hits = store.hits(["summit"], 0, NOW)
    assert [(h.seq, h.entry, h.match, h.story_id, h.matched_at) for h in hits] == [
        (1, entry(2), match(entry(2)), "5707", NOW),
        (2, entry(1), match(entry(1)), "5707", NOW),
    ]
    assert [h.feeds for h in hits] == [(SECOND,), (SECOND, FEED)]
    both = store.hits(["summit", "war"], 1, NOW + MINUTE)
    assert [(h.seq, h.match.topic) for h in both] == [(2, "summit"), (3, "war")]
    assert store.hits(["summit", "war"], 1, NOW) == both[:1], "matched after `until`"
    assert store.hits([], 0, NOW) == []


def test_hits_end_before_the_first_that_has_no_story(store: Store) -> None:
    absorb(store, entry(1))
    absorb(store, entry(2))
    absorb(store, entry(3))
    tell(store, entry(1), story="aa")
    tell(store, entry(3), story="bb")
    assert [h.seq for h in store.hits(["summit"], 0, NOW)] == [1]
    tell(store, entry(2), story="cc")
    assert [h.seq for h in store.hits(["summit"], 0, NOW)] == [1, 2, 3]


def test_held_matches_are_no_hits_and_stay_held(store: Store) -> None:
    absorb(store, entry(1), held="before-start")
    absorb(store, entry(2))
    tell(store, entry(2))
    assert [h.entry.id for h in store.hits(["summit"], 0, NOW)] == [entry(2).id]
    absorb(store, replace(entry(1), revision=2), revised=True)
    tell(store, entry(1), story="bb")
    assert [h.entry.id for h in store.hits(["summit"], 0, NOW)] == [entry(2).id]
    back = store.entry(entry(1).id)
    assert back is not None
    assert [(m.held, m.revision) for m in back[1]] == [("before-start", 2)]


def test_an_earlier_time_under_a_later_seq_is_not_passed(store: Store) -> None:
    """Two processes' clocks differ: seq 1 was matched at 13:00 by one, seq 2 at 12:00 by the other."""
    absorb(store, entry(1), now=NOW + HOUR)
    absorb(store, entry(2), now=NOW + HOUR)
    store.sync_feeds(feeds(FEED, SECOND), NOW, spread=timedelta(0))
    store.record_polls([found(claim(store)[SECOND], entry(3), topics=["summit"])], NOW)
    tell(store, entry(1), entry(2), entry(3))
    assert store.hits(["summit"], 0, NOW) == []
    assert [h.seq for h in store.hits(["summit"], 0, NOW + HOUR)] == [1, 2, 3]


def test_a_cursor_starts_behind_what_was_matched_before(store: Store) -> None:
    absorb(store, entry(1), now=NOW)
    absorb(store, entry(2), now=NOW + HOUR)
    absorb(store, entry(3), now=NOW + 2 * HOUR)
    for name, since in (("a", NOW), ("b", NOW + HOUR), ("c", NOW + 2 * HOUR), ("d", NOW + DAY)):
        store.start_cursor(replace(CURSOR, route=name, position=77, next_slot=NOW), since)
    assert [(c.route, c.position) for c in store.cursors()] == [("a", 0), ("b", 1), ("c", 2), ("d", 3)]
    store.start_cursor(replace(CURSOR, route="d", next_slot=NOW + DAY), NOW)
    assert store.cursors()[-1] == replace(CURSOR, route="d", position=3, next_slot=NOW)


def test_the_cursor_moves_and_the_message_is_queued_together_once(store: Store) -> None:
    store.start_cursor(CURSOR, NOW)
    moved = replace(CURSOR, position=5, last_slot=NOW, next_slot=NOW + HOUR)
    assert store.enqueue(moved, [delivery("d1", "aa", "bb")], 0)
    assert store.cursors() == [moved]
    assert store.deliveries() == [delivery("d1", "aa", "bb")]
    assert store.told("day", "desk", "desk@example.org") == {"aa", "bb"}

    assert not store.enqueue(replace(moved, position=9), [delivery("d2", "cc")], 0)
    assert store.cursors() == [moved]
    assert store.told("day", "desk", "desk@example.org") == {"aa", "bb"}
    assert store.told("day", "desk", "other@example.org") == frozenset()

    again = [delivery("d1", "aa"), delivery("d3", "aa", "dd")]
    assert store.enqueue(replace(moved, position=6), again, 5)
    assert {d.id for d in store.deliveries()} == {"d1-desk", "d3-desk"}
    assert store.told("day", "desk", "desk@example.org") == {"aa", "bb", "dd"}
    assert not store.enqueue(replace(moved, route="unknown"), [delivery("d4")], 0)


def test_a_slot_does_not_go_back(store: Store) -> None:
    store.start_cursor(CURSOR, NOW)
    evening = replace(CURSOR, last_slot=NOW + 6 * HOUR, next_slot=NOW + DAY)
    assert store.enqueue(evening, [], 0)
    noon = replace(CURSOR, last_slot=NOW, next_slot=NOW + 6 * HOUR)
    assert not store.enqueue(noon, [delivery()], 0)
    assert store.cursors() == [evening]
    assert store.deliveries() == []


# outbox ───────────────────────────────────────────────────────────────────────────────────────


def test_due_deliveries_are_claimed_oldest_first(store: Store) -> None:
    queue(store, delivery("d2", at=NOW + MINUTE), delivery("d1"), delivery("d3", due=NOW + DAY))
    (first,) = store.claim_deliveries(NOW + HOUR, 1, LEASE)
    assert first.id == "d1-desk"
    assert first == replace(delivery("d1"), status=DeliveryStatus.SENDING, attempts=1, token=first.token)
    assert [d.id for d in store.claim_deliveries(NOW + HOUR, 9, LEASE)] == ["d2-desk"]
    assert store.claim_deliveries(NOW + HOUR, 9, LEASE) == []
    assert [d.id for d in store.claim_deliveries(NOW + DAY, 1, LEASE)] == ["d1-desk"]


def test_a_delivery_whose_sender_died_is_taken_again_and_the_dead_cannot_speak(store: Store) -> None:
    queue(store, delivery())
    (dead,) = store.claim_deliveries(NOW, 9, LEASE)
    (alive,) = store.claim_deliveries(NOW + LEASE, 9, LEASE)
    assert (dead.attempts, alive.attempts) == (1, 2)
    assert not store.record_try(dead, Sent(receipt="250"), NOW + LEASE)
    assert [d.status for d in store.deliveries()] == [DeliveryStatus.SENDING]
    assert store.record_try(alive, Sent(receipt="250 ok"), NOW + LEASE + MINUTE)
    (sent,) = store.deliveries()
    assert (sent.status, sent.sent_at, sent.detail) == (
        DeliveryStatus.SENT,
        NOW + LEASE + MINUTE,
        "250 ok",
    )
    assert not store.record_try(alive, Sent(), NOW + HOUR)
    assert not store.record_try(replace(alive, token=""), Sent(), NOW + HOUR)
    assert store.claim_deliveries(NOW + DAY, 9, LEASE) == []


def test_a_deferred_delivery_comes_again_and_a_dead_one_does_not(store: Store) -> None:
    queue(store, delivery())
    (first,) = store.claim_deliveries(NOW, 9, LEASE)
    later = Deferred(reason=DeliveryReason.TIMEOUT, detail="no answer", retry_at=NOW + HOUR)
    assert store.record_try(first, later, NOW)
    (waiting,) = store.deliveries(status=DeliveryStatus.RETRY)
    assert (waiting.reason, waiting.detail, waiting.due_at) == ("timeout", "no answer", NOW + HOUR)
    assert store.claim_deliveries(NOW + HOUR - MINUTE, 9, LEASE) == []
    (second,) = store.claim_deliveries(NOW + HOUR, 9, LEASE)
    assert second.attempts == 2
    assert store.record_try(second, Dead(reason=DeliveryReason.REJECTED, detail="550"), NOW + HOUR)
    assert store.claim_deliveries(NOW + DAY, 9, LEASE) == []
    (dead,) = store.deliveries(status=DeliveryStatus.DEAD)
    assert (dead.reason, dead.detail, dead.message) == ("rejected", "550", delivery().message)


def test_deliveries_are_listed_newest_first(store: Store) -> None:
    queue(store, *(delivery(f"d{n}", at=NOW + n * MINUTE) for n in range(5)))
    assert [d.id for d in store.deliveries(limit=2)] == ["d4-desk", "d3-desk"]
    assert store.deliveries(status=DeliveryStatus.SENT) == []
    assert len(store.deliveries(status=DeliveryStatus.QUEUED)) == 5


# care ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_next_due_time_is_the_earliest_of_polls_slots_and_deliveries(store: Store) -> None:
    assert store.next_due() is None
    store.start_cursor(replace(CURSOR, next_slot=NOW + 5 * HOUR), NOW)
    assert store.next_due() == NOW + 5 * HOUR
    (cursor,) = store.cursors()
    store.enqueue(cursor, [delivery(due=NOW + 4 * HOUR)], 0)
    assert store.next_due() == NOW + 4 * HOUR
    store.sync_feeds(feeds(FEED), NOW + 3 * HOUR, spread=timedelta(0))
    assert store.next_due() == NOW + 3 * HOUR
    state = claim(store, NOW + 3 * HOUR)[FEED]
    assert store.next_due() == NOW + 3 * HOUR + LEASE
    store.record_polls([found(state, next_poll_at=NOW + 9 * HOUR)], NOW + 3 * HOUR)
    assert store.next_due() == NOW + 4 * HOUR
    (sending,) = store.claim_deliveries(NOW + 4 * HOUR, 9, LEASE)
    assert store.next_due() == NOW + 4 * HOUR + LEASE
    store.record_try(sending, Sent(), NOW + 4 * HOUR)
    assert store.next_due() == NOW + 5 * HOUR


def test_a_feed_that_told_us_to_stay_away_is_due_when_that_ends(store: Store) -> None:
    """Or virtual time would stand still: due in the past, yet never claimed."""
    store.sync_feeds(feeds(FEED), NOW, spread=timedelta(0))
    state = replace(claim(store)[FEED], next_poll_at=NOW + MINUTE, held_until=NOW + HOUR)
    store.record_polls([PollRecord(state=state)], NOW)
    assert store.next_due() == NOW + HOUR
    assert list(claim(store, NOW + HOUR)) == [FEED]


def test_the_last_time_is_the_latest_that_a_promise_recorded(store: Store) -> None:
    assert store.last_time() is None
    absorb(store, entry(1), now=NOW)
    assert store.last_time() == NOW
    queue(store, delivery(at=NOW + HOUR))
    assert store.last_time() == NOW + HOUR
    (claimed,) = store.claim_deliveries(NOW + 2 * HOUR, 1, LEASE)
    store.record_try(claimed, Sent(), NOW + 2 * HOUR)
    assert store.last_time() == NOW + 2 * HOUR
    (cursor,) = store.cursors()
    store.enqueue(replace(cursor, last_slot=NOW + 3 * HOUR), [], cursor.position)
    assert store.last_time() == NOW + 3 * HOUR


def test_pruning_drops_old_entries_but_never_what_is_known_of_them(store: Store) -> None:
    absorb(store, entry(1, content="long"), entry(2, first_seen=NOW + 9 * DAY), key="word")
    tell(store, entry(1), story="aa")
    tell(store, entry(2), story="bb")
    keep = Keep(entries=10 * DAY, bodies=20 * DAY)
    assert store.prune(NOW + 10 * DAY, keep) == 0
    assert store.prune(NOW + 11 * DAY, keep) == 1
    assert store.prune(NOW + 11 * DAY, keep) == 0
    assert store.entry(entry(1).id) is None
    assert [e.id for e in store.search('"word"', limit=9)] == [entry(2).id]
    assert set(store.known([entry(1).id])) == {entry(1).id}
    counts = store.counts()
    assert (counts.entries, counts.matches, counts.stories) == (1, 1, 1)
    assert store.last_seq() == 2
    assert [h.seq for h in store.hits(["summit"], 0, NOW)] == [2]
    absorb(store, entry(3))
    assert store.last_seq() == 3, "a seq is never given twice"


def test_a_pruned_entry_that_is_revised_is_there_again(store: Store) -> None:
    absorb(store, entry(1), key="old")
    assert store.prune(NOW + 500 * DAY, Keep()) == 1
    absorb(store, replace(entry(1), revision=2), revised=True, key="new", now=NOW + 500 * DAY)
    assert [e.revision for e in store.search('"new"', limit=9)] == [2]
    assert store.search('"old"', limit=9) == []


def test_pruning_goes_in_batches_and_drops_bodies_earlier(store: Store) -> None:
    absorb(store, *(entry(n, content="long text", summary="short") for n in range(5)), key="word")
    keep = Keep(entries=10 * DAY, bodies=5 * DAY)
    assert [store.prune(NOW + 6 * DAY, keep, batch=3) for _ in range(3)] == [3, 2, 0]
    assert {(e.content, e.summary) for e in store.search('"word"', limit=9)} == {("", "short")}
    assert [store.prune(NOW + 11 * DAY, keep, batch=4) for _ in range(3)] == [4, 1, 0]
    assert store.counts().entries == 0


def test_an_entry_with_a_message_on_its_way_stays(store: Store) -> None:
    absorb(store, entry(1), entry(2))
    tell(store, entry(1), story="aa")
    tell(store, entry(2), story="bb")
    queue(store, delivery("d1", "aa"))
    late = NOW + 500 * DAY
    assert store.prune(late, Keep()) == 1
    assert store.entry(entry(1).id) is not None
    (claimed,) = store.claim_deliveries(late, 1, LEASE)
    assert store.prune(late, Keep()) == 0
    store.record_try(claimed, Sent(), late)
    assert store.prune(late, Keep()) == 1
    assert store.entry(entry(1).id) is None
    assert store.told("day", "desk", "desk@example.org") == {"aa"}
    assert store.prune(late + 500 * DAY, Keep()) == 1, "the message itself"
    assert store.deliveries() == []
    assert store.told("day", "desk", "desk@example.org") == {"aa"}


def test_counts_are_the_totals(store: Store) -> None:
    assert store.counts().oldest_queued_at is None
    absorb(store, entry(1), entry(2), topics=["summit", "war"])
    tell(store, entry(1), entry(2))
    queue(store, *(delivery(f"d{n}", at=NOW + n * MINUTE) for n in range(4)))
    first, second, third = store.claim_deliveries(NOW + 2 * MINUTE, 9, LEASE)
    store.record_try(first, Sent(), NOW)
    store.record_try(second, Dead(reason=DeliveryReason.GONE, detail=""), NOW)
    counts = store.counts()
    assert (counts.entries, counts.matches, counts.stories) == (2, 4, 1)
    assert (counts.queued, counts.sent, counts.dead) == (2, 1, 1)
    assert counts.oldest_queued_at == third.queued_at


def test_small_facts_are_kept(store: Store) -> None:
    assert store.meta() == {}
    assert store.meta({"b": "2", "a": "ক"}) == {"a": "ক", "b": "2"}
    assert store.meta({"a": "3"}) == {"a": "3", "b": "2"}
    assert store.meta() == {"a": "3", "b": "2"}


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises((StoreError, ValueError), match="zone"):
        store.claim_feeds(datetime(2025, 1, 1), 1, LEASE)


def test_the_promises_are_kept_whole_or_not_at_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash before the commit leaves nothing: neither the state nor the entries."""
    store.sync_feeds(feeds(FEED), NOW, spread=timedelta(0))
    state = claim(store)[FEED]
    record = found(state, entry(1), topics=["summit"], next_poll_at=NOW + HOUR)

    class CrashError(Exception):
        pass

    def crash(*_: object) -> None:
        raise CrashError

    with monkeypatch.context() as patch:
        patch.setattr("monitor.stores._log.take", crash)
        with pytest.raises(CrashError):
            store.record_polls([record], NOW)
    assert store.known([entry(1).id]) == {}
    assert store.counts().entries == 0
    assert [s.next_poll_at for s in store.feed_states()] == [NOW]
    assert store.record_polls([record], NOW) == [True]
    assert store.counts().matches == 1
