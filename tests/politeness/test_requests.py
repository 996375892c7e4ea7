"""D. Requests: criteria 49 to 59 (57 without HTTP/2, which is counted out)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import FetchReason
from monitor.fetch import Guard
from monitor.model import Secret, Validators
from tests.politeness.desk import Desk
from tests.politeness.kit import EAGER, LOCAL, client_tls, feed, fetching, got, refused, server_tls
from tests.politeness.server import FEED, Reply, Request, Server

NONE = Validators()
CHATTY = Reply(
    headers={"Set-Cookie": "id=1; Path=/", "ETag": '"a"', "Link": "</favicon.ico>; rel=icon"}, body=FEED
)


async def test_49_50_51_55_nothing_is_sent_that_is_not_needed(tmp_path: Path) -> None:
    async with Server(lambda request: CHATTY) as server, Desk(tmp_path, [server.url("/f?a=1&utm=x")]) as desk:
        await desk.run(timedelta(hours=3))
        assert len(server.requests) > 5
        for request in server.requests:
            assert request.method == "GET"
            assert request.target == "/f?a=1&utm=x"
            for name in (
                "cookie",
                "referer",
                "referrer",
                "cache-control",
                "pragma",
                "range",
                "from",
                "connection",
            ):
                assert request.get(name) is None


@pytest.mark.parametrize(
    "target",
    ["/%7Euser/f", "/a%2Fb", "/f?q=a+b", "/%E0%A6%95%E0%A7%8D", "/f?null", "/f?a=1&a=2&&b", "/f?x=%7e%2F"],
)
async def test_51_path_and_query_stay_as_they_are(target: str) -> None:
    async with Server() as server, fetching() as fetcher:
        got(await fetcher.fetch(feed(server.url(target)), NONE))
        assert server.requests[0].target == target


async def test_52_the_user_agent_names_us_and_a_contact(tmp_path: Path) -> None:
    async with Server() as server, Desk(tmp_path, [server.url()]) as desk:
        await desk.tick()
        agent = server.requests[0].get("user-agent") or ""
        assert agent.startswith("monitor/")
        assert "+https://example.org/contact" in agent
        assert "httpx" not in agent


async def test_53_feeds_come_first_in_accept() -> None:
    async with Server() as server, fetching() as fetcher:
        got(await fetcher.fetch(feed(server.url()), NONE))
        kinds = [kind.strip() for kind in (server.requests[0].get("accept") or "").split(",")]
        assert {kind for kind in kinds if ";" not in kind} == {
            "application/atom+xml", "application/rss+xml", "application/rdf+xml", "application/feed+json",
        }  # fmt: skip


async def test_54_only_codings_that_are_decoded_with_a_bound_are_accepted() -> None:
    async with Server() as server, fetching() as fetcher:
        got(await fetcher.fetch(feed(server.url()), NONE))
        asked = {coding.strip() for coding in (server.requests[0].get("accept-encoding") or "").split(",")}
        assert "gzip" in asked
        assert asked <= {"gzip", "br", "zstd", "deflate"}


async def test_56_a_fragment_is_not_sent() -> None:
    async with Server() as server, fetching() as fetcher:
        got(await fetcher.fetch(feed(server.url("/f") + "#top"), NONE))
        assert server.requests[0].target == "/f"


async def test_57_feeds_of_a_host_share_one_kept_connection() -> None:
    async with Server(context=server_tls()) as server, fetching(tls=client_tls()) as fetcher:
        for number in range(10):
            got(await fetcher.fetch(feed(server.url(f"/{number}")), NONE))
        assert server.connections == 1


async def test_58_both_families_are_tried() -> None:
    for addresses in (["::1", "127.0.0.1"], ["127.0.0.1", "::1"]):
        guard = Guard(LOCAL.allow_private, lookup=lambda name, port, found=tuple(addresses): list(found))  # type: ignore[misc]
        for host in ("127.0.0.1", "::1"):
            async with Server(host=host) as server, fetching(guard=guard) as fetcher:
                got(await fetcher.fetch(feed(server.url(host="both.example.org")), NONE))


async def test_59_secrets_stay_with_their_origin() -> None:
    async with Server() as there, fetching() as fetcher:
        away = Reply(302, {"Location": there.url()})
        async with Server(lambda request: away) as here:
            secret = feed(here.url(), headers={"X-Api-Key": Secret("k")}, auth=Secret("a:b"))
            got(await fetcher.fetch(secret, NONE))
            assert here.requests[0].get("x-api-key") == "k"
            names = {name for name, _ in there.requests[0].headers}
            assert not names & {"x-api-key", "authorization", "cookie"}


async def test_29_a_redirect_to_a_hanging_host_ends() -> None:
    async def hang(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    hasty = replace(EAGER, timeout=timedelta(seconds=0.3))
    async with Server(drip=hang) as stuck, fetching(hasty) as fetcher:
        away = Reply(302, {"Location": stuck.url()})
        async with Server(lambda request: away) as server, asyncio.timeout(3):
            assert refused(await fetcher.fetch(feed(server.url()), NONE)).reason is FetchReason.TIMEOUT
