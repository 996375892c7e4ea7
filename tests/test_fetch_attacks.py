"""Attacks on feed clients that are known to have worked on somebody, by their names."""

from __future__ import annotations

import asyncio
import gzip
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import brotli
import pytest
import zstandard

import monitor
from monitor.errors import FetchReason, ParseError, ParseReason
from monitor.fetch import Guard
from monitor.model import Fetched, FetchResult, NetworkSettings, Validators
from monitor.parse import Parser
from tests.politeness.kit import EAGER, LOCAL, START, feed, fetching, refused
from tests.politeness.server import FEED, Reply, Request, Server

NONE = Validators()
PUBLIC_ONLY = NetworkSettings()

SPELLINGS = [
    "http://127.0.0.1:{p}/",
    "http://127.1:{p}/",
    "http://2130706433:{p}/",
    "http://0x7f000001:{p}/",
    "http://0177.0.0.1:{p}/",
    "http://0:{p}/",
    "http://localhost:{p}/",
    "http://LOCALHOST:{p}/",
    "http://[::ffff:127.0.0.1]:{p}/",
    "http://[::ffff:7f00:1]:{p}/",
    "http://[::1]:{p}/",
    "http://[::]:{p}/",
    "http://127。0。0。1:{p}/",
    "http://①②⑦.⓪.⓪.①:{p}/",
    "http://user@127.0.0.1:{p}/",
    "http://example.com@127.0.0.1:{p}/",
    "http://127.0.0.1:{p}\\@example.com/",
    "http://example.com\\@127.0.0.1:{p}/",
    "http://169.254.169.254/",
    "http://[64:ff9b::7f00:1]:{p}/",
    "http://[2002:7f00:1::]:{p}/",
    "http://[::127.0.0.1]:{p}/",
    "http://127.0.0.1%00.example.com:{p}/",
    "http://127.0.0.1.:{p}/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://[ff02::1]/",
    "http://0.0.0.0:{p}/",
    "http://[fe80::1%25lo]:{p}/",
    "https://127.0.0.1:{p}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{p}/",
    "source:file:///etc/passwd",
    "file:/etc/passwd",
    "ftp://127.0.0.1/",
    "dict://127.0.0.1:{p}/",
    "HTTP://0x7f.1:{p}/",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_ssrf_no_spelling_of_a_private_address_is_reached(spelling: str) -> None:
    async with Server() as server, fetching(network=PUBLIC_ONLY) as fetcher:
        error = refused(await fetcher.fetch(feed(spelling.format(p=server.port)), NONE))
        assert error.reason in (FetchReason.REFUSED, FetchReason.DNS)
        assert server.connections == 0


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_ssrf_no_redirect_reaches_one_either(spelling: str) -> None:
    only = NetworkSettings(allow_private=("127.0.0.1/32",))
    async with Server(host="127.0.0.9") as inside:
        target = spelling.format(p=inside.port).replace("127.0.0.1", "127.0.0.9").replace("7f00:1", "7f00:9")
        away = Reply(302, {"Location": target.encode().decode("latin-1")})
        async with Server(lambda request: away) as server, fetching(network=only) as fetcher:
            refused(await fetcher.fetch(feed(server.url()), NONE))
            assert inside.connections == 0


async def test_ssrf_rebinding_between_check_and_use_changes_nothing() -> None:
    answers = iter([["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]])
    guard = Guard(lookup=lambda name, port: next(answers))
    assert await guard.addresses("rebind.example.org", 80) == ("93.184.216.34",)
    assert await guard.addresses("rebind.example.org", 80) == ("93.184.216.34",)
    guard.close()


def test_ssrf_there_is_one_gate_and_no_other_module_opens_connections() -> None:
    """CVE of changedetection.io (GHSA-56fq-63vj-9992): a second way out skipped the check."""
    root = Path(monitor.__file__).parent
    opening = re.compile(
        r"urlopen|requests\.|open_connection|create_connection|httpx\.(get|post|stream|AsyncClient\(|Client\()|"
        r"feedparser\.parse\((?!\s*io\.BytesIO)"
    )
    allowed = {"fetch/transport.py", "fetch/client.py"}
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if opening.search(path.read_text("utf-8"))
    }
    assert not {
        name for name in found - allowed if name.startswith(("formats/", "parse", "fetch/", "cadence"))
    }


ZEROS = bytes(1 << 20)


def bomb(coding: str, megabytes: int = 300) -> bytes:
    """Return a body that unpacks to many times the limit."""
    if coding == "gzip":
        return gzip.compress(ZEROS * 8, 9) * (megabytes // 8)
    if coding == "br":
        packer = brotli.Compressor(quality=1, lgwin=24)
        return bytes(b"".join(packer.process(ZEROS) for _ in range(megabytes)) + packer.finish())
    stream = zstandard.ZstdCompressor().compressobj()
    return b"".join(stream.compress(ZEROS) for _ in range(megabytes)) + stream.flush()


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
async def test_bomb_a_body_that_unpacks_without_end_is_too_large(coding: str) -> None:
    reply = Reply(headers={"Content-Encoding": coding}, body=bomb(coding))
    async with Server(lambda request: reply) as server, fetching() as fetcher:
        begun = time.process_time()
        assert refused(await fetcher.fetch(feed(server.url()), NONE)).reason is FetchReason.TOO_LARGE
        assert time.process_time() - begun < 1


async def test_bomb_stacked_codings_are_refused() -> None:
    reply = Reply(headers={"Content-Encoding": "gzip, gzip"}, body=gzip.compress(gzip.compress(FEED)))
    async with Server(lambda request: reply) as server, fetching() as fetcher:
        assert refused(await fetcher.fetch(feed(server.url()), NONE)).reason is FetchReason.PROTOCOL


@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"]
)
async def test_drip_an_answer_byte_by_byte_ends_at_the_deadline(start: bytes) -> None:
    async def drip(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(b"x" if start else b"H"[: int(not server.requests)])
            await writer.drain()
            await asyncio.sleep(0.02)

    hasty = replace(EAGER, timeout=timedelta(seconds=0.3))
    async with Server(drip=drip) as server, fetching(hasty) as fetcher:
        begun = asyncio.get_running_loop().time()
        assert refused(await fetcher.fetch(feed(server.url()), NONE)).reason is FetchReason.TIMEOUT
        assert asyncio.get_running_loop().time() - begun < 1


@pytest.fixture(scope="module")
def parser() -> Iterator[Parser]:
    made = Parser(cpu_seconds=5.0)
    yield made
    made.close()


def rss(inside: str, head: str = "") -> bytes:
    return f'<?xml version="1.0"?>{head}<rss version="2.0"><channel><title>t</title>{inside}</channel></rss>'.encode()


LAUGHS = "<!DOCTYPE rss [<!ENTITY a 'lol'>" + "".join(
    f"<!ENTITY {chr(98 + i)} '{('&' + chr(97 + i) + ';') * 10}'>" for i in range(9)
) + "]>"  # fmt: skip
HURTFUL = {
    "billion laughs": rss("<item><title>&j;</title></item>", LAUGHS),
    "50,000 attributes": rss(
        "<item " + " ".join(f"a{i}='1'" for i in range(50_000)) + "/>", "<!DOCTYPE rss>"
    ),
    "100,000 nested tags": rss(
        "<item><title>" + "<a>" * 100_000 + "x" + "</a>" * 100_000 + "</title></item>"
    ),
    "200,000 ampersands": rss("<item><title>" + "&" * 200_000 + "</title></item>"),
    "100,000 CDATA starts": rss("<item><description>" + "<![CDATA[" * 100_000 + "</description></item>"),
    "a doctype without end": b"<!DOCTYPE rss [" + b'<!ENTITY a "x">' * 50_000 + rss(""),
    "a long date": rss("<item><title>x</title><pubDate>" + "1" * 200_000 + "</pubDate></item>"),
}


@pytest.mark.parametrize("name", HURTFUL)
async def test_parser_what_hurts_it_ends_in_time_and_leaves_the_loop_alone(parser: Parser, name: str) -> None:
    longest, ended = 0.0, False

    async def watch() -> None:
        nonlocal longest
        while not ended:
            begun = time.thread_time()
            await asyncio.sleep(0.01)
            longest = max(longest, time.thread_time() - begun)

    watching = asyncio.create_task(watch())
    result = FetchResult(
        feed=feed("https://example.org/f"), fetched_at=START, outcome=Fetched(body=HURTFUL[name])
    )
    begun, reason = time.perf_counter(), ParseReason.TOO_COSTLY
    try:
        document = await asyncio.to_thread(parser.parse, result)
        assert len(document.items) <= 1
    except ParseError as error:
        reason = error.reason
    ended = True
    await watching
    assert reason in (ParseReason.TOO_COSTLY, ParseReason.BROKEN)
    assert time.perf_counter() - begun < 25
    assert longest < 0.1


@pytest.mark.parametrize(
    "system", ["file:///etc/hostname", "http://127.0.0.1:9/x", "php://filter/resource=/etc/passwd"], ids=str
)
def test_xxe_no_entity_is_fetched(parser: Parser, system: str) -> None:
    """CVE-2026-41895 of changedetection.io."""
    body = rss("<item><title>&x;</title></item>", f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{system}">]>')
    result = FetchResult(feed=feed("https://example.org/f"), fetched_at=START, outcome=Fetched(body=body))
    assert all(item.title in ("", "&x;") for item in parser.parse(result).items)


def test_cdata_a_script_link_is_no_link(parser: Parser) -> None:
    """CVE-2011-1157 and its kin of feedparser: `javascript:` through CDATA, entities and case."""
    for link in ("<![CDATA[javascript:alert(1)]]>", "&#106;avascript:alert(1)", "JAVA&#9;SCRIPT:alert(1)"):
        result = FetchResult(
            feed=feed("https://example.org/f"),
            fetched_at=START,
            outcome=Fetched(body=rss(f"<item><title>x</title><link>{link}</link></item>")),
        )
        assert parser.parse(result).items[0].link == ""


async def test_headers_a_validator_cannot_split_a_request() -> None:
    evil = Validators(etag='"a"\r\nX-Evil: 1')
    async with Server() as server, fetching(network=LOCAL) as fetcher:
        assert refused(await fetcher.fetch(feed(server.url()), evil)).reason is FetchReason.REFUSED
        assert server.requests == []
