"""C. Statuses: criteria 33 to 48."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import FetchReason
from monitor.model import Validators
from tests.politeness.desk import QUICK, Desk, needs_origin
from tests.politeness.kit import EAGER, client_tls, feed, fetching, got, refused, server_tls
from tests.politeness.server import FEED, Reply, Request, Server

DAY = timedelta(hours=24)
HOUR = timedelta(hours=1)
NONE = Validators()
SLOW = replace(QUICK, minimum=4 * HOUR, every=4 * HOUR)


def moving(status: int, target: str = "/new", *, final: Reply | None = None) -> Server:
    """Return a server whose /old leads to `target`."""
    last = final or Reply(body=FEED)
    return Server(lambda request: Reply(status, {"Location": target}) if request.path == "/old" else last)


@pytest.mark.parametrize("status", [301, 308])
async def test_33_a_permanent_move_is_adopted_after_a_day_of_the_same(tmp_path: Path, status: int) -> None:
    async with moving(status) as server, Desk(tmp_path, [server.url("/old")], poll=SLOW) as desk:
        await desk.run(DAY - HOUR)
        assert server.requests[-2].path == "/old"
        await desk.run(DAY)
        server.requests.clear()
        await desk.restart()
        await desk.run(DAY)
        assert {request.path for request in server.requests} == {"/new"}
        assert (await desk.state()).status == "ok"
        assert (await desk.state()).url == server.url("/old")


@pytest.mark.parametrize("status", [302, 303, 307])
async def test_33_a_temporary_one_never_is(tmp_path: Path, status: int) -> None:
    async with moving(status) as server, Desk(tmp_path, [server.url("/old")], poll=SLOW) as desk:
        await desk.run(4 * DAY)
        assert server.requests[-2].path == "/old"
        assert (await desk.state()).moved_to == ""


async def test_33_a_move_can_be_taken_back(tmp_path: Path) -> None:
    async with moving(301) as server, Desk(tmp_path, [server.url("/old")], poll=SLOW) as desk:
        await desk.run(2 * DAY)
        server.handler = lambda request: Reply(404) if request.path == "/new" else Reply(body=FEED)
        await desk.run(2 * DAY)
        assert server.requests[-1].path == "/old"
        assert (await desk.state()).status == "ok"


async def test_34_a_move_to_what_is_no_feed_is_not_believed(tmp_path: Path) -> None:
    page = Reply(headers={"Content-Type": "text/html"}, body=b"<!DOCTYPE html><html>parked</html>")
    async with moving(301, final=page) as server, Desk(tmp_path, [server.url("/old")], poll=SLOW) as desk:
        await desk.run(4 * DAY)
        assert (await desk.state()).moved_to == ""
        assert (await desk.state()).status == "moved"
        assert server.requests[-2].path == "/old"


async def test_35_giving_up_tls_is_not_believed() -> None:
    async with Server() as plain, fetching(tls=client_tls()) as fetcher:
        away = Reply(301, {"Location": plain.url()})
        async with Server(lambda request: away, context=server_tls()) as safe:
            result = await fetcher.fetch(feed(safe.url()), NONE)
            assert got(result).body == FEED
            assert result.moved_to == ""


async def test_36_a_loop_ends_after_five_hops() -> None:
    async with (
        Server(lambda request: Reply(301, {"Location": request.path})) as server,
        fetching() as fetcher,
    ):
        refused(await fetcher.fetch(feed(server.url()), NONE))
        assert len(server.requests) == 6


@needs_origin
async def test_37_validators_belong_to_the_final_url(tmp_path: Path) -> None:
    def final(request: Request) -> Reply:
        return (
            Reply(304) if request.get("if-none-match") == '"b"' else Reply(headers={"ETag": '"b"'}, body=FEED)
        )

    async with Server(final) as there:
        away = Reply(302, {"Location": there.url()}, b"")
        async with Server(lambda request: away) as here, Desk(tmp_path, [here.url()]) as desk:
            for _ in range(3):
                await desk.run(2 * HOUR)
                await desk.restart()
            assert {request.get("if-none-match") for request in here.requests} == {None}
            assert [request.get("if-none-match") for request in there.requests[:3]] == [None, '"b"', '"b"']


async def test_38_a_feed_that_is_gone_is_looked_at_once_a_week(tmp_path: Path) -> None:
    async with Server(lambda request: Reply(410)) as server, Desk(tmp_path, [server.url()]) as desk:
        await desk.run(timedelta(days=30))
        assert len(server.requests) == 5
        assert (await desk.state()).status == "gone"
        await desk.tick(everything=True)
        assert len(server.requests) == 5


@pytest.mark.parametrize("status", [404, 403, 500, 502])
async def test_39_errors_back_off_to_six_hours_and_never_stop(tmp_path: Path, status: int) -> None:
    async with Server(lambda request: Reply(status)) as server, Desk(tmp_path, [server.url()]) as desk:
        await desk.run(timedelta(days=10))
        assert 36 <= len(server.requests) <= 46
        state = await desk.state()
        assert state.next_poll_at is not None
        assert state.next_poll_at - desk.now() <= 7 * HOUR
        server.handler = lambda request: Reply(body=FEED)
        await desk.run(DAY)
        assert (await desk.state()).status == "ok"


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    "wait, least",
    [
        ("7200", 7200),
        ("7200.5", 7200),
        ("316800", 86400),
        ("-5", 900),
        ("Thu, 16 Oct 2025 14:00:00 GMT", 7200),
    ],
    ids=["seconds", "fraction", "88 hours", "negative", "date"],
)
async def test_40_41_43_retry_after_is_honoured_up_to_a_day(
    tmp_path: Path, status: int, wait: str, least: int
) -> None:
    reply = Reply(status, {"Retry-After": wait, "Date": "Thu, 16 Oct 2025 12:00:00 GMT"})
    async with Server(lambda request: reply) as server, Desk(tmp_path, [server.url()]) as desk:
        await desk.run(timedelta(seconds=least - 1))
        assert len(server.requests) == 1
        if least > 900:
            await desk.tick(everything=True)
            assert len(server.requests) == 1
        await desk.run(timedelta(seconds=least * 0.2) + 12 * HOUR)
        assert len(server.requests) > 1


async def test_42_a_429_without_a_wait_at_least_doubles_it(tmp_path: Path) -> None:
    async with Server(lambda request: Reply(429)) as server, Desk(tmp_path, [server.url()]) as desk:
        await desk.run(timedelta(minutes=29))
        assert len(server.requests) == 1
        await desk.run(timedelta(minutes=10))
        assert len(server.requests) == 2


@pytest.mark.parametrize("status", [401, 407])
async def test_44_a_login_that_is_asked_for_is_not_tried(tmp_path: Path, status: int) -> None:
    reply = Reply(status, {"WWW-Authenticate": "Basic realm=x"})
    async with Server(lambda request: reply) as server, Desk(tmp_path, [server.url()]) as desk:
        await desk.tick()
        assert len(server.requests) == 1
        assert (await desk.state()).status == "blocked"


@pytest.mark.parametrize(
    "reply, status, reason",
    [
        (Reply(body=b"<!DOCTYPE html><html>Access denied</html>"), "blocked", "html"),
        (Reply(body=b"Access denied"), "blocked", "not-a-feed"),
        (Reply(403, {"cf-mitigated": "challenge"}, b"<html>"), "blocked", "blocked"),
        (Reply(200, {"cf-mitigated": "challenge"}, b"<html>"), "blocked", "blocked"),
        (Reply(204), "error", "protocol"),
        (Reply(body=b""), "error", "empty"),
        (
            Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + FEED, close=True),
            "error",
            "protocol",
        ),
        (Reply(226, {"IM": "feed"}, FEED), "error", "protocol"),
    ],
    ids=[
        "45 html",
        "45 text",
        "45 challenge",
        "45 challenge 200",
        "46 204",
        "46 empty",
        "46 truncated",
        "47 226",
    ],
)
async def test_45_46_47_what_is_no_feed_is_an_error_and_changes_nothing(
    tmp_path: Path, reply: Reply, status: str, reason: str
) -> None:
    good = Reply(headers={"ETag": '"good"'}, body=FEED)

    def answer(request: Request) -> Reply:
        return good if len(server.requests) == 1 else reply

    async with Server(answer) as server, Desk(tmp_path, [server.url()]) as desk:
        await desk.run(timedelta(minutes=30))
        state = await desk.state()
        assert (state.status, state.reason, state.entries) == (status, reason, 1)
        assert state.validators.etag == '"good"'


async def test_48_a_flood_of_hints_ends() -> None:
    async def flood(request: Request, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100)
            await writer.drain()

    async with Server(drip=flood) as server, fetching() as fetcher:
        assert refused(await fetcher.fetch(feed(server.url()), NONE)).reason is FetchReason.PROTOCOL


async def test_48_slow_hints_end_at_the_deadline() -> None:
    async def drip(request: Request, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    hasty = replace(EAGER, timeout=timedelta(seconds=0.2))
    async with Server(drip=drip) as server, fetching(hasty) as fetcher:
        assert refused(await fetcher.fetch(feed(server.url()), NONE)).reason is FetchReason.TIMEOUT
