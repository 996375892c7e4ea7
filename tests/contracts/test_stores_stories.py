"""The contract of the stores, of stories: every member of the family passes all of this."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, select

from monitor.model import Change, ChangeKind, Edit, EditKind, Keep, Link, LinkKind, Story
from monitor.stores import Store
from monitor.stores._core import SqlStore
from monitor.stores._tables import aliases, counters, entries, links, metadata, stories
from tests.contracts.test_stores import DAY, HOUR, LEASE, MINUTE, NOW, absorb, entry, tell

LIKE = Link(
    entry_id=entry(3).id,
    other_id=entry(2).id,
    kind=LinkKind.ACROSS,
    score=1.5,
    parts={"likeness": 2.25, "time": -0.75},
)
REFUSED = Link(
    entry_id=entry(3).id,
    other_id=entry(9).id,
    kind=LinkKind.LIKE,
    score=-0.5,
    veto="place: budapest ≠ helsinki",
)


def a_story(name: str, *numbers: int, links: tuple[Link, ...] = (), merged: tuple[str, ...] = ()) -> Story:
    return Story(
        id=name,
        entry_ids=tuple(entry(n).id for n in numbers),
        first_seen=NOW + min(numbers) * MINUTE,
        last_seen=NOW + max(numbers) * MINUTE,
        links=links,
        merged=merged,
    )


def seen(number: int) -> timedelta:
    return number * MINUTE


def fill(store: Store, *numbers: int) -> None:
    absorb(store, *(entry(n, first_seen=NOW + seen(n)) for n in numbers))


def merge(kept: str, other: str, minutes: int = 600) -> Edit:
    return Edit(at=NOW + minutes * MINUTE, who="rahima", kind=EditKind.MERGE, story_id=kept, other_id=other)


def split(story: str, new: str, *numbers: int, minutes: int = 600) -> Edit:
    ids = tuple(entry(n).id for n in numbers)
    at = NOW + minutes * MINUTE
    return Edit(at=at, who="rahima", kind=EditKind.SPLIT, story_id=story, other_id=new, entry_ids=ids)


def dump(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Everything that a store knows of stories, but not what was done to them."""
    assert isinstance(store, SqlStore)
    wanted = {
        "entries": select(entries.c.id, entries.c.story_id, entries.c.story_place, entries.c.waiting),
        "stories": select(stories),
        "links": select(links),
        "aliases": select(aliases),
    }
    return store._ask(
        lambda conn: {
            name: sorted((tuple(row) for row in conn.execute(one)), key=str) for name, one in wanted.items()
        }
    )


def empty(store: Store) -> None:
    """Begin anew."""
    assert isinstance(store, SqlStore)

    def work(conn: Connection) -> None:
        for table in reversed(metadata.sorted_tables):
            if table is not counters:
                conn.execute(delete(table))

    store._do(work)


# filing ───────────────────────────────────────────────────────────────────────────────────────


def test_matched_entries_wait_for_a_story_in_order_of_their_match(store: Store) -> None:
    absorb(store, entry(9))
    absorb(store, entry(5), topics=[])
    absorb(store, entry(1), held="before-start")
    assert store.unclustered(10) == [entry(9), entry(1)]
    assert store.unclustered(1) == [entry(9)]
    tell(store, entry(9))
    assert store.unclustered(10) == [entry(1)]
    absorb(store, replace(entry(5), revision=2), revised=True)
    assert [e.id for e in store.unclustered(10)] == [entry(1).id, entry(5).id]


def test_a_story_grows_and_never_shrinks_in_time(store: Store) -> None:
    absorb(store, entry(1), entry(2), entry(3))
    tell(store, entry(2), entry(1), story="aa")
    grown = Story(
        id="aa",
        entry_ids=(entry(2).id, entry(1).id, entry(3).id),
        first_seen=NOW - HOUR,
        last_seen=NOW + HOUR,
    )
    assert store.record_stories([grown])
    assert store.recent_stories(NOW) == [(grown, [entry(2), entry(1), entry(3)])]
    assert store.recent_stories(NOW + HOUR) == [(grown, [])]
    assert store.recent_stories(NOW + 2 * HOUR) == []
    older = replace(grown, last_seen=NOW, first_seen=NOW)
    assert store.record_stories([older, older])
    assert store.record_stories([])
    assert store.recent_stories(NOW) == [(grown, [entry(2), entry(1), entry(3)])]


def test_an_entry_is_in_the_story_that_names_it_last(store: Store) -> None:
    fill(store, 1, 2)
    store.record_stories([a_story("aa", 1, 2)])

    store.record_stories([a_story("bb", 2)])

    assert store.stories(["aa", "bb"]) == [
        replace(a_story("aa", 1), last_seen=NOW + seen(2)),
        a_story("bb", 2),
    ]
    store.record_stories([a_story("bb", 1, 2)])
    assert store.stories(["aa", "bb"]) == [a_story("bb", 1, 2)], "a story without entries is none"


