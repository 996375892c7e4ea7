"""States: which sentences tell how the event stands, in the shipped topic and in a desk's own."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import ConfigError
from monitor.match import Matcher, case_entry
from monitor.model import Entry, Evidence, Match, State, Topic
from monitor.stores._codec import decode, encode
from tests.match_kit import NOW, SHARED, desk, entry, shipped

SUMMIT = "trump-putin-summit"
LINES = [
    json.loads(line)
    for line in (Path(__file__).parent / "corpus" / "states.jsonl").read_text(encoding="utf-8").splitlines()
]
LANGUAGES = ("bn", "en", "ru", "uk", "hu")


def tells(made: Entry, matcher: Matcher | None = None, topic: str = SUMMIT) -> list[str]:
    """Return the states that an entry tells, whether its topic matches or not."""
    found = (matcher or desk()).explain(made, topic=topic).topics[topic]
    return [one.state for one in found.states if one.matched]


# the shipped topic ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("line", LINES, ids=[f"{line['id']} {line['text'][:40]}" for line in LINES])
def test_a_headline_tells_these_states_and_no_others(line: dict[str, Any]) -> None:
    assert set(tells(entry(line["text"], lang=line["lang"]))) == set(line["states"])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_state_is_told_in_every_language_and_something_tells_none(lang: str) -> None:
    told = {state for line in LINES if line["lang"] == lang for state in line["states"]}

    assert told == {state.id for state in desk().topics[SUMMIT].states}
    assert sum(not line["states"] for line in LINES if line["lang"] == lang) >= 6


def test_every_state_has_a_title_in_every_language() -> None:
    for state in desk().topics[SUMMIT].states:
        assert set(state.title) == set(LANGUAGES)


def test_the_alaska_meeting_is_news_in_august_and_history_in_october() -> None:
    made = entry("Trump and Putin will meet in Alaska", lang="en")
    august = datetime(2025, 8, 9, tzinfo=UTC)

    assert tells(replace(made, published=august, first_seen=august)) == ["agreed", "venue-set"]
    assert tells(made) == []


def test_real_headlines_of_august_tell_the_course_of_that_meeting() -> None:
    path = SHARED / "labels" / "summit_public.jsonl"
    if not path.is_file():
        pytest.skip("needs the shared research data next to the checkout (data/labels)")
    days: dict[str, set[str]] = {}
    wrong = []
    for line in path.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        for match in desk().read(case_entry(case)).matches:
            if match.topic != SUMMIT or not match.states:
                continue
            if case["label"] == "not":
                wrong.append(case["id"])
            for one in match.states:
                days.setdefault(one.state, set()).add(str(case["date"])[:10])

    assert len(wrong) <= 1
    assert min(days["proposed"]) == "2025-08-06"
    assert min(days["agreed"]) in ("2025-08", "2025-08-07")
    assert "2025-08-08" in days["venue-set"]
    assert "2025-08-15" in days["held"]
    assert "2025-08-16" in days["aftermath"]
    assert "cancelled" not in days


# where news is told ───────────────────────────────────────────────────────────────────────────

CANCELLED = State(id="off", query="@meeting NEAR/3 cancel")
OTHER = State(id="on", query="@meeting NEAR/3 hold")
TOPIC = Topic(id="talks", query="@trump", states=(CANCELLED, OTHER))


def matcher(*states: State, **more: Any) -> Matcher:
    topic = replace(TOPIC, states=states or TOPIC.states, **more)
    return Matcher(**{**shipped(), "topics": [topic]})


def states(made: Entry, *own: State, **more: Any) -> list[str]:
    """Return the states in the match of a topic of our own."""
    (match,) = matcher(*own, **more).read(made).matches
    return [one.state for one in match.states]


def test_the_headline_and_the_first_sentences_tell_and_the_rest_does_not() -> None:
    off, rain = "Trump's meeting was cancelled.", "It rained."
    assert states(entry(off, lang="en")) == ["off"]
    assert states(entry("Trump", f"{rain} {rain} {off}", "en")) == ["off"]
    assert states(entry("Trump", f"{rain} {rain} {rain} {off}", "en")) == []
    assert states(entry("Trump", rain, "en", content=off)) == []
    assert states(entry("Trump", "", "en", content=off)) == ["off"]


def test_all_sentences_that_tell_a_state_are_its_evidence_and_no_words_of_others() -> None:
    own = State(id="off", query="meeting NEAR/3 cancel entry:@trump")
    made = entry(
        "Trump on the meeting: cancelled", "The meeting was cancelled, he said. The dinner, too.", "en"
    )

    (match,) = matcher(own).read(made).matches

    assert [(span.field, span.surface) for span in match.states[0].spans] == [
        ("title", "Trump"),
        ("title", "meeting"),
        ("title", "cancelled"),
        ("summary", "meeting"),
        ("summary", "cancelled"),
    ]


def test_a_state_is_told_within_one_sentence() -> None:
    assert states(entry("Trump's meeting. Cancelled: the dinner", lang="en")) == []


def test_only_entries_of_the_topic_tell_its_states() -> None:
    assert matcher().read(entry("The meeting was cancelled", lang="en")).matches == ()


@pytest.mark.parametrize(
    "text",
    [
        "Was Trump's meeting cancelled?",
        "If Trump's meeting is cancelled, others will follow",
        "Earlier, Trump's meeting was cancelled",
        "Trump's aide denies the meeting was cancelled",
        "Trump's meeting was cancelled on 3 September",
    ],
)
def test_what_is_asked_supposed_denied_or_past_is_not_told_and_explain_says_why(text: str) -> None:
    made = entry(text, lang="en")

    assert states(made) == []
    notes = [one.note for one in matcher().explain(made).topics["talks"].states if one.state == "off"]
    assert notes[0].startswith("the sentence")


def test_states_stand_in_the_order_in_which_they_are_told() -> None:
    made = entry("Trump holds the meeting", "Another meeting was cancelled.", "en")

    assert states(made) == ["on", "off"]
    assert states(entry("Trump's meeting cancelled", "He holds another meeting.", "en")) == ["off", "on"]


def test_a_sentence_for_which_states_unless_holds_tells_none() -> None:
    made = entry("Trump's meeting with Xi was cancelled", lang="en")

    assert states(made) == ["off"]
    assert states(made, states_unless="@xi") == []
    assert states(made, states_unless="@kim") == ["off"]


def test_the_words_that_tell_are_shown_each_once() -> None:
    made = entry("Trump said the meeting was cancelled", lang="en")

    (match,) = matcher().read(made).matches

    assert [span.surface for span in match.states[0].spans] == ["meeting", "cancelled"]
    for span in match.states[0].spans:
        assert made.title[span.start : span.end] == span.surface
    assert match.states[0].clauses == ()


def test_explain_shows_the_clauses_of_the_sentence_that_came_nearest() -> None:
    made = entry("Trump", "It rained. The meeting was long.", "en")

    off = next(one for one in matcher().explain(made).topics["talks"].states if one.state == "off")

    assert not off.matched
    assert "meeting" in off.clauses[0].note


def test_a_match_is_stored_with_the_states_that_its_entry_tells() -> None:
    (match,) = matcher().read(entry("Trump's meeting was cancelled", lang="en")).matches

    assert decode(Match, encode(match)) == match
    assert decode(Evidence, '{"matched": true}').states == ()


def test_a_topic_without_states_tells_none() -> None:
    (match,) = Matcher(**{**shipped(), "topics": [replace(TOPIC, states=())]}).read(entry("Trump")).matches

    assert match.states == ()


def test_every_state_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        matcher(State(id="a", query="(x"), State(id="b", query="@nobody"), State(id="c", query="fine"))

    assert [mistake.key for mistake in caught.value.mistakes] == ["talks.states.a", "talks.states.b"]


def test_lint_reads_the_states_too() -> None:
    made = matcher(State(id="a", query="ab*"))

    assert [(found.topic, found.kind) for found in made.lint()] == [("talks.states.a", "explodes")]


# wordings ─────────────────────────────────────────────────────────────────────────────────────


def test_a_wording_is_found_in_queries_and_is_no_entity_of_an_entry() -> None:
    made = entry("Trump cancels the meeting", lang="en")

    assert desk().find("@cancels NEAR/2 @meeting").evidence(made).matched
    assert "cancels" not in {span.entity for span in desk().read(made).entities}
    assert all(not span.entity for span in desk().find("@cancels").evidence(made).spans)


def test_a_wording_takes_no_span_from_an_entity() -> None:
    made = entry("Trump will meet Putin", lang="en")

    assert desk().find("@will_meet AND @meeting").evidence(made).matched


def test_a_wording_counts_in_its_own_language_only() -> None:
    query = desk().find("@no")

    assert query.evidence(entry("Es gibt keine Pläne", lang="de")).matched
    assert not query.evidence(entry("Sem Kovács is here", lang="en", published=NOW)).matched
