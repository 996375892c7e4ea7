"""The page of an article, as politely as a feed, and only where robots.txt lets us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor.clock import Clock
from monitor.errors import FetchError, FetchReason, ParseError, ParseReason
from monitor.fetch.fetcher import MAX_HOPS, Fetcher
from monitor.fetch.robots import Robots
from monitor.model import Failed, Feed, Fetched, FetchResult

ACCEPT: Final = "text/html, application/xhtml+xml;q=0.9"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What came of asking for a page, and how long its site wants us to wait before the next."""

    result: FetchResult
    delay: timedelta = timedelta(0)

    @classmethod
    def failed(cls, feed: Feed, url: str, at: datetime, error: FetchError) -> Page:
        """Return the page that did not come."""
        return cls(result=FetchResult(feed=feed, fetched_at=at, outcome=Failed(error), url=url))


class Pages:
    """Fetches pages by a fetcher's own turns, so that a host is asked no more often than for its feeds."""

    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        self._fetcher, self._clock = fetcher, clock
        self._robots = Robots(fetcher, clock)

    async def fetch(self, feed: Feed, url: str) -> Page:
        """Ask for a page of a feed's entry once. What goes wrong is in the outcome; nothing is raised for it.

        Each hop of a redirect is asked only if the rules of its own site allow it.
        """
        outcome: Fetched | Failed
        delay = timedelta(0)
        try:
            for _ in range(MAX_HOPS + 1):
                rules = await self._robots.rules(feed, url)
                delay = max(delay, rules.delay)
                if not rules.allow(url):
                    raise FetchError(FetchReason.ROBOTS, "robots.txt asks us not to fetch it")
                answer = await self._fetcher.look(feed, url, accept=ACCEPT)
                if not isinstance(answer, str):
                    outcome = _page(answer)
                    break
                url = answer
            else:
                raise FetchError(FetchReason.REFUSED, f"more than {MAX_HOPS} redirects")
        except FetchError as error:
            outcome = Failed(error)
        result = FetchResult(feed=feed, fetched_at=self._clock.now(), outcome=outcome, url=url)
        return Page(result=result, delay=delay)


def _page(answer: Fetched) -> Fetched | Failed:
    """Return the answer if it is a web page; a film or a PDF is none."""
    kind = answer.content_type.partition(";")[0].strip().lower()
    if kind in ("", "text/html", "application/xhtml+xml"):
        return answer
    return Failed(ParseError(ParseReason.NO_ARTICLE, f"not a web page but {kind[:80]}"))
