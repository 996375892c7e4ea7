"""A publisher of thousands of feeds on one port: feed i is at 127.0.x.y, its text from a seed.

    python benchmarks/sweep_server.py --feeds N     prints its two ports, then serves until stdin ends

A raw protocol on uvloop where it is installed; the bodies are made before anybody asks. The plain
port keeps connections, the TLS port ends each. Feed i at version v has the entries v … v+24 and the
ETag "i-v". `/--reset` sets all versions to 0, `/--advance` moves one feed in twenty on by one.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import random
import ssl
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from typing import cast

ROOT = Path(__file__).parent.parent
START = datetime(2025, 10, 16, 12, 0, tzinfo=UTC)
ENTRIES = 25
CHANGED = 20
"""One feed in so many changes between two sweeps."""

LANGUAGES = ("bn", "en", "ru", "hu")
SYLLABLES = {
    "bn": "কা তি নু রে মো শা বি দু লে গো পা সি ভা জি হা ট্রা ন্ত ম্প ক্ষ",
    "en": "ka ti nu re mo sha bi du le go pa si va ji ha tra nt mp",
    "ru": "ка ти ну ре мо ша би ду ле го па си ва жи ха тра нт мп",
    "hu": "ka ti nú ré mó sá bi dü le gó pá szi vá zsi ha trá nt ő",
}
NEWS = {
    "bn": "ট্রাম্প ও পুতিন বুদাপেস্টে বৈঠকে বসতে রাজি হয়েছেন বলে জানিয়েছে ক্রেমলিন।",
    "en": "Trump and Putin agreed to meet in Budapest, the Kremlin said after the phone call.",
    "ru": "Трамп и Путин договорились встретиться в Будапеште после телефонного разговора.",
    "hu": "Trump és Putyin megállapodott, hogy Budapesten találkoznak.",
}


def address(index: int) -> str:
    """Return the loopback address of a feed."""
    return f"127.0.{index // 250 + 1}.{index % 250 + 1}"


def index_of(host: str) -> int:
    """Return the feed of a loopback address."""
    _, _, high, low = host.split(".")
    return (int(high) - 1) * 250 + int(low) - 1


def changed(index: int) -> bool:
    """Say whether a feed is among those that change."""
    return index % CHANGED == CHANGED // 2


@cache
def vocabulary(language: str) -> tuple[list[str], list[float]]:
    """Return 20,000 made-up words of a language and their cumulative weights (Zipf: 1 / rank)."""
    chance, syllables = random.Random(f"words {language}"), SYLLABLES[language].split()
    words = ["".join(chance.choices(syllables, k=chance.randint(2, 4))) for _ in range(20_000)]
    return words, list(accumulate(1 / rank for rank in range(1, len(words) + 1)))


def entry(index: int, number: int) -> str:
    """Return one item: 300 to 700 bytes of summary and as much of body again, news of the event rarely."""
    language = LANGUAGES[index % 4]
    chance = random.Random(f"{index} {number}")
    count = chance.randint(50, 94) // (2 if language == "bn" else 1)
    known, weights = vocabulary(language)
    words = chance.choices(known, cum_weights=weights, k=count)
    if chance.random() < 0.02:
        words.insert(10, NEWS[language])
    title, summary, body = " ".join(words[:9]), " ".join(words[9:40]), " ".join(words[9:])
    when = format_datetime(START - timedelta(minutes=20 * (ENTRIES - number)))
    link = f"https://{index}.example/news/{number}"
    return (
        f"<item><title>{title}</title><link>{link}</link><guid>{link}</guid><pubDate>{when}</pubDate>"
        f"<description>&lt;p&gt;{summary}&lt;/p&gt;</description>"
        f"<content:encoded><![CDATA[<p>{body}</p><p>{body[::-1][:400]}</p>]]></content:encoded></item>\n"
    )


def document(index: int, version: int) -> bytes:
    """Return a feed at a version, newest first."""
    items = "".join(entry(index, number) for number in range(version + ENTRIES, version, -1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>Feed {index}</title><link>https://{index}.example/</link>"
        f"<language>{LANGUAGES[index % 4]}</language>{items}</channel></rss>"
    ).encode()


TLS = Path(__file__).parent / "tls"
"""A server's key and chain, made for this; `root.pem` is what a client trusts."""

HEADERS = (
    b"Date: Thu, 16 Oct 2025 12:00:00 GMT\r\nServer: cloudfront\r\nVary: Accept-Encoding\r\n"
    b"Cache-Control: public, max-age=60\r\nLast-Modified: Thu, 16 Oct 2025 11:40:00 GMT\r\nAge: 17\r\n"
    b"Via: 1.1 0123456789abcdef.cloudfront.net (CloudFront)\r\nX-Cache: Hit from cloudfront\r\n"
    b"X-Content-Type-Options: nosniff\r\nStrict-Transport-Security: max-age=31536000\r\n"
    b'X-Served-By: cache-fra-0001\r\nAlt-Svc: h3=":443"; ma=86400\r\n'
)
"""What stands before a publisher adds to every answer."""


class Site:
    """All feeds, ready to be sent: packed, as every client here asks for it."""

    def __init__(self, count: int) -> None:
        self.version = 0
        self.bodies = [
            [gzip.compress(document(i, v), 6, mtime=0) for v in range(1 + changed(i))] for i in range(count)
        ]

    def answer(self, index: int, head: bytes, *, close: bool) -> bytes:
        """Return the whole answer to a request."""
        if b"/--" in head[:20]:
            self.version = 1 if b"/--advance" in head[:20] else 0
            return b"HTTP/1.1 204 No Content\r\n\r\n"
        version = self.version if changed(index) else 0
        etag = b'"%d-%d"' % (index, version)
        end = b"Connection: close\r\n\r\n" if close else b"\r\n"
        if etag in head:
            return b"HTTP/1.1 304 Not Modified\r\n%sETag: %s\r\n%s" % (HEADERS, etag, end)
        body = self.bodies[index][version]
        return (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml; charset=utf-8\r\n%sETag: %s\r\n"
            b"Content-Encoding: gzip\r\nContent-Length: %d\r\n%s" % (HEADERS, etag, len(body), end) + body
        )


class Talk(asyncio.Protocol):
    """One connection."""

    def __init__(self, site: Site, *, close: bool) -> None:
        self.site, self.close, self.head = site, close, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Know which feed is asked for: by the address."""
        self.transport = cast("asyncio.Transport", transport)
        self.index = index_of(transport.get_extra_info("sockname")[0])

    def data_received(self, data: bytes) -> None:
        """Answer each request once its head is complete."""
        self.head += data
        while b"\r\n\r\n" in self.head:
            head, _, self.head = self.head.partition(b"\r\n\r\n")
            self.transport.write(self.site.answer(self.index, head, close=self.close))
            if self.close:
                self.transport.close()


async def serve(count: int) -> None:
    """Serve until stdin ends."""
    site, loop = Site(count), asyncio.get_running_loop()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # As most publishers have it: two certificates on P-256, checked against a root, no resumption.
    context.load_cert_chain(TLS / "server.pem")
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    plain = await loop.create_server(lambda: Talk(site, close=False), "0.0.0.0", 0, backlog=4096)
    secure = await loop.create_server(
        lambda: Talk(site, close=True),
        "0.0.0.0",
        0,
        backlog=4096,
        ssl=context,
    )
    print(plain.sockets[0].getsockname()[1], secure.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--feeds", type=int, default=2000)
    factory = import_module("uvloop").new_event_loop if find_spec("uvloop") else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(serve(parser.parse_args().feeds))