def test_a_story_says_why_its_entries_are_there(store: Store) -> None:
    fill(store, 2, 3)
    first = Link(entry_id=entry(2).id, kind=LinkKind.FIRST)

    store.record_stories([a_story("aa", 2, 3, links=(first, REFUSED, LIKE))])

    assert store.stories(["aa"])[0].links == (first, LIKE, REFUSED), "what holds comes first"
    again = replace(LIKE, kind=LinkKind.COPY, score=6.0)
    store.record_stories([a_story("aa", 2, 3, links=(again,))])
    assert store.stories(["aa"])[0].links == (first, again)


def test_the_id_of_a_story_that_went_up_in_another_leads_there(store: Store) -> None:
    fill(store, 1, 2, 3)
    store.record_stories([a_story("aa11", 1), a_story("bb22", 2), a_story("cc33", 3)])

    store.record_stories([a_story("bb22", 2, 3, merged=("cc33",))])
    store.record_stories([a_story("aa11", 1, 2, 3, merged=("bb22",))])

    whole = a_story("aa11", 1, 2, 3, merged=("bb22", "cc33"))
    assert [store.find_story(one) for one in ("aa11", "bb22", "cc", "c")] == [whole] * 4
    assert store.find_story("dd") is None
    assert store.find_story("") is None
    assert store.stories(["bb22"]) == []
    assert store.story_with(entry(3).id) == whole
    assert store.story_with(entry(9).id) is None
    store.record_stories([a_story("cc33", 3)])
    assert store.find_story("cc33") == a_story("cc33", 3), "what is a story again is no other's name"


def test_a_beginning_that_two_stories_have_finds_none(store: Store) -> None:
    fill(store, 1, 2)
    store.record_stories([a_story("ab1", 1), a_story("ab2", 2)])

    assert store.find_story("ab") is None
    assert store.find_story("ab1") == a_story("ab1", 1)


def test_the_latest_stories_come_first(store: Store) -> None:
    fill(store, 1, 2, 3)
    store.record_stories([a_story("aa", 1), a_story("bb", 2), a_story("cc", 3)])

    assert [one.id for one in store.latest_stories(2)] == ["cc", "bb"]


def test_what_is_filed_and_its_topics_can_be_asked(store: Store) -> None:
    absorb(store, entry(1), topics=("summit", "call"))
    absorb(store, entry(2, first_seen=NOW + HOUR), topics=("call",), held="before-start")
    absorb(store, entry(3), topics=())
    store.record_stories([a_story("aa", 1), a_story("bb", 2)])

    assert [one.id for one in store.filed(9, NOW + DAY)] == [entry(2).id, entry(1).id]
    assert store.filed(1, NOW + DAY) == [entry(2, first_seen=NOW + HOUR)]
    assert store.filed(9, NOW + HOUR) == [entry(1)]
    asked = [entry(n).id for n in (1, 2, 3, 4)]
    assert store.topics(asked) == {entry(1).id: ("call", "summit"), entry(2).id: ("call",)}


def test_links_go_with_their_entry(store: Store) -> None:
    absorb(store, entry(2), entry(3))
    tell(store, entry(2), entry(3), story="aa")
    store.record_stories([a_story("aa", 2, 3, links=(LIKE, REFUSED))])

    store.prune(NOW + 500 * DAY, Keep(entries=400 * DAY, bodies=DAY))

    assert dump(store)["links"] == []


# whose turn ───────────────────────────────────────────────────────────────────────────────────


def test_one_process_at_a_time_groups_entries(store: Store) -> None:
    mine = store.claim_stories(NOW, LEASE)
    assert mine
    assert store.claim_stories(NOW + MINUTE, LEASE) is None
    assert store.claim_stories(NOW + MINUTE, LEASE, "1000") is None
    assert store.claim_stories(NOW + 2 * MINUTE, LEASE, mine) == mine, "its holder keeps it"
    assert store.claim_stories(NOW + 4 * MINUTE, LEASE) is None, "for as long as it says so"
    theirs = store.claim_stories(NOW + 6 * MINUTE, LEASE)
    assert theirs not in (None, mine)
    assert store.claim_stories(NOW + 6 * MINUTE, LEASE, mine) is None


def test_who_lost_the_turn_records_nothing(store: Store) -> None:
    fill(store, 1)
    mine = store.claim_stories(NOW, LEASE)
    store.claim_stories(NOW + HOUR, LEASE)

    assert not store.record_stories([a_story("aa", 1)], (), mine)

    assert store.stories(["aa"]) == []


@pytest.mark.parametrize("undone", [False, True])
def test_what_hands_did_is_seen_by_who_groups(store: Store, undone: bool) -> None:
    fill(store, 1, 2, 3)
    store.record_stories([a_story("aa", 1), a_story("bb", 2)])
    if undone:
        store.edit_story(merge("aa", "bb"))
    mine = store.claim_stories(NOW, LEASE)
    done = store.undo_edit(NOW + DAY) if undone else store.edit_story(merge("aa", "bb"))
    assert done

    assert not store.record_stories([a_story("cc", 3)], (), mine)

    after = store.claim_stories(NOW + MINUTE, LEASE, mine or "")
    assert after not in (None, mine)
    assert store.record_stories([a_story("cc", 3)], (), after)


# by hand ──────────────────────────────────────────────────────────────────────────────────────


