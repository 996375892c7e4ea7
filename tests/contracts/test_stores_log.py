"""The contract of the stores, of the log and of what was told: every member passes all of this."""

from __future__ import annotations

from dataclasses import replace

from monitor.model import (
    Change,
    ChangeKind,
    Cursor,
    Delivery,
    Entry,
    Fresh,
    Hit,
    Keep,
    PollRecord,
    Reading,
    Span,
    Stance,
    StateEvidence,
    Statement,
    Story,
    Turn,
)
from monitor.stores import Store
from tests.contracts.test_stores import (
    CURSOR,
    DAY,
    FEED,
    HOUR,
    MINUTE,
    NOW,
    absorb,
    claim,
    delivery,
    entry,
    feeds,
    match,
    queue,
    tell,
)

READER = ("day", "desk", "desk@example.org")
PESKOV = Statement(
    speaker="peskov",
    stance=Stance.DENIES,
    span=Span(field="summary", start=3, end=9, surface="পুতিন", term="@putin", entity="putin"),
)
AGREED = Turn(
    id="t-agreed",
    topic="summit",
    state="agreed",
    story_id="5707",
    reached_at=NOW + MINUTE,
    entry_ids=(entry(1).id, entry(2).id),
    statements=(PESKOV,),
    spans=(PESKOV.span,),
    before=("proposed",),
)


def revise(store: Store, one: Entry, *, topics: tuple[str, ...] = ("summit",), later: int = 60) -> Entry:
    """Absorb the next revision of an entry."""
    absorb(store, one, topics=topics, revised=True, now=NOW + later * MINUTE)
    return one


def second(one: Entry, title: str, revision: int = 2) -> Entry:
    return replace(one, revision=revision, title=title, fingerprint=f"{one.fingerprint}-{revision}")


def test_a_revised_headline_is_in_the_log_with_what_it_was(store: Store) -> None:
    absorb(store, entry(1), entry(2))
    tell(store, entry(1), entry(2))
    edited = revise(store, second(entry(1), "বৈঠক স্থগিত"))
    news = store.news(["summit"], 0, NOW + HOUR)
    assert [hit.seq for hit in news.hits] == [1, 2], "a revised match keeps its number"
    assert news.changes == (
        Change(
            seq=3,
            at=NOW + HOUR,
            kind=ChangeKind.REVISED,
            story_id="5707",
            entry_id=edited.id,
            revision=2,
            before=entry(1).title,
            after="বৈঠক স্থগিত",
            entry=edited,
        ),
    )
    assert news.position == 3
    assert store.news(["summit"], 3, NOW + DAY).position == 3
    assert store.news(["war"], 0, NOW + DAY).changes == ()
    absorb(store, edited, revised=True, now=NOW + 2 * HOUR)
    assert store.last_seq() == 3, "the same revision again changes nothing"


def test_what_was_never_about_a_topic_or_is_held_from_the_start_is_not_in_the_log(store: Store) -> None:
    absorb(store, entry(1), topics=[])
    absorb(store, entry(2), held="before-start")
    absorb(store, entry(3))
    tell(store, entry(2), entry(3))
    revise(store, second(entry(1), "One"), topics=())
    revise(store, second(entry(2), "Two"), later=61)
    assert store.news(["summit"], 0, NOW + DAY).changes == ()


def test_an_entry_that_is_about_it_no_more_is_withdrawn_and_comes_anew_if_it_is_again(store: Store) -> None:
    absorb(store, entry(1), entry(2), topics=["summit", "war"])
    tell(store, entry(1), entry(2))
    seen = store.last_seq()
    gone = revise(store, second(entry(1), "Cricket"), topics=("war",))
    news = store.news(["summit"], seen, NOW + DAY)
    assert [(one.kind, one.topic, one.before, one.after) for one in news.changes] == [
        (ChangeKind.REVISED, "", entry(1).title, "Cricket"),
        (ChangeKind.WITHDRAWN, "summit", entry(1).title, "Cricket"),
    ]
    assert [one.kind for one in store.news(["war"], seen, NOW + DAY).changes] == [ChangeKind.REVISED]
    assert [hit.entry.id for hit in store.hits(["summit"], 0, NOW + DAY)] == [entry(2).id]
    back = store.entry(gone.id)
    assert back is not None
    assert {found.topic: found.held for found in back[1]} == {"summit": "withdrawn", "war": ""}

    again = revise(store, second(entry(1), "পুতিন", 3), later=90)
    assert [hit.entry for hit in store.hits(["summit"], news.position, NOW + DAY)] == [again]


