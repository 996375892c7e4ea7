"""What a server can do with heads, bodies and time: bombs, drips, floods, and values that take long to read.

Brotli GHSA-2qfp-q593-8484 (no bound on output); reliability's measured holes: 1 GB out of 758 bytes,
a byte every half second, 2 MB of headers; and Apprise CVE-2021-39229's kind, patterns that backtrack.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import brotli
import pytest
import zstandard

from monitor.errors import FetchReason
from monitor.model import Failed, Fetched, Validators
from tests.politeness.kit import EAGER, LOCAL, feed, fetching, refused
from tests.politeness.server import FEED, Reply, Request, Server
from tests.security.kit import LOOP_LIMIT, loop_cpu, needs_proc
from tests.world import ROOT

NONE = Validators()
GIGABYTE = 1_000
"""Megabytes that a bomb unpacks to."""
MOST_MEMORY = 64_000_000
"""Bytes that fetching one may cost, in resident memory."""
ZEROS = bytes(1 << 20)


def bomb(coding: str, megabytes: int = GIGABYTE) -> bytes:
    """Return a body that unpacks to a hundred times the limit."""
    if coding in ("gzip", "deflate"):
        packer = zlib.compressobj(9, wbits=-15)
        packer.compress(ZEROS)
        block = packer.flush(zlib.Z_FULL_FLUSH)  # may be repeated: it refers to nothing before it
        head = b"\x1f\x8b\x08\0\0\0\0\0\0\xff" if coding == "gzip" else b""
        return head + block * megabytes + b"\x03\x00"
    if coding == "br":
        brotli_packer = brotli.Compressor(quality=1, lgwin=24)
        return b"".join(brotli_packer.process(ZEROS) for _ in range(megabytes)) + bytes(
            brotli_packer.finish()
        )
    stream = zstandard.ZstdCompressor(level=1).compressobj()
    return b"".join(stream.compress(ZEROS) for _ in range(megabytes)) + stream.flush()


CLIENT = """
import asyncio, json, sys
from monitor.model import Validators
from tests.politeness.kit import feed, fetching
from tests.security.kit import peak_memory

async def main():
    async with fetching() as fetcher:
        await fetcher.fetch(feed(sys.argv[1] + "/plain"), Validators())
        with peak_memory() as memory:
            result = await fetcher.fetch(feed(sys.argv[1] + sys.argv[2]), Validators())
        print(json.dumps({"grown": memory.grown, "outcome": str(result.outcome)}))

asyncio.run(main())
"""


@needs_proc
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
async def test_ghsa_2qfp_q593_8484_a_gigabyte_ends_at_the_limit_in_little_memory(coding: str) -> None:
    """Brotli GHSA-2qfp-q593-8484 and httpx's own decoders: 758 bytes took 1.95 GB and 8 to 20 seconds."""
    wire = bomb(coding)
    replies = {"/plain": Reply(body=FEED), "/bomb": Reply(headers={"Content-Encoding": coding}, body=wire)}
    async with Server(lambda request: replies[request.path]) as server:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CLIENT, server.url(""), "/bomb", cwd=ROOT, stdout=subprocess.PIPE
        )
        out, _ = await process.communicate()
    told = json.loads(out)
    assert "larger than 10,000,000 bytes" in told["outcome"]
    assert told["grown"] < MOST_MEMORY


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
async def test_bomb_it_costs_the_loop_next_to_nothing(coding: str) -> None:
    reply = Reply(headers={"Content-Encoding": coding}, body=bomb(coding, 100))
    async with Server(lambda request: reply) as server, fetching() as fetcher:
        with loop_cpu() as cpu:
            assert refused(await fetcher.fetch(feed(server.url()), NONE)).reason is FetchReason.TOO_LARGE
            await asyncio.sleep(0)
        assert cpu.longest <= LOOP_LIMIT


@pytest.mark.parametrize("coding", ["gzip, gzip", "br, gzip", "gzip,identity,gzip", "x-bomb"])
async def test_bomb_stacked_codings_are_refused(coding: str) -> None:
    reply = Reply(headers={"Content-Encoding": coding}, body=gzip.compress(gzip.compress(FEED)))
    async with Server(lambda request: reply) as server, fetching() as fetcher:
        assert refused(await fetcher.fetch(feed(server.url()), NONE)).reason is FetchReason.PROTOCOL


# framing ──────────────────────────────────────────────────────────────────────────────────────

