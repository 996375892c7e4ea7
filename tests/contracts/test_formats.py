"""What every member of monitor/formats must do."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import registry
from monitor.errors import ParseError
from monitor.formats import Format
from monitor.model import Document

MEMBERS = registry.names("formats")
URL = "https://example.org/feed"
STARTS = (
    b"",
    b'<?xml version="1.0"?><rss version="2.0"><channel><item><title>',
    b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><title type="html">',
    b'{"version": "https://jsonfeed.org/version/1.1", "items": [',
)


def member(name: str) -> Format:
    found: Format = registry.find("formats", name)()
    return found


@pytest.mark.parametrize("name", MEMBERS)
def test_a_member_names_what_it_reads(name: str) -> None:
    assert member(name).media_types
    assert all(re.fullmatch(r"[a-z]+/[a-z+.-]+", kind) for kind in member(name).media_types)


def test_the_ranks_leave_no_doubt() -> None:
    ranks = [member(name).rank for name in MEMBERS]
    assert len(set(ranks)) == len(ranks)


def test_some_member_takes_any_body() -> None:
    for body in (b"", b"x", b"\0", b"<", b"{"):
        assert any(member(name).sniff(body, "") for name in MEMBERS)


@pytest.mark.parametrize("name", MEMBERS)
@given(
    body=st.binary(max_size=300),
    start=st.sampled_from(STARTS),
    kind=st.sampled_from(["", "text/xml; charset=x"]),
)
def test_any_bytes_are_a_document_or_a_parse_error(name: str, body: bytes, start: bytes, kind: str) -> None:
    reader = member(name)
    reader.sniff(start + body, kind)
    for read in (reader.quick, reader.parse):
        try:
            document = read(start + body, kind, url=URL)
        except ParseError:
            continue
        assert document is None or isinstance(document, Document)


@pytest.mark.parametrize("name", MEMBERS)
@pytest.mark.parametrize(
    "unit",
    [
        b" ",
        b"\0",
        b"{",
        b"<",
        b"<?",
        b"<a:",
        b"<!--",
        b"<!-- -->",
        b"<!DOCTYPE a",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
    ],
)
def test_no_body_takes_long_to_be_known_or_not(name: str, unit: bytes) -> None:
    """It is asked of every body on the thread that serves the sockets."""
    body = unit * (10_000_000 // len(unit))

    def seconds() -> float:
        begun = time.process_time()
        member(name).sniff(body, "")
        return time.process_time() - begun

    assert min(seconds() for _ in range(3)) < 0.01


@pytest.mark.parametrize("name", MEMBERS)
def test_a_charset_nobody_knows_is_a_parse_error_or_of_no_matter(name: str) -> None:
    with pytest.raises(ParseError):
        member(name).parse(b"<rss/>", "", url=URL, charset="x-no-such")