def test_a_text_that_its_feed_cut_under_the_same_headline_withdraws_nothing(store: Store) -> None:
    absorb(store, entry(1))
    tell(store, entry(1))
    revise(store, second(entry(1), entry(1).title), topics=())
    news = store.news(["summit"], 0, NOW + DAY)
    assert [one.kind for one in news.changes] == [ChangeKind.REVISED]
    assert [hit.seq for hit in news.hits] == [1]


def test_a_match_that_its_own_batch_takes_back_is_never_told(store: Store) -> None:
    store.sync_feeds(feeds(FEED, "https://example.net/rss"), NOW, spread=HOUR * 0)
    states = list(claim(store).values())
    first, edited = entry(1), second(entry(1), "Cricket")
    records = [
        PollRecord(
            state=states[0],
            fresh=Fresh(entries=(first,)),
            readings={first.id: Reading(matches=(match(first),), key="x")},
        ),
        PollRecord(
            state=states[1], fresh=Fresh(revised=(edited,)), readings={first.id: Reading(key="cricket")}
        ),
    ]
    assert store.record_polls(records, NOW) == [True, True]
    assert store.unclustered(9) == []
    assert store.last_seq() == 0


def test_turns_are_noted_once_with_the_story_they_follow_from(store: Store) -> None:
    absorb(store, entry(1), entry(2))
    held = replace(AGREED, id="t-held", state="held", reached_at=NOW + HOUR)
    stories = [Story(id="5707", entry_ids=(entry(1).id, entry(2).id), first_seen=NOW, last_seen=NOW)]
    store.record_stories(stories, [AGREED])
    store.record_stories(stories, [replace(AGREED, reached_at=NOW + DAY), held])
    assert store.turns(["summit"]) == [AGREED, held]
    assert store.turns(["war"]) == []
    news = store.news(["summit"], 0, NOW + HOUR)
    assert [(one.seq, one.kind, one.turn) for one in news.changes] == [
        (3, ChangeKind.TURN, AGREED),
        (4, ChangeKind.TURN, held),
    ]
    assert store.news(["war"], 0, NOW + HOUR).changes == ()


def telling(
    store: Store, one: Entry, *states: str, held: str = "", later: int = 0, revised: bool = False
) -> None:
    """Absorb an entry whose match tells states."""
    if not store.feed_states():
        store.sync_feeds(feeds(FEED), NOW, spread=HOUR * 0)
    state = claim(store, NOW + later * MINUTE)[FEED]
    found = match(one, held=held)
    told = tuple(StateEvidence(state=name, spans=(PESKOV.span,)) for name in states)
    found = replace(found, evidence=replace(found.evidence, states=told))
    fresh = Fresh(entries=() if revised else (one,), revised=(one,) if revised else ())
    record = PollRecord(
        state=replace(state, next_poll_at=NOW),
        fresh=fresh,
        readings={one.id: Reading(matches=(found,), key="x")},
    )
    assert store.record_polls([record], NOW + later * MINUTE) == [True]


def whole(hit: Hit) -> Hit:
    return hit


