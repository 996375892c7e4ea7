"""Fetcher, on real sockets."""

from __future__ import annotations

import asyncio
import gzip
import logging
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from monitor.clock import VirtualClock
from monitor.errors import FetchReason
from monitor.fetch import Fetcher, Guard
from monitor.model import Feed, NetworkSettings, Secret, Validators
from tests.politeness.kit import (
    EAGER,
    LOCAL,
    START,
    client_tls,
    feed,
    fetching,
    got,
    refused,
    server_tls,
    unchanged,
)
from tests.politeness.server import FEED, Reply, Request, Server

NONE = Validators()


# conditional requests ─────────────────────────────────────────────────────────────────────────


def conditional(etag: str = '"a"', modified: str = "") -> Callable[[Request], Reply]:
    def answer(request: Request) -> Reply:
        if etag and request.get("if-none-match") == etag:
            return Reply(304)
        if not etag and modified and request.get("if-modified-since") == modified:
            return Reply(304)
        headers = {"ETag": etag} if etag else {}
        return Reply(headers=headers | ({"Last-Modified": modified} if modified else {}), body=FEED)

    return answer


async def test_an_unchanged_feed_costs_a_304() -> None:
    async with Server(conditional()) as server, fetching() as fetcher:
        first = got(await fetcher.fetch(feed(server.url()), NONE))
        assert first.body == FEED
        second = unchanged(await fetcher.fetch(feed(server.url()), first.validators))
        assert second.validators == first.validators
        assert [r.get("if-none-match") for r in server.requests] == [None, '"a"']
        assert server.connections == 1


@pytest.mark.parametrize(
    "etag", ['"abc"', 'W/"abc"', "abc", '"a,b"', '"abc-gzip"', '"\xe0\xa6\xac\xff"', '""', "'a'", '"a" , "b"']
)
async def test_an_etag_goes_back_byte_for_byte(etag: str) -> None:
    async with Server(conditional(etag)) as server, fetching() as fetcher:
        first = got(await fetcher.fetch(feed(server.url()), NONE))
        unchanged(await fetcher.fetch(feed(server.url()), first.validators))
        assert server.requests[1].get("if-none-match") == etag


@pytest.mark.parametrize(
    "date", ["Thu, 16 Oct 2025 12:00:00 GMT", "yesterday", "Fri, 17 Oct 2099 12:00:00 +0600", "0"]
)
async def test_last_modified_goes_back_as_it_came(date: str) -> None:
    async with Server(conditional("", date)) as server, fetching() as fetcher:
        first = got(await fetcher.fetch(feed(server.url()), NONE))
        unchanged(await fetcher.fetch(feed(server.url()), first.validators))


async def test_a_304_may_bring_new_validators() -> None:
    def answer(request: Request) -> Reply:
        return Reply(304, {"ETag": '"b"', "Cache-Control": "max-age=60"})

    async with Server(answer) as server, fetching() as fetcher:
        old = Validators(etag='"a"', last_modified="then", url=server.url())
        outcome = unchanged(await fetcher.fetch(feed(server.url()), old))
        assert outcome.validators == Validators(etag='"b"', last_modified="then", url=server.url())
        assert outcome.fresh_for == timedelta(seconds=60)


async def test_a_304_to_an_unconditional_request_is_an_error() -> None:
    async with Server(lambda request: Reply(304)) as server, fetching() as fetcher:
        error = refused(await fetcher.fetch(feed(server.url()), NONE))
        assert (error.reason, error.status) == (FetchReason.PROTOCOL, 304)
        assert len(server.requests) == 1


async def test_validators_go_only_to_the_url_they_came_from() -> None:
    async with Server(conditional()) as there:

        def answer(request: Request) -> Reply:
            return Reply(302, {"Location": there.url("/final.xml")})

        async with Server(answer) as here, fetching() as fetcher:
            first = got(await fetcher.fetch(feed(here.url()), NONE))
            assert first.validators.url == there.url("/final.xml")
            unchanged(await fetcher.fetch(feed(here.url()), first.validators))
            assert [r.get("if-none-match") for r in here.requests] == [None, None]
            assert [r.get("if-none-match") for r in there.requests] == [None, '"a"']


