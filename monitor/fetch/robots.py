"""What a site's robots.txt allows us (RFC 9309), kept for a day; the one door to Protego.

Feeds are made for programs and are polled without asking; the pages behind them are not.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from monitor.clock import Clock
from monitor.errors import FetchError, FetchReason
from monitor.fetch.fetcher import Fetcher
from monitor.model import Failed, Feed, Fetched, Validators

try:
    import protego
except ImportError:  # an extra
    protego = None  # type: ignore[assignment]  # a module or nothing: mypy knows no such type

TOKEN: Final = "monitor"  # noqa: S105 - a product token (RFC 9309), no secret
"""Our product token: what stands before the version in the User-Agent (§2.2.1)."""
KEPT: Final = timedelta(hours=24)
"""How long an answer counts (§2.4)."""
STALE: Final = timedelta(days=30)
"""How long one that cannot be had again still does (§2.3.1.4)."""
LONGEST: Final = 500 * 1024
"""Bytes that are read (§2.5): a crawler must take as many."""
LONGEST_DELAY: Final = timedelta(minutes=1)
"""What a Crawl-delay counts up to: some write 3600, and news is for the day."""
ROOM: Final = 5_000_000
"""Bytes of all answers that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one site says; without a file it allows everything."""

    read_at: datetime
    size: int = 0
    parsed: Any = None

    def allow(self, url: str) -> bool:
        """Whether we may fetch a page of this site."""
        return self.parsed is None or bool(self.parsed.can_fetch(url, TOKEN))

    @property
    def delay(self) -> timedelta:
        """How long to wait between two pages."""
        if self.parsed is None:
            return timedelta(0)
        asked: list[float] = [self.parsed.crawl_delay(TOKEN) or 0.0]
        if (rate := self.parsed.request_rate(TOKEN)) is not None and rate.requests > 0:
            asked.append(rate.seconds / rate.requests)
        longest = max(one if math.isfinite(one) else 0.0 for one in asked)
        return timedelta(seconds=min(max(longest, 0.0), LONGEST_DELAY.total_seconds()))


class Robots:
    """Knows the rules of the sites that were asked lately."""

    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        self._fetcher, self._clock = fetcher, clock
        self._known: OrderedDict[str, Rules] = OrderedDict()

    async def rules(self, feed: Feed, url: str) -> Rules:
        """Return the rules of a page's site. Raises FetchError where they cannot be had: not now, then.

        `feed` says by which proxy to ask.
        """
        site, now = origin(url), self._clock.now()
        known = self._known.get(site)
        if known is not None and timedelta(0) <= now - known.read_at < KEPT:
            self._known.move_to_end(site)
            return known
        try:
            rules = await self._ask(feed, site, now)
        except FetchError:
            if known is None or now - known.read_at > STALE:
                raise
            return known
        self._known[site] = rules
        self._known.move_to_end(site)
        while len(self._known) > 1 and sum(512 + one.size for one in self._known.values()) > ROOM:
            self._known.popitem(last=False)
        return rules

    async def _ask(self, feed: Feed, site: str, now: datetime) -> Rules:
        asked = Feed(
            url=f"{site}/robots.txt", source=feed.source, proxy=feed.proxy, headers={"Accept": "text/plain"}
        )
        outcome = (await self._fetcher.fetch(asked, Validators())).outcome
        match outcome:
            case Fetched(body=body):
                text = body[:LONGEST].decode("utf-8-sig", "replace")
                # Aside: half a megabyte of rules takes as long as a feed.
                return Rules(read_at=now, size=len(text), parsed=await asyncio.to_thread(_parse, text))
            case Failed(error=FetchError(status=int(status))) if _absent(status):
                return Rules(read_at=now)
            case Failed(error=FetchError() as error):
                words = f"robots.txt: {error}"
                raise FetchError(error.reason, words, status=error.status, retry_after=error.retry_after)
        raise FetchError(FetchReason.PROTOCOL, "robots.txt: an answer without a document")


_AGENT: Final = re.compile(r"\s*user[- ]?agent\s*:?\s*([^#]*)", re.IGNORECASE)


def _parse(text: str) -> Any:
    """Return the rules. Those for others are read as for one: 15,000 names before 15,000 rules take hours."""
    lines: list[str] = []
    others = False
    for line in text.splitlines():
        named = _AGENT.match(line)
        if named is None:
            others = others and not line.partition("#")[0].strip()
        elif (name := named[1].strip().lower()) != "*" and name.replace("*", "") not in TOKEN:
            if others:
                continue
            others, line = True, "User-agent: -"
        lines.append(line)
    return protego.Protego.parse("\n".join(lines))


def _absent(status: int) -> bool:
    """Whether there are no rules, then: client errors (§2.3.1.3), but for the one that asks us to wait."""
    return 400 <= status < 500 and status != 429


def origin(url: str) -> str:
    """Return the site of a URL: scheme, host and port, no login. Raises FetchError for what is no URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise FetchError(FetchReason.REFUSED, f"not a URL: {error}"[:300]) from error
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
