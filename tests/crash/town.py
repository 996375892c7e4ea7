"""The world around the process that is made to fail: two feeds, a webhook and a mail server, on loopback.

They run on a loop in a thread of whoever drives the sweep, remember all they were given, and honour
the id of a message: what comes twice under one id counts once.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from hashlib import blake2b
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.world import rss

NEWS = {
    "/a": (
        ("https://example.com/n1", "ট্রাম্প–পুতিন বৈঠক হবে বুদাপেস্টে", "আড়াই ঘণ্টার ফোনালাপ শেষে ঘোষণা।"),
        ("https://example.com/n2", "ট্রাম্পকে পুতিনের টমাহক নিয়ে বার্তা", "ক্রেমলিন উত্তেজনা বাড়ার কথা বলছে।"),
    ),
    "/b": (
        (
            "https://example.com/n3",
            "Trump says grain prices are up to Putin",
            "Wheat futures rose on Friday.",
        ),
        ("https://example.com/n4", "Putin sends Trump a painting of a bear", "It hangs in a museum now."),
    ),
}
LINKS = sorted(link for items in NEWS.values() for link, _, _ in items)
TIMES = ("2025-10-16T18:30+00:00", "2025-10-17T02:00+00:00")
"""When the desk's process wakes: for the polls and alerts, and behind the digest's slot."""


@dataclass
class Town:
    """What the outside saw."""

    port: int = 0
    mail_port: int = 0
    pages: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Path → (ETag, body)."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """(path, If-None-Match) of each request for a feed."""
    hooks: defaultdict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    """webhook-id → the bodies that came under it."""
    mails: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Message-ID → the texts that came under it."""
    deliveries: int = 0
    """Everything that came in, also what came again."""

    def __post_init__(self) -> None:
        for path, items in NEWS.items():
            body = rss(path, *items)
            self.pages[path] = (f'"{blake2b(body, digest_size=6).hexdigest()}"', body)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def forget(self) -> None:
        """Begin a new story: nothing was seen yet."""
        self.asked.clear()
        self.hooks.clear()
        self.mails.clear()
        self.deliveries = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one HTTP request."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            path = head[0].split()[1]
            status, extra, reply = "200 OK", "", b"ok"
            if path in self.pages:
                etag, page = self.pages[path]
                self.asked.append((path, headers.get("if-none-match", "")))
                same = headers.get("if-none-match") == etag
                status, reply = ("304 Not Modified", b"") if same else ("200 OK", page)
                extra = f"ETag: {etag}\r\nContent-Type: application/rss+xml\r\n"
            else:
                self.deliveries += 1
                self.hooks[headers["webhook-id"]].add(body)
            writer.write(
                f"HTTP/1.1 {status}\r\n{extra}Content-Length: {len(reply)}\r\nConnection: close\r\n\r\n".encode()
                + reply
            )
            await writer.drain()
        writer.close()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail."""
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        text = mail.get_body(("plain",))
        assert text is not None
        self.deliveries += 1
        self.mails[str(mail["Message-ID"])].add(text.get_content())
        return "250 OK"


@contextmanager
def town() -> Iterator[Town]:
    """Keep a town open on a thread of its own."""
    made, ready, loop, closing = Town(), threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        web = await asyncio.start_server(made.answer, "127.0.0.1", 0)
        post = await loop.create_server(
            lambda: SMTP(made, hostname="mx.example.org", loop=loop, enable_SMTPUTF8=False), "127.0.0.1", 0
        )
        made.port, made.mail_port = (s.sockets[0].getsockname()[1] for s in (web, post))
        ready.set()
        async with web, post:
            await closing.wait()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(closing.set)
        thread.join()
        loop.close()


def write_config(folder: Path, town: Town) -> Path:
    """Write the desk's config: alerts to a webhook, a digest by mail and as a file."""
    place = folder / "monitor.yaml"
    place.write_text(
        "store: sqlite:monitor.db\nlanguage: en\ntimezone: Asia/Dhaka\n"
        "poll: {per_host_gap: 0s, per_host: 8, minimum: 1s, timeout: 5s}\n"
        "network: {allow_private: [127.0.0.0/8], contact: https://desk.example.org/contact}\n"
        "feeds:\n"
        f"  - {{url: '{town.url}/a', source: A, language: bn}}\n"
        f"  - {{url: '{town.url}/b', source: B, language: en}}\n"
        "entities:\n"
        "  trump: {type: person, label: {en: Trump}, names: {en: [Trump], bn: [ট্রাম্প]}}\n"
        "  putin: {type: person, label: {en: Putin}, names: {en: [Putin], bn: [পুতিন]}}\n"
        "topics:\n  summit: {query: '@trump AND @putin'}\n"
        "channels:\n"
        f"  hook: {{type: webhook, url: '{town.url}/hook'}}\n"
        f"  post: {{type: email, to: [desk@example.org], server: 'smtp://127.0.0.1:{town.mail_port}', sender: m@example.org}}\n"
        "  out: {type: file, folder: out}\n"
        "routes:\n"
        "  day: {topics: [summit], channels: [post, out], at: ['07:30']}\n"
        "  now: {topics: [summit], channels: [hook], send: immediate, group_wait: 0s}\n",
        encoding="utf-8",
    )
    return place


