"""`monitor replay`: recorded polls through the whole pipeline in virtual time."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.world import ROOT, Desk, rss

CORPUS = ROOT / "tests" / "corpus" / "replay"

CALL = ("https://example.com/1", "ট্রাম্প–পুতিন ফোনালাপ", "বুদাপেস্টে বৈঠকের সিদ্ধান্ত।")
OFF = ("https://example.com/2", "Trump and Putin put their meeting off", "No date is set.")
ROUTES = "routes:\n  day: {topics: [summit], channels: [out], at: ['07:30', '19:00']}\n"
ALERTS = "routes:\n  now: {topics: [summit], channels: [out], send: immediate, group_wait: 5m}\n"


def an_archive(path: Path, *polls: tuple[str, bytes]) -> Path:
    """Write successive polls of one feed as the recorder lays them down."""
    index = [{"file": f"feed/{n:05}.xml", "polled_at": at} for n, (at, _) in enumerate(polls)]
    files = {f"feed/{n:05}.xml": body for n, (_, body) in enumerate(polls)}
    files["feed/index.json"] = json.dumps(index).encode()
    with tarfile.open(path, "w:gz") as archive:
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return path


def two_days(path: Path) -> Path:
    return an_archive(
        path / "paper_2025-10-16.tar.gz",
        ("2025-10-16T18:30:00+00:00", rss("A", CALL)),
        ("2025-10-16T20:30:00+00:00", rss("A", CALL, date="Thu, 16 Oct 2025 20:30:00 GMT")),
        ("2025-10-17T10:00:00+00:00", rss("A", CALL, OFF, date="Fri, 17 Oct 2025 10:00:00 GMT")),
    )


def told(replayed: Any) -> list[tuple[str, str, list[str]]]:
    return [(m["at"], m["kind"], [s["title"] for s in m["stories"]]) for m in replayed["messages"]]


# what is sent, and when ───────────────────────────────────────────────────────────────────────


def test_a_replay_tells_each_turn_once_in_the_slot_after_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, routes=ROUTES).write()
    out = tmp_path / "told"
    replayed = desk.json("replay", str(two_days(tmp_path)), "--out", str(out))

    assert (replayed["polls"], replayed["entries"], replayed["updated"]) == (3, 2, 0)
    assert told(replayed) == [
        ("2025-10-17T01:30:00Z", "digest", [CALL[1]]),
        ("2025-10-17T13:00:00Z", "digest", [OFF[1]]),
    ]
    assert [m["slot"] for m in replayed["messages"]] == [m["at"] for m in replayed["messages"]]
    assert all(CALL[1] in (out / m["file"]).read_text() for m in replayed["messages"][:1])
    assert json.loads((out / "replay.json").read_text()) == replayed
    assert OFF[1] in (out / "index.html").read_text()
    assert not (tmp_path / "monitor.db").exists(), "the desk's own database is not touched"


def test_an_alert_goes_when_its_group_has_waited_and_not_at_the_next_poll(tmp_path: Path) -> None:
    desk = Desk(tmp_path, routes=ALERTS).write()

    assert told(desk.json("replay", str(two_days(tmp_path)))) == [
        ("2025-10-16T18:35:00Z", "alert", [CALL[1]]),
        ("2025-10-17T10:05:00Z", "alert", [OFF[1]]),
    ]


def test_quiet_hours_hold_a_message_until_they_end_and_a_budget_spreads_alerts(tmp_path: Path) -> None:
    many = [(f"https://example.com/{n}", f"Trump and Putin, {n} {'abcdefg'[n] * 9}", "") for n in range(5)]
    archive = an_archive(tmp_path / "a.tar.gz", ("2025-10-16T14:00:00Z", rss("A", *many)))
    quiet = "routes:\n  now: {topics: [summit], channels: [out], send: immediate, quiet: ['20:00-06:30'], "
    held = Desk(tmp_path, routes=quiet + "group_wait: 0s}\n").write().json("replay", str(archive))
    spread = ALERTS.replace("group_wait: 5m", "group_wait: 0s, budget: 2")
    paced = Desk(tmp_path, routes=spread).write().json("replay", str(archive))

    assert {at for at, _, _ in told(held)} == {"2025-10-17T00:30:00Z"}
    assert len(told(paced)) == len(told(held))
    hours = [datetime.fromisoformat(at) - datetime(2025, 10, 16, 14, tzinfo=UTC) for at, _, _ in told(paced)]
    assert [hour // timedelta(hours=1) for hour in hours] == [0, 0, 1, 1, 2]


def test_polls_happen_when_they_were_recorded_whatever_the_desk_s_pace(tmp_path: Path) -> None:
    """Also where the publisher asked for a longer wait: they were made."""
    polls = [
        (f"2025-10-16T18:{minute:02}:00Z", rss("A", (CALL[0], f"Trump, Putin {minute}", "")))
        for minute in range(5)
    ]
    waits = [(at, body.replace(b"<link>", b"<ttl>600</ttl><link>", 1)) for at, body in polls]
    replayed = (
        Desk(tmp_path, routes=ROUTES).write().json("replay", str(an_archive(tmp_path / "a.tar.gz", *waits)))
    )

    assert (replayed["polls"], replayed["entries"], replayed["updated"]) == (5, 1, 4)


def test_a_feed_s_failures_are_replayed_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "a.xml").write_bytes(rss("A", CALL))
    rows = [
        {"file": "a.xml", "polled_at": "2025-10-16T18:00:00Z"},
        {"failed": "http-5xx", "status": 503, "retry_after": 7200, "polled_at": "2025-10-16T18:30:00Z"},
        {"failed": "timeout", "polled_at": "2025-10-16T19:00:00Z"},
    ]
    about = {"url": "https://example.com/rss", "source": "Example", "language": "bn", "polls": rows}
    (folder / "index.json").write_text(json.dumps(about))
    out = tmp_path / "told"
    replayed = Desk(tmp_path, routes=ROUTES).write().json("replay", str(folder), "--out", str(out))
    (feed,) = replayed["feed"]

    assert (feed["state"], feed["reason"], feed["polls"]) == ("error", "timeout", 3)
    assert feed["last_ok"] == "2025-10-16T18:00:00Z"
    assert "Example" in (out / replayed["messages"][0]["file"].replace(".html", ".txt")).read_text()


# whose polls ──────────────────────────────────────────────────────────────────────────────────


def test_the_language_is_read_from_the_words_where_nobody_says_it(tmp_path: Path) -> None:
    """And where the publisher's software says `en-US` of a Bengali paper."""
    silent = an_archive(tmp_path / "silent.tar.gz", ("2025-10-16T18:30:00Z", rss("দৈনিক", CALL)))
    wrong = rss("Daily", ("https://example.org/9", *CALL[1:])).replace(
        b"<link>", b"<language>en-US</language><link>", 1
    )
    lying = an_archive(tmp_path / "lying.tar.gz", ("2025-10-16T18:30:00Z", wrong))
    replayed = Desk(tmp_path, routes=ROUTES).write().json("replay", str(silent), str(lying))
    entries = [e for m in replayed["messages"] for s in m["stories"] for e in s["entries"]]

    assert sorted((e["source"], e["lang"]) for e in entries) == [("Daily", "bn"), ("দৈনিক", "bn")]


