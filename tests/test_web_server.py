"""Web: who is let in, what is refused, and the headers of whatever is answered. Over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from monitor.errors import ConfigError, StoreError
from monitor.model import Secret, WebSettings
from monitor.service import open_store
from monitor.web import Answer, Asked, Page, Site, _server
from monitor.web._server import Server
from tests.pipeline_kit import World, desk
from tests.web_kit import GUARDED, LOOPBACK, served

REST = "channels: {room: {RECORDING}}\nroutes: {now: {topics: [summit], channels: [room], send: immediate}}\n"
PASSWORD = "রসগোল্লা:x"


def told(site: Site, asked: Asked) -> Answer:
    return Answer(body=json.dumps([asked.method, dict(asked.named), dict(asked.query), len(asked.body)]))


async def called(site: Site, asked: Asked) -> Answer:
    await asyncio.sleep(0)
    return Answer(body=asked.body, media_type="application/octet-stream")


def broken(site: Site, asked: Asked) -> Answer:
    raise StoreError("the disk is full at /var/lib/secret")


PAGES = (
    Page(path="/told", reply=told),
    Page(path="/told/{id}", reply=told),
    Page(path="/call", reply=called, methods=("GET", "POST"), open=True, max_body=1000),
    Page(path="/broken", reply=broken),
)
SAFE = {
    "content-security-policy": "default-src 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-frame-options": "DENY",
}


def is_safe(answer: httpx.Response) -> bool:
    return all(answer.headers.get(name, "").startswith(value) for name, value in SAFE.items())


async def test_a_page_is_handed_what_its_path_and_its_query_say(tmp_path: Path) -> None:
    async with desk(tmp_path, REST) as world, served(world.built, pages=PAGES) as client:
        answer = await client.get("/told/e%3A12", params={"q": "ট্রাম্প AND পুতিন"})

    assert answer.json() == ["GET", {"id": "e:12"}, {"q": "ট্রাম্প AND পুতিন"}, 0]


async def test_every_answer_has_the_safety_headers_errors_too(tmp_path: Path) -> None:
    async with desk(tmp_path, REST) as world, served(world.built, GUARDED, PAGES) as client:
        answers = [
            await client.get("/told", auth=("monitor", PASSWORD)),
            await client.get("/told"),
            await client.get("/nowhere", auth=("", PASSWORD)),
            await client.post("/told", auth=("", PASSWORD)),
            await client.get("/told", headers={"Host": "evil.test"}),
            await client.get("/broken", auth=("", PASSWORD)),
            await client.post("/call", content=b"x" * 1001),
        ]

    assert [one.status_code for one in answers] == [200, 401, 404, 405, 421, 503, 413]
    assert all(map(is_safe, answers))
    assert "server" not in answers[0].headers


@pytest.mark.parametrize("user", ["", "monitor", "whoever"])
async def test_the_password_opens_whatever_the_user_s_name(tmp_path: Path, user: str) -> None:
    async with desk(tmp_path, REST) as world, served(world.built, GUARDED, PAGES) as client:
        opened = await client.get("/told", auth=httpx.BasicAuth(user, PASSWORD.encode()))
        wrong = await client.get("/told", auth=httpx.BasicAuth(user, PASSWORD[:-1].encode()))

    assert (opened.status_code, wrong.status_code) == (200, 401)
    assert wrong.headers["www-authenticate"] == 'Basic realm="monitor", charset="UTF-8"'


async def test_whoever_tries_a_password_is_named_in_the_log_and_the_guess_is_not(tmp_path: Path) -> None:
    said: list[tuple[str, dict[str, object]]] = []
    async with desk(tmp_path, REST) as world:

        def say(kind: str, **fields: object) -> None:
            said.append((kind, fields))

        async with served(world.built, GUARDED, PAGES, say=say) as client:
            await client.get("/told")
            await client.get("/told", auth=httpx.BasicAuth("", "guess"))

    assert said == [("web-denied", {"client": "127.0.0.1"})]


@pytest.mark.parametrize(
    "credentials", ["", "Basic", "Basic !", "Basic cm9zb2dvbGxh", "Bearer abc", "Basic \u00ff"]
)
async def test_what_are_no_credentials_open_nothing(tmp_path: Path, credentials: str) -> None:
    async with desk(tmp_path, REST) as world, served(world.built, GUARDED, PAGES) as client:
        header = [(b"Authorization", credentials.encode("latin-1"))]
        answers = [await client.get(path, headers=header) for path in ("/told", "/nowhere")]

    assert [one.status_code for one in answers] == [401, 401]


async def test_an_open_page_asks_nobody_and_a_body_arrives_whole(tmp_path: Path) -> None:
    async with desk(tmp_path, REST) as world, served(world.built, GUARDED, PAGES) as client:
        answer = await client.post("/call", content=b"x" * 1000, headers={"Host": "monitor.news.test"})

    assert (answer.status_code, answer.content) == (200, b"x" * 1000)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200),
        ("localhost", 200),
        ("Desk.LOCALHOST:1", 200),
        ("[::1]:99", 200),
        ("monitor.news.test", 200),
        ("MONITOR.news.test.:443", 200),
        ("evil.test", 421),
        ("monitor.news.test.evil.test", 421),
        ("192.0.2.1", 421),
        ("127.0.0.1.evil.test", 421),
        ("[::1", 421),
        ("[::1].evil.test", 421),
        ("localhost:evil.test", 421),
        ("localhost/evil.test", 421),
        ("localhost@evil.test", 421),
        ("", 421),
    ],
)
async def test_only_the_names_that_are_ours_are_answered(tmp_path: Path, host: str, status: int) -> None:
    async with desk(tmp_path, REST) as world, served(world.built, GUARDED, PAGES) as client:
        answer = await client.get("/told", headers={"Host": host}, auth=("", PASSWORD))

    assert answer.status_code == status


@pytest.mark.parametrize("header", [{"Host": "monitor.news.test"}, {"X-Forwarded-For": "192.0.2.7"}])
async def test_without_a_password_whoever_comes_from_outside_sees_open_pages_only(
    tmp_path: Path, header: dict[str, str]
) -> None:
    settings = replace(GUARDED, password=None)
    async with desk(tmp_path, REST) as world, served(world.built, settings, PAGES) as client:
        answers = [
            await client.get("/told"),
            await client.get("/told", headers=header),
            await client.get("/call", headers=header),
        ]

    assert [one.status_code for one in answers] == [200, 403, 200]


async def test_our_own_failure_is_told_in_the_log_and_not_on_the_page(tmp_path: Path) -> None:
    said: list[tuple[str, dict[str, object]]] = []
    async with desk(tmp_path, REST) as world:
        site = await world.built.site(world.built.config)
        site = replace(site, settings=LOOPBACK, say=lambda kind, **fields: said.append((kind, fields)))
        server = Server(site, PAGES)
        await server.open()
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"http://127.0.0.1:{server.port}/broken")
        await server.close()

    assert answer.status_code == 503
    assert "secret" not in answer.text
    assert said == [
        (
            "web-failed",
            {"path": "/broken", "reason": "StoreError", "detail": "the disk is full at /var/lib/secret"},
        )
    ]


async def test_a_page_that_takes_too_long_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_server, "PATIENCE", 0.05)

    async def slow(site: Site, asked: Asked) -> Answer:
        await asyncio.Event().wait()
        return Answer()

    pages = (Page(path="/slow", reply=slow),)
    async with desk(tmp_path, REST) as world, served(world.built, pages=pages) as client:
        answer = await client.get("/slow")

    assert answer.status_code == 503


async def raw(client: httpx.AsyncClient, sent: bytes) -> bytes:
    """Send bytes as they are; return all that comes back until the other side ends it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
    writer.write(sent)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        return b"(reset)"
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_a_connection_that_says_nothing_or_too_much_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_server, "LIFETIME", 0.2)
    async with desk(tmp_path, REST) as world, served(world.built, pages=PAGES) as client:
        silent = await raw(client, b"GET /told HTTP/1.1\r\nHost: localhost\r\n")
        long = await raw(client, b"GET /told HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 40_000)
        again = await client.get("/told")

    assert silent in (b"", b"(reset)")
    assert b" 400 " in long.partition(b"\r\n")[0]
    assert again.status_code == 200


async def test_an_address_that_is_taken_is_a_clear_error(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings = WebSettings(host="127.0.0.1", port=other.getsockname()[1])
        async with desk(tmp_path, REST) as world:
            with pytest.raises(ConfigError, match=r"web\.listen: 127\.0\.0\.1:\d+ .*address already in use"):
                async with served(world.built, settings, PAGES):
                    pass


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as door:
            door.bind(("::1", 0))
    except OSError:
        return False
    return True


async def test_an_ipv6_address_is_listened_at_or_refused_in_words(tmp_path: Path) -> None:
    async with desk(tmp_path, REST) as world:
        site = replace(await world.built.site(world.built.config), settings=WebSettings(host="::1", port=0))
        server = Server(site, PAGES)
        if not has_ipv6():
            with pytest.raises(ConfigError, match=r"\[::1\]:0 cannot be had"):
                await server.open()
            return
        await server.open()
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{server.address}told")
        await server.close()

    assert server.address.startswith("http://[::1]:")
    assert answer.status_code == 200


async def test_when_it_is_closed_nobody_listens_any_more(tmp_path: Path) -> None:
    async with desk(tmp_path, REST) as world:
        async with served(world.built, pages=PAGES) as client:
            port = client.base_url.port
            assert (await client.get("/told")).status_code == 200
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_nobody_listens_while_it_is_not_the_daemon(tmp_path: Path) -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    async with desk(tmp_path, f"web: {{listen: '127.0.0.1:{port}'}}\n" + REST) as world:
        await world.tick()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


# /healthz ─────────────────────────────────────────────────────────────────────────────────────


async def health(world: World, **changes: object) -> tuple[int, dict[str, object]]:
    site = replace(await world.built.site(world.built.config), settings=GUARDED, **changes)  # type: ignore[arg-type]
    server = Server(site)
    await server.open()
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{server.port}/healthz")
    await server.close()
    return answer.status_code, answer.json()


async def test_it_is_well_while_both_bells_are_answered_and_the_store_answers(tmp_path: Path) -> None:
    async with desk(tmp_path, REST) as world:
        status, facts = await health(world, rung=lambda: {"poll": 0.52, "send": 29.9})

    assert (status, facts) == (200, {"ok": True, "reasons": [], "bells": {"poll": 0.5, "send": 29.9}})


async def test_it_is_not_well_while_a_bell_is_not_answered(tmp_path: Path) -> None:
    async with desk(tmp_path, REST) as world:
        status, facts = await health(world, rung=lambda: {"poll": 31.0, "send": None})

    assert (status, facts["reasons"]) == (503, ["poll: not answered for 31 s", "send: not answered yet"])


async def test_it_is_not_well_while_the_store_does_not_answer(tmp_path: Path) -> None:
    async with desk(tmp_path, REST) as world:
        shut = open_store(world.built.config)
        status, facts = await health(world, rung=lambda: {"poll": 1.0, "send": 1.0}, store=shut)

    assert (status, facts["reasons"]) == (503, ["store: does not answer"])
    assert Secret(PASSWORD).value not in json.dumps(facts)
