"""The demo: two story days through the very daemon, once for all these tests."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from aiosmtplib import SMTP
from click.testing import CliRunner

from monitor import config as configs
from monitor import service
from monitor.clock import VirtualClock
from monitor.commands import deliveries, demo
from monitor.commands._app import App
from monitor.commands._demo import desk
from monitor.commands._demo.content import END, START, Outlet, Piece, outlets
from monitor.commands._demo.feeds import shown, write
from monitor.commands._demo.publishers import Publishers
from monitor.commands._demo.receivers import MailServer, Slack, Webhook
from monitor.model import DeliveryStatus, Hit, Report

OUTLETS = outlets()
BY_ID = {outlet.id: outlet for outlet in OUTLETS}
PIECES = [piece for outlet in OUTLETS for piece in outlet.pieces]


def of_kind(kind: str) -> list[Piece]:
    return [piece for piece in PIECES if piece.kind == kind]


def bare(url: str) -> str:
    """A link as the outlet has it, without the tracking parameters its feed may add."""
    return url.partition("?")[0]


# what is published ────────────────────────────────────────────────────────────────────────────


def test_there_are_enough_feeds_languages_formats_and_items() -> None:
    assert len(OUTLETS) == 17, "the words of the command and of its page say seventeen"
    assert Counter(o.language for o in OUTLETS)["bn"] >= 5
    assert {o.language for o in OUTLETS} == {"bn", "en", "ru", "uk", "hu"}
    assert {o.format for o in OUTLETS} == {"rss", "rdf", "atom", "json"}
    assert len(PIECES) >= 150
    assert len({piece.url for piece in PIECES}) == len(PIECES)
    assert {piece.kind for piece in PIECES} == {"event", "noise", "old"}


def test_every_item_appears_in_its_feed_within_the_two_days() -> None:
    for outlet in OUTLETS:
        seen: set[str] = set()
        now = START
        while now <= END:
            seen |= {piece.id for piece, _ in shown(outlet, now)}
            now += timedelta(hours=1)
        assert seen == {piece.id for piece in outlet.pieces}, outlet.id


def test_habits_show_in_the_bytes() -> None:
    evening = START + timedelta(hours=20)
    assert "\u09df" in write(BY_ID["padmapar"], evening).decode()
    assert "\u09af\u09bc" not in write(BY_ID["padmapar"], evening).decode()
    assert "\u200c" in write(BY_ID["dakghor"], evening).decode()
    assert " & " in write(BY_ID["kanchan"], evening).decode()
    later = evening + timedelta(minutes=20)
    assert write(BY_ID["nilkuthi"], evening) == write(BY_ID["nilkuthi"], later)
    assert write(BY_ID["padmapar"], evening) != write(BY_ID["padmapar"], later)


async def test_publishers_answer_as_of_the_virtual_time() -> None:
    clock = VirtualClock(START + timedelta(hours=11))
    async with Publishers(OUTLETS, clock) as publishers, httpx.AsyncClient() as client:
        urls = publishers.urls
        fresh = await client.get(urls["nilkuthi"])
        again = await client.get(urls["nilkuthi"], headers={"If-None-Match": fresh.headers["etag"]})
        dated = await client.get(urls["harbour"])
        since = {"If-Modified-Since": dated.headers["last-modified"]}
        assert "etag" not in dated.headers
        assert (await client.get(urls["harbour"], headers=since)).status_code == 304
        assert (fresh.status_code, again.status_code) == (200, 304)
        moved = await client.get(urls["telegraf"])
        assert (moved.status_code, moved.headers["location"]) == (301, "/feed.atom")
        assert (await client.get(urls["potomac"])).status_code == 503
        assert (await client.get(urls["deltagazette"])).headers["content-encoding"] == "gzip"
        assert (await client.post(urls["nilkuthi"])).status_code == 405
        clock.advance(timedelta(hours=8))
        assert (await client.get(urls["potomac"])).status_code == 200
        later = await client.get(urls["nilkuthi"], headers={"If-None-Match": fresh.headers["etag"]})
        assert later.status_code == 200
    assert Counter(line.status for line in publishers.log)[304] == 2


# who receives ─────────────────────────────────────────────────────────────────────────────────


async def test_the_mail_server_files_a_mail_once_in_three_forms(tmp_path: Path) -> None:
    mail = (
        "Message-ID: <one@demo.example>\r\nSubject: s\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nplain\r\n"
        "--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>html</p>\r\n--b--\r\n"
    )
    async with MailServer(tmp_path / "mail", VirtualClock(START)) as server:
        port = int(server.url.rpartition(":")[2])
        async with SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False) as client:
            for _ in range(2):
                await client.sendmail("a@demo.example", ["b@demo.example"], mail)
    assert sorted(path.suffix for path in (tmp_path / "mail").iterdir()) == [".eml", ".html", ".txt"]
    assert list(server.shelf.ids.values()) == [2]


async def test_receivers_refuse_what_is_unsigned_or_not_json(tmp_path: Path) -> None:
    clock = VirtualClock(START)
    async with (
        Webhook(tmp_path / "w", clock, secret="whsec_c2VjcmV0") as webhook,
        Slack(tmp_path / "s", clock) as slack,
        httpx.AsyncClient() as client,
    ):
        headers = {"webhook-id": "1", "webhook-timestamp": f"{START.timestamp():.0f}"}
        assert (await client.post(webhook.url, json={})).status_code == 401
        wrong = await client.post(webhook.url, json={}, headers={**headers, "webhook-signature": "v1,AAAA"})
        assert wrong.status_code == 401
        assert (await client.post(slack.url, content=b"{")).text == "invalid_payload"
        assert (await client.post(slack.url, json={})).text == "no_text"
        assert (await client.post(slack.url, json={"text": "hi"})).text == "ok"
    assert webhook.refused == 2
    assert not (tmp_path / "w").exists()
    assert len(list((tmp_path / "s").iterdir())) == 1


# the folder ───────────────────────────────────────────────────────────────────────────────────


def test_a_folder_of_someone_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    result = CliRunner().invoke(demo.command, ["--dir", str(tmp_path)], obj=App())
    assert result.exit_code == click.UsageError.exit_code
    assert "not empty" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_earlier_demo_is_replaced_but_not_what_was_put_beside_it(tmp_path: Path) -> None:
    (tmp_path / desk.CONFIG).write_text("# Written by `monitor demo`\n")
    (tmp_path / "monitor.db-wal").touch()
    (tmp_path / "mail").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    desk.clear(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


# the run ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Ran:
    """What one `monitor demo --json` printed and left, and the CPU seconds it took."""

    folder: Path
    said: dict[str, Any]
    hits: list[Hit]
    sent: dict[str, str]
    cpu: float

    def story_of(self, url: str) -> str:
        return next(hit.story_id for hit in self.hits if bare(hit.entry.url) == url)


@contextmanager
def opened(folder: Path) -> Iterator[Any]:
    store = service.open_store(configs.load(folder / desk.CONFIG, {}))
    store.open()
    try:
        yield store
    finally:
        store.close()


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("demo") / "out"
    before = os.times()
    result = CliRunner().invoke(demo.command, ["--json", "--dir", str(folder)], obj=App())
    after = os.times()
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    with opened(folder) as store:
        hits = store.hits(desk.TOPICS, 0, END + timedelta(days=1))
    sent = {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for name in desk.LEFT
        for path in sorted((folder / name).rglob("*"))
        if path.is_file() and path.suffix != ".eml"
    }
    cpu = sum(after[:4]) - sum(before[:4])
    return Ran(folder=folder, said=json.loads(result.stdout), hits=hits, sent=sent, cpu=cpu)


def test_the_printed_json_has_the_promised_fields(ran: Ran) -> None:
    said = ran.said
    assert {"polls", "entries", "updated", "matches", "stories", "deliveries", "files"} <= set(said)
    assert set(said["deliveries"]) == {"email", "slack", "webhook", "file"}
    for counts in said["deliveries"].values():
        assert counts["sent"] > 0
        assert counts["failed"] == 0
    assert all(Path(name).is_file() for name in said["files"])
    assert str(ran.folder / "monitor.db") in said["files"]


def test_every_item_is_stored_once_though_guids_and_dates_change(ran: Ran) -> None:
    assert ran.said["entries"] == len(PIECES)


def test_every_edit_is_noticed(ran: Ran) -> None:
    edits = sum(len(piece.versions) - 1 for piece in PIECES)
    assert ran.said["updated"] == edits
    edited = {piece.url: piece.versions[-1].title for piece in PIECES if len(piece.versions) > 1}
    with opened(ran.folder) as store:
        for url, title in edited.items():
            entry_id = next(hit.entry.id for hit in ran.hits if bare(hit.entry.url) == url)
            entry, _ = store.entry(entry_id)
            assert (entry.title, entry.revision) == (title, 2)


def test_a_digest_after_an_edit_has_the_new_headline(ran: Ran) -> None:
    edited = {piece.url: piece for piece in of_kind("event") if len(piece.versions) > 1}
    checked = set()
    for name, text in ran.sent.items():
        if not name.startswith("webhook/"):
            continue
        body = json.loads(text)
        sent_at = datetime.fromisoformat(body["timestamp"])
        for story in body["data"]["stories"]:
            for told in (story, *story["also"], *story["carriers"]):
                piece = edited.get(bare(told["url"]))
                # A poll later at most: until then the daemon cannot know.
                if piece and sent_at > piece.versions[-1].at + timedelta(hours=1):
                    assert told["title"] == piece.versions[-1].title
                    checked.add(piece.url)
    # mc-07's headline stood in no digest: that paper carried an agency's report.
    assert checked == {piece.url for piece in edited.values() if piece.id != "mc-07"}


def test_every_item_of_the_event_is_found_in_every_language(ran: Ran) -> None:
    found = {bare(hit.entry.url) for hit in ran.hits}
    assert {piece.url for piece in of_kind("event")} <= found
    assert {hit.entry.language for hit in ran.hits} == {"bn", "en", "ru", "uk", "hu"}


def test_every_topic_is_found_in_every_language(ran: Ran) -> None:
    found = {(hit.match.topic, hit.entry.language) for hit in ran.hits}
    assert found == {(topic, lang) for topic in desk.TOPICS for lang in ("bn", "en", "ru", "uk", "hu")}


def test_no_noise_is_sent_to_anybody(ran: Ran) -> None:
    noise = [piece for piece in PIECES if piece.kind in {"noise", "old"}]
    assert [(piece.id, name) for piece in noise for name, text in ran.sent.items() if piece.url in text] == []
    titles = [piece.versions[0].title for piece in noise]
    assert [t for t in titles for name, text in ran.sent.items() if t in text] == []


def webhooks(ran: Ran, *kinds: str) -> list[dict[str, Any]]:
    """What the webhook got of these kinds, oldest first."""
    bodies = [json.loads(text) for name, text in sorted(ran.sent.items()) if name.startswith("webhook/")]
    return [body["data"] for body in bodies if body["data"]["kind"] in kinds]


def told_in(story: dict[str, Any]) -> list[dict[str, Any]]:
    return [story, *story["also"], *story["carriers"]]


def test_every_item_of_the_event_is_in_a_digest_or_repeats_what_was_told(ran: Ran) -> None:
    digests = "\n".join(text for name, text in ran.sent.items() if name.startswith("webhook/"))
    left = [piece for piece in of_kind("event") if piece.url not in digests]
    told = {hit.story_id for hit in ran.hits if hit.entry.url in digests}
    assert [piece.id for piece in left if ran.story_of(piece.url) not in told] == []
    assert len(left) < 10


def test_the_first_morning_is_told_in_thirty_seconds(ran: Ran) -> None:
    (morning,) = (one for one in webhooks(ran, "digest") if one["slot"] == "2025-10-17T01:30:00Z")
    assert [turn["state"] for turn in morning["turns"]][:2] == ["agreed", "venue-set"]
    widest = max(morning["stories"], key=lambda story: len(story["coverage"]))
    assert len({one["language"] for one in told_in(widest)}) >= 3
    assert {one["language"] for one in widest["coverage"]} >= {"bn", "en"}
    assert widest["carriers"], "an agency's copies are folded"
    assert widest["independent"] < len(told_in(widest))
    call = next(story for story in morning["stories"] if story["news"]["contradictions"])
    (differ,) = call["news"]["contradictions"]
    assert (differ["kind"], differ["about"]) == ("duration", "phone_call")
    assert [side["value"] for side in differ["sides"]] == ["PT2H30M", "PT2H"]
    (mail,) = (text for name, text in ran.sent.items() if name.endswith("2025-10-17T0130Z.txt"))
    for words in (">>> সম্মতি · স্থান নির্ধারিত", "≠ তথ্যে অমিল: কতক্ষণ (ফোনালাপ)", "সবার আগে"):
        assert words in mail


def test_the_days_after_tell_changed_headlines_a_denial_and_what_is_open(ran: Ran) -> None:
    digests = webhooks(ran, "digest")
    changes = [
        (change["before"], change["after"])
        for digest in digests
        for story in digest["stories"]
        for change in story["news"]["headlines"]
    ]
    edited = [piece for piece in of_kind("event") if piece.id == "tb-05"]
    assert sorted(changes) == sorted((p.versions[0].title, p.versions[1].title) for p in edited)
    denials = [
        quote["speaker"]
        for digest in digests
        for story in digest["stories"]
        for quote in story["news"]["denials"]
    ]
    assert "peskov" in denials
    assert [(one["kind"], one["about"]) for one in digests[-1]["open"]] == [("duration", "phone_call")]


def test_all_that_was_told_adds_up(ran: Ran) -> None:
    app = App(config_paths=(ran.folder / "monitor.yaml",))
    done = CliRunner().invoke(deliveries.command, ["verify"], obj=app, catch_exceptions=False)
    assert done.exit_code == 0, done.output


def test_no_story_is_in_two_digests_without_something_new_that_is_named(ran: Ran) -> None:
    known: set[str] = set()
    entries: Counter[str] = Counter()
    for digest in webhooks(ran, "digest"):
        for story in digest["stories"]:
            assert story["state"] == "developing" or story["id"] not in known
            named = [one for key, some in story["news"].items() if isinstance(some, list) for one in some]
            assert story["state"] == "new" or named
            known.add(story["id"])
            changed = {change["url"] for change in story["news"]["headlines"]}
            entries.update(one["url"] for one in told_in(story) if one["url"] not in changed)
    assert {entry for entry, times in entries.items() if times > 1} == set()


def test_alerts_are_few_and_none_comes_twice(ran: Ran) -> None:
    alerts = webhooks(ran, "alert", "turn")
    causes = Counter(
        (
            alert["kind"],
            alert["turns"][0]["id"] if alert["turns"] else alert["stories"][0]["id"],
            alert["stories"][0]["state"] if alert["stories"] else "",
        )
        for alert in alerts
    )
    assert max(causes.values()) == 1
    assert len(alerts) < 35, "it was 62 when only near copies in one language were one story"
    assert [alert["turns"][0]["state"] for alert in alerts if alert["kind"] == "turn"] == [
        "agreed",
        "venue-set",
        "prepared",
    ]


def test_copies_of_one_agency_text_are_one_story(ran: Ran) -> None:
    wires: dict[str, list[Piece]] = {}
    for piece in of_kind("event"):
        if piece.wire:
            wires.setdefault(piece.wire, []).append(piece)
    copied = {wire: pieces for wire, pieces in wires.items() if len(pieces) > 1}
    assert len(copied) >= 8
    for wire, pieces in copied.items():
        assert len({ran.story_of(piece.url) for piece in pieces}) == 1, wire


def test_what_is_older_than_the_desk_is_kept_but_not_sent(ran: Ran) -> None:
    with opened(ran.folder) as store:
        entries = {bare(entry.url): entry for entry in store.search("", limit=1_000)}
        held = [match.held for piece in of_kind("old") for match in store.entry(entries[piece.url].id)[1]]
    assert held
    assert set(held) == {"before-start"}


def test_every_message_is_delivered_once(ran: Ran) -> None:
    with opened(ran.folder) as store:
        deliveries = store.deliveries(limit=10_000)
    assert {delivery.status for delivery in deliveries} == {DeliveryStatus.SENT}
    counts = Counter(delivery.channel for delivery in deliveries)
    mails = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in (ran.folder / "mail").glob("*.eml")
    ]
    assert len({mail["Message-ID"] for mail in mails}) == len(mails) == counts["email"]
    assert len(list((ran.folder / "webhook").iterdir())) == counts["webhook"]
    assert len(list((ran.folder / "slack").iterdir())) == counts["slack"]
    assert {name: n["sent"] for name, n in ran.said["deliveries"].items()} == counts


def test_digests_come_at_the_hours_of_dhaka_in_bengali(ran: Ran) -> None:
    with opened(ran.folder) as store:
        told = [d.message for d in store.deliveries(limit=10_000) if d.message.route == "digest-bn"]
    assert {f"{message.slot:%H:%M}" for message in told} <= {"01:30", "07:00", "13:00"}
    assert {message.language for message in told} == {"bn"}
    morning = [m for m in told if m.slot == START + timedelta(days=1, hours=1, minutes=30)]
    assert len(morning) == 4
    assert all("বুদাপেস্ট" in "".join(message.parts.values()) for message in morning)


def test_a_feed_that_was_down_is_caught_up_with_and_a_moved_one_is_read(ran: Ran) -> None:
    def first_seen(outlet: Outlet) -> list[timedelta]:
        seen = {bare(hit.entry.url): hit.entry.first_seen for hit in ran.hits}
        return [seen[p.url] - p.versions[0].at for p in outlet.pieces if p.url in seen]

    assert first_seen(BY_ID["potomac"])
    assert first_seen(BY_ID["telegraf"])
    # An outage of four hours is followed by a wait of at most the cap of the back-off.
    assert max(first_seen(BY_ID["potomac"])) < timedelta(hours=7)


def test_it_takes_less_than_thirty_seconds_of_cpu(ran: Ran) -> None:
    assert ran.cpu < 30


def test_the_words_say_what_was_found_and_where_to_look(ran: Ran) -> None:
    outcome = demo.Outcome(
        report=Report(polls=3, entries=2, deliveries={"email": {"sent": 1, "failed": 0}}),
        hits=tuple(ran.hits),
        statuses=Counter({304: 2}),
        duplicates=0,
        files=tuple(desk.left(ran.folder)),
    )
    said = demo.words(outcome, ran.folder)
    for word in ("Bengali", "Ukrainian", "email 1", "mail", ".html", "monitor status --config"):
        assert word in said
