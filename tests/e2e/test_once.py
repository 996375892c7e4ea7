"""`monitor once` against real servers on loopback."""

from __future__ import annotations

import gzip
import json
import random
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.world import Desk, Newsstand, Page, Receiver, rss, send

SHARED = Path(__file__).parent.parent.parent.parent / "shared" / "data" / "feeds"

CALL = ("https://example.com/bn/1", "ট্রাম্পের সঙ্গে পুতিনের টেলিফোন আলাপ", "দুই নেতা প্রায় আড়াই ঘণ্টা কথা বলেছেন।")
GAME = ("https://example.com/bn/2", "মিরপুরে বাংলাদেশের জয়", "সাত উইকেটে জিতে সিরিজ নিজেদের করে নিয়েছে বাংলাদেশ।")


def test_every_entry_is_stored_once_whatever_the_order_of_polls(tmp_path: Path) -> None:
    bodies = {
        "/a": rss("A", CALL, GAME),
        "/b": rss("B", GAME, ("https://example.com/bn/3", "তৃতীয় খবর", "")),
        "/c": rss("C", ("http://example.com/bn/1?utm_source=rss", CALL[1], CALL[2])),
    }
    for order in range(3):
        folder = tmp_path / str(order)
        folder.mkdir()
        with Newsstand(bodies) as stand:
            paths = random.Random(order).sample(sorted(bodies), len(bodies))
            desk = Desk(folder, {stand.url + path: "bn" for path in paths}).write()
            report = desk.json("once")

            assert (report["polls"], report["entries"]) == (3, 3)
            assert desk.json("status")["entries"] == 3


def test_a_second_run_asks_with_validators_and_adds_nothing(tmp_path: Path) -> None:
    with Newsstand({"/a": rss("A", CALL, GAME)}) as stand:
        desk = Desk(tmp_path, {stand.url + "/a": "bn"}).write()
        first = desk.json("once")
        second = desk.json("once", "--all")

        assert (first["entries"], first["matches"]) == (2, 1)
        assert (second["polls"], second["entries"], second["matches"]) == (1, 0, 0)
        assert [status for _, _, status in stand.log] == [200, 304]
        assert stand.log[0][1].get("if-none-match") is None


def test_what_is_not_due_is_not_polled(tmp_path: Path) -> None:
    with Newsstand({"/a": rss("A", CALL)}) as stand:
        desk = Desk(tmp_path, {stand.url + "/a": "bn"}).write()
        desk.json("once")

        assert desk.json("once")["polls"] == 0


