"""Articles' pages over real sockets: what robots.txt says, and the manners of a poll."""

from __future__ import annotations

import gzip
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from monitor.clock import VirtualClock
from monitor.errors import FetchError, FetchReason, ParseError
from monitor.fetch import Page, Pages, pages
from monitor.fetch.robots import LONGEST, Robots, Rules, _parse, origin
from monitor.model import Failed, Fetched, Secret
from tests.politeness.kit import EAGER, START, feed, fetching
from tests.politeness.server import Reply, Request, Server

HOUR = timedelta(hours=1)
ARTICLE = Reply(headers={"Content-Type": "text/html; charset=utf-8"}, body=b"<p>article")
ABSENT = Reply(404)


class Site:
    """A publisher whose paths answer as a test says; what it does not name is an article."""

    def __init__(self, server: Server, asks: Pages, clock: VirtualClock, replies: dict[str, Reply]) -> None:
        self.server, self.pages, self.clock, self.replies = server, asks, clock, replies

    async def ask(self, path: str = "/a", **changes: object) -> Page:
        """Ask for a page of it."""
        return await self.pages.fetch(feed(self.server.url("/rss"), **changes), self.server.url(path))

    @property
    def asked(self) -> list[str]:
        """The paths that were asked for."""
        return [request.path for request in self.server.requests]


@asynccontextmanager
async def site(robots: Reply | str = ABSENT, **paths: Reply) -> AsyncIterator[Site]:
    """Give a site with this robots.txt."""
    reply = Reply(body=robots.encode()) if isinstance(robots, str) else robots
    replies = {"/robots.txt": reply, **{f"/{name}": one for name, one in paths.items()}}
    clock = VirtualClock(START)
    async with (
        Server(lambda request: replies.get(request.path, ARTICLE)) as server,
        fetching(replace(EAGER, max_body=1_000_000), clock=clock) as fetcher,
    ):
        yield Site(server, Pages(fetcher, clock), clock, replies)


def got(page: Page) -> Fetched:
    assert isinstance(page.result.outcome, Fetched), page.result.outcome
    return page.result.outcome


def refused(page: Page) -> FetchError | ParseError:
    assert isinstance(page.result.outcome, Failed), page.result.outcome
    return page.result.outcome.error


# robots.txt ───────────────────────────────────────────────────────────────────────────────────


async def test_a_page_that_robots_txt_forbids_is_never_asked_for() -> None:
    async with site("User-agent: *\nDisallow: /private/\n") as here:
        assert refused(await here.ask("/private/a")).reason is FetchReason.ROBOTS
        got(await here.ask("/public/a"))
        assert here.asked == ["/robots.txt", "/public/a"]


async def test_the_group_with_our_name_counts_for_us_alone() -> None:
    async with site("User-agent: *\nDisallow: /\n\nUser-agent: Monitor\nDisallow: /b\n") as here:
        got(await here.ask("/a"))
        assert refused(await here.ask("/b")).reason is FetchReason.ROBOTS
    async with site("User-agent: Googlebot\nUser-agent: monitor\nDisallow: /\n") as here:
        assert refused(await here.ask("/a")).reason is FetchReason.ROBOTS
    async with site("User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /\n") as here:
        got(await here.ask("/a"))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_site_without_rules_allows_everything(status: int) -> None:
    async with site(Reply(status)) as here:
        got(await here.ask())


@pytest.mark.parametrize("status", [500, 503])
async def test_a_site_whose_rules_cannot_be_had_is_not_asked_now(status: int) -> None:
    async with site(Reply(status, {"Retry-After": "120"})) as here:
        error = refused(await here.ask())
        assert isinstance(error, FetchError)
        assert (error.reason, error.retry_after) == (FetchReason.HTTP_5XX, timedelta(seconds=120))
        assert "robots.txt" in str(error)
        assert here.asked == ["/robots.txt"]
        here.replies["/robots.txt"] = ABSENT
        got(await here.ask())


async def test_rules_with_too_many_requests_are_asked_for_later() -> None:
    async with site(Reply(429)) as here:
        assert refused(await here.ask()).reason is FetchReason.HTTP_429