def test_a_configured_feed_lends_what_the_archive_does_not_say(tmp_path: Path) -> None:
    """By its URL, else by the host that its items lead to."""
    desk = Desk(tmp_path, {"https://example.com/paper": "bn"}, routes=ROUTES).write()
    by_host = an_archive(tmp_path / "x_1.tar.gz", ("2025-10-16T18:30:00Z", rss("A title", CALL)))
    folder = tmp_path / "by-url"
    folder.mkdir()
    (folder / "a.xml").write_bytes(rss("Another title", ("https://elsewhere.example/9", *CALL[1:])))
    index = [
        {"file": "a.xml", "polled_at": "2025-10-16T18:30:00Z", "url": "https://user:pw@example.com/paper/"}
    ]
    (folder / "index.json").write_text(json.dumps(index))
    for archive in (by_host, folder):
        replayed = desk.json("replay", str(archive))

        assert [feed["source"] for feed in replayed["feed"]] == ["paper"]
        assert replayed["messages"][0]["stories"][0]["entries"][0]["lang"] == "bn"


# the corpus ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """The week of two invented outlets, replayed with the shipped config."""
    folder = tmp_path_factory.mktemp("week")
    done = Desk(folder).run(
        "replay", str(CORPUS), "--config", str(ROOT / "config"), "--out", "told", "--json"
    )
    return json.loads(done.stdout), folder / "told"


