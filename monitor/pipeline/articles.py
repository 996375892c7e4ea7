"""The articles behind stubs: their pages are asked for in turn, and what they say revises the entry.

Nobody waits for them. An entry is matched and told at once by what its feed says; its article is an
update, as an edit by the publisher is: it makes new matches, and what was told is not told again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from monitor.addresses import is_aggregator
from monitor.cadence import host_of
from monitor.dedupe import whole
from monitor.errors import FetchError, FetchReason, ParseError
from monitor.fetch import Page, Pages
from monitor.model import (
    Article,
    ArticleRecord,
    ArticleStatus,
    Entry,
    Failed,
    Feed,
)
from monitor.pipeline._shop import LEASE, Shop

STUB = 1_200
"""Characters of a text from which on it is taken for the article itself: two hundred words."""
AT_ONCE = 8
"""Articles under way at once, each of another host."""
PATIENCE = LEASE.total_seconds() * 0.8
"""Seconds for one, waiting for its turn included: the lease must outlast them."""
GRACE = 5.0
"""Seconds that those under way have when the daemon stops or reads a new config."""
LATE = timedelta(hours=24)
"""What could not be had for so long is no news any more."""
WAITS = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=4))
"""After the first, second and third try that failed. There is no fifth."""
SOON = timedelta(minutes=1)
"""When to try again what our own machine had no room for."""
PASSING = frozenset(
    (
        FetchReason.DNS,
        FetchReason.CONNECT,
        FetchReason.TLS,
        FetchReason.TIMEOUT,
        FetchReason.HTTP_429,
        FetchReason.HTTP_5XX,
        FetchReason.PROTOCOL,
    )
)
"""What may be otherwise at the next try."""


def wanted(entry: Entry, feed: Feed, now: datetime, backfill: timedelta) -> Article | None:
    """Return the article of a new entry, if its feed has only a stub and it is not too old."""
    when = entry.published or entry.updated
    if max(len(entry.content), len(entry.summary)) >= STUB or (when is not None and when < now - backfill):
        return None
    if not entry.url.startswith(("http://", "https://")) or is_aggregator(entry.url):
        return None
    return Article(entry_id=entry.id, feed_url=feed.url, url=entry.url, wanted_at=now, due_at=now)


class Articles:
    """Claims articles that are due and gets them side by side, of each host one after the other."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.running: dict[str, asyncio.Task[None]] = {}
        self._hosts: Counter[str] = Counter()
        self._claiming = asyncio.Lock()

    async def start_due(self, now: datetime) -> bool:
        """Start getting what is due and has room; do not wait for it. Say whether there was any."""
        shop, parts = self._shop, self._shop.parts
        room = AT_ONCE - len(self.running)
        if parts.pages is None or room <= 0 or self._claiming.locked():
            return False
        async with self._claiming:
            claim = partial(
                shop.store.claim_articles,
                now,
                room,
                LEASE,
                per_hour=parts.poll.articles,
                since=now - LATE,
                busy=list(self._hosts),
            )
            claimed = await shop.off_loop(claim)
            for article in claimed:
                self._hosts[host_of(article.url)] += 1
                self.running[article.entry_id] = shop.start(self._get(parts.pages, article))
        return bool(claimed)

    async def stop(self) -> None:
        """End what is under way: what does not end by itself soon is due again when its lease ends."""
        if running := [*self.running.values()]:
            _, late = await asyncio.wait(running, timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _get(self, pages: Pages, article: Article) -> None:
        shop, host = self._shop, host_of(article.url)
        try:
            feed = shop.parts.feeds.get(article.feed_url)
            if feed is None or not feed.fulltext:
                gone = _refused(article, "off", "its feed does not ask for articles any more")
                await shop.off_loop(partial(shop.store.record_article, gone, shop.clock.now()))
                return
            page = await self._ask(pages, feed, article)
            found: str | FetchError | ParseError
            if isinstance(page.result.outcome, Failed):
                found = page.result.outcome.error
            else:
                found = await shop.apart(partial(self._text, page, article))
            await shop.off_loop(partial(self._record, article, found, page.delay))
        finally:
            self.running.pop(article.entry_id, None)
            self._hosts[host] -= 1
            if not self._hosts[host]:
                del self._hosts[host]

    async def _ask(self, pages: Pages, feed: Feed, article: Article) -> Page:
        try:
            async with asyncio.timeout(PATIENCE):
                return await pages.fetch(feed, article.url)
        except TimeoutError:
            late = FetchError(FetchReason.TIMEOUT, f"its turn did not come within {PATIENCE:g} s")
            return Page.failed(feed, article.url, self._shop.clock.now(), late)

    def _text(self, page: Page, article: Article) -> str | ParseError:
        try:
            return self._shop.parts.parser.article(page.result, article.title)
        except ParseError as error:
            return error

    # what came of it ──────────────────────────────────────────────────────────────────────────

    def _record(self, article: Article, found: str | FetchError | ParseError, delay: timedelta) -> None:
        """Write what came of a try: plain code, for the store's thread."""
        shop = self._shop
        now = shop.clock.now()
        record = self._revision(article, found) if isinstance(found, str) else _failed(article, found, now)
        if delay:
            record = replace(record, rest_until=max(now + delay, record.rest_until or now))
        if not shop.store.record_article(record, now):
            return
        matches = len(record.reading.matches)
        shop.tally.numbers["updated"] += record.entry is not None
        shop.tally.numbers["matches"] += matches
        shop.say(
            "article",
            entry=article.entry_id,
            feed=article.feed_url,
            url=article.url,
            outcome=record.article.status.value,
            reason=record.article.reason,
            detail=record.article.detail,
            tries=article.tries,
            matches=matches,
            next=record.article.due_at,
        )

    def _revision(self, article: Article, text: str) -> ArticleRecord:
        """Return the entry with its article's text, read again."""
        found = self._shop.store.entry(article.entry_id)
        if found is None:
            return _refused(article, "late", "the entry is not kept any more")
        full = whole(found[0], text)
        if full is found[0]:
            return _refused(article, "shorter", "its feed says as much")
        full = replace(full, revision=full.revision + 1)
        reading = self._shop.parts.matcher.read(full)
        entities = tuple(dict.fromkeys(span.entity for span in reading.entities))
        return ArticleRecord(
            article=replace(article, status=ArticleStatus.GOT, reason="", detail="", due_at=None),
            entry=replace(full, entities=entities),
            reading=reading,
        )


def _failed(article: Article, error: FetchError | ParseError, now: datetime) -> ArticleRecord:
    """Return where an article stands after a failure: to be tried again, or given up."""
    if error.reason is FetchReason.MACHINE:
        again = replace(article, reason=error.reason.value, detail=str(error), due_at=now + SOON)
        return ArticleRecord(article=replace(again, tries=article.tries - 1))
    if not isinstance(error, FetchError) or error.reason not in PASSING or article.tries > len(WAITS):
        return _refused(article, error.reason.value, str(error))
    rest = error.retry_after
    if rest is None and error.reason is FetchReason.HTTP_429:
        rest = WAITS[0]
    due = now + max(WAITS[article.tries - 1], rest or timedelta(0))
    waiting = replace(article, reason=error.reason.value, detail=str(error), due_at=due)
    return ArticleRecord(article=waiting, rest_until=now + rest if rest else None)


def _refused(article: Article, reason: str, detail: str) -> ArticleRecord:
    refused = replace(article, status=ArticleStatus.REFUSED, reason=reason, detail=detail, due_at=None)
    return ArticleRecord(article=refused)
