"""What readers are told over days, from recorded polls: nothing twice, silence for copies, each turn once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_replay import an_archive
from tests.world import ROOT as HERE
from tests.world import Desk, rss

SNAPSHOTS = HERE.parent / "shared" / "data" / "snapshots"

ROUTES = """routes:
  day: {topics: [summit], channels: [out], at: ['07:30', '13:00', '19:00']}
  now: {topics: [summit], channels: [out], send: immediate, group_wait: 1m}
"""
TEXT = (
    "The two presidents agreed on Thursday to sit down in Budapest within weeks, officials in both capitals said, "
    "after a telephone call that both sides called productive; no date was named and aides are to meet first."
)


def item(number: int, title: str, text: str, paper: str) -> tuple[str, str, str]:
    return (f"https://{paper}.example/{number}", title, text)


def told(replayed: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [message for message in replayed["messages"] if message["kind"] == kind]


def test_forty_copies_make_one_digest_and_one_alert(tmp_path: Path) -> None:
    headline = "Trump and Putin agree to meet in Budapest after telephone call"
    archives = [
        an_archive(
            tmp_path / f"paper{n}_x.tar.gz",
            (
                f"2025-10-16T{10 + n // 4:02}:{n % 4 * 15:02}:00+00:00",
                rss(f"Paper {n}", item(1, headline, TEXT, f"p{n}")),
            ),
        )
        for n in range(20)
    ]
    desk = Desk(tmp_path, routes=ROUTES).write()
    replayed = desk.json("replay", *map(str, archives))

    assert replayed["entries"] == 20
    assert len(told(replayed, "alert")) == 1
    (digest,) = told(replayed, "digest")
    assert digest["slot"] == "2025-10-16T13:00:00Z"
    assert len(digest["stories"]) == 1


def test_a_headline_that_changed_between_two_digests_is_told_before_and_after(tmp_path: Path) -> None:
    first = rss("A", item(1, "Trump to meet Putin on Monday", "In Budapest.", "p"))
    then = rss("A", item(1, "Trump to meet Putin on Friday", "In Budapest.", "p"))
    gone = rss("A", item(1, "Markets at noon", "Shares rose.", "p"))
    archive = an_archive(
        tmp_path / "paper_x.tar.gz",
        ("2025-10-16T10:00:00+00:00", first),
        ("2025-10-16T15:00:00+00:00", then),
        ("2025-10-17T03:00:00+00:00", gone),
    )
    replayed = Desk(tmp_path, routes=ROUTES).write().json("replay", str(archive))
    digests = told(replayed, "digest")

    assert [[(s["state"], s["title"]) for s in one["stories"]] for one in digests] == [
        [("new", "Trump to meet Putin on Monday")],
        [("developing", "Trump to meet Putin on Friday")],
        [("developing", "Markets at noon")],
    ]
    assert [
        [(n["kind"], n["before"], n["after"]) for n in one["stories"][0]["news"] if "before" in n]
        for one in digests
    ] == [
        [],
        [("headline", "Trump to meet Putin on Monday", "Trump to meet Putin on Friday")],
        [("withdrawn", "Trump to meet Putin on Friday", "Markets at noon")],
    ]
    assert len(told(replayed, "alert")) == 1


STATES = """topics:
  summit:
    query: '@trump AND @putin'
    states:
      agreed: {query: 'agree AND meet', title: {en: Agreed, bn: সম্মতি}}
      "off": {query: '"called off"', title: {en: Called off, bn: বাতিল}, contradicts: [agreed], open: true}
"""


def test_each_turn_is_told_once_by_an_alert_of_its_own_and_in_the_next_digest(tmp_path: Path) -> None:
    told_by = {
        "aa": [
            (
                "2025-10-16T10:00:00+00:00",
                "Trump and Putin agree to meet in Budapest",
                "A date is to follow.",
            ),
            (
                "2025-10-16T15:00:00+00:00",
                "Trump and Putin talks called off, Kremlin says",
                "No reason given.",
            ),
            ("2025-10-17T09:00:00+00:00", "Putin phones Modi as Trump stays silent", "Oil was discussed."),
        ],
        "bb": [
            (
                "2025-10-16T10:30:00+00:00",
                "Putin and Trump agree: they will meet in Hungary",
                "Soon, it is said.",
            ),
            (
                "2025-10-16T15:30:00+00:00",
                "Summit of Trump and Putin called off",
                "The White House confirmed it.",
            ),
        ],
        "cc": [
            ("2025-10-16T11:10:00+00:00", "Budapest it is: Trump, Putin agree to meet", "Orban is pleased.")
        ],
    }
    archives = []
    for paper, said in told_by.items():
        items = [item(n, title, text, paper) for n, (_, title, text) in enumerate(said)]
        polls = [(at, rss(paper, *items[: n + 1])) for n, (at, _, _) in enumerate(said)]
        archives.append(str(an_archive(tmp_path / f"{paper}_x.tar.gz", *polls)))
    desk = Desk(tmp_path, topics=STATES, routes=ROUTES).write()
    replayed = desk.json("replay", *archives, "--out", str(tmp_path / "told"))

    alerts = [
        (m["turns"][0]["state"], m["turns"][0]["before"], m["turns"][0]["sources"])
        for m in told(replayed, "turn")
    ]
    assert alerts == [("agreed", [], ["aa", "bb"]), ("off", ["agreed"], ["aa", "bb"])]
    digests = [(m["slot"], [turn["state"] for turn in m["turns"]]) for m in told(replayed, "digest")]
    assert digests == [
        ("2025-10-16T13:00:00Z", ["agreed"]),
        ("2025-10-17T01:30:00Z", ["off"]),
        ("2025-10-17T13:00:00Z", []),
    ]
    files = [tmp_path / "told" / m["file"] for m in told(replayed, "digest")]
    texts = [file.with_suffix(".txt").read_text(encoding="utf-8") for file in files]
    assert ["এখনো অমীমাংসিত" in text for text in texts] == [False, False, True]
    assert "বাতিল, ১৬ অক্টোবর, রাত্রি ৯:৩০ থেকে" in texts[2]


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    ["kalbela_2026-03-09_11.tar.gz", "dhakatribune_bangla_malformed_2026-06-14_21.tar.gz"],
)
def test_real_days_tell_no_story_twice_without_naming_what_is_new(tmp_path: Path, name: str) -> None:
    path = SNAPSHOTS / name
    if not path.exists():
        pytest.skip("the shared research data is not beside the checkout")
    words = "ট্রাম্প OR ইরান OR যুক্তরাষ্ট্র OR সরকার OR আহত OR নিহত OR মৃত্যু OR বৃষ্টি OR দাম"
    topics = f"topics:\n  summit: {{query: '{words}'}}\n"
    replayed = Desk(tmp_path, topics=topics, routes=ROUTES).write().json("replay", str(path))
    digests = told(replayed, "digest")
    assert len(digests) > 3
    entries: Counter[str] = Counter()
    stories: set[str] = set()
    for message in digests:
        for story in message["stories"]:
            assert story["state"] == "developing" or story["id"] not in stories
            assert story["state"] == "new" or story["news"], story["title"]
            named = {one.get("url") for one in story["news"]}
            entries.update(one["url"] for one in story["entries"] if one["url"] not in named)
            stories.add(story["id"])
    assert {url for url, times in entries.items() if times > 1} == set()
