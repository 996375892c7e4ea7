from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from monitor.errors import FetchReason
from monitor.fetch.hosts import Hosts
from monitor.model import Validators
from tests.politeness.kit import EAGER, feed, fetching, got, refused
from tests.politeness.server import FEED, Reply, Request, Server

NONE = Validators()


async def test_starts_at_one_host_keep_their_distance() -> None:
    gap = 0.05
    spaced = replace(EAGER, per_host_gap=timedelta(seconds=gap))
    async with Server() as server, fetching(spaced) as fetcher:
        await asyncio.gather(*(fetcher.fetch(feed(server.url(f"/{i}")), NONE) for i in range(8)))
        starts = [request.at for request in server.requests]
        assert min(b - a for a, b in pairwise(starts)) > gap * 0.8
        assert server.connections == 1


async def test_a_redirect_within_a_host_keeps_its_distance_too() -> None:
    gap = 0.05
    spaced = replace(EAGER, per_host_gap=timedelta(seconds=gap))

    def answer(request: Request) -> Reply:
        return Reply(302, {"Location": "/b"}) if request.path == "/a" else Reply(body=FEED)

    async with Server(answer) as server, fetching(spaced) as fetcher:
        got(await fetcher.fetch(feed(server.url("/a")), NONE))
        assert server.requests[1].at - server.requests[0].at > gap * 0.8


async def test_no_more_than_two_at_once_at_one_host() -> None:
    under_way, most = 0, 0

    async def answer(request: Request) -> Reply:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        return Reply(body=FEED)

    async with Server(answer) as server, fetching() as fetcher:
        await asyncio.gather(*(fetcher.fetch(feed(server.url(f"/{i}")), NONE) for i in range(30)))
        assert most == 2
        assert server.connections == 2


async def test_no_more_exchanges_at_once_than_the_desk_says() -> None:
    hosts = Hosts(at_once=2, gap=0, concurrency=3)
    under_way, most = 0, 0

    async def one(number: int) -> None:
        nonlocal under_way, most
        async with hosts.turn(f"host{number}"):
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1

    await asyncio.gather(*(one(i) for i in range(20)))
    assert most == 3


async def test_who_waits_for_a_host_holds_no_place_of_others() -> None:
    hosts = Hosts(at_once=2, gap=60, concurrency=2)
    async with hosts.turn("slow"):
        pass
    waiting = [asyncio.create_task(hosts.turn("slow").__aenter__()) for _ in range(5)]
    async with asyncio.timeout(1):
        for number in range(5):
            async with hosts.turn(f"other{number}"):
                await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_fifty_hanging_servers_delay_nobody() -> None:
    async def hang(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    patient = replace(EAGER, timeout=timedelta(seconds=1), concurrency=64)
    async with (
        Server(drip=hang, host="0.0.0.0") as stuck,
        Server() as server,
        fetching(patient) as fetcher,
    ):
        hanging = [
            asyncio.create_task(fetcher.fetch(feed(stuck.url(host=f"127.0.1.{number}")), NONE))
            for number in range(1, 51)
        ]
        await stuck.until(lambda: len(stuck.requests) == 50)
        loop, begun = asyncio.get_running_loop(), asyncio.get_running_loop().time()
        for number in range(20):
            got(await fetcher.fetch(feed(server.url(f"/{number}")), NONE))
        assert loop.time() - begun < 1
        assert {refused(await task).reason for task in hanging} == {FetchReason.TIMEOUT}


async def test_a_host_is_forgotten_once_nobody_uses_it() -> None:
    hosts = Hosts(at_once=1, gap=0, concurrency=5)
    for number in range(100):
        async with hosts.turn(f"host{number}"):
            pass
    assert not hosts._hosts


async def test_a_turn_that_is_given_up_while_waiting_is_not_lost() -> None:
    hosts = Hosts(at_once=1, gap=0, concurrency=1)
    async with hosts.turn("a"):
        waiting = [asyncio.create_task(hosts.turn("a").__aenter__()) for _ in range(3)]
        waiting += [asyncio.create_task(hosts.turn("b").__aenter__()) for _ in range(3)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    async with asyncio.timeout(1), hosts.turn("a"):
        pass
    async with asyncio.timeout(1), hosts.turn("b"):
        pass
