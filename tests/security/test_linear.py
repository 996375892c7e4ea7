"""Text of any length takes time in proportion to it (Apprise CVE-2021-39229: a pattern that backtracks).

Every function here is given 5,000 and 10,000 characters of what hurts patterns (ten times as many, if
that takes no time), and may take at most as much more as there is more.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from io import StringIO
from itertools import product
from typing import Any

import pytest

from monitor import config as configs
from monitor import service, text
from monitor.addresses import canonical
from monitor.channels import _chat, _http
from monitor.channels._room import markdown
from monitor.channels._text import cut, one_line, said
from monitor.cluster import Clusterer
from monitor.dedupe import candidates, marks
from monitor.errors import ParseError, QueryError
from monitor.fetch import headers
from monitor.formats import _common
from monitor.formats._dates import parse_date
from monitor.languages import detect
from monitor.match import Matcher
from monitor.model import Document, Entry, Feed, Item, Secret, StoryEntry, Topic
from monitor.observe import Observer
from monitor.render.passages import excerpt, headline, slack_escape, wrapped
from monitor.render.tidy import host, lines, web_link
from tests.formats_kit import MEMBERS, quick
from tests.security.kit import SOURCE, rss

NOW = datetime(2025, 10, 16, 12, tzinfo=UTC)
SIZES = (5_000, 40_000)
QUICK = 0.02
"""Seconds: less is not compared, for the clock's own steps would be."""
NOTHING = 0.001
"""Seconds: what takes less is tried with more."""
MOST_GROWTH = 3.2
"""Times: twice the text may take twice the time, and noise."""
MOST_OF_FOUR = 9.0
"""Times: four times the text may take four times the time, and noise; in the square it would take 16."""
TRIES = 9
"""A pattern that backtracks does it each time; a neighbour on the machine does not."""

REPEATED = [
    "a", "a ", "A", ".", ". ", "..a ", "?", "? ", "!'\"", "<", "<a", "<a ", "<a href=\"", "<a x='", "</a>", "<a>",
    "<!--", "<!-- -->", "<![CDATA[", "]]>", "<script>", "<script", "<p>", "&", "&amp;", "&lt", "&#", "&#0", "&#9",
    "&#x", "&;", "-", "--", "_", "@", "a@", "@a.", "a.b@", "/", "../", "./", "//", "http://", "https://a/", ":", "::",
    "?a=", "&a=b&", "%", "%2", "%zz", "#", "(", ")", "[", "[](", "{", "{{", "\\", "\"", "'", "a'", "`", "*", "**",
    "~", "|", "=", ";", ",", ", ", " ", "\t", "\n", "\r\n", "\0", "0", "9", "1:", "1/", "12 ", "Mon, ", "+0", "U.S. ",
    "a\u0301", "\u0323\u0300", "\u0301", "ট্রাম্প ", "ট্রাম্প", "\u09cd", "\u09be\u09c7", "\u09a4\u09cd", "\u09bc",
    "Путин ", "А\u0301", "\u200b", "\u200c", "\u202e", "\u2028", "\u00a0", "ﷺ", "ﬃ", "İ", "ß", "一", "가", "\u1100",
    "𝕋", "🇧🇩", "👨\u200d👩\u200d", "\ufe0f", "\ud800", "\U000e0001", "\ue000", "trump ", "putin. ", "Trump Putin ",
]  # fmt: skip
"""Given again and again, with an end that lets a match fail at the last moment."""
END = "!\0<x@"


def entry(**fields: Any) -> Entry:
    made = Entry(id="x", url="https://e.org/x", first_seen=NOW, source="s", feed_url="https://e.org/f")
    return replace(made, **{"title": "Trump and Putin meet in Budapest", **fields})


def item(value: str) -> StoryEntry:
    return StoryEntry(entry=entry(title=value, summary=value, content=value), topics=("t",))


def document(value: str) -> Document:
    one = Item(guid=value, link=value, title=value, summary=value, content=value, author=value, tags=(value,))
    return Document(items=(one, replace(one, guid="2")), language=value)


def absorbed(value: str) -> Any:
    found = document(value)
    return marks(found), candidates(found, Feed(url="https://e.org/f", source="s"))


def link(value: str) -> str:
    """Return a link as it comes out of a document, whatever is made of it later."""
    return _common.safe_link(_common.absolute("https://e.org/", f"https://{value}"[: _common.LONGEST_LINK]))


def sniffed(value: str) -> None:
    body, content_type = value.encode("utf-8", "replace"), value[:4_000]
    for _, member in MEMBERS:
        member.sniff(body, content_type)
        try:
            member.quick(body, content_type, url="https://e.org/")
        except ParseError:
            continue


def read(value: str) -> Any:
    """Read a well-formed feed whose every field is the text."""
    plain = value.translate(dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000)]))
    safe = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    names = ("title", "link", "guid", "description", "author", "category", "pubDate", "comments")
    fields = "".join(f"<{name}>{safe}</{name}>" for name in names)
    channel = f"<ttl>{safe}</ttl><language>{safe}</language><skipHours><hour>{safe}</hour></skipHours>"
    return quick(rss(f"{channel}<item>{fields}</item>"), "", url="https://e.org/f")


SECRETS = (Secret("https://hooks.example.org/T/B/s3cr3t"), Secret("user:passw0rd"))
OBSERVER = Observer(StringIO(), secrets=SECRETS)

