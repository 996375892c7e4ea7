"""Feed-days: publishers of all kinds over simulated days, restarts included, and every request judged.

A request is judged by what its feed was given before: unconditional after validators were given,
a validator that was never given (bogus), one that is not the last (out of sequence), a poll
before it was allowed (early), a cookie, a referrer, a changed path or query.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from tests.politeness.desk import QUICK, Desk
from tests.politeness.server import Reply, Request, Server

FAULTS = ("unconditional", "bogus", "out of sequence", "early", "cookies", "referrers", "queries")
FEEDS = 50
STEP = timedelta(minutes=5)


@dataclass
class Publisher:
    """One feed: what it publishes when, what it gives, and what it may ask for."""

    number: int
    chance: Random
    given: tuple[str, str] = ("", "")
    all_given: set[tuple[str, str]] = field(default_factory=set)
    not_before: datetime | None = None
    published: int = 5
    last: datetime | None = None
    polls: int = 0

    def body(self) -> bytes:
        """Return the feed as it is now."""
        items = "".join(
            f"<item><guid>https://example.org/{self.number}/{i}</guid><title>{i}</title></item>"
            for i in range(self.published, max(0, self.published - 10), -1)
        )
        return f'<rss version="2.0"><channel><title>{self.number}</title>{items}</channel></rss>'.encode()

    def answer(self, request: Request, now: datetime, faults: Counter[str]) -> Reply:
        """Judge a request and answer it."""
        self.judge(request, now, faults)
        self.polls += 1
        self.last = now
        self.not_before = now + QUICK.minimum
        if self.number % 10 == 7 and self.chance.random() < 0.1:
            self.not_before = now + timedelta(seconds=3600)
            return Reply(self.chance.choice((429, 503)), {"Retry-After": "3600", "Set-Cookie": "a=b"})
        if self.number % 10 == 8 and self.chance.random() < 0.2:
            return Reply(self.chance.choice((404, 500, 502)))
        if self.chance.random() < 0.1:
            self.published += 1
        etag = f'"{self.number}-{self.published}"' if self.number % 5 != 3 else ""
        date = f"date {self.number} {self.published}" if self.number % 5 in (2, 3) else ""
        headers = {"Set-Cookie": f"s={self.polls}"}
        if self.number % 4 == 1:
            headers["Cache-Control"] = "max-age=3600"
            self.not_before = now + timedelta(seconds=3600)
        asked = (request.get("if-none-match") or "", request.get("if-modified-since") or "")
        if (etag or date) and asked == (etag, date):
            return Reply(304, headers)
        headers |= ({"ETag": etag} if etag else {}) | ({"Last-Modified": date} if date else {})
        self.given = (etag, date)
        self.all_given.add(self.given)
        return Reply(headers=headers, body=self.body())

    def judge(self, request: Request, now: datetime, faults: Counter[str]) -> None:
        """Count what is wrong with a request."""
        asked = (request.get("if-none-match") or "", request.get("if-modified-since") or "")
        faults["unconditional"] += asked == ("", "") and self.given != ("", "")
        if asked != ("", ""):
            faults["bogus"] += asked not in self.all_given
            faults["out of sequence"] += asked in self.all_given and asked != self.given
        faults["early"] += self.not_before is not None and now < self.not_before
        faults["cookies"] += request.get("cookie") is not None
        faults["referrers"] += request.get("referer") is not None
        faults["queries"] += request.target != f"/{self.number}?f={self.number}"


async def simulate(folder: Path, days: int, *, seed: int = 1) -> tuple[int, Counter[str]]:
    """Run `days` feed-days (50 feeds at a time, a restart every six hours); return polls and faults."""
    faults: Counter[str] = Counter(dict.fromkeys(FAULTS, 0))
    publishers = [Publisher(number, Random(seed * 1000 + number)) for number in range(FEEDS)]
    desk: Desk

    def answer(request: Request) -> Reply:
        return publishers[int(request.path.strip("/"))].answer(request, desk.now(), faults)

    async with Server(answer) as server:
        desk = Desk(
            folder, [server.url(f"/{p.number}?f={p.number}") for p in publishers], spread=QUICK.minimum
        )
        async with desk:
            for _ in range(max(1, round(days / FEEDS * 4))):
                await desk.run(timedelta(hours=6), step=STEP)
                server.requests.clear()
                await desk.restart()
    return sum(publisher.polls for publisher in publishers), faults
