"""From an article's page to its text: `tests/articles` has the pages."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from html import escape

import pytest

from monitor import text
from monitor.errors import ParseError, ParseReason
from monitor.formats import _article
from monitor.formats._charset import page_text
from monitor.model import Feed, Fetched, FetchResult
from monitor.parse import Parser
from monitor.testing import NOON
from tests.articles.makes import MAKES, NO_ARTICLES, front, told, wordpress
from tests.articles.texts import BN, EN, HU, RU, TONGUES, Story, Tongue

URL = "https://publisher.example/own"
TITLE = EN.ferry.title


def read(page: str | bytes, title: str, content_type: str = "text/html", charset: str = "") -> str:
    body = page.encode() if isinstance(page, str) else page
    return _article.read(body, content_type, url=URL, charset=charset, title=title)


def words(of: str) -> Counter[str]:
    return Counter(text.words(text.key(of)))


def pages() -> Iterator[tuple[str, Tongue, Story]]:
    for name in MAKES:
        for tongue in TONGUES.values():
            yield name, tongue, tongue.summit
            yield name, tongue, tongue.ferry


def measured() -> tuple[float, float]:
    """Return the share of found words that are the article's, and of the article's that were found."""
    found = right = there = 0
    for name, tongue, story in pages():
        got, asked = words(read(MAKES[name](tongue, story), story.title)), words(" ".join(told(name, story)))
        found, there = found + got.total(), there + asked.total()
        right += (got & asked).total()
    return right / found, right / there


def test_of_a_hundred_and_twenty_pages_nearly_all_words_are_found_and_hardly_any_other() -> None:
    precision, recall = measured()

    assert precision > 0.98
    assert recall == 1.0


@pytest.mark.parametrize("name", MAKES)
@pytest.mark.parametrize("tongue", TONGUES.values(), ids=TONGUES)
def test_no_name_of_another_story_is_in_the_text(name: str, tongue: Tongue) -> None:
    page = MAKES[name](tongue, tongue.ferry)
    found = read(page, tongue.ferry.title)

    assert name == "tables" or any(one.casefold() in page.casefold() for one in tongue.names)
    assert [one for one in tongue.names if one.casefold() in found.casefold()] == []


@pytest.mark.parametrize("name", NO_ARTICLES)
@pytest.mark.parametrize("tongue", TONGUES.values(), ids=TONGUES)
def test_a_page_that_is_no_article_gives_nothing(name: str, tongue: Tongue) -> None:
    with pytest.raises(ParseError) as refused:
        read(NO_ARTICLES[name](tongue, tongue.ferry), tongue.ferry.title)

    assert refused.value.reason is ParseReason.NO_ARTICLE


def test_an_article_that_ends_before_two_sentences_is_none() -> None:
    short = Story(title=TITLE, paragraphs=(EN.ferry.paragraphs[0],))
    long = Story(title=TITLE, paragraphs=EN.ferry.paragraphs[:2])

    with pytest.raises(ParseError, match="no text of an article"):
        read(wordpress(EN, short), TITLE)
    assert words(read(wordpress(EN, long), TITLE)) == words(" ".join(EN.ferry.paragraphs[:2]))


def test_another_article_than_the_one_that_was_asked_for_gives_nothing() -> None:
    with pytest.raises(ParseError, match="nothing of the headline"):
        read(wordpress(EN, EN.ferry), "Parliament votes on the budget tomorrow")


def test_a_headline_that_was_edited_since_still_finds_its_article() -> None:
    assert read(wordpress(EN, EN.summit), "BREAKING: Trump, Putin agree on Budapest")


def test_paragraphs_that_begin_with_a_link_are_the_article_s() -> None:
    body = "".join(
        f'<p><a href="/topic/{number}">The port office</a> {escape(one[0].lower() + one[1:])}</p>'
        for number, one in enumerate(EN.ferry.paragraphs)
    )
    page = f"<html><head><title>{TITLE}</title></head><body><h1>{TITLE}</h1><div>{body}</div></body></html>"

    assert read(page, TITLE).count("The port office") == len(EN.ferry.paragraphs)


def test_headings_within_the_text_stay_with_it() -> None:
    body = "".join(f"<h2>Part {n} of the plan</h2><p>{one}</p>" for n, one in enumerate(EN.ferry.paragraphs))
    page = f"<html><head><title>{TITLE}</title></head><body><article><h1>{TITLE}</h1>{body}</article></body></html>"

    assert all(f"Part {n} of the plan" in read(page, TITLE) for n in range(len(EN.ferry.paragraphs)))


def test_a_live_blog_s_posts_stand_in_its_data() -> None:
    posts = [{"@type": "BlogPosting", "articleBody": one} for one in EN.ferry.paragraphs]
    data = {"@type": "LiveBlogPosting", "headline": TITLE, "liveBlogUpdate": posts}
    page = f'<title>{TITLE}</title><script type="application/ld+json">{json.dumps(data)}</script><p>Loading'

    assert read(page, TITLE).split("\n") == list(EN.ferry.paragraphs)


def test_data_that_is_broken_or_has_only_the_beginning_does_not_count() -> None:
    stub = json.dumps({"@type": "NewsArticle", "articleBody": EN.ferry.paragraphs[0]})
    for data in (
        stub,
        "{",
        "[" * 5_000,
        '"x"',
        '{"@graph": 1}',
        '{"@type": ["NewsArticle"], "articleBody": 7}',
    ):
        page = wordpress(EN, EN.ferry).replace(
            "</head>", f'<script type="application/ld+json">{data}</script></head>'
        )
        assert read(page, TITLE) == "\n".join(EN.ferry.paragraphs)


@pytest.mark.parametrize(
    ("tongue", "encoding", "content_type", "head"),
    [
        (RU, "windows-1251", "text/html; charset=windows-1251", ""),
        (RU, "windows-1251", "text/html", '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">'),
        (RU, "windows-1251", "text/html; charset=ISO-8859-1", ""),
        (RU, "koi8-r", "text/html", ""),
        (HU, "iso-8859-2", "text/html; charset=iso-8859-2", ""),
        (BN, "utf-8", "text/html; charset=iso-8859-1", ""),
        (EN, "cp1252", "text/html; charset=iso-8859-1", ""),
    ],
)  # fmt: skip
def test_pages_of_every_charset_are_read_as_they_are_meant(
    tongue: Tongue, encoding: str, content_type: str, head: str
) -> None:
    page = MAKES["tables"](tongue, tongue.summit).replace("<HEAD>", f"<HEAD>{head}")
    body = page.encode(encoding, "xmlcharrefreplace")

    assert read(body, tongue.summit.title, content_type) == "\n".join(tongue.summit.paragraphs)


def test_a_page_of_an_unknown_charset_is_refused_rather_than_garbled() -> None:
    body = "<p>árvíztűrő tükörfúrógép</p>".encode("iso-8859-2")

    with pytest.raises(ParseError, match="which charset"):
        page_text(body, "text/html")
    with pytest.raises(ParseError, match="not in the charset"):
        page_text(body, "text/html; charset=utf-8")
    with pytest.raises(ParseError, match="no such charset"):
        page_text(body, "text/html; charset=martian")
    assert page_text(body, "text/html", "iso-8859-2") == "<p>árvíztűrő tükörfúrógép</p>"


def test_a_torn_letter_does_not_make_mojibake_of_a_bengali_page() -> None:
    body = wordpress(BN, BN.summit).encode() + "ঢাকা".encode()[:-1]

    assert "পুতিন" in read(body, BN.summit.title)


# in the worker ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def parser() -> Iterator[Parser]:
    made = Parser(cpu_seconds=2.0)
    yield made
    made.close()


def fetched(body: bytes) -> FetchResult:
    feed = Feed(url="https://publisher.example/rss", source="A publisher")
    return FetchResult(feed=feed, fetched_at=NOON, outcome=Fetched(body=body), url=URL)


def test_a_worker_reads_articles_one_after_the_other(parser: Parser) -> None:
    for tongue in TONGUES.values():
        story = tongue.summit
        assert parser.article(fetched(wordpress(tongue, story).encode()), story.title) == "\n".join(
            story.paragraphs
        )
    with pytest.raises(ParseError) as refused:
        parser.article(fetched(front(EN, EN.ferry).encode()), TITLE)
    assert refused.value.reason is ParseReason.NO_ARTICLE
    assert len(parser._articles.idle) == 1


def test_a_page_that_never_ends_costs_one_worker_and_nothing_else(parser: Parser) -> None:
    # The search for a better text compares each paragraph with all: 8,000 of them take 15 s (measured).
    endless = wordpress(EN, EN.ferry).replace("</main>", "<p>and so on</p>" * 20_000 + "</main>").encode()
    start = time.perf_counter()

    with pytest.raises(ParseError) as refused:
        parser.article(fetched(endless), TITLE)

    assert refused.value.reason is ParseReason.TOO_COSTLY
    assert time.perf_counter() - start < 30
    assert parser._articles.idle == []
    assert parser.article(fetched(wordpress(EN, EN.ferry).encode()), TITLE)


@pytest.mark.parametrize(
    "body", [b"", b"\0" * 99, b"\xff\xfe<p>", b"<" * 9_999, b"<p>" * 9_999, b"{}", b"%PDF-1.7"]
)
def test_whatever_the_bytes_a_page_is_read_or_refused(parser: Parser, body: bytes) -> None:
    with pytest.raises(ParseError):
        parser.article(fetched(body), "A headline of some words")