# what is asked ────────────────────────────────────────────────────────────────────────────────


async def test_a_request_says_who_asks_for_what_and_nothing_else() -> None:
    async with (
        Server(lambda r: Reply(headers={"Set-Cookie": "a=b"}, body=FEED)) as server,
        fetching() as fetcher,
    ):
        for _ in range(3):
            await fetcher.fetch(feed(server.url("/feed.xml")), NONE)
        for request in server.requests:
            assert request.method == "GET"
            assert {name for name, _ in request.headers} == {
                "host",
                "user-agent",
                "accept",
                "accept-encoding",
            }
            assert request.get("user-agent") == "monitor/1.2 (+https://example.org/contact)"
            accepted = [kind.partition(";")[0] for kind in (request.get("accept") or "").split(", ")]
            assert accepted == [
                "application/feed+json",
                "application/atom+xml",
                "application/rss+xml",
                "application/rdf+xml",
                "application/json",
                "application/xml",
                "text/xml",
                "*/*",
            ]
            assert (request.get("accept-encoding") or "").startswith("gzip")


@pytest.mark.parametrize(
    "target",
    [
        "/f?a=1&b=2",
        "/%7Euser/a%2Fb",
        "/f?q=a+b%20c",
        "/%E0%A6%95",
        "/f?x=%zz",
        "/a//b/c",
        "/f?",
        "/f?a=[1]&b=|",
    ],
)
async def test_path_and_query_go_out_as_they_stand(target: str) -> None:
    async with Server() as server, fetching() as fetcher:
        got(await fetcher.fetch(feed(server.url(target) + "#top"), NONE))
        assert server.requests[0].target.replace("%5B", "[").replace("%5D", "]").replace("%7C", "|") == target


async def test_a_desks_headers_and_login_go_to_the_feeds_own_origin_only() -> None:
    async with Server() as there, fetching() as fetcher:
        away = Reply(302, {"Location": there.url()})
        async with Server(lambda r: away) as here:
            secret = feed(
                here.url(), headers={"X-Api-Key": Secret("k"), "Accept": "text/xml"}, auth=Secret("user:pass")
            )
            got(await fetcher.fetch(secret, NONE))
            assert here.requests[0].get("x-api-key") == "k"
            assert here.requests[0].get("accept") == "text/xml"
            assert here.requests[0].get("authorization") == "Basic dXNlcjpwYXNz"
            assert there.requests[0].get("x-api-key") is None
            assert there.requests[0].get("authorization") is None


async def test_a_login_in_the_url_is_sent_and_never_shown() -> None:
    async with Server(lambda r: Reply(403)) as server, fetching() as fetcher:
        url = server.url().replace("http://", "http://user:pass@")
        result = await fetcher.fetch(feed(url), NONE)
        assert server.requests[0].get("authorization") == "Basic dXNlcjpwYXNz"
        assert "pass" not in str(refused(result))


async def test_a_login_that_is_refused_is_not_tried_again() -> None:
    async with Server(lambda r: Reply(401, {"WWW-Authenticate": "Basic"})) as server, fetching() as fetcher:
        assert refused(await fetcher.fetch(feed(server.url()), NONE)).reason is FetchReason.BLOCKED
        assert len(server.requests) == 1


async def test_no_url_and_no_token_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with Server() as server, fetching() as fetcher:
        got(await fetcher.fetch(feed(server.url("/feed?key=canary"), headers={"X-Key": "canary"}), NONE))
    assert "canary" not in caplog.text