EMPTY_MEMBER = gzip.compress(b"", 1)
FRAMED = {
    "chunks of one byte": (b"Transfer-Encoding: chunked", b"1\r\nx\r\n" * 300_000 + b"0\r\n\r\n"),
    "empty members of gzip": (b"Content-Encoding: gzip", EMPTY_MEMBER * 100_000),
    "empty members of gzip, each in a chunk": (
        b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked",
        (b"%x\r\n%s\r\n" % (len(EMPTY_MEMBER), EMPTY_MEMBER)) * 100_000 + b"0\r\n\r\n",
    ),
    "empty blocks of zstd": (
        b"Content-Encoding: zstd",
        b"\x28\xb5\x2f\xfd\x00\x58" + b"\0\0\0" * 3_000_000 + b"\1\0\0",
    ),
    "skippable frames of zstd": (b"Content-Encoding: zstd", b"\x50\x2a\x4d\x18\0\0\0\0" * 1_000_000),
    "empty metadata of brotli": (b"Content-Encoding: br", b"\x0c" + b"\x06" * 3_000_000),
    "empty stored blocks": (b"Content-Encoding: deflate", b"\x78\x01" + b"\0\0\0\xff\xff" * 1_000_000),
}


@pytest.mark.parametrize("name", FRAMED)
async def test_framing_that_says_nothing_costs_the_loop_no_time(name: str) -> None:
    """Millions of empty blocks or chunks are within `max_body`; each must not cost Python a turn."""
    header, body = FRAMED[name]
    reply = Reply(raw=b"HTTP/1.1 200 OK\r\n" + header + b"\r\n\r\n" + body, close=True)
    async with Server(lambda request: reply) as server, fetching() as fetcher:
        with loop_cpu() as cpu:
            result = await fetcher.fetch(feed(server.url()), NONE)
            await asyncio.sleep(0)
        assert isinstance(result.outcome, Fetched | Failed)
        assert cpu.longest <= LOOP_LIMIT


# time ─────────────────────────────────────────────────────────────────────────────────────────

DEADLINE = 0.4
HASTY = replace(EAGER, timeout=timedelta(seconds=DEADLINE))


@asynccontextmanager
async def dripping(start: bytes, drop: bytes) -> AsyncIterator[Server]:
    async def drip(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(0.02)

    async with Server(drip=drip) as server:
        yield server


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"", b""),
        (b"H", b""),
        (b"HTTP/1.1 200 OK\r\nX-A: ", b"x"),
        (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 60000\r\n\r\n", b"x"),
    ],
    ids=["nothing", "one byte", "a header", "headers", "1xx", "a body", "no length", "chunks", "a chunk's size", "404"],
)  # fmt: skip
async def test_drip_an_answer_byte_by_byte_ends_at_the_deadline(start: bytes, drop: bytes) -> None:
    """httpx waited until the server had enough: its timeout is for each read."""
    async with dripping(start, drop) as server, fetching(HASTY) as fetcher:
        begun = asyncio.get_running_loop().time()
        assert refused(await fetcher.fetch(feed(server.url()), NONE)).reason is FetchReason.TIMEOUT
        assert DEADLINE * 0.9 < asyncio.get_running_loop().time() - begun < DEADLINE + 0.6


async def test_drip_redirects_share_the_deadline() -> None:
    async def late(request: Request) -> Reply:
        await asyncio.sleep(DEADLINE / 2)
        return Reply(302, {"Location": f"/{len(server.requests)}"})

    async with Server(late) as server, fetching(HASTY) as fetcher:
        begun = asyncio.get_running_loop().time()
        assert refused(await fetcher.fetch(feed(server.url()), NONE)).reason is FetchReason.TIMEOUT
        assert asyncio.get_running_loop().time() - begun < DEADLINE + 0.6


async def test_drip_a_server_that_never_speaks_tls_ends_at_the_deadline() -> None:
    gone = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server, fetching(HASTY) as fetcher:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        assert refused(await fetcher.fetch(feed(url), NONE)).reason is FetchReason.TIMEOUT
        await gone.wait()


# heads ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 250_000,
        b"HTTP/1.1 200 OK\r\nX-A: " + b"x" * 2_000_000,
        b"HTTP/1.1 200 " + b"x" * 2_000_000,
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 80_000,
    ],
    ids=["many headers", "one header", "a reason", "1xx"],
)
async def test_headers_two_megabytes_of_them_are_refused(head: bytes) -> None:
    async with Server(lambda request: Reply(raw=head, close=True)) as server, fetching() as fetcher:
        with loop_cpu() as cpu:
            assert refused(await fetcher.fetch(feed(server.url()), NONE)).reason is FetchReason.PROTOCOL
            await asyncio.sleep(0)
        assert cpu.longest <= LOOP_LIMIT