def test_items_are_stored_once_and_every_edit_is_one(week: tuple[Any, Path]) -> None:
    expected = json.loads((CORPUS / "expected.json").read_text(encoding="utf-8"))

    assert (week[0]["entries"], week[0]["updated"]) == (expected["entries"], expected["updated"])


def test_each_turn_of_the_event_arrives_in_order_in_the_first_slot_after_it(week: tuple[Any, Path]) -> None:
    expected = json.loads((CORPUS / "expected.json").read_text(encoding="utf-8"))
    first: dict[str, str] = {}
    for message in week[0]["messages"]:
        for entry in (e for s in message["stories"] for e in s["entries"] if message["kind"] == "digest"):
            first.setdefault(entry["url"].partition("?")[0], message["slot"])
    arrived = [{first.get(url) for url in turn["urls"]} for turn in expected["turns"]]

    assert arrived == [{next_slot(turn["seen"], expected)} for turn in expected["turns"]]
    assert not first.keys() & set(expected["never"])


def next_slot(seen: str, expected: Any) -> str:
    """Return the first of the day's slots after a time, by arithmetic of the test's own."""
    zone = ZoneInfo(expected["timezone"])
    at = datetime.fromisoformat(seen)
    days = [(at.astimezone(zone) + timedelta(days=n)).date() for n in (0, 1)]
    slots = [
        datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=zone)
        for day in days
        for time in expected["at"]
    ]
    return f"{min(slot for slot in slots if slot > at).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def test_no_two_messages_to_one_reader_tell_the_same(week: tuple[Any, Path]) -> None:
    contents = [
        (
            m["route"],
            m["recipient"],
            tuple((turn["topic"], turn["state"]) for turn in m["turns"]),
            tuple(sorted(e["url"] + e["title"] for s in m["stories"] for e in s["entries"])),
            tuple(turn["id"] for turn in m["turns"]),
        )
        for m in week[0]["messages"]
    ]

    assert len(contents) == len(set(contents))
    assert [m["at"] for m in week[0]["messages"]] == sorted(m["at"] for m in week[0]["messages"])


def test_a_reader_gets_the_real_messages(week: tuple[Any, Path]) -> None:
    page = (week[1] / week[0]["messages"][0]["file"]).read_text(encoding="utf-8")

    assert "<html" in page
    assert 'lang="bn"' in page


# the same bytes ───────────────────────────────────────────────────────────────────────────────


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def replay_twice(tmp_path: Path, *archives: Path) -> tuple[tuple[str, dict[str, bytes]], ...]:
    """Replay in two processes whose sets are in another order; return what each printed and wrote."""
    done = []
    for seed in ("1", "2"):
        out = tmp_path / f"told-{seed}"
        arguments = [*map(str, archives), "--config", str(ROOT / "config"), "--out", str(out), "--json"]
        printed = Desk(tmp_path).run("replay", *arguments, PYTHONHASHSEED=seed)
        done.append((printed.stdout, tree(out)))
    return tuple(done)


