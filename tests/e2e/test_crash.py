"""Kill -9 at every commit, start again, and look for what was lost or told twice."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from monitor import registry
from tests.world import Desk, Newsstand, Receiver, rss

KILLER = Path(__file__).parent / "killer.py"
TIMES = ("2025-10-16T18:30Z", "2025-10-17T02:00Z", "2025-10-17T08:00Z")
NEWS = [
    ("https://example.com/1", "আড়াই ঘণ্টার ফোনালাপ শেষে ট্রাম্প–পুতিন বৈঠকের ঘোষণা", "দুই নেতা বৃহস্পতিবার কথা বলেন।"),
    ("https://example.com/2", "টমাহক দিলে উত্তেজনা বাড়বে, ট্রাম্পকে পুতিনের বার্তা", "ক্রেমলিন বলছে, নতুন ধাপে যাবে যুদ্ধ।"),
    (
        "https://example.com/3",
        "Orbán offers Budapest for the Trump–Putin summit",
        "Hungary promises safe conditions.",
    ),
    (
        "https://example.com/4",
        "Rubio and Lavrov to prepare what Trump and Putin agreed",
        "Delegations meet next week.",
    ),
]


@pytest.fixture(params=registry.names("stores"))
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[int], str]:
    """A function that gives the URL of an empty database for each number."""
    if request.param == "sqlite":
        return lambda number: f"sqlite:{tmp_path / str(number)}.db"
    server = request.getfixturevalue("postgresql_server")
    return lambda number: str(server())


def test_killed_at_every_commit_nothing_is_lost_and_nothing_sent_twice(
    tmp_path: Path, fresh_url: Callable[[int], str]
) -> None:
    killed(tmp_path, fresh_url, "before")


def killed(tmp_path: Path, fresh_url: Callable[[int], str], moment: str) -> None:
    """Kill before or after each commit in turn; start again and look.

    On PostgreSQL before and after every second one: after one is before the next, for the database.
    """
    step = 1 if fresh_url(0).startswith("sqlite:") else 2
    with Newsstand({"/a": rss("A", *NEWS[:2]), "/b": rss("B", *NEWS[2:])}) as stand, Receiver() as receiver:
        desk = Desk(
            tmp_path,
            {stand.url + "/a": "bn", stand.url + "/b": "en"},
            channels=f"channels:\n  hook: {{type: webhook, url: '{receiver.url}/hook'}}\n",
            routes="routes:\n"
            "  day: {topics: [summit], channels: [hook], at: ['07:30', '13:00']}\n"
            "  now: {topics: [summit], channels: [hook], send: immediate, group_wait: 0s}\n",
        ).write()
        with subprocess.Popen(
            [sys.executable, str(KILLER), str(desk.config), moment, *TIMES],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=desk.environ(),
        ) as killer:  # fmt: skip
            assert killer.stdin is not None
            assert killer.stdout is not None
            for number in range(1, 200, step):
                receiver.seen.clear()
                receiver.taken.clear()
                print(number, fresh_url(number), f"{receiver.url}/{number}", file=killer.stdin, flush=True)
                first, again = killer.stdout.readline().split() or ("?", "?")
                if again != "0":
                    killer.stdin.close()
                    assert killer.stderr is not None
                    pytest.fail(f"{moment} commit {number}: {killer.stderr.read()}")
                check(receiver.taken, f"killed {moment} commit {number}")
                if first == "0":
                    break
            killer.stdin.close()

    assert first == "0", "it never ran to its end"
    assert number > 10, "there must have been more commits than that"


def check(taken: dict[str, dict[str, Any]], when: str) -> None:
    """Each item was told once by an alert and once by a digest."""
    told: dict[str, list[str]] = {"alert": [], "digest": []}
    for body in taken.values():
        for story in body["data"]["stories"]:
            told[body["data"]["kind"]] += [story["url"], *(one["url"] for one in story["also"])]

    everything = [url for url, _, _ in NEWS]
    assert sorted(told["alert"]) == everything, when
    assert sorted(told["digest"]) == everything, when