async def test_rules_are_asked_for_once_a_day() -> None:
    async with site("User-agent: *\nDisallow: /b\n") as here:
        for path in ("/a", "/c", "/b", "/d"):
            await here.ask(path)
        here.clock.advance(timedelta(hours=23))
        await here.ask("/e")
        assert here.asked == ["/robots.txt", "/a", "/c", "/d", "/e"]
        here.clock.advance(2 * HOUR)
        await here.ask("/f")
        assert here.asked[5:] == ["/robots.txt", "/f"]


async def test_rules_that_cannot_be_had_again_are_those_of_before() -> None:
    async with site("User-agent: *\nDisallow: /b\n") as here:
        await here.ask("/a")
        here.replies["/robots.txt"] = Reply(503)
        here.clock.advance(timedelta(days=29))
        got(await here.ask("/a"))
        assert refused(await here.ask("/b")).reason is FetchReason.ROBOTS
        here.clock.advance(timedelta(days=2))
        assert refused(await here.ask("/a")).reason is FetchReason.HTTP_5XX


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7), ("2.5", 2.5), ("3600", 60), ("-5", 0), ("nan", 0), ("inf", 0), ("soon", 0)],
)
async def test_a_crawl_delay_is_told_within_reason(said: str, seconds: float) -> None:
    async with site(f"User-agent: *\nCrawl-delay: {said}\nDisallow: /b\n") as here:
        assert (await here.ask()).delay == timedelta(seconds=seconds)


async def test_a_request_rate_is_a_delay() -> None:
    async with site("User-agent: *\nRequest-rate: 2/30s\n") as here:
        assert (await here.ask()).delay == timedelta(seconds=15)


async def test_rules_behind_redirects_are_found() -> None:
    async with site(Reply(301, {"Location": "/r2"}), r2=Reply(body=b"User-agent: *\nDisallow: /\n")) as here:
        assert refused(await here.ask()).reason is FetchReason.ROBOTS


async def test_a_web_page_in_place_of_rules_forbids_nothing() -> None:
    async with site("<!DOCTYPE html><html><body>Not found, but look at this</body></html>") as here:
        got(await here.ask())


async def test_rules_are_read_up_to_half_a_megabyte_and_in_time() -> None:
    many = "".join(f"User-agent: bot{n}\n" for n in range(12_000))
    rules = "".join(f"Disallow: /x{n}\n" for n in range(12_000))
    begun = time.process_time()
    parsed = _parse(many + rules + "User-agent: *\nDisallow: /b\n")
    assert time.process_time() - begun < 2
    assert not parsed.can_fetch("https://e.example/b", "monitor")
    assert parsed.can_fetch("https://e.example/x7", "monitor")

    async with site("#" * LONGEST + "\nUser-agent: *\nDisallow: /\n") as here:
        got(await here.ask())


async def test_rules_of_many_sites_do_not_fill_the_memory() -> None:
    async with site() as here, fetching() as fetcher:
        robots = Robots(fetcher, here.clock)
        for number in range(20):
            robots._known[f"https://{number}.example"] = Rules(read_at=START, size=500_000)
        await robots.rules(feed("https://e.example"), here.server.url("/a"))
        assert 5 < len(robots._known) < 12
        assert f"http://127.0.0.1:{here.server.port}" in robots._known


def test_a_site_is_scheme_host_and_port() -> None:
    assert origin("https://me:secret@News.Example:8443/a?b#c") == "https://news.example:8443"
    assert origin("http://[::1]/a") == "http://[::1]"
    with pytest.raises(FetchError):
        origin("https://[::1/a")


# manners ──────────────────────────────────────────────────────────────────────────────────────


async def test_nothing_of_the_feed_s_own_goes_to_a_page() -> None:
    async with site() as here:
        url = here.server.url("/a").replace("http://", "http://me:secret@")
        own = feed(here.server.url("/rss"), headers={"X-Key": Secret("k"), "Cookie": "c"}, auth=Secret("u:p"))
        got(await here.pages.fetch(own, url))
        for request in here.server.requests:
            names = {name for name, _ in request.headers}
            assert names <= {"host", "user-agent", "accept", "accept-encoding", "connection"}
            assert request.get("user-agent") == "monitor/1.2 (+https://example.org/contact)"
        assert here.server.requests[-1].get("accept") == pages.ACCEPT