# redirects ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("statuses, believed", [((301, 308), True), ((301, 302), False), ((307,), False)])
async def test_only_a_wholly_permanent_chain_is_a_move(statuses: tuple[int, ...], believed: bool) -> None:
    def answer(request: Request) -> Reply:
        step = int(request.path.strip("/") or 0)
        return (
            Reply(statuses[step], {"Location": f"/{step + 1}"}) if step < len(statuses) else Reply(body=FEED)
        )

    async with Server(answer) as server, fetching() as fetcher:
        result = await fetcher.fetch(feed(server.url("/0")), NONE)
        last = server.url(f"/{len(statuses)}")
        assert got(result).body == FEED
        assert result.url == last
        assert result.moved_to == (last if believed else "")
        assert server.connections == 1


async def test_a_loop_ends_after_five_hops() -> None:
    async with Server(lambda r: Reply(302, {"Location": r.path})) as server, fetching() as fetcher:
        assert refused(await fetcher.fetch(feed(server.url()), NONE)).reason is FetchReason.REFUSED
        assert len(server.requests) == 6


async def test_giving_up_tls_is_never_believed_for_good() -> None:
    async with Server() as plain:
        reply = Reply(301, {"Location": plain.url()})
        async with (
            Server(lambda r: reply, context=server_tls()) as safe,
            fetching(tls=client_tls()) as fetcher,
        ):
            result = await fetcher.fetch(feed(safe.url()), NONE)
            assert got(result).body == FEED
            assert result.moved_to == ""


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "gopher://127.0.0.1/", "ftp://example.org/", "http://", "javascript:alert(1)"],
)
async def test_a_redirect_out_of_http_is_refused(location: str) -> None:
    async with Server(lambda r: Reply(301, {"Location": location})) as server, fetching() as fetcher:
        assert refused(await fetcher.fetch(feed(server.url()), NONE)).reason is FetchReason.REFUSED


async def test_every_hop_is_guarded() -> None:
    async with Server(host="127.0.0.2") as inside:
        async with Server(lambda r: Reply(302, {"Location": inside.url()})) as server:
            network = NetworkSettings(allow_private=("127.0.0.1/32",))
            async with fetching(network=network) as fetcher:
                assert refused(await fetcher.fetch(feed(server.url()), NONE)).reason is FetchReason.REFUSED
        assert inside.requests == []


# refusals ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "status, reason",
    [
        (204, FetchReason.PROTOCOL),
        (206, FetchReason.PROTOCOL),
        (226, FetchReason.PROTOCOL),
        (300, FetchReason.HTTP_3XX),
        (301, FetchReason.HTTP_3XX),
        (400, FetchReason.HTTP_4XX),
        (401, FetchReason.BLOCKED),
        (403, FetchReason.BLOCKED),
        (404, FetchReason.HTTP_4XX),
        (407, FetchReason.BLOCKED),
        (410, FetchReason.HTTP_410),
        (429, FetchReason.HTTP_429),
        (500, FetchReason.HTTP_5XX),
        (503, FetchReason.HTTP_5XX),
        (999, FetchReason.HTTP_5XX),
    ],
)
async def test_a_refusal_has_a_reason(status: int, reason: FetchReason) -> None:
    async with Server(lambda r: Reply(status)) as server, fetching() as fetcher:
        error = refused(await fetcher.fetch(feed(server.url()), NONE))
        assert (error.reason, error.status) == (reason, status)


@pytest.mark.parametrize("status", [429, 503, 403, 404])
async def test_any_refusal_may_name_a_wait(status: int) -> None:
    headers = {"Retry-After": "Thu, 16 Oct 2025 10:02:00 GMT", "Date": "Thu, 16 Oct 2025 10:00:00 GMT"}
    async with Server(lambda r: Reply(status, headers)) as server, fetching() as fetcher:
        assert refused(await fetcher.fetch(feed(server.url()), NONE)).retry_after == timedelta(seconds=120)


async def test_a_wait_is_never_longer_than_a_day() -> None:
    async with Server(lambda r: Reply(429, {"Retry-After": "317100"})) as server, fetching() as fetcher:
        assert refused(await fetcher.fetch(feed(server.url()), NONE)).retry_after == timedelta(hours=24)


