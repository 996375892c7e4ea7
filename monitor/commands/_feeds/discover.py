"""From a site's address to its feeds: what it names itself, then the places where feeds usually are."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urljoin, urlsplit

from monitor import languages
from monitor.addresses import canonical
from monitor.dedupe import candidates
from monitor.errors import FetchError, ParseError
from monitor.formats import _page
from monitor.model import Document, Failed, Feed, Fetched, FetchResult, Validators
from monitor.parse import Parser
from monitor.pipeline import Fetches
from monitor.text import plain

MOST: Final = 15
"""Addresses that are tried of what a page names, and as many of the usual places."""

PLACES: Final = (
    "feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json", "rss/rss.xml", "feeds",
    "?feed=rss2", "feeds/posts/default", "index.rdf", "news-sitemap.xml", "sitemap-news.xml",
)  # fmt: skip
"""Where feeds are on sites that do not say so, the most usual first."""

_COMMENTS: Final = re.compile(r"(?i)comment|মন্তব্য|коммент|комент|hozzászól|kommentar|replies")
_NARROW: Final = re.compile(r"(?i)/(?:tag|tags|author|category|topic|section|podcast|video)s?/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A feed that was found. `how`: itself, header, link, anchor, robots, place."""

    url: str
    title: str
    language: str
    format: str
    entries: int
    newest: datetime | None
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a look at a site found, best first; why nothing, where nothing."""

    feeds: tuple[Candidate, ...] = ()
    error: FetchError | ParseError | None = None


class Discovery:
    """Looks for a site's feeds: as politely as they are polled, one request at a time."""

    def __init__(self, fetcher: Fetches, parser: Parser, now: Callable[[], datetime]) -> None:
        self._fetcher, self._parser, self._now = fetcher, parser, now

    async def look(self, url: str) -> Outcome:
        """Return the feeds of the site of which `url` is a page (or a feed)."""
        result = await self._fetcher.fetch(Feed(url=url, source=url), Validators())
        if isinstance(result.outcome, Failed):
            return Outcome(error=result.outcome.error)
        assert isinstance(result.outcome, Fetched)
        document = self._read(result)
        if isinstance(document, Document):
            return Outcome(feeds=(_candidate(document, result.feed.url, "itself"),))
        body, kind = result.outcome.body, result.outcome.content_type
        page = _page.read(body, kind, result.url)
        named = (*_page.from_header(result.outcome.link, result.url), *page.links)
        found = await self._try([(one.url, one.how) for one in named][:MOST])
        if not found:  # what a site names itself is enough: each guess is a request
            found += await self._try(await self._guesses(result.url))
        language = languages.detect(page.title, page.language or "und")
        ranked = rank(found, language=language, now=self._now(), page=result.url)
        return Outcome(feeds=ranked, error=None if ranked else document)

    async def _guesses(self, url: str) -> list[tuple[str, str]]:
        """Return the usual places below a page and its site's root, after what robots.txt lists."""
        root = urljoin(url, "/")
        folder = urljoin(url, ".")
        places = [(base, place) for place in PLACES for base in dict.fromkeys((folder, root))]
        listed = await self._sitemaps(urljoin(root, "robots.txt"))
        return [*listed, *((urljoin(base, place), "place") for base, place in places)][: 2 * MOST]

    async def _sitemaps(self, robots: str) -> list[tuple[str, str]]:
        """Return the sitemaps of news that robots.txt names (sitemaps.org)."""
        result = await self._fetcher.fetch(Feed(url=robots, source=robots), Validators())
        if not isinstance(result.outcome, Fetched):
            return []
        text = result.outcome.body[:200_000].decode("utf-8", "replace")
        urls = re.findall(r"(?im)^sitemap:\s*(https?://\S+)", text)
        return [(url, "robots") for url in urls if "news" in url.lower()][:3]

    async def _try(self, places: Sequence[tuple[str, str]]) -> list[Candidate]:
        """Return those of some addresses where a feed is; of two with the same entries the first."""
        found: dict[tuple[str, ...], Candidate] = {}
        asked: set[str] = set()
        for url, how in places:
            if (name := canonical(url)) in asked:
                continue
            asked.add(name)
            feed = Feed(url=url, source=url)
            result = await self._fetcher.fetch(feed, Validators())
            document = self._read(result) if isinstance(result.outcome, Fetched) else None
            if not isinstance(document, Document):
                continue
            links = tuple(sorted({item.link or item.guid or item.title for item in document.items}))
            # What everybody who asks is redirected to is what should be polled.
            one = _candidate(document, result.moved_to or url, how)
            found.setdefault(links or (url,), one)
            if how == "place" and one.entries:
                break
        return list(found.values())

    def _read(self, result: FetchResult) -> Document | ParseError:
        try:
            return self._parser.parse(result)
        except ParseError as error:
            return error


def _candidate(document: Document, url: str, how: str) -> Candidate:
    titles = " ".join(plain(item.title) for item in document.items[:20])
    items = candidates(document, Feed(url=url, source=url))
    dates = [moment for one in items if (moment := one.item.published or one.item.updated)]
    return Candidate(
        url=url,
        title=plain(document.title),
        language=languages.detect(titles or document.title, document.language or "und"),
        format=document.format,
        entries=len(items) or len(document.parts),
        newest=max(dates, default=None),
        how=how,
    )


def rank(found: Sequence[Candidate], *, language: str, now: datetime, page: str) -> tuple[Candidate, ...]:
    """Order feeds: with entries, of articles and not of comments, in the page's language, alive, the
    whole site before a part of it; then as the site itself orders them."""
    host = urlsplit(page).hostname or ""

    def key(pair: tuple[int, Candidate]) -> tuple[bool | int, ...]:
        place, one = pair
        age = (now - one.newest).days if one.newest else 0
        inside = urlsplit(page).path.rstrip("/")
        return (
            not one.entries,
            bool(_COMMENTS.search(f"{one.title} {one.url}")),
            not _same_site(host, urlsplit(one.url).hostname or ""),
            language not in ("und", one.language),
            age > 30,
            bool(inside) and inside not in one.url,
            bool(_NARROW.search(one.url)) and not _NARROW.search(page + "/"),
            ("itself", "header", "link", "robots", "place", "anchor").index(one.how) // 3,
            place,
        )

    return tuple(one for _, one in sorted(enumerate(found), key=key))


def _same_site(one: str, other: str) -> bool:
    """Whether two hosts are of one site, as far as names tell; a service for feeds counts for anybody's."""
    first, second = one.removeprefix("www."), other.removeprefix("www.")
    return first.endswith(second) or second.endswith(first) or "feedburner" in second
