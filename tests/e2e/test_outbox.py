"""`monitor schedule`, `deliveries` and `silence`, as the ops person uses them."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from tests.world import Desk, Newsstand, rss

NEWS = rss("A", ("https://example.com/1", "Trump calls Putin", "They agree to meet."))
CHANNELS = """channels:
  hook: {type: webhook, url: 'http://127.0.0.1:9/hook', fallback: out}
  out: {type: file, folder: out}
"""
ROUTES = """routes:
  day:
    {topics: [summit], channels: [out], at: ['07:30', '23:30'], quiet: ['23:00-06:00'], timezone: Asia/Dhaka}
  night: {topics: [summit], channels: [out], cron: '30 2 * * *', timezone: Europe/Budapest}
  now: {topics: [summit], channels: [out], send: immediate}
"""


def test_the_schedule_tells_what_will_come_in_the_reader_s_zone_and_in_utc(tmp_path: Path) -> None:
    desk = Desk(tmp_path, channels=CHANNELS, routes=ROUTES).write()
    rows = desk.json("schedule", "--at", "2025-10-25T12:00Z", "--next", "5")

    assert [(row["route"], row["slot"], row["local"]) for row in rows] == [
        ("day", "2025-10-25T17:30:00Z", "2025-10-25T23:30:00+06:00"),
        ("night", "2025-10-26T00:30:00Z", "2025-10-26T02:30:00+02:00"),  # it comes twice that night
        ("day", "2025-10-26T01:30:00Z", "2025-10-26T07:30:00+06:00"),
        ("day", "2025-10-26T17:30:00Z", "2025-10-26T23:30:00+06:00"),
        ("day", "2025-10-27T01:30:00Z", "2025-10-27T07:30:00+06:00"),
    ]
    assert rows[0]["held_until"] == "2025-10-26T00:00:00Z"
    only = desk.json("schedule", "--at", "2025-10-25T12:00Z", "--next", "2", "--route", "night")
    assert {row["route"] for row in only} == {"night"}
    wrong = desk.run("schedule", "--route", "nigth", check=False)
    assert (wrong.returncode, "did you mean 'night'?" in wrong.stderr) == (78, True)


def test_a_slot_that_was_slept_over_is_late_in_the_schedule(tmp_path: Path) -> None:
    desk = Desk(tmp_path, channels=CHANNELS, routes=ROUTES).write()
    desk.run("once", "--at", "2025-10-16T12:00Z")
    rows = desk.json("schedule", "--at", "2025-10-18T12:00Z", "--next", "2")
    assert [(row["route"], row["slot"], row["late"]) for row in rows] == [
        ("night", "2025-10-18T00:30:00Z", True),
        ("day", "2025-10-18T01:30:00Z", True),
    ]


def test_a_dead_letter_is_listed_shown_and_sent_again_and_its_fallback_says_why(tmp_path: Path) -> None:
    with Newsstand({"/a": NEWS}) as stand:
        desk = Desk(
            tmp_path,
            {stand.url + "/a": "en"},
            channels=CHANNELS.replace("http://127.0.0.1:9/hook", stand.url + "/nothing"),
            routes="routes:\n  now: {topics: [summit], channels: [hook], send: immediate, group_wait: 0s}\n",
        ).write()
        desk.run("once", "--at", "2025-10-16T18:30Z")
        desk.run("once", "--at", "2025-10-16T18:31Z")
        (dead,) = desk.json("deliveries", "list", "--status", "dead")
        shown = desk.json("deliveries", "show", dead["id"][:8])
        unsaid = desk.run("deliveries", "redrive", "", check=False)
        again = desk.json("deliveries", "redrive", "--all", "--by", "Rina")
        (queued,) = desk.json("deliveries", "list", "--status", "queued")
        nothing = desk.run("deliveries", "redrive", dead["id"], check=False)
        books = desk.json("deliveries", "verify")

    assert (dead["channel"], bool(dead["reason"]), shown["attempts"]) == ("hook", True, 1)
    assert "Trump calls Putin" in shown["subject"]
    assert unsaid.returncode == 2, "nothing named is not all"
    assert again == {"redriven": [dead["id"]]}
    assert [one["by"] for one in queued["redriven"]] == ["Rina"]
    assert nothing.returncode == 1
    assert [(one["route"], one["states"]) for one in books["readers"]] == [("now", {"queued": 1})]
    assert books["faults"] == []
    (page,) = [path.read_text(encoding="utf-8") for path in tmp_path.glob("out/*alert*.html")]
    assert "hook could not reach" in page


def test_a_silence_is_added_listed_and_expired_and_explained(tmp_path: Path) -> None:
    today = rss(
        "A",
        ("https://example.com/1", "Trump calls Putin", "They agree to meet."),
        date=format_datetime(datetime.now(UTC), usegmt=True),
    )
    with Newsstand({"/a": today}) as stand:
        desk = Desk(
            tmp_path,
            {stand.url + "/a": "en"},
            channels="channels:\n  out: {type: file, folder: out}\n",
            routes="routes:\n  day: {topics: [summit], channels: [out], every: 5m}\n",
        ).write()
        why = ("--until", "2100-01-01", "--why", "known", "--by", "Rina")
        added = desk.json("silence", "add", "--entity", "@putin", *why)
        wrong = desk.run("silence", "add", "--topic", "sumit", *why, check=False)
        listed = desk.json("silence", "list")
        desk.run("once")
        desk.run("once", "--at", "2099-01-01T00:00Z")
        (found,) = desk.json("search", "trump")
        explained = desk.json("explain", f"e:{found['id']}")
        desk.run("silence", "expire", added["id"])
        after = desk.json("silence", "list")

    assert (added["target"], added["holds"]) == ("putin", True)
    assert (wrong.returncode, "did you mean 'summit'?" in wrong.stderr) == (2, True)
    assert [one["id"] for one in listed] == [added["id"]]
    assert after == []
    assert not list(tmp_path.glob("out/*.html"))
    assert [(row["outcome"], row["reason"]) for row in explained["sending"]] == [
        ("silenced", f"silenced by {added['id']} (Rina: known, until 2100-01-01 00:00Z)")
    ]