async def test_no_cookie_comes_back() -> None:
    async with site(
        Reply(404, {"Set-Cookie": "a=1"}), a=replace(ARTICLE, headers={"Set-Cookie": "b=1"})
    ) as here:
        await here.ask()
        await here.ask()
        assert all(request.get("cookie") is None for request in here.server.requests)


async def test_a_redirect_is_followed_where_the_other_site_allows_it() -> None:
    def other(request: Request) -> Reply:
        rules = Reply(body=b"User-agent: *\nDisallow: /secret\n")
        return rules if request.path == "/robots.txt" else ARTICLE

    async with Server(other) as there:
        moved = {"ok": "/public", "no": "/secret"}
        replies = {name: Reply(302, {"Location": there.url(path)}) for name, path in moved.items()}
        async with site(ABSENT, **replies) as here:
            page = await here.ask("/ok")
            assert got(page).body == ARTICLE.body
            assert page.result.url == there.url("/public")
            assert refused(await here.ask("/no")).reason is FetchReason.ROBOTS
            assert [one.path for one in there.requests] == ["/robots.txt", "/public"]


@pytest.mark.parametrize(
    "target", ["http://10.0.0.7/", "http://169.254.169.254/latest/", "http://[fd00::1]/x"]
)
async def test_a_redirect_to_a_private_address_is_refused(target: str) -> None:
    async with site(ABSENT, a=Reply(302, {"Location": target})) as here:
        assert refused(await here.ask()).reason is FetchReason.REFUSED
    async with site(Reply(302, {"Location": target})) as here:
        assert refused(await here.ask()).reason is FetchReason.REFUSED
        assert here.asked == ["/robots.txt"]


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://example.org/", "javascript:1", "http://[::1"]
)
async def test_a_redirect_to_what_is_no_web_address_is_refused(target: str) -> None:
    async with site(ABSENT, a=Reply(302, {"Location": target})) as here:
        assert refused(await here.ask()).reason is FetchReason.REFUSED


async def test_redirects_without_end_are_left() -> None:
    async with site(ABSENT, a=Reply(302, {"Location": "/a"})) as here:
        assert refused(await here.ask()).reason is FetchReason.REFUSED
        assert here.asked.count("/a") == 6


async def test_a_bomb_is_refused() -> None:
    bomb = replace(ARTICLE, headers={"Content-Encoding": "gzip"}, body=gzip.compress(b"<p>" * 1_000_000))
    async with site(ABSENT, a=bomb) as here:
        assert refused(await here.ask()).reason is FetchReason.TOO_LARGE


@pytest.mark.parametrize("kind", ["application/pdf", "video/mp4", "application/json"])
async def test_what_is_no_web_page_is_no_article(kind: str) -> None:
    async with site(ABSENT, a=replace(ARTICLE, headers={"Content-Type": kind})) as here:
        assert refused(await here.ask()).reason == "no-article"


async def test_a_page_that_drips_ends_at_the_deadline() -> None:
    clock = VirtualClock(START)
    poll = replace(EAGER, timeout=timedelta(seconds=0.3))

    async def never(request: Request) -> Reply:
        if request.path != "/robots.txt":
            await here.until(lambda: here.now_open == 0)
        return ABSENT

    async with Server(never) as here, fetching(poll, clock=clock) as fetcher:
        page = await Pages(fetcher, clock).fetch(feed(here.url("/rss")), here.url("/a"))
        assert refused(page).reason is FetchReason.TIMEOUT


async def test_pages_wait_their_turn_with_the_polls_of_their_host() -> None:
    clock = VirtualClock(START)
    poll = replace(EAGER, per_host_gap=timedelta(seconds=0.1))
    async with Server(lambda r: ARTICLE) as server, fetching(poll, clock=clock) as fetcher:
        asks = Pages(fetcher, clock)
        for path in ("/a", "/b"):
            got(await asks.fetch(feed(server.url("/rss")), server.url(path)))
        starts = [request.at for request in server.requests]
        assert len(starts) == 3
        assert all(later - one > 0.09 for one, later in pairwise(starts))


async def test_a_retry_after_of_a_page_is_told() -> None:
    async with site(ABSENT, a=Reply(429, {"Retry-After": "600"})) as here:
        error = refused(await here.ask())
        assert isinstance(error, FetchError)
        assert (error.reason, error.retry_after) == (FetchReason.HTTP_429, timedelta(minutes=10))
