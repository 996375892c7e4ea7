"""B. Timing: criteria 18 to 32."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tests.politeness.desk import QUICK, Desk, needs_wishes
from tests.politeness.kit import START
from tests.politeness.server import FEED, Reply, Request, Server

DAY = timedelta(hours=24)
HOUR = timedelta(hours=1)
FLOOR = timedelta(minutes=15)


class Watch:
    """Notes the virtual time of each request, by path."""

    def __init__(self, answer: Callable[[Request], Reply]) -> None:
        self.answer = answer
        self.desk: Desk | None = None
        self.at: dict[str, list[datetime]] = {}

    def __call__(self, request: Request) -> Reply | Awaitable[Reply]:
        assert self.desk is not None
        self.at.setdefault(request.path, []).append(self.desk.now())
        return self.answer(request)

    def gaps(self, path: str = "/feed.xml") -> list[timedelta]:
        """Return the virtual time between the polls of a feed."""
        return [b - a for a, b in pairwise(self.at[path])]


def always(headers: dict[str, str] | None = None, body: bytes = FEED) -> Callable[[Request], Reply]:
    """Answer the same to everybody."""
    reply = Reply(200, headers or {}, body)
    return lambda request: reply


async def gaps(
    folder: Path, answer: Callable[[Request], Reply], for_: timedelta = 2 * DAY
) -> list[timedelta]:
    """Return the times between polls of one feed over a stretch of virtual time."""
    watch = Watch(answer)
    async with Server(watch) as server, Desk(folder, [server.url()]) as desk:
        watch.desk = desk
        await desk.run(for_)
        return watch.gaps()


def channel(inside: str) -> bytes:
    """Return a feed whose channel says something more."""
    return FEED.replace(b"<channel>", b"<channel>" + inside.encode())


async def test_18_no_two_polls_are_closer_than_the_floor(tmp_path: Path) -> None:
    assert min(await gaps(tmp_path, always())) >= FLOOR


async def test_19_twenty_restarts_in_ten_minutes_poll_nothing_early(tmp_path: Path) -> None:
    watch = Watch(always())
    async with Server(watch) as server, Desk(tmp_path, [server.url(f"/{i}") for i in range(5)]) as desk:
        watch.desk = desk
        await desk.tick()
        for _ in range(20):
            desk.clock.advance(timedelta(seconds=30))
            await desk.restart()
            await desk.tick()
        assert len(server.requests) == 5


@pytest.mark.parametrize(
    "headers, least",
    [
        ({"Cache-Control": "max-age=7200"}, 7200),
        ({"Cache-Control": "max-age=7200", "Age": "3600"}, 3600),
        ({"Cache-Control": "max-age=99999999999"}, 86400),
        ({"Cache-Control": "max-age=7200", "Expires": "Thu, 16 Oct 2031 10:00:00 GMT"}, 7200),
        ({"Expires": "Thu, 16 Oct 2025 13:00:00 GMT", "Date": "Thu, 16 Oct 2025 11:00:00 GMT"}, 7200),
    ],
    ids=["20 max-age", "20 less Age", "20 cap", "21 max-age beats Expires", "Expires"],
)
async def test_20_21_freshness_is_waited_for(tmp_path: Path, headers: dict[str, str], least: int) -> None:
    found = await gaps(tmp_path, always(headers), 4 * DAY)
    assert min(found) >= timedelta(seconds=least)
    assert min(found) <= timedelta(seconds=least) + HOUR


@pytest.mark.parametrize(
    "headers",
    [
        {"Expires": "0"},
        {"Expires": "-1"},
        {"Expires": "garbage"},
        {"Cache-Control": "no-store"},
        {"Cache-Control": "no-cache, max-age=0"},
        {"Cache-Control": "must-revalidate"},
        {"Cache-Control": "max-age=-100"},
        {"Cache-Control": "max-age=1e9"},
        {"Cache-Control": "max-age=0"},
    ],
    ids=["22 zero", "22 negative", "22 garbage", "23 no-store", "23 no-cache", "23 must-revalidate", "26 negative",
         "26 exponent", "26 zero"],
)  # fmt: skip
async def test_22_23_26_what_is_no_wish_means_the_usual_time(tmp_path: Path, headers: dict[str, str]) -> None:
    found = await gaps(tmp_path, always(headers), 2 * HOUR)
    assert min(found) >= FLOOR
    assert found[0] <= FLOOR * 1.2


@needs_wishes
@pytest.mark.parametrize(
    "inside, least",
    [
        ("<ttl>120</ttl>", 2 * HOUR),
        ("<ttl>999999</ttl>", DAY),
        (
            '<a:updatePeriod xmlns:a="http://purl.org/rss/1.0/modules/syndication/">daily</a:updatePeriod>',
            DAY,
        ),
        ("<ttl>0</ttl>", FLOOR),
        (
            '<a:updatePeriod xmlns:a="http://purl.org/rss/1.0/modules/syndication/">minutely</a:updatePeriod>',
            FLOOR,
        ),
        (
            '<a:updatePeriod xmlns:a="http://purl.org/rss/1.0/modules/syndication/">always</a:updatePeriod>',
            FLOOR,
        ),
    ],
)
async def test_24_a_feeds_own_wish_is_a_floor(tmp_path: Path, inside: str, least: timedelta) -> None:
    assert min(await gaps(tmp_path, always(body=channel(inside)), 3 * DAY)) >= least


@needs_wishes
async def test_24_a_feeds_own_wish_holds_over_304_and_restart(tmp_path: Path) -> None:
    def answer(request: Request) -> Reply:
        if request.get("if-none-match"):
            return Reply(304)
        return Reply(headers={"ETag": '"a"'}, body=channel("<ttl>240</ttl>"))

    watch = Watch(answer)
    async with Server(watch) as server, Desk(tmp_path, [server.url()]) as desk:
        watch.desk = desk
        for _ in range(10):
            await desk.run(3 * HOUR)
            await desk.restart()
        assert min(watch.gaps()) >= 4 * HOUR


@needs_wishes
async def test_25_skipped_hours_and_days_are_left_alone(tmp_path: Path) -> None:
    hours = "".join(f"<hour>{hour}</hour>" for hour in range(8))
    body = channel(f"<skipHours>{hours}</skipHours><skipDays><day>Sunday</day></skipDays>")
    watch = Watch(always(body=body))
    async with Server(watch) as server, Desk(tmp_path, [server.url()]) as desk:
        watch.desk = desk
        await desk.run(7 * DAY)
        asked = watch.at["/feed.xml"]
        assert not [moment for moment in asked if moment.hour < 8 or moment.weekday() == 6]
        assert len(asked) > 50


async def test_27_feeds_of_one_interval_are_spread(tmp_path: Path) -> None:
    watch = Watch(always())
    async with (
        Server(watch) as server,
        Desk(tmp_path, [server.url(f"/{i}") for i in range(400)], spread=FLOOR) as desk,
    ):
        watch.desk = desk
        await desk.run(HOUR, step=timedelta(seconds=30))
        minutes = Counter(
            int((at - START) / timedelta(minutes=1)) for times in watch.at.values() for at in times
        )
        mean = sum(minutes.values()) / 60  # about 26 by chance: 2.2 times that is six deviations off
        assert max(minutes.values()) <= 2.2 * mean


async def test_28_feeds_of_one_host_wait_for_each_other(tmp_path: Path) -> None:
    gap = timedelta(seconds=0.1)
    poll = replace(QUICK, per_host=2, per_host_gap=gap)
    async with (
        Server(always()) as server,
        Desk(tmp_path, [server.url(f"/{i}") for i in range(8)], poll=poll) as desk,
    ):
        assert await desk.tick() == 8
        starts = sorted(request.at for request in server.requests)
        assert min(b - a for a, b in pairwise(starts)) >= gap.total_seconds() * 0.7
        assert server.most_open <= 2


async def test_28_29_hundreds_of_feeds_of_one_host_keep_no_other_waiting(tmp_path: Path) -> None:
    poll = replace(QUICK, per_host=2, per_host_gap=timedelta(seconds=0.02), concurrency=4)
    async with Server(always()) as crowd, Server(always(), host="127.0.0.9") as server:
        feeds = [crowd.url(f"/{i}") for i in range(80)] + [server.url(f"/{i}") for i in range(10)]
        async with Desk(tmp_path, feeds, poll=poll) as desk:
            assert await desk.tick() == 90
        ended = max(request.at for request in server.requests)
        assert sum(request.at < ended for request in crowd.requests) < 40
        assert crowd.most_open <= 2


async def test_29_slow_servers_delay_nobody(tmp_path: Path) -> None:
    async def hang(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    poll = replace(QUICK, timeout=timedelta(seconds=1), concurrency=64)
    async with Server(drip=hang, host="0.0.0.0") as stuck, Server(always()) as server:
        feeds = [stuck.url(host=f"127.0.1.{i}") for i in range(1, 51)] + [
            server.url(f"/{i}") for i in range(10)
        ]
        async with Desk(tmp_path, feeds, poll=poll) as desk:
            begun = asyncio.get_running_loop().time()
            assert await desk.tick() == 60
            assert max(request.at for request in server.requests) - begun < 1


@pytest.mark.parametrize("jump", [HOUR, DAY, timedelta(days=365)], ids=str)
async def test_30_31_a_jump_of_the_clock_or_a_long_sleep_is_one_poll_each(
    tmp_path: Path, jump: timedelta
) -> None:
    watch = Watch(always())
    async with Server(watch) as server, Desk(tmp_path, [server.url(f"/{i}") for i in range(10)]) as desk:
        watch.desk = desk
        await desk.tick()
        desk.clock.advance(jump)
        assert await desk.tick() == 10
        assert await desk.tick() == 0


async def test_32_a_busy_feed_is_polled_hourly_and_a_dead_one_four_times_a_day(tmp_path: Path) -> None:
    def answer(request: Request) -> Reply:
        assert watch.desk is not None
        busy = request.path == "/busy"
        now = watch.desk.now() if busy else START
        ages = [HOUR * i if busy else timedelta(days=500 + i) for i in range(24)]
        items = "".join(
            f"<item><guid>{path}{at:%Y%m%d%H}</guid><title>t</title><pubDate>{format_datetime(at)}</pubDate></item>"
            for path, at in ((request.path, now.replace(minute=0, second=0) - age) for age in ages)
        )
        return Reply(body=f'<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode())

    watch = Watch(answer)
    async with Server(watch) as server, Desk(tmp_path, [server.url("/busy"), server.url("/dead")]) as desk:
        watch.desk = desk
        await desk.run(2 * DAY)
        assert max(watch.gaps("/busy")) <= HOUR
        assert len(watch.at["/dead"]) <= 9