def test_who_tells_a_state_is_found_new_held_or_revised_with_or_without_a_story(store: Store) -> None:
    telling(store, entry(1), "agreed", "venue-set")
    telling(store, entry(2), later=1)
    telling(store, entry(3), "agreed", held="before-start", later=2)
    tell(store, entry(1), story="aa")
    found = store.tellers(["summit"], 0, NOW, whole)
    assert [(hit.entry.id, hit.story_id, [one.state for one in hit.match.states]) for hit in found] == [
        (entry(1).id, "aa", ["agreed", "venue-set"]),
        (entry(3).id, "", ["agreed"]),
    ]
    assert [hit.match.held for hit in found] == ["", "before-start"]
    assert store.tellers(["war"], 0, NOW, whole) == []
    assert store.tellers(["summit"], 0, NOW + MINUTE, whole) == [], "first seen before the window"
    mark = store.last_seq()
    assert store.tellers(["summit"], mark, NOW, whole) == []
    telling(store, second(entry(2), "স্থগিত"), "postponed", later=3, revised=True)
    assert store.tellers(["summit"], mark, NOW, lambda hit: hit.entry.title) == ["স্থগিত"]


def test_stories_are_given_whole_by_id(store: Store) -> None:
    absorb(store, entry(1), entry(2), entry(3))
    tell(store, entry(2), entry(1), story="bb")
    tell(store, entry(3), story="aa")
    assert [(one.id, one.entry_ids) for one in store.stories(["bb", "aa", "none"])] == [
        ("aa", (entry(3).id,)),
        ("bb", (entry(2).id, entry(1).id)),
    ]


def test_a_cursor_passes_nothing_that_was_not_shown(store: Store) -> None:
    """Both streams end before a hit without a story and before what is later than `until`."""
    absorb(store, entry(1), entry(2))
    tell(store, entry(1))
    revise(store, second(entry(1), "One"), later=1)
    waiting = store.news(["summit"], 0, NOW + DAY)
    assert ([hit.seq for hit in waiting.hits], waiting.changes, waiting.position) == ([1], (), 1)
    tell(store, entry(2))
    store.record_stories([], [replace(AGREED, reached_at=NOW + DAY)])
    absorb(store, entry(3), now=NOW + 2 * HOUR)
    tell(store, entry(3))
    before = store.news(["summit"], 0, NOW + HOUR)
    assert ([hit.seq for hit in before.hits], [one.seq for one in before.changes]) == ([1, 2], [3])
    assert before.position == 3
    after = store.news(["summit"], before.position, NOW + DAY)
    assert ([hit.seq for hit in after.hits], [one.seq for one in after.changes]) == ([5], [4])
    assert after.position == 5


def test_a_cursor_starts_behind_changes_as_behind_hits(store: Store) -> None:
    absorb(store, entry(1))
    tell(store, entry(1))
    revise(store, second(entry(1), "One"))
    store.start_cursor(CURSOR, NOW + MINUTE)
    assert [one.position for one in store.cursors()] == [1]


def told(name: str, **items: tuple[str, ...]) -> Delivery:
    """A message that told these items of these stories."""
    made = delivery(name, *items)
    return replace(made, message=replace(made.message, told=items))


def test_a_dossier_has_the_hits_of_the_topics_and_what_this_reader_was_told(store: Store) -> None:
    absorb(store, entry(1), entry(2), topics=["summit", "war"])
    absorb(store, entry(3), held="before-start")
    tell(store, entry(1), entry(2), entry(3), story="aa")
    queue(store, told("d1", aa=(f"entry:{entry(1).id}", "fact:duration|phone_call|PT2H")))
    (one,) = store.dossiers(*READER, ["summit"], ["aa", "none"])
    assert one.story.entry_ids == (entry(1).id, entry(2).id, entry(3).id)
    assert one.hits[0].match == match(entry(1))
    assert [(hit.entry.id, hit.match.topic) for hit in one.hits] == [
        (entry(1).id, "summit"),
        (entry(2).id, "summit"),
    ]
    assert one.told == {"story", f"entry:{entry(1).id}", "fact:duration|phone_call|PT2H"}
    (other,) = store.dossiers("day", "desk", "other@example.org", ["war"], ["aa"])
    assert (len(other.hits), other.told) == (2, frozenset())


