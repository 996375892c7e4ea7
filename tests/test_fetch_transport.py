"""The transport under httpx: connections, their reuse and their end."""

from __future__ import annotations

import asyncio
import gc
import ssl

import httpx
import pytest

from monitor.fetch import Guard, Transport
from monitor.fetch import transport as module
from monitor.fetch.connection import Connection
from tests.politeness.kit import LOCAL
from tests.politeness.server import FEED, Reply, Request, Server
from tests.receivers import client_tls, server_tls


def opened(**options: float | ssl.SSLContext | None) -> Transport:
    return Transport(Guard(LOCAL.allow_private), **options)  # type: ignore[arg-type]


async def get(transport: Transport, url: str, method: str = "GET") -> bytes:
    response = await transport.handle_async_request(httpx.Request(method, url))
    body = b"".join([piece async for piece in response.stream])  # type: ignore[union-attr]
    await response.aclose()
    return body


async def test_an_unused_connection_is_closed_after_a_while() -> None:
    async with Server() as server:
        transport = opened(idle=0.05)
        await get(transport, server.url())
        assert server.now_open == 1
        await server.until(lambda: not server.now_open)
        await get(transport, server.url())
        assert server.connections == 2
        await transport.aclose()


async def test_only_so_many_unused_connections_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_IDLE", 3)
    async with Server(host="0.0.0.0") as server:
        transport = opened()
        for number in range(1, 9):
            await get(transport, server.url(host=f"127.0.0.{number}"))
        await server.until(lambda: server.now_open == 3)
        await transport.aclose()


async def test_an_answer_nobody_asked_for_ends_the_connection() -> None:
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    async with Server(
        lambda r: Reply(raw=whole + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
    ) as server:
        transport = opened()
        for _ in range(3):
            assert await get(transport, server.url()) == b"ok"
        assert server.connections == 3
        await transport.aclose()


async def test_a_cancelled_request_leaves_nothing_behind() -> None:
    async def hang(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
        await asyncio.sleep(60)

    async with Server(drip=hang) as server:
        transport = opened()
        for _ in range(10):
            task = asyncio.create_task(get(transport, server.url()))
            await server.until(lambda: len(server.requests) == 1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            server.requests.clear()
        assert not transport._idle
        server.drip = None
        server.handler = lambda request: Reply(body=FEED)
        assert await get(transport, server.url()) == FEED
        await transport.aclose()
        assert not transport._open


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
async def test_a_slow_reader_pauses_the_sender(tls: bool) -> None:
    size = 8_000_000
    async with Server(lambda r: Reply(body=b"x" * size), context=server_tls() if tls else None) as server:
        transport = opened(context=client_tls())
        response = await transport.handle_async_request(httpx.Request("GET", server.url()))
        await asyncio.sleep(0.1)
        (connection,) = transport._open
        assert connection._waiting_bytes < 2_000_000
        pieces = [piece async for piece in response.stream]  # type: ignore[union-attr]
        assert sum(map(len, pieces)) == size
        await response.aclose()
        await transport.aclose()


async def test_a_head_request_has_no_body_whatever_its_length_says() -> None:
    reply = Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
    async with Server(lambda r: reply) as server:
        transport = opened()
        assert await get(transport, server.url(), "HEAD") == b""
        assert await get(transport, server.url(), "HEAD") == b""
        await transport.aclose()


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X-Filler: " + b"x" * 70_000,
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 4000,
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20_000,
    ],
    ids=["one long header", "endless hints", "many headers"],
)
async def test_a_head_that_does_not_end_is_given_up(head: bytes) -> None:
    async with Server(lambda r: Reply(raw=head)) as server:
        transport = opened()
        with pytest.raises(httpx.RemoteProtocolError, match="headers of more than"):
            await get(transport, server.url())
        await transport.aclose()


async def test_a_closed_transport_takes_no_requests() -> None:
    async with Server() as server:
        transport = opened()
        await get(transport, server.url())
        await transport.aclose()
        with pytest.raises(httpx.ConnectError):
            await get(transport, server.url())


async def test_it_serves_a_plain_httpx_client() -> None:
    async with Server() as server, httpx.AsyncClient(transport=opened()) as client:
        response = await client.get(server.url(), params={"a": "b"})
        assert response.content == FEED
        assert response.http_version == "HTTP/1.1"
        assert server.requests[0].target == "/feed.xml?a=b"


async def test_line_ends_without_a_carriage_return_are_read() -> None:
    async with Server(lambda r: Reply(raw=b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", close=True)) as server:
        transport = opened()
        assert await get(transport, server.url()) == b"ok"
        await transport.aclose()


@pytest.mark.parametrize("ending", ["kept", "closed"])
async def test_an_ended_connection_is_no_cycle(ending: str) -> None:
    async with Server(lambda r: Reply(body=FEED, close=ending == "closed")) as server:
        transport = opened()
        gc.collect()
        gc.disable()
        try:
            for _ in range(3):
                assert await get(transport, server.url()) == FEED
            await transport.aclose()
            await server.until(lambda: not server.now_open)
            gc.set_debug(gc.DEBUG_SAVEALL)
            gc.collect()
            assert not [one for one in gc.garbage if isinstance(one, Connection)]
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()