def crowd(folder: Path) -> Path:
    """Ten papers of one host, polled at the same moments, that carry one another's items."""
    for number in range(10):
        items = [
            (f"https://example.com/{n}", f"Trump, Putin {'abcdefghijkl'[n] * 8} {number}", "")
            for n in range(12)
        ]
        home = folder / f"paper-{number}"
        home.mkdir(parents=True)
        rows = []
        for hour in range(4):
            (home / f"{hour}.xml").write_bytes(
                rss(f"P{number}", *items[number % 3 + hour : number % 4 + 4 + hour])
            )
            rows += [{"file": f"{hour}.xml", "polled_at": f"2025-10-16T1{hour}:00:00Z"}] * (1 + number % 2)
        (home / "index.json").write_text(json.dumps(rows))
    return folder


def test_two_replays_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = replay_twice(tmp_path, CORPUS, two_days(tmp_path), crowd(tmp_path / "crowd"))

    assert one == other
    assert json.loads(one[0])["polls"] == 21 + 3 + 60
    assert len(one[1]) > 20


# two configs ──────────────────────────────────────────────────────────────────────────────────


def test_two_configs_show_what_each_reader_gains_and_loses(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    first = Desk(tmp_path, routes=ROUTES).write()
    more = ROUTES.replace("19:00", "20:00") + ALERTS.removeprefix("routes:\n")
    second = Desk(
        tmp_path / "b", routes=more, topics="topics:\n  summit: {query: 'meeting @trump @putin'}\n"
    ).write()
    archive = str(two_days(tmp_path))
    arguments = ("replay", archive, "--config", str(first.config), "--config", str(second.config))
    said = json.loads(Desk(tmp_path).run(*arguments, "--json", "--out", "told", check=True).stdout)
    (reader,) = said["recipients"]

    assert said["configs"] == [str(first.config), str(second.config)]
    assert "topic summit edited" in said["changes"]
    assert not any("store" in change for change in said["changes"])
    assert [(i["kind"], i["entry"]["title"]) for i in reader["gains"]] == [("alert", OFF[1])]
    assert [(i["kind"], i["entry"]["title"]) for i in reader["loses"]] == [("digest", CALL[1])]
    assert [(i["from"], i["at"]) for i in reader["moved"]] == [
        ("2025-10-17T13:00:00Z", "2025-10-17T14:00:00Z")
    ]
    assert reader["messages"] == [{"digest": 2}, {"alert": 1, "digest": 1}]
    files = [m["file"] for replayed in said["replays"] for m in replayed["messages"]]
    assert all((tmp_path / "told" / file).is_file() for file in files)
    assert {file.partition("/")[0] for file in files} == {"before", "after"}
    words = Desk(tmp_path).run(*arguments).stdout
    assert f"  + 2025-10-17 16:05 Asia/Dhaka  alert  {OFF[1]}" in words
    assert f"  − 2025-10-17 07:30 Asia/Dhaka  digest  {CALL[1]}" in words
    assert "2 digests → 1 alert, 1 digest" in words
    late = json.loads(Desk(tmp_path).run(*arguments, "--json", "--from", "2025-10-17T09:00Z").stdout)
    assert [i["entry"]["title"] for i in late["recipients"][0]["gains"]] == [OFF[1]]
    assert [replayed["polls"] for replayed in late["replays"]] == [1, 1]


def test_a_config_compared_with_itself_shows_no_difference(tmp_path: Path) -> None:
    desk = Desk(tmp_path, routes=ROUTES).write()
    words = desk.run("replay", str(two_days(tmp_path)), *("--config", str(desk.config)) * 2).stdout

    assert "the two configs say the same" in words
    assert "out: no difference (2 digests)" in words


def test_only_replay_takes_two_configs_and_it_no_more(tmp_path: Path) -> None:
    desk = Desk(tmp_path).write()
    other = ("--config", str(desk.config))
    two = desk.run("status", *other * 2, check=False)
    three = desk.run("replay", str(two_days(tmp_path)), *other * 3, check=False)

    assert (two.returncode, "--config is given twice" in two.stderr) == (2, True)
    assert (three.returncode, "not more often" in three.stderr) == (2, True)


# wrong usage ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("content", [b"no archive", b""])
def test_what_is_no_archive_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.tar.gz"
    path.write_bytes(content)
    done = Desk(tmp_path).write().run("replay", str(path), check=False)

    assert done.returncode == 2
    assert "not a readable archive" in done.stderr


def test_a_body_that_cannot_be_read_ends_the_replay_and_is_named(tmp_path: Path) -> None:
    """Also while others wait for their turn at the same moment."""
    archive = crowd(tmp_path / "crowd")
    broken = archive / "paper-2" / "1.gz"
    broken.write_bytes(gzip.compress(b"<rss/>")[:-4])
    index = archive / "paper-2" / "index.json"
    index.write_text(index.read_text().replace('"1.xml"', '"1.gz"'))
    done = Desk(tmp_path, routes=ROUTES).write().run("replay", str(archive), check=False)

    assert done.returncode == 2
    assert f"{broken}: cannot be read" in done.stderr


def test_from_and_to_that_leave_nothing_are_answered_with_the_archive_s_own_time(tmp_path: Path) -> None:
    desk, archive = Desk(tmp_path, routes=ROUTES).write(), str(two_days(tmp_path))
    nothing = desk.run("replay", archive, "--from", "2025-11-01", check=False)
    turned = desk.run("replay", archive, "--from", "2025-10-17", "--to", "2025-10-16", check=False)
    some = desk.json("replay", archive, "--from", "2025-10-16T19:00Z", "--to", "2025-10-17")

    assert (nothing.returncode, turned.returncode) == (2, 2)
    assert "from 2025-10-16T18:30Z to 2025-10-17T10:00Z" in nothing.stderr
    assert "--from is later than --to" in turned.stderr
    assert (some["polls"], told(some)) == (1, [("2025-10-17T01:30:00Z", "digest", [CALL[1]])])


def test_a_folder_of_somebody_s_is_not_written_into_and_an_earlier_replay_s_is_replaced(
    tmp_path: Path,
) -> None:
    desk, archive = Desk(tmp_path, routes=ROUTES).write(), str(two_days(tmp_path))
    out = tmp_path / "told"
    desk.run("replay", archive, "--out", str(out))
    (out / "notes.txt").write_text("mine")
    before = tree(out)
    desk.run("replay", archive, "--out", str(out), "--to", "2025-10-17")
    refused = desk.run("replay", archive, "--out", str(tmp_path), check=False)

    assert refused.returncode == 2
    assert "not from an earlier replay" in refused.stderr
    assert {name for name in before if name.endswith(".txt")} - set(tree(out)), "what is not told now is gone"
    assert (out / "notes.txt").read_text() == "mine"


def test_a_template_that_fails_ends_the_replay_and_says_where(tmp_path: Path) -> None:
    place = tmp_path / "templates" / "file"
    place.mkdir(parents=True)
    (place / "digest.txt.j2").write_text("{{ 1 // 0 }}")
    desk = Desk(tmp_path, routes=ROUTES, extra="templates: templates\n").write()
    done = desk.run("replay", str(two_days(tmp_path)), check=False)

    assert done.returncode == 1
    assert "digest.txt.j2" in done.stderr


def test_nothing_but_the_answer_is_printed_when_nobody_watches(tmp_path: Path) -> None:
    done = Desk(tmp_path, routes=ROUTES).write().run("replay", str(two_days(tmp_path)), "--json")

    assert done.stderr == ""
    json.loads(done.stdout)
