"""The contract of the stores, of signals: every member passes all of this."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from monitor.model import ChangeKind, Cursor, Feed, PollRecord, Signal, SignalKind
from monitor.stores import Store
from tests.contracts.test_stores import (
    DAY,
    FEED,
    HOUR,
    MINUTE,
    NOW,
    absorb,
    claim,
    delivery,
    entry,
    found,
    tell,
)

READER = ("day", "desk", "desk@example.org")
BURST = Signal(
    id="5161",
    kind=SignalKind.BURST,
    topic="summit",
    at=NOW + MINUTE,
    since=NOW - HOUR,
    numbers={"count": 12, "usual": 1.5},
    entry_ids=(entry(1).id,),
)
OF_ROUTE = replace(BURST, id="5162", topic="", route="day", kind=SignalKind.NO_DATA)


def test_a_signal_is_noted_once_behind_the_cursor_with_what_is_remembered_of_it(store: Store) -> None:
    absorb(store, entry(1))
    tell(store, entry(1))
    for _ in range(2):
        assert store.record_stories([], [], signals=[BURST], facts={"signals": "mark"})
    assert store.meta()["signals"] == "mark"
    assert store.signals() == [BURST]
    news = store.news(["summit"], 0, NOW + HOUR)
    (line,) = news.changes
    assert (line.seq, line.kind, line.signal, line.topic) == (2, ChangeKind.SIGNAL, BURST, "summit")
    assert news.position == 2
    assert store.news(["war"], 0, NOW + HOUR).changes == ()
    assert store.news(["summit"], 0, NOW).changes == (), "not before its time"


def test_a_signal_of_a_route_is_for_that_route_alone(store: Store) -> None:
    store.record_stories([], [], signals=[BURST, OF_ROUTE])
    found = store.news(["summit"], 0, NOW + HOUR, route="day").changes
    assert [one.signal for one in found] == [BURST, OF_ROUTE]
    assert [one.signal for one in store.news(["summit"], 0, NOW + HOUR, route="night").changes] == [BURST]
    assert store.signals(["summit"]) == [BURST]
    assert store.signals([], ["day"]) == [OF_ROUTE]


def test_nothing_is_noted_by_who_lost_the_right_to(store: Store) -> None:
    token = store.claim_stories(NOW, HOUR)
    assert store.claim_stories(NOW + 2 * HOUR, HOUR) not in (None, token)
    assert not store.record_stories([], [], token, signals=[BURST], facts={"signals": "mark"})
    assert store.signals() == []
    assert "signals" not in store.meta()


def test_when_matches_appeared_is_told_with_who_stands_in_them(store: Store) -> None:
    late = replace(entry(2), published=NOW - DAY, entities=("putin", "or_ban"))
    future = replace(entry(3), published=NOW + DAY)
    absorb(store, entry(1), late, future)
    absorb(store, entry(4), held="before-start", now=NOW + HOUR)
    seen = store.appearances(["summit"], 0, NOW - DAY)
    assert [(one.seq, one.entry_id) for one in seen] == [(n, entry(n).id) for n in (1, 2, 3, 4)]
    assert [one.at for one in seen] == [NOW, NOW - DAY, NOW, NOW]
    assert seen[1].entities == ("putin", "or_ban")
    assert (seen[0].feed_url, seen[0].source, seen[3].held) == (FEED, "Example", "before-start")
    assert [one.seq for one in store.appearances(["summit"], 2, NOW - DAY)] == [3, 4]
    assert store.appearances(["war"], 0, NOW - DAY) == []
    assert store.appearances(["summit"], 0, NOW + MINUTE) == []


def test_who_stood_beside_whom_is_known_of_every_entry_that_was_seen_by_then(store: Store) -> None:
    absorb(store, replace(entry(1), entities=("putin", "or_ban")), topics=[])
    absorb(store, replace(entry(2), entities=("trump", "orxban")), topics=[], now=NOW)
    assert store.together("or_ban", ["trump", "putin"], NOW)
    assert not store.together("or_ban", ["trump"], NOW), "an id is no pattern"
    assert not store.together("ban", ["putin"], NOW), "nor a part of another"
    assert not store.together("or_ban", ["putin"], NOW - MINUTE)


def test_when_its_feed_began_is_told_with_a_match(store: Store) -> None:
    absorb(store)
    state = claim(store)[FEED]
    record = found(replace(state, first_poll_at=NOW - HOUR), entry(1), topics=["summit"])
    assert store.record_polls([record], NOW) == [True]
    (one,) = store.appearances(["summit"], 0, NOW - DAY)
    assert one.begun == NOW - HOUR


def test_how_many_feeds_were_asked_lately_is_told_without_the_paused_ones(store: Store) -> None:
    assert store.asked(NOW) == (0, 0)
    urls = [f"https://www.example.com/{n}.xml" for n in range(4)]
    feeds = [Feed(url=url, source="Example", paused=url == urls[3]) for url in urls]
    store.sync_feeds(feeds, NOW, spread=timedelta(0))
    for state in store.claim_feeds(NOW, 2, HOUR):
        asked = replace(state, last_poll_at=NOW, first_poll_at=NOW)
        store.record_polls([PollRecord(state=asked)], NOW)
    assert store.asked(NOW) == (2, 3)
    assert store.asked(NOW + MINUTE) == (0, 3)
    store.sync_feeds(feeds[2:], NOW, spread=timedelta(0))
    assert store.asked(NOW) == (0, 1), "what is not configured any more is not asked"


def test_arrivals_are_counted_with_the_end_of_each_span(store: Store) -> None:
    absorb(store, *(replace(entry(n), first_seen=NOW + n * MINUTE) for n in range(1, 6)), topics=[])
    spans = [(NOW, NOW + 2 * MINUTE), (NOW + 2 * MINUTE, NOW + 9 * MINUTE), (NOW + DAY, NOW + 2 * DAY)]
    assert store.arrivals(spans) == [2, 3, 0]
    assert store.arrivals([]) == []
    source = entry(1).source
    assert store.arrivals(spans, [source, "Nobody"]) == [2, 3, 0]
    assert store.arrivals(spans, ["Nobody"]) == [0, 0, 0]


def test_what_a_reader_heard_is_known_by_item(store: Store) -> None:
    store.start_cursor(Cursor(route="day", channel="desk", recipient="desk@example.org", position=0), NOW)
    told = delivery("d1")
    message = replace(told.message, told={BURST.id: (f"signal:{BURST.id}",)})
    (cursor,) = store.cursors()
    assert store.enqueue(cursor, [replace(told, message=message)], cursor.position)
    asked = [f"signal:{BURST.id}", "signal:other", "turn:none"]
    assert store.heard(*READER, asked) == {f"signal:{BURST.id}"}
    assert store.heard("day", "desk", "somebody@example.org", asked) == frozenset()
