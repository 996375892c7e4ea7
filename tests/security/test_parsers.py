"""Feeds that hurt parsers: each ends in entries or a ParseError, at the cost of one worker's seconds.

feedparser CVE-2009-5065, 2011-1156, 2011-1157, 2011-1158, 2012-2921; expat CVE-2023-52425 (long tokens in
small pieces); changedetection.io CVE-2026-41895 (XXE); and what was measured: 50,000 attributes took
feedparser more than a minute, 50,000 items 21 s, 100,000 nested tags 9 s.
"""

from __future__ import annotations

import asyncio
import json
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from monitor.errors import ParseError, ParseReason
from monitor.formats._common import MAX_ITEMS
from monitor.model import Document, FeedStatus
from monitor.parse import Parser
from tests.politeness.desk import QUICK, Desk
from tests.politeness.server import FEED, Reply, Request, Server
from tests.security.kit import LOOP_LIMIT, aside, fetched, loop_cpu, rss

ALLOWANCE = 1.0
"""Seconds of CPU a document gets here; the daemon gives five. What stops a document is the same."""
START_UP = 2.5
"""Seconds of CPU that a worker's own start may take, on a slow machine."""
LOOSE = "<!DOCTYPE rss>"
"""Sends a feed to feedparser."""

LAUGHS = "<!DOCTYPE rss [<!ENTITY a 'lol'>" + "".join(
    f"<!ENTITY {chr(98 + i)} '{('&' + chr(97 + i) + ';') * 10}'>" for i in range(9)
) + "]>"  # fmt: skip
QUADRATIC = f"<!DOCTYPE rss [<!ENTITY a '{'x' * 100_000}'>]>"
PARAMETERS = (
    "<!DOCTYPE rss [<!ENTITY % a 'x'>" + "".join(f"<!ENTITY % a{i} '%a;%a;'>" for i in range(100)) + "]>"
)
ATTRIBUTES = "<item " + " ".join(f"a{i}='1'" for i in range(50_000)) + "><title>x</title></item>"
NESTED = "<item><title>" + "<a>" * 100_000 + "x" + "</a>" * 100_000 + "</title></item>"
MANY = "".join(f"<item><guid>{i}</guid><title>{i}</title></item>" for i in range(50_000))
ESCAPES = f"<item><title>{'&lt;' * 300_000}</title></item>"
LETTERS = "a" * 1_000_000
HURTFUL = {
    "billion laughs": rss("<item><title>&j;</title></item>", LAUGHS),
    "quadratic entities": rss(f"<item><title>{'&a;' * 2_000}</title></item>", QUADRATIC),
    "parameter entities": rss("<item/>", PARAMETERS),
    "50,000 attributes, well-formed": rss(ATTRIBUTES),
    "50,000 attributes": rss(ATTRIBUTES, LOOSE),
    "100,000 nested tags": rss(NESTED, LOOSE),
    "100,000 tags that do not end": rss("<item><title>" + "<a>" * 100_000, LOOSE),
    "300,000 escapes, well-formed": rss(ESCAPES),
    "300,000 escapes": rss(ESCAPES, LOOSE),
    "50,000 items, well-formed": rss(MANY),
    "50,000 items": rss(MANY, LOOSE),
    "200,000 ampersands": rss("<item><title>" + "&" * 200_000 + "</title></item>"),
    "100,000 CDATA starts": rss("<item><description>" + "<![CDATA[" * 100_000 + "</description></item>"),
    "100,000 comment starts": rss("<item><description>" + "<!--" * 100_000 + "</description></item>"),
    "40 comments before anything": b"<!---->" * 40 + rss("<item><title>x</title></item>"),
    "200,000 comments before anything": b"<!---->" * 200_000 + rss("<item><title>x</title></item>"),
    "processing instructions": b"<?x " * 100_000 + rss("<item/>"),
    "a doctype without end": b"<!DOCTYPE rss [" + b'<!ENTITY a "x">' * 50_000 + rss(""),
    "a doctype that is none": b"<!DOCTYPE [ <!DOCTYPE" * 1_000 + rss(""),
    "namespaces": rss("".join(f'<item xmlns:n{i}="u{i}"><n{i}:x/></item>' for i in range(20_000)), LOOSE),
    "a long date": rss("<item><title>x</title><pubDate>" + "1" * 200_000 + "</pubDate></item>"),
    "a long author": rss(f"<item><title>x</title><author>{LETTERS}@</author></item>"),
    "authors": rss(f"<item><title>x</title><author>{'a@' * 500_000}</author></item>"),
    "a long domain": rss(f"<item><title>x</title><author>a@{'a-' * 500_000}</author></item>"),
    "a long link": rss(f"<item><title>x</title><link>https://e.org/{LETTERS}</link></item>"),
    "a link of steps": rss(f"<item><title>x</title><link>{'../' * 300_000}</link></item>"),
    "a link of brackets": rss(f"<item><title>x</title><link>http://{'[' * 300_000}</link></item>"),
    "a long number": rss(f"<item><title>x</title></item><ttl>{'9' * 100_000}</ttl>"),
    "letters in no charset": rss(f"<item><title>{LETTERS} X</title></item>").replace(b" X<", b" \xe9<"),
    "skipped hours": rss("<skipHours>" + f"<hour>{'0' * 5_000}</hour>" * 100 + "</skipHours><item/>"),
    "skipped hours without end": rss("<skipHours " * 20_000 + "<item/>"),
    "JSON, nested": b'{"version": "https://jsonfeed.org/version/1", "items": ' + b"[" * 500_000,
    "JSON, 50,000 items": json.dumps(
        {"version": "https://jsonfeed.org/version/1", "items": [{"id": str(i)} for i in range(50_000)]}
    ).encode(),
    "JSON, a long number": b'{"version": "https://jsonfeed.org/version/1", "ttl": ' + b"9" * 100_000 + b"}",
    "an encoding that is none": b'<?xml version="1.0" encoding="unicode_escape"?><rss>\\xff' + b"\xff" * 100_000,
}  # fmt: skip
GOOD = rss("<item><title>x & y</title></item>")
"""An ordinary feed with a mistake in it: read by a worker."""


