"""The contract of the stores, of silences and of what was not told: every member passes all of this."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from monitor.model import Keep, Passed, PassedKind, Scope, Silence, Turn
from monitor.stores import Store
from tests.contracts.test_stores import (
    CURSOR,
    DAY,
    FEED,
    HOUR,
    NOW,
    absorb,
    claim,
    delivery,
    entry,
    found,
    queue,
    tell,
)

SILENCE = Silence(
    id="5115ce01",
    scope=Scope.STORY,
    target="57075707",
    since=NOW,
    until=NOW + DAY,
    why="পুরোনো খবর \x00",
    by="রিনা",
)
READER = ("day", "desk", "desk@example.org")


def passed(number: int, kind: PassedKind = PassedKind.SILENCED, **changes: Any) -> Passed:
    made = Passed(entry_id=entry(number).id, kind=kind, detail="why", at=NOW)
    return replace(made, **changes)


def test_silences_come_back_exactly_newest_first(store: Store) -> None:
    later = replace(SILENCE, id="5115ce02", since=NOW + HOUR)
    for one in (SILENCE, later, replace(SILENCE, why="again")):
        store.add_silence(one)
    kept = replace(SILENCE, why="পুরোনো খবর ")  # no database takes a NUL
    assert store.silences() == [replace(later, why=kept.why), kept]


def test_a_silence_is_expired_once_by_the_beginning_of_its_id(store: Store) -> None:
    store.add_silence(SILENCE)
    assert store.expire_silence("x", NOW, "ops") is None
    ended = store.expire_silence("5115", NOW + HOUR, "ops")
    assert ended is not None
    assert (ended.end, ended.expired_by) == (NOW + HOUR, "ops")
    assert store.expire_silence("5115ce01", NOW + 2 * HOUR, "desk") == ended
    store.add_silence(replace(SILENCE, id="5115ffff"))
    assert store.expire_silence("5115", NOW, "ops") is None


def test_a_silence_that_ended_by_itself_is_not_expired(store: Store) -> None:
    store.add_silence(SILENCE)
    ended = store.expire_silence("5115", NOW + 2 * DAY, "ops")
    assert ended is not None
    assert (ended.end, ended.expired_at) == (NOW + DAY, None)


def test_why_a_turn_was_not_told_goes_with_the_turn(store: Store) -> None:
    turn = Turn(id="t1", topic="summit", state="agreed", story_id="5707", reached_at=NOW, entry_ids=())
    store.start_cursor(CURSOR, NOW + 1000 * DAY)
    store.record_stories([], [turn])
    note = replace(passed(1), entry_id="turn:t1")
    assert store.enqueue(replace(CURSOR, position=1), [], 0, passed=[note])
    assert store.passed(*READER) == [note]
    assert store.prune(NOW + 10 * DAY, Keep(entries=9 * DAY, bodies=9 * DAY)) == 1
    assert store.passed(*READER) == []


def test_what_is_passed_is_kept_with_the_cursor_that_passes_it(store: Store) -> None:
    store.start_cursor(CURSOR, NOW + 1000 * DAY)
    notes = [passed(1), passed(2, PassedKind.BUDGET, until=NOW + HOUR)]
    assert store.enqueue(replace(CURSOR, position=5), [], 0, passed=notes)
    assert store.passed(*READER) == notes
    assert store.passed(*READER, [entry(2).id, "unknown"]) == notes[1:]
    assert store.passed("day", "desk", "other@example.org") == []
    assert not store.enqueue(replace(CURSOR, position=9), [], 0, passed=[passed(3)])
    assert store.passed(*READER) == notes


def test_what_is_told_after_all_is_passed_no_more(store: Store) -> None:
    store.start_cursor(CURSOR, NOW + 1000 * DAY)
    assert store.enqueue(replace(CURSOR, position=5), [], 0, passed=[passed(1), passed(2)])
    message = replace(delivery().message, told={"5707": (f"entry:{entry(1).id}",)})
    again = passed(2, PassedKind.NO_ROOM)
    told = replace(delivery(), message=message)
    assert store.enqueue(replace(CURSOR, position=6), [told], 5, passed=[again])
    assert store.passed(*READER) == [again]


def test_reasons_go_with_their_entry(store: Store) -> None:
    absorb(store, entry(1))
    store.start_cursor(CURSOR, NOW + 1000 * DAY)
    (cursor,) = store.cursors()
    assert store.enqueue(cursor, [], cursor.position, passed=[passed(1)])
    assert store.prune(NOW + 2 * DAY, Keep(entries=timedelta(days=1))) > 0
    assert store.passed(*READER) == []


def test_what_is_held_back_for_a_while_is_due_then_and_named_by_its_story(store: Store) -> None:
    absorb(store, entry(1), entry(2))
    tell(store, entry(1), story="57071")
    tell(store, entry(2), story="57072")
    store.start_cursor(CURSOR, NOW + 1000 * DAY)
    (cursor,) = store.cursors()
    notes = [
        passed(1, PassedKind.GROUPED, until=NOW + HOUR),
        passed(2, PassedKind.GROUPED, until=NOW + 2 * HOUR),
    ]
    assert store.enqueue(cursor, [], cursor.position, passed=notes)
    feed = claim(store)[FEED]
    store.record_polls([found(feed, next_poll_at=NOW + DAY)], NOW)
    assert store.next_due() == NOW + HOUR
    assert store.waiting(*READER, NOW + HOUR / 2) == frozenset()
    assert store.waiting(*READER, NOW + HOUR) == {"57071"}
    assert store.waiting(*READER, NOW + 2 * HOUR) == {"57071", "57072"}
    assert store.waiting("day", "desk", "other@example.org", NOW + DAY) == frozenset()


def test_when_a_reader_was_last_sent_something_of_a_story_is_known(store: Store) -> None:
    queue(store, delivery("d1", "aa", "bb"), delivery("d2", "aa", at=NOW + HOUR))
    assert store.lasts(*READER, ["aa", "bb", "cc"]) == {"aa": NOW + HOUR, "bb": NOW}
    assert store.lasts("now", "desk", "desk@example.org", ["aa"]) == {}
