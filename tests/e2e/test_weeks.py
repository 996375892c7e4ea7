"""Weeks around a summit, told by two Bengali papers and by others, with the shipped config."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_replay import next_slot
from tests.match_kit import desk, entry
from tests.weeks import archives, items
from tests.world import ROOT, Desk

CORPUS = ROOT / "tests" / "corpus"
TOPIC = "trump-putin-summit"
SLOTS = {"timezone": "Asia/Dhaka", "at": ["07:30", "13:00", "19:00"]}
TURNS = {
    "alaska": {
        "proposed": "2025-08-07T01:30:00Z",
        "agreed": "2025-08-07T13:00:00Z",
        "venue-set": "2025-08-09T01:30:00Z",
        "prepared": "2025-08-12T07:00:00Z",
        "held": "2025-08-16T01:30:00Z",
        "aftermath": "2025-08-16T13:00:00Z",
    },
    "budapest": {
        "agreed": "2025-10-17T01:30:00Z",
        "venue-set": "2025-10-17T01:30:00Z",
        "prepared": "2025-10-17T07:00:00Z",
        "in-doubt": "2025-10-22T01:30:00Z",
        "cancelled": "2025-10-23T01:30:00Z",
    },
}
"""What an editor who reads the two Bengali papers alone is told, and when; with the others a turn can
only come earlier, and one more is told: postponed, which only one Bengali paper says."""
MORE = {"alaska": {}, "budapest": {"postponed": "2025-10-22T01:30:00Z"}}

BENGALI = [(week, True) for week in TURNS]
CASES = [*BENGALI, *((week, False) for week in TURNS)]
case = pytest.mark.parametrize(
    "week, bengali", CASES, ids=[f"{week}, {'Bengali papers' if b else 'all'}" for week, b in CASES]
)


@pytest.fixture(scope="module")
def replays(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return what a replay of a week says, of its Bengali papers or of all."""

    @cache
    def done(week: str, bengali: bool) -> Any:
        folder = tmp_path_factory.mktemp("week")
        home = archives(week, folder / "archives")
        feeds = sorted({item["feed"] for item in items(week) if not bengali or item["lang"] == "bn"})
        arguments = [*(str(home / feed) for feed in feeds), "--config", str(ROOT / "config"), "--json"]
        return json.loads(Desk(folder).run("replay", *arguments).stdout)

    return done


def digests(replayed: Any) -> list[Any]:
    return [message for message in replayed["messages"] if message["kind"] == "digest"]


@case
def test_each_turn_arrives_once_in_order_and_within_one_slot(replays: Any, week: str, bengali: bool) -> None:
    told = [(turn["state"], m["slot"]) for m in digests(replays(week, bengali)) for turn in m["turns"]]
    expected = TURNS[week] if bengali else {**TURNS[week], **MORE[week]}

    assert Counter(state for state, _ in told) == Counter(expected.keys())
    assert all(slot <= expected[state] for state, slot in told)
    assert [slot for _, slot in told] == sorted(slot for _, slot in told)
    if bengali:
        assert dict(told) == expected


@case
def test_a_turn_follows_from_entries_in_which_an_editor_reads_it(
    replays: Any, week: str, bengali: bool
) -> None:
    """Each source that a turn names said so before it was told: no comment, question or other summit."""
    for message in digests(replays(week, bengali)):
        for turn in message["turns"]:
            for source in turn["sources"]:
                said = [
                    item
                    for item in items(week)
                    if item["feed"].replace("-", " ").title() == source and item["at"] <= message["slot"]
                ]
                read = [item for item in said if turn["state"] in (*item["tells"], *item.get("may", ()))]
                assert read, (turn["state"], source)


@case
def test_what_tells_a_turn_is_in_one_digest_the_first_after_it(
    replays: Any, week: str, bengali: bool
) -> None:
    slots: dict[str, list[str]] = {}
    for message in digests(replays(week, bengali)):
        for one in (one for story in message["stories"] for one in story["entries"]):
            slots.setdefault(one["url"], []).append(message["slot"])
    telling = [i for i in items(week) if i["tells"] and (i["lang"] == "bn" or not bengali)]

    assert {i["title"]: slots.get(i["url"]) for i in telling} == {
        i["title"]: [next_slot(i["at"], SLOTS)] for i in telling
    }


