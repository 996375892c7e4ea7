"""The commands over an archive: search, evaluate, backtest, lint, digest, feeds, backup."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world import Desk, Newsstand, Page, rss

NEWS = (
    ("https://example.com/1", "ট্রাম্পের সঙ্গে পুতিনের বৈঠক বুদাপেস্টে", "আড়াই ঘণ্টার ফোনালাপের পর ঘোষণা।"),
    ("https://example.com/2", "মেলানিয়া ট্রাম্পের সফর", "লন্ডনে দুই দিন।"),
    ("https://example.com/3", "মিরপুরে বাংলাদেশের জয়", "সাত উইকেটে।"),
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that has polled one paper once, on the evening of the call."""
    with Newsstand({"/a": rss("A", *NEWS)}) as stand:
        made = Desk(
            tmp_path_factory.mktemp("desk"),
            {stand.url + "/a": "bn"},
            routes="routes:\n  day: {topics: [summit], channels: [out], at: ['07:30']}\n",
        ).write()
        made.run("once", "--at", "2025-10-16T18:30Z")
        yield made


def test_search_finds_inflected_names_and_not_their_look_alikes(desk: Desk) -> None:
    found = desk.json("search", "@trump")

    assert [one["title"] for one in found] == [NEWS[0][1]]
    assert found[0]["spans"][0]["surface"] == "ট্রাম্পের"
    assert desk.json("search", "বাংলাদেশ")[0]["url"] == NEWS[2][0]
    assert desk.json("search", "lang:en") == []


def test_evaluate_measures_and_fails_below_what_was_asked(desk: Desk) -> None:
    cases = desk.folder / "cases.jsonl"
    lines = [
        {"id": "a", "lang": "bn", "title": NEWS[0][1], "label": "relevant"},
        {"id": "b", "lang": "bn", "title": NEWS[1][1], "label": "not"},
        {"id": "c", "lang": "bn", "title": "পুতিনের সঙ্গে শি", "label": "relevant"},
        {"id": "d", "lang": "bn", "title": "কিছু একটা", "label": "borderline"},
    ]
    cases.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    measured = desk.json("evaluate", str(cases), "--topic", "summit")
    low = desk.run("evaluate", str(cases), "--topic", "summit", "--min-recall", "0.9", check=False)

    assert (measured["cases"], measured["borderline"]) == (3, 1)
    assert (measured["precision"], measured["recall"]) == (1.0, 0.5)
    assert measured["wrong"] == [{"id": "c", "expect": True, "got": False}]
    assert low.returncode == 1


def test_a_line_that_is_no_case_is_named(desk: Desk) -> None:
    cases = desk.folder / "broken.jsonl"
    cases.write_text('{"id": 1, "expect": true, "query": "x", "text": "x"}\nnonsense\n', encoding="utf-8")
    done = desk.run("evaluate", str(cases), check=False)

    assert done.returncode == 78
    assert "broken.jsonl:2" in done.stderr


def test_backtest_says_what_another_query_would_gain_and_lose(desk: Desk) -> None:
    told = desk.json("backtest", "--topic", "summit", "--since", "2025-10-01", "--query", "বাংলাদেশ")

    assert told["matches"] == 1
    assert [one["url"] for one in told["gained"]] == [NEWS[2][0]]
    assert [one["url"] for one in told["lost"]] == [NEWS[0][0]]
    assert told["days"] == {"2025-10-17": 1}


def test_lint_finds_nothing_in_a_sound_topic(desk: Desk) -> None:
    assert desk.json("lint") == []


def test_a_digest_is_previewed_and_nothing_is_recorded(desk: Desk) -> None:
    before = desk.json("status")["deliveries"]
    text = desk.run("digest", "--route", "day", "--at", "2025-10-16T20:00Z").stdout
    page = desk.run("digest", "--route", "day", "--format", "html", "--at", "2025-10-16T20:00Z").stdout
    body = json.loads(
        desk.run("digest", "--route", "day", "--format", "json", "--at", "2025-10-16T20:00Z").stdout
    )

    assert NEWS[0][1] in " ".join(text.split())
    assert "<mark" in page
    assert [story["url"] for story in body["data"]["stories"]] == [NEWS[0][0]]
    assert desk.json("status")["deliveries"] == before


