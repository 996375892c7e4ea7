from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from monitor.errors import FetchError, FetchReason, ParseError, ParseReason
from monitor.model import Document, Failed, Feed, Fetched, FetchResult
from monitor.parse import Parser
from tests.politeness.kit import START

FEED = Feed(url="https://example.org/feed.xml", source="Example")
ILL_FORMED = (
    b'<rss version="2.0"><channel><title>x & y</title><item><title>a & b</title></item></channel></rss>'
)
WELL_FORMED = b'<rss version="2.0"><channel><title>x</title><item><title>a</title></item></channel></rss>'
ENDLESS = b"<!DOCTYPE rss>" + WELL_FORMED.replace(
    b"<item>", b"<item " + b" ".join(b'a%d="1"' % i for i in range(50_000)) + b">"
)


def result(body: bytes, feed: Feed = FEED) -> FetchResult:
    return FetchResult(feed=feed, fetched_at=START, outcome=Fetched(body=body), url=feed.url)


@pytest.fixture
def parser() -> Iterator[Parser]:
    made = Parser(cpu_seconds=1.0)
    yield made
    made.close()


def test_a_well_formed_feed_needs_no_worker(parser: Parser) -> None:
    assert parser.parse(result(WELL_FORMED)).path == "strict"
    assert not parser._documents.idle


def test_an_ill_formed_feed_is_read_by_a_worker_that_stays(parser: Parser) -> None:
    for _ in range(3):
        document = parser.parse(result(ILL_FORMED))
        assert (document.path, document.items[0].title) == ("feedparser", "a & b")
    assert len(parser._documents.idle) == 1


def test_the_feed_that_never_ends_costs_one_worker_and_nothing_else(parser: Parser) -> None:
    with pytest.raises(ParseError) as refused:
        parser.parse(result(ENDLESS))
    assert refused.value.reason is ParseReason.TOO_COSTLY
    assert not parser._documents.idle
    assert parser.parse(result(ILL_FORMED)).path == "feedparser"


def test_others_are_read_while_one_worker_is_stuck(parser: Parser) -> None:
    with ThreadPoolExecutor(4) as pool:
        stuck = pool.submit(parser.parse, result(ENDLESS))
        quick = [pool.submit(parser.parse, result(body)) for body in (WELL_FORMED, ILL_FORMED) * 5]
        assert all(isinstance(one.result(), Document) for one in quick)
        assert not stuck.done()
        with pytest.raises(ParseError):
            stuck.result()


def test_a_document_that_needs_too_much_memory_is_refused() -> None:
    parser = Parser(cpu_seconds=20, memory=200_000_000)
    try:
        with pytest.raises(ParseError) as refused:
            parser.parse(result(ILL_FORMED.replace(b"a & b", b"a & b" + b"x" * 40_000_000)))
        assert refused.value.reason is ParseReason.TOO_COSTLY
        assert parser.parse(result(ILL_FORMED)).path == "feedparser"
    finally:
        parser.close()


def test_a_worker_that_was_killed_is_replaced(parser: Parser) -> None:
    parser.parse(result(ILL_FORMED))
    parser._documents.idle[0]._process.kill()
    parser._documents.idle[0]._process.wait()
    with pytest.raises(ParseError):
        parser.parse(result(ILL_FORMED))
    assert parser.parse(result(ILL_FORMED)).path == "feedparser"


def test_many_threads_may_parse_at_once(parser: Parser) -> None:
    with ThreadPoolExecutor(8) as pool:
        documents = list(
            pool.map(lambda i: parser.parse(result((WELL_FORMED, ILL_FORMED)[i % 2])), range(40))
        )
    assert [document.path for document in documents] == ["strict", "feedparser"] * 20
    assert len(parser._documents.idle) <= 2


def test_the_charset_of_the_config_counts(parser: Parser) -> None:
    body = "<rss version='2.0'><channel><item><title>Путин</title></item></channel></rss>".encode("koi8-r")
    feed = Feed(url=FEED.url, source="x", charset="koi8-r")
    assert parser.parse(result(body, feed)).items[0].title == "Путин"


def test_an_error_of_the_worker_keeps_its_reason(parser: Parser) -> None:
    with pytest.raises(ParseError) as refused:
        parser.parse(result(b"no feed at all"))
    assert refused.value.reason is ParseReason.NOT_A_FEED


def test_only_what_was_fetched_can_be_parsed(parser: Parser) -> None:
    failed = Failed(FetchError(FetchReason.DNS, "x"))
    with pytest.raises(TypeError):
        parser.parse(FetchResult(feed=FEED, fetched_at=START, outcome=failed))


def test_parsing_leaves_the_other_threads_their_time(parser: Parser) -> None:
    body = WELL_FORMED.replace(b"<item>", b"<item><category>x</category></item>" * 20_000 + b"<item>")
    gaps: list[float] = []
    done = threading.Event()

    def watch() -> None:
        last = time.perf_counter()
        while not done.is_set():
            done.wait(0.001)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    watcher = threading.Thread(target=watch)
    watcher.start()
    parser.parse(result(body))
    done.set()
    watcher.join()
    assert max(gaps) < 1.0
