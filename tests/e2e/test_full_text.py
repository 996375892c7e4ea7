"""Full text from the command line and over real sockets: what is found, shown, and survives kill -9."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.articles.makes import soup, wordpress
from tests.articles.texts import BN, Story
from tests.e2e.test_crash import KILLER
from tests.world import Desk, Newsstand, Page, Receiver, rss

CALL = Story(title="বৃহস্পতিবারের দীর্ঘ আলাপের পর যা জানা গেল", paragraphs=BN.summit.paragraphs)
AGAIN = Story(title="দুই দেশের আলোচনায় নতুন মোড়, নজর হাঙ্গেরিতে", paragraphs=BN.summit.paragraphs)
FERRY = BN.ferry
SECRET = Story(title="যে খবর যন্ত্রের জন্য নয়, শুধু পাঠকের", paragraphs=BN.summit.paragraphs)
STORIES = {"/call": CALL, "/again": AGAIN, "/ferry": FERRY, "/members/secret": SECRET}
HTML = "text/html; charset=utf-8"
NOW = "2025-10-16T18:30Z"


def stand(stories: Mapping[str, Story] = STORIES) -> Newsstand:
    """Return a publisher whose feed has headlines only."""
    here = Newsstand({"/robots.txt": Page(b"User-agent: *\nDisallow: /members/\n", "text/plain")})
    makes = {"/again": soup}
    for path, story in stories.items():
        here.pages[path] = Page(makes.get(path, wordpress)(BN, story).encode(), HTML)
    here.pages["/rss"] = Page(
        rss("Paper", *((here.url + path, one.title, "") for path, one in STORIES.items()))
    )
    return here


def desk(folder: Path, here: Newsstand, **changes: Any) -> Desk:
    return Desk(folder, {here.url + "/rss": "bn, fulltext: true"}, **changes).write()


def test_the_command_line_shows_what_came_of_the_article(tmp_path: Path) -> None:
    with stand() as here:
        paper = desk(tmp_path, here)
        report = paper.json("once", "--at", NOW)
        assert (report["entries"], report["updated"], report["matches"]) == (4, 3, 2)

        (hit, _) = sorted(paper.json("search", "টমাহক"), key=lambda one: one["title"] != CALL.title)
        assert hit["title"] == CALL.title
        assert [(span["field"], span["from"]) for span in hit["spans"]] == [("content", "article")]

        told = paper.json("explain", f"e:{hit['id']}")
        assert (told["article"]["status"], told["entry"]["article"]) == ("got", True)
        (summit,) = [one for one in told["topics"] if one["matched"]]
        assert {span["from"] for span in summit["spans"]} == {"article"}
        assert all(told["entry"]["content"][s["start"] : s["end"]] == s["surface"] for s in summit["spans"])
        assert "full text got" in paper.run("explain", f"e:{hit['id']}").stdout
        assert "found in the article: " in paper.run("explain", f"e:{hit['id']}").stdout

        assert paper.json("status")["articles"] == {"wanted": 0, "got": 3, "refused": 1}
        assert "3 read, 0 waited for, 1 not to be had" in paper.run("status").stdout
        (secret,) = paper.json("search", "যন্ত্রের")
        why = paper.json("explain", f"e:{secret['id']}")["article"]
        assert (why["status"], why["reason"], why["next_try"]) == ("refused", "robots", None)

        asked = [path for path, _, _ in here.log]
        assert asked[:2] == ["/rss", "/robots.txt"]
        assert sorted(asked[2:]) == ["/again", "/call", "/ferry"]
        assert all("referer" not in headers and "cookie" not in headers for _, headers, _ in here.log)


def test_the_same_poll_again_fetches_nothing_again(tmp_path: Path) -> None:
    with stand() as here:
        paper = desk(tmp_path, here)
        paper.json("once", "--at", NOW)
        before = len(here.log)
        report = paper.json("once", "--all", "--at", "2025-10-16T19:30Z")

        assert (report["polls"], report["entries"], report["updated"]) == (1, 0, 0)
        assert [path for path, _, _ in here.log[before:]] == ["/rss"]


def test_killed_at_every_commit_an_article_is_read_and_told_once(tmp_path: Path) -> None:
    with stand({"/call": CALL}) as here, Receiver() as receiver:
        paper = desk(
            tmp_path,
            here,
            channels=f"channels:\n  hook: {{type: webhook, url: '{receiver.url}/hook'}}\n",
            routes="routes:\n  now: {topics: [summit], channels: [hook], send: immediate, group_wait: 0s}\n",
            topics="topics:\n  summit: {query: 'ট্রাম্প AND পুতিন'}\n",
        )
        # Without the shipped entities each of some forty lives begins in a tenth of the time.
        text = re.sub("include: .*", "", paper.config.read_text("utf-8")).replace(
            "timeout: 2s", "timeout: 30s"
        )
        paper.config.write_text(text, "utf-8")
        with subprocess.Popen(
            [sys.executable, str(KILLER), str(paper.config), "before", NOW],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=paper.environ(),
        ) as killer:  # fmt: skip
            assert killer.stdin is not None
            assert killer.stdout is not None
            first, number = "?", 0
            while first != "0":
                number += 1
                receiver.taken.clear()
                print(
                    number,
                    f"sqlite:{tmp_path / str(number)}.db",
                    f"{receiver.url}/{number}",
                    file=killer.stdin,
                    flush=True,
                )
                first, again = killer.stdout.readline().split() or ("?", "?")
                if again != "0":
                    killer.stdin.close()
                    assert killer.stderr is not None
                    pytest.fail(f"commit {number}: {killer.stderr.read()}")
                told = [one["url"] for body in receiver.taken.values() for one in body["data"]["stories"]]
                assert told == [here.url + "/call"], f"killed before commit {number}"
            killer.stdin.close()

    assert number > 5, "there must have been more commits than that"
