"""What a sweep is measured against: the floor that sockets and lxml set, and the naive stack.

Both do the whole cycle of a poll with as little as can be: a due index in SQLite; fetch; hash, parse and
match what changed (an Aho-Corasick automaton of 10,000 words over new entries); states and entries
written by a thread of their own, 50 polls a commit, WAL, synchronous=NORMAL. No politeness, no
limits, no guard, no languages, no search, no leases, nothing checked.

The floor fetches with one raw protocol a poll and parses with lxml; `bare` is its fetching alone.
The naive stack is httpx's default pool and feedparser, on asyncio's own loop, as one writes it first.
"""

from __future__ import annotations

import asyncio
import gzip
import io
import random
import sqlite3
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path

import daachorse
import feedparser
import httpx
from lxml import etree
from sweep_server import address, changed, vocabulary

BATCH = 50
Entries = list[tuple[str, str, str]]
"""Id, title and text."""


class Ask(asyncio.Protocol):
    """One raw request; `done` is set when the whole answer is there."""

    def __init__(self, head: bytes) -> None:
        self.head, self.data, self.size, self.end = head, bytearray(), -1, 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask at once."""
        transport.write(self.head)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        """Gather until the length that the head says."""
        self.data += data
        if self.size < 0 and (end := self.data.find(b"\r\n\r\n")) >= 0:
            at = self.data.find(b"Content-Length: ", 0, end)
            length = int(self.data[at + 16 : self.data.find(b"\r", at)]) if at >= 0 else 0
            self.end = end + 4
            self.size = self.end + length
        if 0 <= self.size <= len(self.data) and not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        """Fail a request that was cut short."""
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("cut short"))


class Archive:
    """The least that remembers a sweep: feeds by due time, entries once."""

    def __init__(self, folder: Path, count: int) -> None:
        self.database = sqlite3.connect(folder / "rival.db", check_same_thread=False)
        self.database.execute("PRAGMA journal_mode=WAL")
        self.database.execute("PRAGMA synchronous=NORMAL")
        self.database.execute("CREATE TABLE feeds (id INTEGER PRIMARY KEY, due REAL, hash BLOB)")
        self.database.execute("CREATE INDEX due ON feeds (due)")
        self.database.execute(
            "CREATE TABLE entries (id TEXT PRIMARY KEY, title TEXT, text TEXT, hits INTEGER)"
        )
        self.database.executemany("INSERT INTO feeds VALUES (?, 0, NULL)", [(i,) for i in range(count)])
        self.database.commit()
        self.thread = ThreadPoolExecutor(1)
        self.waiting: list[tuple[int, bytes, Entries]] = []
        chance = random.Random("words")
        words = sorted({w for name in ("bn", "en", "ru", "hu") for w in vocabulary(name)[0]})
        self.find = daachorse.CharwiseDoubleArrayAhoCorasick(chance.sample(words, 10_000)).find_overlapping

    def due(self) -> list[int]:
        """Return the feeds to poll."""
        return [row[0] for row in self.database.execute("SELECT id FROM feeds WHERE due <= 1 ORDER BY due")]

    async def keep(self, index: int, digest: bytes, entries: Entries) -> None:
        """Write what a poll found, with others."""
        self.waiting.append((index, digest, entries))
        if len(self.waiting) >= BATCH:
            batch, self.waiting = self.waiting, []
            await asyncio.get_running_loop().run_in_executor(self.thread, self._write, batch)

    def _write(self, batch: list[tuple[int, bytes, Entries]]) -> None:
        for _, _, entries in batch:
            for key, title, text in entries:
                if not self.database.execute("SELECT 1 FROM entries WHERE id = ?", (key,)).fetchone():
                    hits = len(self.find(f"{title} {text}".lower()))
                    self.database.execute(
                        "INSERT OR IGNORE INTO entries VALUES (?, ?, ?, ?)", (key, title, text, hits)
                    )
        self.database.executemany(
            "UPDATE feeds SET due = ?, hash = ? WHERE id = ?",
            [(time.time(), digest, index) for index, digest, _ in batch],
        )
        self.database.commit()

    async def close(self) -> None:
        """Write the rest."""
        batch, self.waiting = self.waiting, []
        await asyncio.get_running_loop().run_in_executor(self.thread, self._write, batch)
        self.thread.shutdown()


async def each(feeds: Iterable[int], poll: Callable[[int], Awaitable[None]], at_once: int) -> None:
    """Poll all feeds with so many workers."""
    todo = iter(feeds)

    async def work() -> None:
        for index in todo:
            await poll(index)

    await asyncio.gather(*(work() for _ in range(at_once)))


def by_lxml(body: bytes) -> Entries:
    """Read a feed's items with lxml."""
    return [
        (item.findtext("guid"), item.findtext("title"), item.findtext("description"))
        for item in etree.fromstring(body).iter("item")
    ]


def by_feedparser(body: bytes) -> Entries:
    """Read a feed's items with feedparser."""
    return [(one.id, one.title, one.summary) for one in feedparser.parse(io.BytesIO(body)).entries]


async def raw(index: int, port: int, version: int, context: ssl.SSLContext | None) -> bytes:
    """Fetch a feed over a connection of its own; return the body (empty: not changed)."""
    loop, host = asyncio.get_running_loop(), address(index)
    head = f'GET /feed.xml HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\nIf-None-Match: "{index}-{version}"\r\n\r\n'.encode()
    transport, ask = await loop.create_connection(
        lambda: Ask(head), host, port, ssl=context, server_hostname=host if context else None
    )
    await ask.done
    transport.close()
    body = bytes(ask.data[ask.end :])
    return gzip.decompress(body) if body else body


async def bare(count: int, port: int, at_once: int) -> None:
    """Fetch all feeds, and nothing more."""

    async def poll(index: int) -> None:
        await raw(index, port, 0, None)

    await each(range(count), poll, at_once)


async def floor(archive: Archive, port: int, at_once: int, context: ssl.SSLContext | None = None) -> None:
    """Sweep with raw sockets and lxml. Over TLS nothing has changed since the last sweep."""

    async def poll(index: int) -> None:
        body = await raw(index, port, int(context is not None and changed(index)), context)
        digest = blake2b(body, digest_size=16).digest() if body else b""
        await archive.keep(index, digest, by_lxml(body) if body else [])

    await each(archive.due(), poll, at_once)
    await archive.close()


async def naive(archive: Archive, port: int, at_once: int) -> None:
    """Sweep with httpx as it comes and feedparser."""
    async with httpx.AsyncClient() as client:

        async def poll(index: int) -> None:
            response = await client.get(
                f"http://{address(index)}:{port}/feed.xml", headers={"If-None-Match": f'"{index}-0"'}
            )
            changed = response.status_code == 200
            digest = blake2b(response.content, digest_size=16).digest() if changed else b""
            await archive.keep(index, digest, by_feedparser(response.content) if changed else [])

        await each(archive.due(), poll, at_once)
    await archive.close()