def test_stories_are_put_together_by_hand(store: Store) -> None:
    fill(store, 1, 2, 3)
    store.record_stories([a_story("aa", 1), a_story("bb", 2, 3, links=(LIKE,))])

    done = store.edit_story(merge("aa", "bb"))

    assert done == replace(merge("aa", "bb"), n=1, entry_ids=(entry(2).id, entry(3).id))
    (whole,) = store.stories(["aa", "bb"])
    assert (whole.entry_ids, whole.merged) == (a_story("aa", 1, 2, 3).entry_ids, ("bb",))
    assert (whole.first_seen, whole.last_seen) == (NOW + seen(1), NOW + seen(3))
    by_hand = [link.entry_id for link in whole.links if link.kind is LinkKind.MANUAL]
    assert by_hand == list(whole.entry_ids)
    assert LIKE in whole.links, "why they are alike stays known"
    assert store.edits(9) == [done]
    assert store.news(["summit"], 3, NOW + DAY).changes == (
        Change(seq=4, at=done.at, kind=ChangeKind.MERGED, story_id="aa", other_id="bb"),
    )


def test_a_story_is_taken_apart_by_hand(store: Store) -> None:
    fill(store, 1, 2, 3)
    store.record_stories([a_story("aa", 1, 2, 3)])

    done = store.edit_story(split("aa", "dd", 1, 3))

    assert done
    assert done.entry_ids == (entry(1).id, entry(3).id)
    left, taken = store.stories(["aa", "dd"])
    assert (left.entry_ids, left.first_seen, left.last_seen) == ((entry(2).id,), NOW + seen(2), NOW + seen(2))
    assert (taken.entry_ids, taken.first_seen, taken.last_seen) == (
        (entry(1).id, entry(3).id),
        NOW + seen(1),
        NOW + seen(3),
    )


@pytest.mark.parametrize(
    "wanted",
    [
        merge("aa", "zz"),
        merge("zz", "aa"),
        split("aa", "dd", 1, 2, 3),
        split("aa", "dd"),
        split("aa", "dd", 4),
        split("aa", "bb", 1),
    ],
    ids=["no other", "no first", "all", "none", "a stranger", "into another"],
)
def test_what_cannot_be_done_by_hand_changes_nothing(store: Store, wanted: Edit) -> None:
    fill(store, 1, 2, 3, 4)
    store.record_stories([a_story("aa", 1, 2, 3), a_story("bb", 4)])
    before = dump(store)

    assert store.edit_story(wanted) is None

    assert dump(store) == before
    assert store.edits(9) == []


def test_nothing_to_undo_is_no_mistake(store: Store) -> None:
    assert store.undo_edit(NOW) is None


def test_what_joined_meanwhile_goes_with_its_like_when_a_merge_is_undone(store: Store) -> None:
    fill(store, 1, 2, 3, 4)
    store.record_stories([a_story("aa", 1), a_story("bb", 2)])
    store.edit_story(merge("aa", "bb"))
    copy = Link(entry_id=entry(4).id, other_id=entry(3).id, kind=LinkKind.COPY)
    store.record_stories([a_story("aa", 1, 2, 3, 4, links=(LIKE, copy))])

    store.undo_edit(NOW + DAY)

    assert [one.entry_ids for one in store.stories(["aa", "bb"])] == [
        (entry(1).id,),
        (entry(2).id, entry(3).id, entry(4).id),
    ]
    assert store.stories(["bb"])[0].last_seen == NOW + seen(4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_undoing_gives_back_the_same_state(store: Store, data: st.DataObject) -> None:
    empty(store)
    numbers = range(1, 9)
    fill(store, *numbers)
    where = {n: data.draw(st.sampled_from("abc"), label=f"story of {n}") for n in numbers}
    for name in sorted(set(where.values())):
        mine = [n for n in numbers if where[n] == name]
        why = tuple(
            Link(entry_id=entry(n).id, other_id=entry(mine[0]).id, kind=LinkKind.LIKE) for n in mine[1:]
        )
        store.record_stories([a_story(name, *mine, links=why)])
    states = [dump(store)]
    for step in range(data.draw(st.integers(1, 5), label="edits")):
        names = sorted({str(row[1]) for row in dump(store)["entries"]})
        if len(names) > 1 and data.draw(st.booleans(), label="merge"):
            kept, other = data.draw(st.permutations(names), label="which")[:2]
            wanted = merge(kept, other, 600 + step)
        else:
            name = data.draw(st.sampled_from(names), label="which")
            inside = {row[0] for row in dump(store)["entries"] if row[1] == name}
            members = [one for one in numbers if entry(one).id in inside]
            taken = data.draw(st.lists(st.sampled_from(members), unique=True), label="taken")
            wanted = split(name, f"new{step}", *taken, minutes=600 + step)
        if store.edit_story(wanted):
            states.append(dump(store))
    for before in reversed(states[:-1]):
        assert store.undo_edit(NOW + 2 * DAY)
        assert dump(store) == before
    assert store.undo_edit(NOW + 2 * DAY) is None
    assert all(done.undone_at == NOW + 2 * DAY for done in store.edits(99))
