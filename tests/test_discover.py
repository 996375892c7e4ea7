"""From a site's page to its feed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.commands._feeds.discover import MOST, Candidate, Discovery, Outcome, rank
from monitor.fetch import Fetcher
from monitor.formats import _page
from monitor.model import NetworkSettings, PollSettings
from monitor.parse import Parser
from monitor.testing import NOON, FakeClock, Publisher, an_entry
from tests.test_gathering import sitemap

PAGES = Path(__file__).parent / "corpus" / "pages"
EXPECTED: dict[str, dict[str, Any]] = json.loads((PAGES / "expected.json").read_text("utf-8"))
TITLES = {
    "bn": "নদীর পানি কমছে, ঘাটে ভিড় বাড়ছে",
    "ru": "Вода в реке убывает, сообщили в ведомстве",
    "uk": "Вода в річці спадає, повідомили у відомстві",
    "hu": "Apad a folyó, közölte a vízügyi igazgatóság",
    "fr": "La rivière baisse, annonce la préfecture dans la nuit",
    "de": "Der Fluss fällt, teilte die Behörde am Abend mit",
    "en": "The river falls, the office said in the evening",
}


@pytest.fixture(scope="module")
def parser() -> Iterator[Parser]:
    made = Parser()
    yield made
    made.close()


@asynccontextmanager
async def discovery(publisher: Publisher, parser: Parser) -> AsyncIterator[Discovery]:
    clock = FakeClock(NOON)
    fetcher = Fetcher(
        PollSettings(per_host_gap=timedelta(0)), NetworkSettings(), clock, version="0", transport=publisher
    )
    try:
        yield Discovery(fetcher, parser, clock.now)
    finally:
        await fetcher.close()


def site(name: str) -> Publisher:
    """Return a publisher that serves a saved page and what is around it."""
    about = EXPECTED[name]
    publisher = Publisher(FakeClock(NOON))
    headers = {"Content-Type": "text/html; charset=utf-8"}
    if "link" in about:
        headers["Link"] = about["link"]
    page = (PAGES / name).read_bytes()
    path = "/" + about["url"].split("/", 3)[3]
    publisher.answer(path, body=page, headers=headers, times=None)
    if "robots" in about:
        publisher.answer("/robots.txt", body=about["robots"], times=None)
    for place, what in about["site"].items():
        if what is None:
            publisher.answer(place, body=page, headers=headers, times=None)
            continue
        title, language, age = what
        entries = [
            an_entry(
                title=f"{TITLES[language]} {place} {n}",
                url=f"{about['url']}{'' if 'posts' in place else language + place}/{n}",
                published=NOON - timedelta(days=age, hours=n),
                language=language,
            )
            for n in range(3)
        ]
        if place == about.get("sitemap"):
            publisher.answer(place, body=sitemap(*entries), times=None)
        else:
            form = "json" if place == about.get("json") else "atom" if "atom" in place else "rss"
            publisher.publish(place, *entries, form=form, title=title)
    return publisher


async def look(name: str, parser: Parser) -> tuple[Outcome, Publisher]:
    publisher = site(name)
    async with discovery(publisher, parser) as made:
        return await made.look(EXPECTED[name]["url"]), publisher


@pytest.mark.parametrize("name", EXPECTED)
async def test_a_page_leads_to_the_right_feed(name: str, parser: Parser) -> None:
    outcome, _ = await look(name, parser)
    best = outcome.feeds[0]
    assert best.url == EXPECTED[name]["best"]
    path = next(p for p in EXPECTED[name]["site"] if best.url.endswith(p))
    _, language, age = EXPECTED[name]["site"][path]
    assert (best.language, best.entries) == (language, 3)
    assert best.newest == NOON - timedelta(days=age)
    assert best.title


def test_there_are_ten_pages_and_each_is_expected() -> None:
    assert {path.name for path in PAGES.glob("*.html")} == EXPECTED.keys()
    assert len(EXPECTED) == 10


async def test_a_site_that_names_its_feed_is_asked_for_nothing_else(parser: Parser) -> None:
    _, publisher = await look("wordpress.html", parser)
    assert [one.path for one in publisher.requests] == ["/", "/feed/", "/comments/feed/"]


async def test_the_same_entries_in_two_formats_are_one_feed(parser: Parser) -> None:
    outcome, _ = await look("blogger.html", parser)
    assert len(outcome.feeds) == 1


async def test_a_feed_is_its_own_answer(parser: Parser) -> None:
    publisher = Publisher(FakeClock(NOON))
    url = publisher.publish("/rss", an_entry(title="News"))
    async with discovery(publisher, parser) as made:
        (found,) = (await made.look(url)).feeds
    assert (found.url, found.how, found.entries) == (url, "itself", 1)


async def test_a_site_without_a_feed_gets_a_bounded_number_of_requests_and_says_why(parser: Parser) -> None:
    publisher = Publisher(FakeClock(NOON))
    url = publisher.answer("/", body="<html><title>Nothing</title></html>", times=None)
    async with discovery(publisher, parser) as made:
        outcome = await made.look(url)
    assert outcome.feeds == ()
    assert outcome.error is not None
    assert len(publisher.requests) <= 2 + 2 * MOST


async def test_a_site_that_is_away_says_so(parser: Parser) -> None:
    publisher = Publisher(FakeClock(NOON))
    url = publisher.answer("/", 503, times=None)
    async with discovery(publisher, parser) as made:
        assert "503" in str((await made.look(url)).error)


def test_a_page_of_ten_thousand_links_names_two_hundred() -> None:
    body = b"".join(b'<a href="/feed/%d">x</a>' % n for n in range(10_000))
    assert len(_page.read(body, "text/html", "https://a.example/").links) == _page.MOST


@pytest.mark.parametrize(
    "body", [b"", b"\0", b"<", b"<html", b"\xff\xfe<\0h\0", b"<a href=" * 1000, "শুধু লেখা".encode()]
)
def test_any_page_is_read(body: bytes) -> None:
    assert _page.read(body, "text/html; charset=x-none", "https://a.example/").links == ()


def test_links_that_are_no_web_addresses_are_none() -> None:
    body = (
        b'<link rel=alternate type=application/rss+xml href="javascript:alert(1)"><a href="file:///rss.xml">'
    )
    assert _page.read(body, "", "https://a.example/").links == ()


def test_a_dead_feed_comes_after_a_living_one_and_an_empty_one_last() -> None:
    def one(url: str, entries: int, days: int) -> Candidate:
        newest = NOON - timedelta(days=days)
        return Candidate(
            url=url, title="T", language="en", format="rss", entries=entries, newest=newest, how="link"
        )

    found = [
        one("https://a.example/0", 0, 0),
        one("https://a.example/1", 9, 900),
        one("https://a.example/2", 9, 0),
    ]
    ranked = rank(found, language="en", now=NOON, page="https://a.example/")
    assert [candidate.url[-1] for candidate in ranked] == ["2", "1", "0"]