# what must hold ───────────────────────────────────────────────────────────────────────────────


def sound(database: Path, town: Town) -> list[str]:
    """Say what is wrong with a database that a dead process left, or that a power cut did."""
    if not database.exists() or not database.stat().st_size:
        return []
    wrong = []
    with closing(sqlite3.connect(database)) as db:
        checked = db.execute("PRAGMA integrity_check").fetchone()[0]
        if checked != "ok":
            return [f"integrity_check: {checked}"]
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'feeds'").fetchone():
            return []
        wrong += [f"foreign key: {row}" for row in db.execute("PRAGMA foreign_key_check")]
        for url, etag in db.execute("SELECT url, etag FROM feeds WHERE etag <> ''"):
            path = url.removeprefix(town.url)
            if etag != town.pages[path][0]:
                wrong.append(f"made-up validator {etag} of {path}")
            carried = "SELECT count(*) FROM sightings WHERE feed_url = ?"
            if db.execute(carried, (url,)).fetchone()[0] != len(NEWS[path]):
                wrong.append(f"{path} has validators but not the entries that came with them")
    return wrong


def told(town: Town, folder: Path) -> list[str]:
    """Say what was lost, told twice or told in two versions, once all is done."""
    wrong = []
    for path, given in town.asked:
        if given not in ("", town.pages[path][0]):
            wrong.append(f"{path} was asked with {given}, which it never gave")
    hooks = {key: [json.dumps(json.loads(b), ensure_ascii=False) for b in v] for key, v in town.hooks.items()}
    mails = {key: list(texts) for key, texts in town.mails.items()}
    pages = {p.stem: [p.read_text("utf-8")] for p in folder.glob("out/*.html") if p.stem != "index"}
    texts = {p.stem: [p.read_text("utf-8")] for p in folder.glob("out/*.txt")}
    for name, sink in (("hook", hooks), ("post", mails), ("page", pages), ("text", texts)):
        for key, versions in sink.items():
            if len(versions) != 1:
                wrong.append(f"{name}: {len(versions)} versions under the id {key}")
        for link in LINKS:
            times = sum(bool(re.search(re.escape(link) + r"\b", versions[0])) for versions in sink.values())
            if times != 1:
                wrong.append(f"{name}: {link} was told {times} times")
    left = [p.name for p in folder.glob("out/.*")]
    if left:
        wrong.append(f"left in the folder: {left}")
    with closing(sqlite3.connect(folder / "monitor.db")) as db:
        states = db.execute("SELECT status, count(*) FROM deliveries GROUP BY 1").fetchall()
        if [status for status, _ in states] != ["sent"]:
            wrong.append(f"deliveries: {states}")
    return wrong
