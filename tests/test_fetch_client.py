"""The client that channels send with."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import httpx
import pytest

from monitor.errors import ConfigError, FetchReason
from monitor.fetch import Guard, RefusedError, client
from monitor.fetch.client import Proxied, user_agent
from monitor.model import NetworkSettings
from tests.politeness.kit import LOCAL
from tests.politeness.server import Reply, Request, Server

SHORT = timedelta(seconds=5)


async def test_it_posts_and_reads_the_answer() -> None:
    async with (
        Server(lambda r: Reply(body=b"ok")) as server,
        client(LOCAL, version="1", timeout=SHORT) as sender,
    ):
        for _ in range(3):
            response = await sender.post(server.url("/hook"), json={"text": "ট্রাম্প"})
            assert (response.status_code, response.text) == (200, "ok")
        assert server.connections == 1
        request = server.requests[0]
        assert request.body == '{"text":"ট্রাম্প"}'.encode()
        assert request.get("user-agent") == "monitor/1 (+https://example.org/contact)"


async def test_it_follows_no_redirect() -> None:
    async with Server(lambda r: Reply(302, {"Location": "/elsewhere"})) as server:
        async with client(LOCAL, version="1", timeout=SHORT) as sender:
            assert (await sender.post(server.url("/hook"), content=b"x")).status_code == 302
        assert len(server.requests) == 1


async def test_it_keeps_no_cookies() -> None:
    reply = Reply(headers={"Set-Cookie": "session=1; Path=/"})
    async with Server(lambda r: reply) as server, client(LOCAL, version="1", timeout=SHORT) as sender:
        for _ in range(2):
            await sender.post(server.url("/hook"), content=b"x")
        assert all(request.get("cookie") is None for request in server.requests)


async def test_it_goes_nowhere_private() -> None:
    async with Server() as server, client(NetworkSettings(), version="1", timeout=SHORT) as sender:
        with pytest.raises(RefusedError) as refused:
            await sender.post(server.url("/hook"), content=b"x")
        assert refused.value.reason is FetchReason.REFUSED
        assert server.requests == []


async def test_a_dripping_answer_ends_at_the_deadline() -> None:
    async def drip(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with (
        Server(drip=drip) as server,
        client(LOCAL, version="1", timeout=timedelta(seconds=0.2)) as sender,
    ):
        with pytest.raises(httpx.ReadTimeout):
            await sender.post(server.url("/hook"), content=b"x")


async def test_an_answer_without_a_head_ends_at_the_deadline() -> None:
    async def hang(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async with (
        Server(drip=hang) as server,
        client(LOCAL, version="1", timeout=timedelta(seconds=0.1)) as sender,
    ):
        with pytest.raises(httpx.ReadTimeout):
            await sender.post(server.url("/hook"), content=b"x")


async def test_an_endless_answer_is_given_up() -> None:
    async with (
        Server(lambda r: Reply(body=b"x" * 2_000_000)) as server,
        client(LOCAL, version="1", timeout=SHORT) as sender,
    ):
        with pytest.raises(httpx.RemoteProtocolError, match="more than"):
            await sender.post(server.url("/hook"), content=b"x")


async def test_nothing_is_unpacked() -> None:
    reply = Reply(headers={"Content-Encoding": "br"}, body=b"not brotli")
    async with Server(lambda r: reply) as server, client(LOCAL, version="1", timeout=SHORT) as sender:
        assert (await sender.post(server.url("/hook"), content=b"x")).content == b"not brotli"


async def test_the_log_never_sees_a_url(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with Server() as server, client(LOCAL, version="1", timeout=SHORT) as sender:
        await sender.post(server.url("/services/T0/B0/canary"), content=b"x")
    assert "canary" not in caplog.text


async def test_a_header_that_would_split_the_request_is_not_sent() -> None:
    async with Server() as server, client(LOCAL, version="1", timeout=SHORT) as sender:
        with pytest.raises(httpx.LocalProtocolError):
            await sender.post(server.url("/hook"), headers={"X-A": "b\r\nX-Evil: 1"})
        assert server.requests == []


async def test_a_post_is_not_sent_twice_when_its_answer_is_lost() -> None:
    def answer(request: Request) -> Reply:
        return Reply(raw=b"", close=True) if len(server.requests) > 1 else Reply(body=b"ok")

    async with Server(answer) as server, client(LOCAL, version="1", timeout=SHORT) as sender:
        await sender.post(server.url("/hook"), content=b"1")
        with pytest.raises(httpx.RemoteProtocolError):
            await sender.post(server.url("/hook"), content=b"2")
        assert [request.body for request in server.requests] == [b"1", b"2"]


async def test_it_can_go_through_a_proxy() -> None:
    async with Server(lambda r: Reply(body=b"ok")) as proxy:
        network = NetworkSettings(proxy=proxy.url(""))
        async with client(network, version="1", timeout=SHORT) as sender:
            assert (await sender.post("http://hooks.example.org/x", content=b"y")).text == "ok"
        assert proxy.requests[0].target == "http://hooks.example.org/x"


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "nonsense", "ftp://x"])
def test_a_proxy_that_cannot_be_used_is_a_config_error(proxy: str) -> None:
    with pytest.raises(ConfigError):
        Proxied(proxy, Guard())


def test_a_contact_cannot_smuggle_a_header() -> None:
    assert user_agent(NetworkSettings(contact="a\r\nX: b"), "1") == "monitor/1 (+aX: b)"
    assert user_agent(NetworkSettings(), "1") == "monitor/1"