def test_what_was_told_of_an_entry_counts_wherever_it_is_now(store: Store) -> None:
    absorb(store, entry(1), entry(2))
    tell(store, entry(1), entry(2), story="bb")
    queue(store, told("d1", aa=(f"entry:{entry(1).id}", "turn:t1")), told("d2", cc=("turn:t2",)))
    (one,) = store.dossiers(*READER, ["summit"], ["bb"])
    assert one.told == {"story", f"entry:{entry(1).id}", "turn:t1"}


def test_the_stories_told_can_be_asked_for_by_when_they_were_last_seen(store: Store) -> None:
    absorb(store, entry(1), entry(2))
    tell(store, entry(1), story="aa", now=NOW)
    tell(store, entry(2), story="bb", now=NOW + HOUR)
    queue(store, told("d1", aa=("x",), bb=("y",)))
    assert store.told(*READER) == {"aa", "bb"}
    assert store.told(*READER, since=NOW + HOUR) == {"bb"}


def test_a_story_that_was_told_and_went_up_in_another_is_told_as_that_one(store: Store) -> None:
    absorb(store, entry(1), entry(2))
    tell(store, entry(1), story="aa")
    queue(store, told("d1", aa=("x",)))
    merged = Story(
        id="bb", entry_ids=(entry(1).id, entry(2).id), first_seen=NOW, last_seen=NOW + HOUR, merged=("aa",)
    )
    store.record_stories([merged])
    assert store.told(*READER) == {"bb"}
    assert store.told(*READER, since=NOW + HOUR) == {"bb"}
    assert store.lasts(*READER, ["bb", "cc"]).keys() == {"bb"}


def test_old_lines_of_the_log_are_dropped(store: Store) -> None:
    absorb(store, entry(1))
    tell(store, entry(1))
    store.record_stories([], [AGREED])
    assert store.prune(NOW + 9 * DAY, Keep(entries=9 * DAY, bodies=9 * DAY)) == 0
    assert store.prune(NOW + 10 * DAY, Keep(entries=9 * DAY, bodies=9 * DAY)) == 2
    assert store.turns(["summit"]) == []


def test_a_recipient_with_an_odd_address_is_remembered(store: Store) -> None:
    odd = Cursor(route="day", channel="desk", recipient="desk\0@example.org", position=0)
    store.start_cursor(replace(odd, recipient="desk@example.org"), NOW + DAY)
    absorb(store, entry(1))
    tell(store, entry(1), story="aa")
    queue(store, told("d1", aa=("x",)))
    (one,) = store.dossiers("day", "desk", odd.recipient, ["summit"], ["aa"])
    assert one.told == {"story", "x"}


def about(name: str, story: str, *items: str, at: int) -> Delivery:
    made = delivery(name, story, due=NOW + at * MINUTE)
    message = replace(made.message, stories=(story,), told={story: items} if items else {})
    return replace(made, message=message, queued_at=NOW + at * MINUTE)


def test_deliveries_that_tell_something_are_found_whatever_else_there_is(store: Store) -> None:
    first = about("d1", "5707", "entry:e1", "turn:t1", at=1)
    second = about("d2", "5707", "entry:e2", at=2)
    other = about("d3", "aaaa", "entry:e3", at=3)
    plain = about("d4", "bbbb", at=4)
    store.start_cursor(CURSOR, NOW)
    assert store.enqueue(replace(CURSOR, position=5), [first, second, other, plain], 0)

    def found(*items: str, limit: int = 10) -> list[str]:
        return [one.message.id for one in store.deliveries(telling=items, limit=limit)]

    assert found("entry:e1") == ["d2", "d1"]
    assert found("entry:e1", limit=1) == ["d2"]
    assert found("turn:t1", "entry:e3") == ["d3", "d2", "d1"]
    assert found("bbbb") == ["d4"]
    assert found("entry:none") == []