def test_what_an_immediate_route_would_tell_is_previewed_as_alerts(desk: Desk) -> None:
    config = (desk.folder / "monitor.yaml").read_text(encoding="utf-8")
    now = "  now: {topics: [summit], channels: [out], send: immediate}\n"
    at = ("--at", "2025-10-16T20:00Z")
    (desk.folder / "monitor.yaml").write_text(
        config.replace("routes:\n", f"routes:\n{now}"), encoding="utf-8"
    )
    try:
        told = json.loads(desk.run("digest", "--route", "now", "--format", "json", *at).stdout)
        early = desk.run("digest", "--route", "now", "--at", "2020-01-01T00:00Z")
    finally:
        (desk.folder / "monitor.yaml").write_text(config, encoding="utf-8")

    assert told["type"] == "story.alert"
    assert [story["url"] for story in told["data"]["stories"]] == [NEWS[0][0]]
    assert (early.stdout.strip(), "no alert is due" in early.stderr) == ("", True)


def test_a_wrong_route_is_answered_with_the_nearest(desk: Desk) -> None:
    done = desk.run("digest", "--route", "dya", check=False)

    assert done.returncode == 78
    assert "did you mean 'day'" in done.stderr


def test_feeds_are_listed_and_tried(desk: Desk) -> None:
    (listed,) = desk.json("feeds", "list")
    tried = desk.json("feeds", "test", listed["url"])
    file = desk.folder / "feed.xml"
    file.write_bytes(rss("B", *NEWS))

    assert (listed["state"], listed["entries"]) == ("ok", 3)
    assert [one["title"] for one in tried["entries"]] == [title for _, title, _ in NEWS]
    assert tried["feed"]["path"] == "strict"
    assert desk.json("feeds", "test", str(file))["feed"]["title"] == "B"


def test_what_is_no_feed_is_said_and_exits_1(desk: Desk) -> None:
    file = desk.folder / "page.html"
    file.write_text("<html><body>Hello</body></html>")
    done = desk.run("feeds", "test", str(file), "--json", check=False)

    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]


def test_a_backup_is_a_database_of_its_own_and_never_overwrites(desk: Desk) -> None:
    target = desk.folder / "copy.db"
    desk.run("backup", str(target))
    again = desk.run("backup", str(target), check=False)
    other = Desk(desk.folder, store=f"sqlite:{target}", feeds=desk.feeds)

    assert again.returncode == 69
    assert target.stat().st_size > 10_000
    assert other.store.endswith("copy.db")


def test_new_spellings_beside_known_names_are_reported_for_a_person(desk: Desk) -> None:
    told = desk.json("entities", "near-misses", "--least", "1")

    assert isinstance(told, list)


def test_a_mistyped_command_is_answered_with_the_nearest(desk: Desk) -> None:
    done = desk.run("serach", "x", check=False)

    assert done.returncode == 2
    assert "Did you mean 'search'" in done.stderr


def test_a_source_is_added_by_its_front_page_and_taken_out_again(tmp_path: Path) -> None:
    page = (
        b'<html lang="bn"><head><title>A paper</title>'
        b'<link rel="alternate" type="application/rss+xml" href="/all.xml"></head></html>'
    )
    with Newsstand({"/": Page(page, "text/html"), "/all.xml": rss("A paper", *NEWS)}) as stand:
        desk = Desk(tmp_path).write()
        (found,) = desk.json("feeds", "discover", stand.url + "/")
        added = desk.json("feeds", "add", stand.url + "/", "--country", "BD", "--folder", "Dhaka")
        twice = desk.run("feeds", "add", stand.url + "/", check=False)

        assert (found["url"], found["language"], found["entries"]) == (f"{stand.url}/all.xml", "bn", 3)
        assert added["feed"] == {
            "url": f"{stand.url}/all.xml",
            "source": "A paper",
            "language": "bn",
            "country": "BD",
            "folder": "Dhaka",
        }
        assert desk.json("once")["entries"] == 3
        assert (twice.returncode, "configured already" in twice.stderr) == (1, True)
        assert 'xmlUrl="' + found["url"] in desk.run("feeds", "export").stdout
        desk.run("feeds", "remove", found["url"])
        assert desk.json("feeds", "list") == []
        nothing = desk.run("feeds", "discover", stand.url + "/nowhere", check=False)
        assert (nothing.returncode, "404" in nothing.stderr) == (1, True)