@pytest.mark.parametrize("status", [200, 403, 503])
async def test_a_challenge_page_is_called_by_its_name(status: int) -> None:
    reply = Reply(status, {"cf-mitigated": "challenge"}, b"<html>")
    async with Server(lambda r: reply) as server, fetching() as fetcher:
        error = refused(await fetcher.fetch(feed(server.url()), NONE))
        assert error.reason is FetchReason.BLOCKED
        assert "challenge" in str(error)


async def test_a_host_that_does_not_listen_is_a_connect_error() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        async with fetching() as fetcher:
            url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
            assert refused(await fetcher.fetch(feed(url), NONE)).reason is FetchReason.CONNECT


async def test_a_name_that_does_not_exist_is_a_dns_error() -> None:
    def fail(name: str, port: int) -> list[str]:
        raise socket.gaierror("Name or service not known")

    async with fetching(guard=Guard(lookup=fail)) as fetcher:
        assert refused(await fetcher.fetch(feed("http://nowhere.example/"), NONE)).reason is FetchReason.DNS


async def test_a_certificate_that_nobody_signed_is_a_tls_error() -> None:
    async with Server(context=server_tls()) as server, fetching() as fetcher:
        error = refused(await fetcher.fetch(feed(server.url()), NONE))
        assert error.reason is FetchReason.TLS
        assert "certificate" in str(error)


async def test_a_certificate_of_another_name_is_a_tls_error() -> None:
    async with (
        Server(context=server_tls(), host="127.0.0.3") as server,
        fetching(tls=client_tls()) as fetcher,
    ):
        assert refused(await fetcher.fetch(feed(server.url()), NONE)).reason is FetchReason.TLS


async def test_a_server_that_speaks_no_tls_is_a_tls_error() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server, fetching() as fetcher:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        assert refused(await fetcher.fetch(feed(url), NONE)).reason is FetchReason.TLS


@pytest.mark.parametrize("url", ["", "feed.xml", "//example.org/f", "http://", "http:///f", "file:///etc/passwd",
                                 "source:file:///etc/passwd", "file:/etc/passwd", "http://[::1", "\0"])  # fmt: skip
async def test_what_is_no_web_address_is_refused(url: str) -> None:
    async with fetching() as fetcher:
        assert refused(await fetcher.fetch(feed(url), NONE)).reason is FetchReason.REFUSED


# bodies ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_packed_body_comes_out_whole() -> None:
    reply = Reply(headers={"Content-Encoding": "gzip", "Content-Type": "text/xml"}, body=gzip.compress(FEED))
    async with Server(lambda r: reply) as server, fetching() as fetcher:
        outcome = got(await fetcher.fetch(feed(server.url()), NONE))
        assert (outcome.body, outcome.content_type) == (FEED, "text/xml")
        assert len(outcome.body_hash) == 40


async def test_a_chunked_body_comes_out_whole() -> None:
    chunks = b"".join(
        b"%x\r\n%s\r\n" % (len(FEED[i : i + 7]), FEED[i : i + 7]) for i in range(0, len(FEED), 7)
    )
    reply = Reply(headers={"Transfer-Encoding": "chunked"}, body=chunks + b"0\r\n\r\n")
    async with Server(lambda r: reply) as server, fetching() as fetcher:
        for _ in range(2):
            assert got(await fetcher.fetch(feed(server.url()), NONE)).body == FEED
        assert server.connections == 1


async def test_a_body_that_ends_with_the_connection_is_whole() -> None:
    reply = Reply(raw=b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n" + FEED, close=True)
    async with Server(lambda r: reply) as server, fetching() as fetcher:
        assert got(await fetcher.fetch(feed(server.url()), NONE)).body == FEED


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<rss>",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Len",
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n\x1f\x8bxyz",
    ],
    ids=["short", "chunk missing", "half a head", "nothing", "not http", "smuggling", "upgrade", "bad gzip"],
)
async def test_an_answer_that_is_not_whole_http_is_a_protocol_error(raw: bytes) -> None:
    async with Server(lambda r: Reply(raw=raw, close=True)) as server, fetching() as fetcher:
        assert refused(await fetcher.fetch(feed(server.url()), NONE)).reason is FetchReason.PROTOCOL


