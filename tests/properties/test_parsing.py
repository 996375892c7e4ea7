"""Whatever bytes come, parsing ends in entries or a ParseError."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ParseError
from monitor.model import Feed, Fetched, FetchResult
from monitor.parse import Parser
from tests import fuzz_feeds
from tests.politeness.kit import START

FEED = Feed(url="https://example.org/feed.xml", source="Example")


@pytest.fixture(scope="module")
def parser() -> Iterator[Parser]:
    made = Parser()
    yield made
    made.close()


@pytest.mark.parametrize("seed", range(4))
def test_two_thousand_mutated_feeds_end_in_entries_or_a_parse_error(parser: Parser, seed: int) -> None:
    ends = fuzz_feeds.run(500, seed=seed + 1, parser=parser)
    assert sum(ends.values()) == 500
    assert ends["feedparser: entries"] > 20
    assert ends["strict: entries"] > 20


@given(body=st.binary(max_size=2000), kind=st.text(max_size=30))
def test_any_body_with_any_content_type_ends_in_entries_or_a_parse_error(
    parser: Parser, body: bytes, kind: str
) -> None:
    fetched = Fetched(body=body, content_type=kind)
    try:
        document = parser.parse(FetchResult(feed=FEED, fetched_at=START, outcome=fetched, url=FEED.url))
    except ParseError:
        return
    for item in document.items:
        assert not item.link.lower().startswith(("javascript:", "data:"))
