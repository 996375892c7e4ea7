"""Mutated feeds through the parser: each must end in entries or a ParseError.

`python -m tests.fuzz_feeds 100000 [SEED]` runs many and prints what came of them; any other
exception, or a hang, stops it and names the number of the feed, which `mutant` makes again.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

from monitor.clock import SystemClock
from monitor.errors import ParseError
from monitor.formats import _feedparser
from monitor.model import Document, Feed, Fetched, FetchResult
from monitor.parse import Parser

HERE = Path(__file__).parent / "corpus"
FEED = Feed(url="https://example.org/feed.xml", source="Example")

TOKENS = (
    b"<", b">", b"&", b"]]>", b"<![CDATA[", b"<!--", b"-->", b"<?xml ", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"&a;", b"&#0;",
    b"&#x110000;", b"&#55296;", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xe0\xa6", b"</item>", b"<item>", b"</channel>",
    b"<entry>", b"<title>", b"</title>", b"<link/>", b'<link href="//["/>', b' xmlns="x"', b' xmlns:media="y"', b' xml:base="http://["',
    b' xml:lang=""', b' type="xhtml"', b' mode="base64"', b"<guid isPermaLink='true'>", b"<pubDate>9999-99-99</pubDate>",
    b"<svg>", b"<media:title>", b"<dc:date>", b'encoding="utf-16"', b'encoding="x"', b"{", b"}", b'"items":', b"1e999", b"\\ud800",
    b"http://[::1", b"%00", b"<a b=c>", b"<body>", b"<image>", b"<source>", b"<textinput>",
)  # fmt: skip


def _flip(body: bytearray, chance: Random) -> None:
    for _ in range(chance.randint(1, 8)):
        if body:
            body[chance.randrange(len(body))] = chance.randrange(256)


def _insert(body: bytearray, chance: Random) -> None:
    for _ in range(chance.randint(1, 5)):
        at = chance.randint(0, len(body))
        body[at:at] = chance.choice(TOKENS)


def _cut(body: bytearray, chance: Random) -> None:
    at = chance.randint(0, len(body))
    del body[at : at + chance.choice((1, 10, 100, 1000))]


def _truncate(body: bytearray, chance: Random) -> None:
    del body[chance.randint(0, len(body)) :]


def _repeat(body: bytearray, chance: Random) -> None:
    at = chance.randint(0, len(body))
    piece = bytes(body[at : at + chance.choice((5, 50, 500))])
    body[at:at] = piece * chance.choice((2, 20))


def _swap(body: bytearray, chance: Random) -> None:
    a, b = sorted((chance.randint(0, len(body)), chance.randint(0, len(body))))
    body[:] = body[b:] + body[a:b] + body[:a]


def _recode(body: bytearray, chance: Random) -> None:
    text = body.decode("utf-8", "replace")
    body[:] = text.encode(chance.choice(("utf-16", "windows-1251", "utf-7", "koi8-r")), "replace")


_LETTERS = b"abcdefghijklmnopqrstuvwxyz0123456789 \n&;:/"


def _reword(body: bytearray, chance: Random) -> None:
    """Change letters and digits, so that much stays well-formed and says something else."""
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(body)) if body else 0
        if body and body[at] in _LETTERS:
            body[at] = chance.choice(_LETTERS)


def _move(body: bytearray, chance: Random) -> None:
    """Put one element of an item behind another."""
    lines = bytes(body).splitlines(keepends=True)
    if len(lines) > 8:
        at = chance.randrange(5, len(lines) - 2)
        lines.insert(
            chance.randrange(5, len(lines) - 2), lines.pop(at) if chance.random() < 0.5 else lines[at]
        )
        body[:] = b"".join(lines)


GENTLE = (_reword, _move)
ROUGH = (_flip, _insert, _insert, _cut, _truncate, _repeat, _swap, _recode)
TYPES = (
    "",
    "application/rss+xml",
    "text/xml; charset=us-ascii",
    "text/html; charset=windows-1251",
    "application/json",
)


def corpus() -> list[bytes]:
    """Return the feeds to start from, always in the same order."""
    paths = [*sorted((HERE / "feeds").iterdir()), *sorted((HERE / "tricky").iterdir())]
    return [path.read_bytes() for path in paths if path.suffix in (".xml", ".feed")]


def mutant(number: int, seeds: list[bytes], seed: int = 0) -> tuple[bytes, str]:
    """Return feed `number` of a run and the Content-Type it comes with."""
    chance = Random(seed * 1_000_003 + number)
    body = bytearray(chance.choice(seeds))
    kinds = GENTLE if chance.random() < 0.4 else ROUGH
    for _ in range(chance.randint(1, 4)):
        chance.choice(kinds)(body, chance)
    return bytes(body), chance.choice(TYPES)


def run(count: int, *, seed: int = 0, parser: Parser) -> Counter[str]:
    """Parse `count` mutants; return how many ended how."""
    seeds, now = corpus(), SystemClock().now()
    ends: Counter[str] = Counter()
    for number in range(count):
        body, kind = mutant(number, seeds, seed)
        result = FetchResult(
            feed=FEED, fetched_at=now, outcome=Fetched(body=body, content_type=kind), url=FEED.url
        )
        try:
            document = parser.parse(result)
        except ParseError as error:
            ends[f"error: {error.reason}"] += 1
            if "died" in str(error):
                raise AssertionError(f"feed {number} of seed {seed} killed its worker: {error}") from error
        except Exception as error:
            raise AssertionError(f"feed {number} of seed {seed}: {error!r}") from error
        else:
            ends[f"{document.path}: {'entries' if document.items else 'empty'}"] += 1
            if document.path == "strict":
                _compare(document, body, kind, f"feed {number} of seed {seed}")
    return ends


def _compare(document: Document, body: bytes, kind: str, name: str) -> None:
    """The strict path must give what feedparser, the reference, gives."""
    reference = _feedparser.read(body, kind, url=FEED.url)
    for ours, theirs in zip(document.items, reference.items, strict=True):
        if ours != theirs:
            raise AssertionError(f"{name}: the paths differ:\n{ours}\n{theirs}")


def main() -> None:
    """Run as many as the command line says and print what came of them."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    begun = time.perf_counter()
    parser = Parser()
    try:
        ends = run(count, seed=seed, parser=parser)
    finally:
        parser.close()
    for end, number in ends.most_common():
        print(f"{number:>8}  {end}")
    print(f"{count:>8}  feeds in {time.perf_counter() - begun:.0f} s, 0 other exceptions, 0 hangs")


if __name__ == "__main__":
    main()