async def test_an_announced_body_over_the_limit_is_not_read() -> None:
    small = replace(EAGER, max_body=1000)
    async with Server(lambda r: Reply(body=b"x" * 5000)) as server, fetching(small) as fetcher:
        assert refused(await fetcher.fetch(feed(server.url()), NONE)).reason is FetchReason.TOO_LARGE


async def test_an_endless_body_ends_at_the_limit() -> None:
    async def drip(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with Server(drip=drip) as server, fetching() as fetcher:
        assert refused(await fetcher.fetch(feed(server.url()), NONE)).reason is FetchReason.TOO_LARGE


async def test_informational_answers_are_passed_over() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" * 5
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(FEED), FEED)
    async with Server(lambda r: Reply(raw=early + whole)) as server, fetching() as fetcher:
        for _ in range(2):
            assert got(await fetcher.fetch(feed(server.url()), NONE)).body == FEED


# hosts ────────────────────────────────────────────────────────────────────────────────────────


async def test_a_connection_that_the_server_closed_meanwhile_is_replaced() -> None:
    reply = Reply(body=FEED, headers={"Connection": "keep-alive"}, close=True)
    async with Server(lambda r: reply) as server, fetching() as fetcher:
        for _ in range(5):
            assert got(await fetcher.fetch(feed(server.url()), NONE)).body == FEED


async def test_it_asks_over_ipv6_too() -> None:
    async with Server(host="::1") as server, fetching() as fetcher:
        assert got(await fetcher.fetch(feed(server.url()), NONE)).body == FEED


async def test_a_dead_address_of_a_name_is_passed_over() -> None:
    guard = Guard(LOCAL.allow_private, lookup=lambda name, port: ["::1", "127.0.0.77", "127.0.0.1"])
    async with Server() as server, fetching(guard=guard) as fetcher:
        assert got(await fetcher.fetch(feed(server.url(host="example.org")), NONE)).body == FEED


async def test_https_is_checked_against_the_name_and_works() -> None:
    guard = Guard(LOCAL.allow_private, lookup=lambda name, port: ["127.0.0.1", "::1"])
    async with Server(context=server_tls()) as server, fetching(guard=guard, tls=client_tls()) as fetcher:
        for _ in range(3):
            assert got(await fetcher.fetch(feed(server.url(host="localhost")), NONE)).body == FEED
        assert server.connections == 1


async def test_a_proxy_carries_the_request() -> None:
    async with Server(lambda r: Reply(body=FEED)) as proxy, fetching() as fetcher:
        through = feed("http://feeds.example.org/f.xml", proxy=proxy.url(""))
        assert got(await fetcher.fetch(through, NONE)).body == FEED
        assert proxy.requests[0].target == "http://feeds.example.org/f.xml"
        assert proxy.requests[0].get("cookie") is None


async def test_a_proxy_is_no_way_around_the_guard() -> None:
    async with Server() as proxy, fetching(network=NetworkSettings(proxy=proxy.url(""))) as fetcher:
        assert (
            refused(await fetcher.fetch(feed("http://169.254.169.254/"), NONE)).reason is FetchReason.REFUSED
        )
        assert proxy.requests == []


async def test_a_fetch_says_when_it_ended() -> None:
    async with Server() as server, fetching() as fetcher:
        assert (await fetcher.fetch(feed(server.url()), NONE)).fetched_at == START


async def test_a_transport_can_be_put_in_its_place() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=FEED, headers={"ETag": '"x"'})

    fetcher = Fetcher(EAGER, LOCAL, VirtualClock(START), version="1", transport=httpx.MockTransport(answer))
    assert (
        got(await fetcher.fetch(Feed(url="https://example.org/f", source="x"), NONE)).validators.etag == '"x"'
    )
    await fetcher.close()