def workers() -> float:
    """Return the CPU seconds of all workers so far: of those that ended, and of those that live."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    living = [child.cpu_times() for child in psutil.Process().children()]
    return ended.ru_utime + ended.ru_stime + sum(one.user + one.system for one in living)


@pytest.fixture(scope="module")
def parser() -> Iterator[Parser]:
    made = Parser(cpu_seconds=ALLOWANCE)
    yield made
    made.close()


@pytest.mark.parametrize("name", HURTFUL)
async def test_what_hurts_a_parser_ends_in_time_and_leaves_the_loop_alone(parser: Parser, name: str) -> None:
    """CVE-2011-1156 (a broken DOCTYPE), CVE-2012-2921 (entities), and the holes that were measured."""
    before, own = workers(), time.process_time()
    ended: Document | ParseError
    with loop_cpu() as cpu:
        try:
            ended = await aside(parser.parse, fetched(HURTFUL[name]))
        except ParseError as error:
            ended = error
    assert time.process_time() - own < ALLOWANCE, "the paths without a worker take linear time"
    assert workers() - before < ALLOWANCE + START_UP
    assert cpu.longest <= LOOP_LIMIT
    if isinstance(ended, ParseError):
        assert ended.reason in (ParseReason.TOO_COSTLY, ParseReason.BROKEN, ParseReason.NOT_A_FEED)
        assert len(str(ended)) < 300
    else:
        assert len(ended.items) <= MAX_ITEMS


async def test_the_next_feed_and_the_one_beside_it_do_not_notice(parser: Parser) -> None:
    parser.parse(fetched(GOOD))
    stuck = asyncio.create_task(aside(parser.parse, fetched(HURTFUL["50,000 attributes"])))
    await asyncio.sleep(0)
    assert (await aside(parser.parse, fetched(GOOD))).items[0].title == "x & y"
    assert not stuck.done()
    with pytest.raises(ParseError) as refused:
        await stuck
    assert refused.value.reason is ParseReason.TOO_COSTLY
    assert (await aside(parser.parse, fetched(GOOD))).items[0].title == "x & y"


async def test_the_daemon_gives_five_seconds_of_one_worker_and_no_more(tmp_path: Path) -> None:
    """The known hang, end to end: one item with 50,000 attributes costs its own poll and nothing else."""
    bodies = {"/hangs": HURTFUL["50,000 attributes"], "/laughs": HURTFUL["billion laughs"], "/good": FEED}
    before = workers()
    async with (
        Server(lambda request: Reply(body=bodies[request.path])) as server,
        Desk(tmp_path, [server.url(path) for path in bodies]) as desk,
    ):
        with loop_cpu() as cpu:
            assert await desk.tick() == 3
        states = {url.rpartition("/")[2]: state for url, state in (await desk.states()).items()}
    assert (states["good"].status, states["good"].entries) == (FeedStatus.OK, 1)
    assert (states["hangs"].status, states["hangs"].reason) == (FeedStatus.ERROR, ParseReason.TOO_COSTLY)
    assert 4.5 < workers() - before < 5.0 + 3 * START_UP
    assert cpu.longest <= LOOP_LIMIT


async def test_cve_2023_52425_a_long_token_in_small_pieces_is_parsed_whole(tmp_path: Path) -> None:
    """expat CVE-2023-52425: 4 MB in pieces of 1 KB took 10.8 s. The parser here is given whole buffers."""
    token = b"<item><title a='" + b"x" * 4_000_000 + b"'>t</title></item>"
    body = rss("TOKEN", LOOSE).replace(b"TOKEN", token)

    async def drip(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), 1_024):
            writer.write(body[start : start + 1_024])
            await writer.drain()
        await asyncio.Event().wait()

    before = workers()
    async with Server(drip=drip) as server, Desk(tmp_path, [server.url()], poll=QUICK) as desk:
        with loop_cpu() as cpu:
            await desk.tick()
        assert (await desk.state()).status in (FeedStatus.OK, FeedStatus.ERROR)
    assert workers() - before < 5.0 + START_UP
    assert cpu.longest <= LOOP_LIMIT


def test_cve_2012_2921_a_worker_has_a_limit_of_memory(parser: Parser) -> None:
    """feedparser CVE-2012-2921: entities ate all memory. The process may not have more than a gigabyte."""
    parser.parse(fetched(GOOD))
    for worker in psutil.Process().children():
        assert worker.rlimit(psutil.RLIMIT_AS)[0] <= 1_000_000_000
        assert worker.rlimit(psutil.RLIMIT_FSIZE)[0] == 0
        assert worker.rlimit(psutil.RLIMIT_CORE)[0] == 0


# what a document asks for ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "{target}">]>',
        '<!DOCTYPE rss [<!ENTITY x PUBLIC "a" "{target}">]>',
        '<!DOCTYPE rss [<!ENTITY % p SYSTEM "{target}"> %p;]>',
        '<!DOCTYPE rss SYSTEM "{target}" [<!ENTITY x "y">]>',
        '<!DOCTYPE rss PUBLIC "a" "{target}">',
        '<?xml-stylesheet type="text/xsl" href="{target}"?>',
        '<!-- <rss> --><!DOCTYPE rss [<!ENTITY x SYSTEM "{target}">]>',
    ],
)
@pytest.mark.parametrize("scheme", ["http", "file"])
async def test_cve_2026_41895_no_external_entity_is_fetched(
    parser: Parser, tmp_path: Path, head: str, scheme: str
) -> None:
    """changedetection.io CVE-2026-41895 (XXE): neither path asks for a file or a server."""
    secret = tmp_path / "secret"
    secret.write_text("CANARY")
    async with Server(lambda request: Reply(body=b"CANARY")) as server:
        target = server.url("/x.dtd") if scheme == "http" else secret.as_uri()
        include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{target}" parse="text"/>'
        body = rss(f"<item><guid>1</guid><title>&x;{include}</title></item>", head.format(target=target))
        try:
            told = repr(await aside(parser.parse, fetched(body)))
        except ParseError as error:
            told = str(error)
        assert "CANARY" not in told
        assert server.connections == 0


@pytest.mark.parametrize("kind", ["path", "uri", "url"])
async def test_a_body_that_is_an_address_opens_nothing(parser: Parser, tmp_path: Path, kind: str) -> None:
    """feedparser opens a bytes body that is a path, and fetches one that is a URL (measured)."""
    feed = tmp_path / "feed.xml"
    feed.write_bytes(FEED)
    async with Server() as server:
        body = {"path": str(feed), "uri": feed.as_uri(), "url": server.url()}[kind].encode()
        with pytest.raises(ParseError):
            await aside(parser.parse, fetched(body))
        assert server.connections == 0


@pytest.mark.parametrize(
    "link",
    [
        "<![CDATA[javascript:alert(1)]]>",
        "&#106;avascript:alert(1)",
        "&#x6a;avascript:alert(1)",
        "JAVA&#9;SCRIPT:alert(1)",
        "java&#10;script:alert(1)",
        "<!-- x -->javascript:alert(1)",
        "&#32;javascript:alert(1)",
        "feed:javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
    ],
)
@pytest.mark.parametrize("head", ["", LOOSE], ids=["strict", "feedparser"])
def test_cve_2011_1157_a_script_is_no_link(parser: Parser, link: str, head: str) -> None:
    """feedparser CVE-2011-1157 (comments), 2011-1158 (unexpected schemes), 2009-5065 (CDATA)."""
    body = rss(f"<item><title>x</title><link>{link}</link></item>", head)
    assert parser.parse(fetched(body)).items[0].link == ""
    atom = (
        f'<?xml version="1.0"?>{head}<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><id>1</id>'
        f'<title>x</title><link href="{link.replace("<![CDATA[", "").replace("]]>", "").replace("<!-- x -->", "")}"/>'
        "</entry></feed>"
    ).encode()
    assert parser.parse(fetched(atom)).items[0].link == ""


async def test_one_documents_bug_takes_no_other_poll_with_it(tmp_path: Path) -> None:
    """An entity of 5,000 digits once raised in the commit of fifty polls: all of them waited for ever."""
    bodies = {
        "/a": FEED,
        "/b": rss(f"<item><guid>1</guid><title>x &amp;#{'9' * 5_000}; y</title></item>"),
        "/c": FEED,
    }
    async with (
        Server(lambda request: Reply(body=bodies[request.path])) as server,
        Desk(tmp_path, [server.url(path) for path in bodies]) as desk,
        asyncio.timeout(20),
    ):
        assert await desk.tick() == 3
        assert {s.status for s in (await desk.states()).values()} == {FeedStatus.OK}


async def test_a_bug_of_ours_ends_one_poll_and_the_others_are_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever our own code raises over one document, the polls of the same commit are kept."""

    async with Server(lambda request: Reply(body=FEED)) as server:
        urls = [server.url(f"/{name}") for name in "abc"]
        async with Desk(tmp_path, urls) as desk:
            assert desk.service is not None
            pipeline = desk.service.pipeline
            polling = pipeline._polling
            record = polling._record

            def fails(one: Any, *others: Any) -> Any:
                if one.state.url == urls[1]:
                    raise ArithmeticError("a bug")
                return record(one, *others)

            monkeypatch.setattr(polling, "_record", fails)
            async with asyncio.timeout(20):
                with pytest.raises(ArithmeticError):
                    await desk.tick()
                await pipeline.drain()
            states = await desk.states()
            assert [states[url].polls for url in urls] == [1, 0, 1]
