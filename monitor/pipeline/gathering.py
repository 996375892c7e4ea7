"""What one document is not whole without: the sitemaps of an index, older documents behind a gap."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from monitor.dedupe import candidates, identities
from monitor.errors import FetchError, FetchReason, ParseError
from monitor.model import (
    Document,
    Failed,
    Feed,
    FeedState,
    Fetched,
    FetchResult,
    Item,
    Part,
    Validators,
)
from monitor.pipeline._shop import Shop

MOST = 5
"""Further documents that one poll asks for: sitemaps of an index; older pages of a feed (RFC 5005)."""
RECENT = timedelta(days=2)
"""A sitemap that has not changed for longer has no news: a news sitemap holds the articles of two days."""
PATIENCE = 90.0
"""Seconds after which no further one is asked for: the lease on the feed must outlast them all."""
ITEMS = 2_000
"""Items of all documents of a poll together."""


class Gathering:
    """Asks for further documents, one after the other, as politely as for the first."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def parts(
        self, feed: Feed, state: FeedState, result: FetchResult, index: Document
    ) -> tuple[FetchResult, Document]:
        """Return an index with the items of its sitemaps that have news.

        One that fails now is asked for again at the next poll: what would make the publisher answer
        "not modified" is forgotten. Raises the error of the first where none can be read.
        """
        items: list[Item] = []
        language, read = "", 0
        error: FetchError | ParseError | None = None
        late = asyncio.get_running_loop().time() + PATIENCE
        for part in choose(index.parts, state.last_ok_at, result.fetched_at):
            if asyncio.get_running_loop().time() > late:
                error = FetchError(FetchReason.TIMEOUT, f"its sitemaps take more than {PATIENCE:g} s")
                break
            found = await self._document(feed, part.url)
            if isinstance(found, FetchError | ParseError):
                error = error or found
                continue
            read += 1
            items += found.items
            language = language or found.language
        if error is not None and not read:
            return replace(result, outcome=Failed(error)), Document()
        if error is not None and not isinstance(error, ParseError):
            assert isinstance(result.outcome, Fetched)
            result = replace(result, outcome=replace(result.outcome, validators=Validators(), body_hash=""))
        return result, replace(index, items=tuple(items[:ITEMS]), language=index.language or language)

    async def older(self, feed: Feed, document: Document, pinned: int = 0) -> Document:
        """Return a document with the items of older ones (RFC 5005 §4), until one is known, at most five.

        The first `pinned` items are known and say nothing: they are pinned to the top.
        """
        shop, seen, asked = self._shop, document, {feed.url, document.self_url}
        late = asyncio.get_running_loop().time() + PATIENCE
        for _ in range(MOST):
            if not seen.previous or seen.previous in asked or asyncio.get_running_loop().time() > late:
                break
            if await self._known(feed, replace(seen, items=seen.items[pinned:])):
                break
            asked.add(seen.previous)
            found = await self._document(feed, seen.previous)
            if isinstance(found, FetchError | ParseError):
                shop.say("gap-open", feed=feed.url, detail=f"{seen.previous}: {found}")
                break
            seen, pinned = found, 0
            document = replace(
                document,
                items=(*document.items, *found.items)[:ITEMS],
                window=document.window or len(document.items),
            )
        return document

    async def _known(self, feed: Feed, document: Document) -> bool:
        """Whether this feed carried one of a document's entries before."""
        asked = identities(candidates(document, feed))
        known = await self._shop.off_loop(partial(self._shop.store.known, asked))
        return any(feed.url in one.fingerprints for one in known.values())

    async def _document(self, feed: Feed, url: str) -> Document | FetchError | ParseError:
        """Return a further document of a feed, or what went wrong."""
        shop, there = self._shop, replace(feed, url=url)
        if _origin(url) != _origin(feed.url):  # what is secret goes to the feed's own origin only
            there = replace(there, headers={}, auth=None)
        result = await shop.parts.fetcher.fetch(there, Validators())
        if isinstance(result.outcome, Failed):
            return result.outcome.error
        try:
            return await shop.aside(partial(shop.parts.parser.parse, result))
        except ParseError as error:
            return error


def choose(parts: Sequence[Part], last: datetime | None, now: datetime) -> list[Part]:
    """Return the sitemaps of an index that may have news: those named so first, then the newest.

    `last` is when the index was read before: what did not change since has nothing new.
    """
    since = min(last, now) - timedelta(hours=1) if last else now - RECENT
    # One whose name is of news counts without a date; of others none does: they are the archive.
    fresh = [part for part in parts if (part.updated >= since if part.updated else _named_news(part))]
    fresh.sort(key=lambda part: (not _named_news(part), -(part.updated or now).timestamp()))
    return fresh[:MOST]


def _named_news(part: Part) -> bool:
    return "news" in urlsplit(part.url).path.lower()


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2]