@case
def test_a_story_comes_again_only_with_something_new_that_is_named(
    replays: Any, week: str, bengali: bool
) -> None:
    seen: set[str] = set()
    for message in digests(replays(week, bengali)):
        for story in message["stories"]:
            assert story["id"] not in seen or story["news"], story["title"]
            seen.add(story["id"])


def test_two_summits_of_one_daemon_are_told_one_after_the_other(replays: Any) -> None:
    told = [(turn["state"], m["slot"]) for m in digests(replays("both", True)) for turn in m["turns"]]

    assert told == [
        ("agreed", "2025-08-07T13:00:00Z"),
        ("venue-set", "2025-08-09T01:30:00Z"),
        ("prepared", "2025-08-12T13:00:00Z"),
        ("held", "2025-08-16T01:30:00Z"),
        ("aftermath", "2025-08-16T01:30:00Z"),
        ("agreed", "2025-10-17T01:30:00Z"),
        ("venue-set", "2025-10-17T01:30:00Z"),
        ("prepared", "2025-10-17T13:00:00Z"),
        ("in-doubt", "2025-10-22T01:30:00Z"),
        ("cancelled", "2025-10-23T07:00:00Z"),
    ]


def test_people_read_which_turn_comes_when_and_what_is_new_in_a_story(tmp_path: Path) -> None:
    home = archives("budapest", tmp_path / "archives")
    feeds = [str(home / feed) for feed in ("padmakul", "subarnarekha")]
    words = Desk(tmp_path).run("replay", *feeds, "--config", str(ROOT / "config")).stdout

    assert "    turn        ট্রাম্প–পুতিন শীর্ষ সম্মেলন: বাতিল (until now: " in words
    assert "(Padmakul, Subarnarekha)" in words
    assert "                + 1 source" in words
    assert "nothing new" not in words


def test_two_configs_show_the_turns_that_only_one_tells(tmp_path: Path) -> None:
    home = archives("budapest", tmp_path / "archives")
    other = tmp_path / "config"
    shutil.copytree(ROOT / "config", other)
    summit = other / "topics" / "summit.yaml"
    text = summit.read_text(encoding="utf-8")
    lone = text.replace(
        "        contradicts: [agreed, venue-set, prepared, in-doubt, postponed]\n", "        sources: 9\n"
    )
    assert lone != text
    summit.write_text(lone, encoding="utf-8")
    feeds = [str(home / feed) for feed in ("padmakul", "subarnarekha")]
    arguments = ("replay", *feeds, "--config", str(ROOT / "config"), "--config", str(other))
    desk = Desk(tmp_path)
    said = json.loads(desk.run(*arguments, "--json").stdout)
    words = desk.run(*arguments).stdout
    (reader,) = said["recipients"]

    assert {turn["state"] for turn in reader["turns"]["loses"]} == {"cancelled"}
    assert {turn["kind"] for turn in reader["turns"]["loses"]} == {"digest", "turn"}
    assert reader["turns"]["gains"] == []
    assert "  − 2025-10-23 07:30 Asia/Dhaka  digest  turn: ট্রাম্প–পুতিন শীর্ষ সম্মেলন: বাতিল" in words


def measured(lines: Iterable[Any]) -> tuple[float, float]:
    """Return precision and recall of the states that are read in entries, beside what an editor reads."""
    right = false = missed = 0
    for line in lines:
        at = datetime.fromisoformat(line.get("at", "2025-08-14T00:00:00Z"))
        made = entry(line["title"], line.get("summary", ""), line["lang"], published=at, first_seen=at)
        matches = {match.topic: match for match in desk().read(made).matches}
        got = {one.state for one in matches[TOPIC].states} if TOPIC in matches else set()
        tells = set(line["tells"])
        right += len(got & tells)
        false += len(got - tells - set(line.get("may", ())))
        missed += len(tells - got)
    return right / (right + false), right / (right + missed)


@pytest.mark.parametrize("week", [*TURNS, "both"])
def test_what_is_read_in_the_entries_of_a_week_is_what_an_editor_reads(week: str) -> None:
    precision, recall = measured(items(week))

    assert precision >= 0.95
    assert recall >= 0.9


def test_what_is_read_in_headlines_of_five_languages_is_what_an_editor_reads() -> None:
    precision, recall = measured(
        map(json.loads, (CORPUS / "headlines.jsonl").read_text(encoding="utf-8").splitlines())
    )

    assert precision >= 0.95
    assert recall >= 0.85