FUNCTIONS: dict[str, Callable[[str], Any]] = {
    "text.plain": text.plain,
    "text.key": text.key,
    "text.cased": text.cased,
    "text.sentences": lambda value: list(text.sentences(value)),
    "text.words": text.words,
    "text.Aligned": lambda value: text.Aligned(value).span(0, 1),
    "languages.detect": lambda value: detect(value, value),
    "formats.sniff": sniffed,
    "formats.strict": read,
    "formats.author_name": _common.author_name,
    "formats.absolute": lambda value: _common.absolute("https://e.org/a/b", value),
    "formats.link": lambda value: web_link(link(value)),
    "formats.link, path": lambda value: host(link("e.org/" + value)),
    "formats.repair": _common.repair,
    "formats.parse_date": parse_date,
    "formats.parse_date, short": lambda value: parse_date(value[:128]),
    "fetch.directives": headers.directives,
    "fetch.http_date": headers.http_date,
    "fetch.retry_after": lambda value: headers.retry_after(value, value, NOW),
    "dedupe.canonical": lambda value: canonical(link(value)),
    "dedupe.canonical, path": lambda value: canonical(link("e.org/" + value)),
    "dedupe.candidates": absorbed,
    "cluster": lambda value: Clusterer().add([entry(title=value, content=value)]),
    "render.headline": lambda value: headline(item(value)),
    "render.excerpt": lambda value: excerpt(item(value)),
    "render.wrapped": lambda value: wrapped(value[:4_000], 70),
    "render.lines": lines,
    "channels.one_line": one_line,
    "channels.said": lambda value: said(value, SECRETS),
    "channels.cut": lambda value: cut(value, 100),
    "channels.markdown": markdown,
    "channels.slack": slack_escape,
    "channels.chat": lambda value: _chat.read_text(value),
    "channels.retry_after": lambda value: _http.retry_after(value, NOW),
    "observe.redact": OBSERVER.redact,
}


def seconds(work: Callable[[str], Any], value: str) -> float:
    """Return the least CPU time of three runs (over texts that no cache knows); of one, where that is little."""
    best = float("inf")
    for number in range(3):
        fresh = f"{value}{number}"
        begun = time.process_time()
        work(fresh)
        best = min(best, time.process_time() - begun)
        if best < QUICK / 2:
            break
    return best


def growth(work: Callable[[str], Any], value: str, longer: str, *, least: float, most: float) -> float:
    """Return how many times as long the longer text takes, at best; what takes less than `least` counts as that.

    Tried until it is less than `most`, or often enough.
    """
    best = float("inf")
    for _ in range(TRIES):
        best = min(best, seconds(work, longer) / max(seconds(work, value), least))
        if best < most:
            break
    return best


@pytest.mark.parametrize("name", FUNCTIONS)
def test_cve_2021_39229_twice_the_text_takes_twice_the_time(name: str) -> None:
    work = FUNCTIONS[name]
    work("a b")  # whatever is made at the first call is not counted
    slow = []
    second = 0.0
    for unit, size in product(REPEATED, SIZES):
        if size > SIZES[0] and second > NOTHING:
            continue  # half as much took long enough to compare
        double = unit * (2 * size // len(unit)) + END
        second = seconds(work, double)
        if second > QUICK:
            times = growth(work, unit * (size // len(unit)) + END, double, least=QUICK / 2, most=MOST_GROWTH)
            if times > MOST_GROWTH:
                slow.append(f"{unit!r}: twice as long {second:.3f} s, {times:.1f} times")
    assert slow == []


# queries ──────────────────────────────────────────────────────────────────────────────────────


@cache
def shipped() -> Matcher:
    """Return the matcher of the shipped config: what every entry goes through."""
    return service.matcher(configs.load(SOURCE.parent / "config" / "monitor.yaml", {}))


@pytest.mark.parametrize(
    "unit", ["a", ".", "? ", "\u0323\u0300", "trump ", "putin. ", "Trump Putin. ", "ট্রাম্প", "-"]
)
def test_cve_2021_39229_matching_takes_time_in_proportion(unit: str) -> None:
    """The shipped topics over one entry. A row of dots once took a minute, a row of marks half a one."""
    first, second = (unit * (size // len(unit)) + "a" for size in (8_000, 32_000))
    for read in (shipped().read, shipped().said):

        def work(value: str, read: Callable[[Entry], Any] = read) -> Any:
            return read(entry(content=value))

        work("a b")
        assert growth(work, first, second, least=QUICK, most=MOST_OF_FOUR) < MOST_OF_FOUR


PATTERNS = (
    r"/(a+)+$/",
    r"/(a|aa)+$/",
    r"/(a*)*b/",
    r"/(.*)*x/",
    r"/^(([a-z])+.)+[A-Z]([a-z])+$/",
    r"/(x+x+)+y/",
)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("query", ["{}", "SENTENCE({} AND a)", "title: {} OR {}", "NOT {}"])
def test_cve_2021_39229_a_desks_pattern_cannot_backtrack(pattern: str, query: str) -> None:
    """`(a+)+$` over 26 letters takes Python's `re` 6 s; here it is RE2, and every text is gone through once."""
    matcher = Matcher((), (), {}, (Topic(id="t", query=query.replace("{}", pattern)),))
    for unit in ("a", "a. ", "x"):
        matcher.read(entry(content="a b"))
        size = 8_000
        first, second = (unit * (n // len(unit)) + "!" for n in (size, 2 * size))
        assert (
            growth(
                lambda value: matcher.read(entry(content=value)), first, second, least=QUICK, most=MOST_GROWTH
            )
            < MOST_GROWTH
        )


@pytest.mark.parametrize(
    "pattern", [r"/(a)\1/", r"/(?=a)b/", r"/(?<=a)b/", r"/(?!a)b/", r"/a{100000}/", r"/((a{1000}){1000}){1000}/", r"/(?{1})/"]
)  # fmt: skip
def test_a_pattern_that_could_backtrack_or_act_is_a_mistake(pattern: str) -> None:
    with pytest.raises(QueryError):
        Matcher((), (), {}, ()).find(pattern)
