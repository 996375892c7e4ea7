"""Follow: mentions in, turns out; in any order, once each."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.follow import WINDOW, follow, gist, holding, told_at
from monitor.model import Mention, Span, Stance, State, StateEvidence, Statement, Topic, Turn
from tests.match_kit import desk, entry

START = datetime(2025, 10, 16, 12, 0, tzinfo=UTC)
TOPIC = Topic(
    id="summit",
    query="x",
    states=(
        State(id="proposed", query="x", before=("agreed", "cancelled")),
        State(id="agreed", query="x", official=("kremlin",), contradicts=("cancelled", "held")),
        State(id="cancelled", query="x", official=("kremlin",), contradicts=("agreed",)),
        State(id="held", query="x", sources=1, contradicts=("agreed", "cancelled")),
        State(id="aftermath", query="x", sources=1, after=("held",)),
    ),
)


def told(state: str, at: int = 0) -> StateEvidence:
    return StateEvidence(state=state, spans=(Span(field="title", start=at, end=at + 1, surface="x"),))


def mention(hour: float, source: str, *states: str, **more: object) -> Mention:
    known: dict[str, object] = {
        "entry_id": f"{source}-{hour:g}",
        "story_id": f"story-{source}-{hour:g}",
        "source": source,
        "at": START + timedelta(hours=hour),
        "states": tuple(told(state, place) for place, state in enumerate(states)),
        **more,
    }
    return Mention(**known)  # type: ignore[arg-type]


def quoted(speaker: str, stance: Stance = Stance.SAYS, *, at: int = 0) -> tuple[Statement, ...]:
    """Return what somebody is quoted with, in all of the title from a place on."""
    whole = Span(field="title", start=at, end=9, surface="x" * (9 - at))
    return (Statement(speaker=speaker, stance=stance, span=whole),)


def states(turns: list[Turn]) -> list[str]:
    return [turn.state for turn in turns]


def test_one_source_is_not_enough_and_two_are() -> None:
    one, two = mention(0, "a", "agreed"), mention(1, "b", "agreed")

    assert follow(TOPIC, [one], []) == []
    (turn,) = follow(TOPIC, [one, two], [])

    assert (turn.state, turn.story_id) == ("agreed", two.story_id), "the first may have been told days ago"
    assert turn.entry_ids == (one.entry_id, two.entry_id)
    assert turn.reached_at == two.at
    assert turn.spans == one.states[0].spans


def test_an_agency_s_copies_are_one_source() -> None:
    copies = [mention(hour, "agency", "agreed", entry_id=f"e{hour}") for hour in range(5)]

    assert follow(TOPIC, copies, []) == []


def test_sources_far_apart_do_not_confirm_each_other() -> None:
    late = WINDOW / timedelta(hours=1) + 1

    assert follow(TOPIC, [mention(0, "a", "agreed"), mention(late, "b", "agreed")], []) == []


def test_the_word_of_an_official_is_enough() -> None:
    (turn,) = follow(TOPIC, [mention(0, "a", "agreed", statements=quoted("kremlin"))], [])

    assert [one.speaker for one in turn.statements] == ["kremlin"]


def test_the_word_of_somebody_else_is_not() -> None:
    assert follow(TOPIC, [mention(0, "a", "agreed", statements=quoted("orban"))], []) == []


def test_what_is_denied_is_not_told() -> None:
    denied = [
        mention(h, s, "cancelled", statements=quoted("kremlin", Stance.DENIES))
        for h, s in ((0, "a"), (1, "b"))
    ]

    assert follow(TOPIC, denied, []) == []


def test_a_state_that_holds_is_not_reached_again() -> None:
    mentions = [mention(hour, source, "agreed") for hour, source in enumerate("abcdef")]

    assert states(follow(TOPIC, mentions, [])) == ["agreed"]


def test_a_state_ends_those_that_it_contradicts_and_says_which() -> None:
    mentions = [mention(hour, source, "agreed") for hour, source in enumerate("ab")]
    mentions += [mention(10 + hour, source, "cancelled") for hour, source in enumerate("ab")]

    agreed, cancelled = follow(TOPIC, mentions, [])

    assert agreed.before == ()
    assert cancelled.before == ("agreed",)
    assert holding(TOPIC, [agreed, cancelled]) == ("cancelled",)


def test_only_after_it_was_ended_a_state_is_reached_again_under_another_id() -> None:
    mentions = [mention(hour, source, "agreed") for hour, source in enumerate("ab")]
    mentions += [mention(10 + hour, source, "cancelled") for hour, source in enumerate("ab")]
    mentions += [mention(20 + hour, source, "agreed") for hour, source in enumerate("ab")]

    turns = follow(TOPIC, mentions, [])

    assert states(turns) == ["agreed", "cancelled", "agreed"]
    assert len({turn.id for turn in turns}) == 3


def test_once_the_parties_contradict_each_other_one_s_word_is_not_enough() -> None:
    mentions = [mention(hour, source, "agreed") for hour, source in enumerate("ab")]
    mentions += [mention(10 + hour, source, "cancelled") for hour, source in enumerate("ab")]
    mentions += [mention(20, "a", "agreed", statements=quoted("kremlin"))]

    assert states(follow(TOPIC, mentions, [])) == ["agreed", "cancelled"]


def test_of_the_next_event_weeks_later_one_s_word_is_enough_again() -> None:
    course = [mention(0, "a", "agreed"), mention(1, "b", "agreed"), mention(2, "c", "held")]
    for hour, states in ((3 + 24 * 13, []), (3 + 24 * 14, ["agreed"])):
        word = mention(hour, "d", "agreed", statements=quoted("kremlin"))
        assert [turn.state for turn in follow(TOPIC, [*course, word], [])] == ["agreed", "held", *states]


def test_what_was_told_before_a_turn_that_contradicts_it_is_history_whenever_it_comes() -> None:
    cancelled = follow(TOPIC, [mention(10, "a", "cancelled"), mention(11, "b", "cancelled")], [])
    late = [mention(1, "c", "agreed"), mention(2, "d", "agreed")]

    assert follow(TOPIC, late, cancelled) == []


def test_a_story_of_a_turn_tells_what_it_ended_only_as_history() -> None:
    off = [mention(hour, source, "cancelled", story_id="off") for hour, source in enumerate("ab")]
    more = [mention(5 + hour, source, "agreed", story_id="off") for hour, source in enumerate("cd")]

    assert states(follow(TOPIC, [*off, *more], [])) == ["cancelled"]


def test_what_an_entry_tells_after_a_state_that_contradicts_it_is_history() -> None:
    both = [mention(hour, source, "cancelled", "agreed") for hour, source in enumerate("ab")]

    assert states(follow(TOPIC, both, [])) == ["cancelled"]


def test_a_state_that_needs_another_waits_for_it() -> None:
    early = [mention(0, "a", "aftermath")]
    after = [mention(1, "a", "held"), mention(2, "b", "aftermath")]

    assert follow(TOPIC, early, []) == []
    assert states(follow(TOPIC, [*early, *after], [])) == ["held", "aftermath"]


def test_a_state_that_is_overtaken_is_not_reached() -> None:
    mentions = [mention(hour, source, "agreed") for hour, source in enumerate("ab")]
    mentions += [mention(5 + hour, source, "proposed") for hour, source in enumerate("ab")]

    assert states(follow(TOPIC, mentions, [])) == ["agreed"]


def test_what_was_before_the_start_is_known_and_nobody_is_told() -> None:
    old = [mention(hour, source, "agreed", held="before-start") for hour, source in enumerate("ab")]
    new = [mention(5 + hour, source, "agreed") for hour, source in enumerate("cd")]

    (turn,) = follow(TOPIC, [*old, *new], [])

    assert turn.held == "before-start"


def test_a_state_that_the_config_no_longer_names_is_passed_over() -> None:
    turns = follow(TOPIC, [mention(0, "a", "held")], [])
    other = Topic(id="summit", query="x", states=TOPIC.states[:3])

    assert follow(other, [mention(1, "a", "held"), mention(2, "a", "gone")], turns) == []
    assert holding(other, turns) == ()


def test_a_miss_tells_nothing() -> None:
    miss = StateEvidence(state="held", matched=False, note="the sentence asks")

    assert follow(TOPIC, [mention(0, "a", states=(miss,))], []) == []


def test_an_entry_is_told_when_its_publisher_says_unless_we_saw_it_before() -> None:
    later = START + timedelta(hours=5)

    assert told_at(None, later) == later
    assert told_at(START, later) == START
    assert told_at(later, START) == START


# order and repetition ─────────────────────────────────────────────────────────────────────────

NAMES = [state.id for state in TOPIC.states]


@st.composite
def courses(draw: st.DrawFn) -> list[Mention]:
    found = draw(
        st.lists(
            st.tuples(
                st.integers(0, 60),
                st.sampled_from("abcd"),
                st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True),
                st.booleans(),
            ),
            max_size=25,
        )
    )
    return [
        mention(
            hour,
            source,
            *told_,
            entry_id=f"e{number}",
            story_id=f"s{number % 7}",
            statements=quoted("kremlin") if official else (),
        )
        for number, (hour, source, told_, official) in enumerate(found)
    ]


@settings(deadline=None)
@given(mentions=courses(), seed=st.integers(0, 99))
def test_the_order_of_mentions_makes_no_difference(mentions: list[Mention], seed: int) -> None:
    shuffled = list(mentions)
    random.Random(seed).shuffle(shuffled)

    assert follow(TOPIC, shuffled, []) == follow(TOPIC, mentions, [])


@settings(deadline=None)
@given(mentions=courses(), places=st.lists(st.integers(0, 3), min_size=25, max_size=25))
def test_of_the_gist_come_the_same_turns(mentions: list[Mention], places: list[int]) -> None:
    said = [quoted("kremlin", at=at) + quoted("kremlin", Stance.DENIES, at=1 - at) for at in places]
    whole = [replace(one, statements=some) for one, some in zip(mentions, said, strict=False)]
    kept = [replace(one, states=states, statements=said) for one in whole for states, said in [brief(one)]]

    assert bare(follow(TOPIC, kept, [])) == bare(follow(TOPIC, whole, []))


def brief(one: Mention) -> tuple[tuple[StateEvidence, ...], tuple[Statement, ...]]:
    return gist(one.states, one.statements)


def bare(turns: list[Turn]) -> list[Turn]:
    return [replace(turn, spans=()) for turn in turns]


def test_the_gist_is_what_is_said_where_a_state_is_told_and_one_word_that_shows_it() -> None:
    here, there = quoted("kremlin", at=1), quoted("kremlin", at=3)
    held = told("held", 1).spans + told("held", 2).spans
    states = (told("agreed"), StateEvidence(state="held", spans=held))

    assert gist(states, here + there) == (
        (StateEvidence(state="agreed"), StateEvidence(state="held", spans=held[:1])),
        here,
    )


@settings(deadline=None)
@given(mentions=courses())
def test_the_same_mentions_again_bring_nothing_again(mentions: list[Mention]) -> None:
    turns = follow(TOPIC, mentions, [])

    assert follow(TOPIC, mentions, turns) == []
    assert len({turn.id for turn in turns}) == len(turns)


@settings(deadline=None)
@given(mentions=courses(), cuts=st.lists(st.integers(0, 25), max_size=6), seed=st.integers(0, 99))
def test_however_they_arrive_no_state_is_reached_twice_without_being_ended(
    mentions: list[Mention], cuts: list[int], seed: int
) -> None:
    shuffled = list(mentions)
    random.Random(seed).shuffle(shuffled)
    known: list[Turn] = []
    for cut in [*sorted(cuts), len(shuffled)]:
        known += follow(TOPIC, shuffled[:cut], known)

    assert len({turn.id for turn in known}) == len(known)
    by_id = {state.id: state for state in TOPIC.states}
    reached: set[str] = set()
    for turn in sorted(known, key=lambda t: (t.reached_at, t.id)):
        assert turn.state not in reached or any(turn.state in by_id[t.state].contradicts for t in known)
        reached.add(turn.state)


# the event ────────────────────────────────────────────────────────────────────────────────────

LINES = Path(__file__).parent / "corpus" / "turns.jsonl"
SUMMIT = "trump-putin-summit"


def week(*languages: str) -> list[Mention]:
    """Return what invented papers wrote from 16 to 24 October 2025, as the shipped topic reads it."""
    found = []
    for line in LINES.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        if languages and said["lang"] not in languages:
            continue
        at = datetime.fromisoformat(said["at"]).replace(tzinfo=UTC)
        made = entry(
            said["title"], said["summary"], said["lang"], id=said["id"], source=said["source"], published=at
        )
        found += [
            Mention(
                entry_id=made.id,
                story_id=made.id,
                source=made.source,
                at=at,
                states=match.states,
                statements=desk().said(made).statements,
            )
            for match in desk().read(made).matches
            if match.topic == SUMMIT
        ]
    return found


COURSE = [
    ("agreed", "2025-10-16"),
    ("venue-set", "2025-10-16"),
    ("prepared", "2025-10-17"),
    ("in-doubt", "2025-10-21"),
    ("cancelled", "2025-10-22"),
]


def course(turns: list[Turn]) -> list[tuple[str, str]]:
    return [(turn.state, f"{turn.reached_at:%Y-%m-%d}") for turn in turns]


def test_of_forty_articles_each_turn_of_the_event_arrives_once_and_in_order() -> None:
    turns = follow(desk().topics[SUMMIT], week(), [])

    assert course(turns) == COURSE
    assert turns[3].before == ("agreed", "prepared")
    assert [one.speaker for one in turns[3].statements] == ["white_house"]
    assert turns[4].before == ("venue-set", "in-doubt")


@pytest.mark.parametrize("seed", range(5))
def test_it_arrives_so_in_whatever_order_the_papers_come(seed: int) -> None:
    mentions = week()
    random.Random(seed).shuffle(mentions)

    assert course(follow(desk().topics[SUMMIT], mentions, [])) == COURSE


def test_two_bengali_papers_are_enough() -> None:
    turns = follow(desk().topics[SUMMIT], week("bn"), [])

    assert [state for state, _ in course(turns)] == ["agreed", "venue-set", "in-doubt", "cancelled"]