@pytest.mark.shared
def test_real_bodies_give_the_entries_that_others_read_in_them(tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip("the shared research data is not beside the checkout")
    expected = [json.loads(line) for line in (SHARED / "expected_items.jsonl").read_text().splitlines()]
    readable = [one for one in expected if one.get("items") is not None]
    pages = {f"/{one['file']}": (SHARED / one["file"]).read_bytes() for one in expected}
    with Newsstand(pages) as stand:
        desk = Desk(
            tmp_path,
            {stand.url + path: "ru" if "russian" in path else "bn" for path in pages},
            extra="keep: {entries: 36500d}\n",
        )
        desk.write()
        desk.config.write_text(desk.config.read_text().replace("max_body: 1MB", "max_body: 10MB"))
        desk.json("once")
        stored = {feed["url"]: feed["entries"] for feed in desk.json("status")["feed"]}
        again = desk.json("once", "--all")

    for one in readable:
        assert stored[f"{stand.url}/{one['file']}"] == one["n_items"], one["file"]
    malformed = next(one for one in expected if one.get("items") is None)
    assert stored[f"{stand.url}/{malformed['file']}"] > 0
    assert (again["entries"], again["updated"]) == (0, 0)


def hang(request: BaseHTTPRequestHandler) -> None:
    time.sleep(4)


def drip(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Type", "application/rss+xml")
    request.end_headers()
    for _ in range(100):
        request.wfile.write(b"<")
        request.wfile.flush()
        time.sleep(0.1)


def endless(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    while True:
        request.wfile.write(b"x" * 65536)


def bomb(request: BaseHTTPRequestHandler) -> None:
    send(request, 200, BOMB, "application/rss+xml", Content_Encoding="gzip")


BOMB = gzip.compress(bytes(50_000_000), 1)

BAD: dict[str, tuple[Page, set[str]]] = {
    "/500": (Page(answer=lambda r: send(r, 500, b"no")), {"http-5xx"}),
    "/404": (Page(answer=lambda r: send(r, 404, b"no")), {"http-4xx"}),
    "/403": (Page(answer=lambda r: send(r, 403, b"Access denied")), {"blocked"}),
    "/410": (Page(answer=lambda r: send(r, 410, b"gone")), {"http-410"}),
    "/429": (Page(answer=lambda r: send(r, 429, b"slow", Retry_After="120")), {"http-429"}),
    "/hang": (Page(answer=hang), {"timeout"}),
    "/drip": (Page(answer=drip), {"timeout"}),
    "/endless": (Page(answer=endless), {"too-large"}),
    "/bomb": (Page(answer=bomb), {"too-large"}),
    "/html": (Page(b"<!doctype html><html><body>Welcome</body></html>", "text/html"), {"html", "not-a-feed"}),
    "/denied": (Page(b"Access denied", "text/plain"), {"not-a-feed", "html"}),
    "/empty": (Page(b""), {"empty"}),
    "/loop": (Page(answer=lambda r: send(r, 302, b"", Location="/loop")), {"refused"}),
    "/inside": (Page(answer=lambda r: send(r, 302, b"", Location="http://169.254.169.254/")), {"refused"}),
}


def test_bad_feeds_end_in_a_clear_word_and_stop_no_other(tmp_path: Path) -> None:
    pages: dict[str, Page | bytes] = {path: page for path, (page, _) in BAD.items()}
    pages["/good"] = rss("Good", CALL, GAME)
    with Newsstand(pages) as stand:
        dead = "http://127.0.0.1:9/dead"
        desk = Desk(tmp_path, {**{stand.url + path: "bn" for path in pages}, dead: "bn"}).write()
        done = desk.run("once", "--json")
        status = desk.json("status")

    states = {feed["url"].removeprefix(stand.url): feed for feed in status["feed"]}
    assert json.loads(done.stdout)["entries"] == 2
    assert states["/good"]["state"] == "ok"
    assert {path: states[path]["reason"] for path in BAD} == {
        path: states[path]["reason"] if states[path]["reason"] in words else words
        for path, (_, words) in BAD.items()
    }
    assert states[dead]["reason"] == "connect"
    assert all(states[path]["detail"] for path in BAD)
    assert "http-5xx" in done.stderr
    assert status["feeds"] == {"total": len(BAD) + 2, "ok": 1, "failing": len(BAD) + 1}


def test_odd_entries_are_kept(tmp_path: Path) -> None:
    body = (
        b'<?xml version="1.0"?><rss version="2.0"><channel><title>Odd</title>'
        b"<item><title>&lt;script&gt;alert(1)&lt;/script&gt;Trump calls Putin</title></item>"
        b"<item><link>https://example.com/no-title</link></item>"
        b"<item><description>Only text</description></item>"
        b"<item/>"
        b"</channel></rss>"
    )
    with Newsstand(
        {
            "/odd": body,
            "/cp1251": Page(
                '<?xml version="1.0" encoding="windows-1251"?><rss version="2.0"><channel><title>Х</title><item><title>Путин и Трамп</title></item></channel></rss>'.encode(
                    "cp1251"
                )
            ),
        }
    ) as stand:
        desk = Desk(tmp_path, {stand.url + "/odd": "en", stand.url + "/cp1251": "ru"}).write()

        assert desk.json("once") | {"deliveries": {}} == {
            "polls": 2, "entries": 4, "updated": 0, "matches": 2, "stories": 2, "deliveries": {},
        }  # fmt: skip


def test_a_digest_reaches_a_webhook_once(tmp_path: Path) -> None:
    with Newsstand({"/a": rss("A", CALL, GAME)}) as stand, Receiver() as receiver:
        desk = Desk(
            tmp_path,
            {stand.url + "/a": "bn"},
            channels=f"channels:\n  hook: {{type: webhook, url: '{receiver.url}/hook'}}\n",
            routes="routes:\n  day: {topics: [summit], channels: [hook], at: ['07:30']}\n",
        ).write()
        desk.run("once", "--at", "2025-10-16T18:30Z")
        report = desk.json("once", "--at", "2025-10-17T02:00Z")
        desk.json("once", "--at", "2025-10-18T02:00Z")

    assert report["deliveries"] == {"hook": {"sent": 1, "failed": 0}}
    (digest,) = receiver.taken.values()
    assert [story["title"] for story in digest["data"]["stories"]] == [CALL[1]]
    assert len(receiver.seen) == 1


def test_older_entries_of_a_first_poll_are_stored_but_not_sent(tmp_path: Path) -> None:
    with Newsstand({"/a": rss("A", CALL)}) as stand, Receiver() as receiver:
        desk = Desk(
            tmp_path,
            {stand.url + "/a": "bn"},
            channels=f"channels:\n  hook: {{type: webhook, url: '{receiver.url}/hook'}}\n",
            routes="routes:\n  day: {topics: [summit], channels: [hook], at: ['07:30']}\n",
        ).write()
        assert desk.json("once", "--at", "2025-10-18T18:30Z")["matches"] == 1
        report = desk.json("once", "--at", "2025-10-19T02:00Z")

    assert report["deliveries"] == {}
    assert receiver.seen == []