LONG = 60_000
"""Bytes: what a head may have."""
VALUES: dict[str, Callable[[int], bytes]] = {
    "a word": lambda n: b"a" * n + b";",
    "words": lambda n: b"a " * (n // 2),
    "values": lambda n: b"a=b " * (n // 4),
    "equals signs": lambda n: b"a=" * (n // 2) + b" ;",
    "commas": lambda n: b"a," * (n // 2),
    "a quote": lambda n: b'a="' + b"b" * n,
    "quotes": lambda n: b'"\\' * (n // 2),
    "escapes": lambda n: b'a="\\' * (n // 4),
    "blanks": lambda n: b"a" + b" \t" * (n // 2) + b"b",
    "digits": lambda n: b"9" * n,
    "brackets": lambda n: b"(" * n,
    "days": lambda n: b"Mon, " * (n // 5),
    "colons": lambda n: b"1:" * (n // 2),
    "dots": lambda n: b"http://" + b"a." * (n // 2),
    "steps": lambda n: b"/" + b"../" * (n // 3),
    "logins": lambda n: b"http://" + b"a@" * (n // 2),
    "a host": lambda n: b"http://xn--" + b"a" * n + b"/",
    "percents": lambda n: b"http://127.0.0.1:1/" + b"%" * n,
    "an IPv6 address": lambda n: b"http://[" + b":" * n + b"]/",
    "letters of others": lambda n: b"http://" + "ä".encode() * (n // 2),
    "charsets": lambda n: b"charset= " * (n // 9),
}
"""Patterns over headers that backtrack, and libraries that search again from each place."""
NAMES = (
    "Cache-Control", "Expires", "Age", "Date", "Retry-After", "ETag", "Last-Modified", "Content-Type",
    "Content-Encoding", "Content-Length", "Location", "CF-Mitigated",
)  # fmt: skip


@pytest.mark.parametrize("value", VALUES)
async def test_cve_2021_39229_no_header_takes_long_to_read(value: str) -> None:
    """Apprise CVE-2021-39229's kind. One Cache-Control of 60 KB kept the whole process busy for two minutes."""
    long = VALUES[value](LONG)

    def answer(request: Request) -> Reply:
        name = request.path.removeprefix("/")
        status = {"Location": 302, "Retry-After": 429}.get(name, 200)
        length = b"" if name == "Content-Length" else b"Content-Length: 3\r\n"
        raw = b"HTTP/1.1 %d X\r\n%s%s: %s\r\n\r\nabc" % (status, length, name.encode(), long)
        return Reply(raw=raw, close=True)

    async with Server(answer) as server, fetching(replace(EAGER, timeout=timedelta(seconds=30))) as fetcher:
        for name in NAMES:
            with loop_cpu() as cpu:
                result = await fetcher.fetch(feed(server.url(f"/{name}")), NONE)
                await asyncio.sleep(0)
            assert isinstance(result.outcome, Fetched | Failed)
            assert cpu.longest <= LOOP_LIMIT, name
            if isinstance(result.outcome, Failed):
                assert len(str(result.outcome.error)) < 400


@pytest.mark.parametrize(
    "host", ["xn--a", "xn--", "xn--" + "a" * 300, "xn--\u0080", "a..b", "." * 70, "\u2488com", "ﷺ.example"]
)
async def test_a_redirect_to_a_host_that_idna_does_not_know_is_refused(host: str) -> None:
    """httpx takes `http://xn--a/` for a URL and raises when its host is asked for."""
    reply = Reply(302, {"Location": f"http://{host}/".encode().decode("latin-1")})
    async with Server(lambda request: reply) as server, fetching() as fetcher:
        assert refused(await fetcher.fetch(feed(server.url()), NONE)).reason in (
            FetchReason.REFUSED,
            FetchReason.DNS,
        )


async def test_headers_a_validator_cannot_split_a_request() -> None:
    evil = Validators(etag='"a"\r\nX-Evil: 1')
    async with Server() as server, fetching(network=LOCAL) as fetcher:
        assert refused(await fetcher.fetch(feed(server.url()), evil)).reason is FetchReason.REFUSED
        assert server.requests == []
