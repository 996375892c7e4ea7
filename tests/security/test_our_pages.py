"""Our own pages: nobody sees one without the password, none leads elsewhere, and little is read of anybody."""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path

import httpx
import pytest

from monitor.web import _server
from monitor.web._server import found
from tests.pipeline_kit import desk
from tests.web_kit import GUARDED, served

OPEN = {"/healthz", "/copies/{name}", "/websub/{name}"}
"""Pages that guard themselves. Whoever adds one here says in its docstring how, and tests it."""
REST = "channels: {room: {RECORDING}}\nroutes: {now: {topics: [summit], channels: [room], send: immediate}}\n"
PASSWORD = httpx.BasicAuth("", "রসগোল্লা:x".encode())


def addresses() -> list[str]:
    return sorted(re.sub(r"\{\w+\}", "20251017T013000Z-x.html", page.path) for page in found())


def test_cve_2026_35490_only_pages_that_guard_themselves_are_open() -> None:
    assert {page.path for page in found() if page.open} == OPEN


async def test_cve_2026_35490_no_page_is_shown_without_the_password(tmp_path: Path) -> None:
    async with desk(tmp_path, REST) as world, served(world.built, GUARDED) as client:
        asked = [path for path in addresses() if not path.startswith(("/healthz", "/websub/"))]
        for path in asked:
            for method in ("GET", "HEAD", "POST", "OPTIONS", "TRACE"):
                answer = await client.request(method, path)
                assert answer.status_code in (401, 405), (method, path)
        known = [(await client.get(path, auth=PASSWORD)).status_code for path in asked]

    assert set(known) == {200, 404}


@pytest.mark.parametrize("path", ["//evil.test/", "/feeds/", "/%2F%2Fevil.test", "/\\evil.test", "/stories/"])
async def test_cve_2025_67713_nothing_leads_elsewhere(tmp_path: Path, path: str) -> None:
    async with desk(tmp_path, REST) as world, served(world.built) as client:
        port = client.base_url.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()

    assert re.match(rb"HTTP/1.1 4\d\d ", answer)
    assert b"\nlocation:" not in answer.lower()


async def test_whoever_holds_connections_open_keeps_nobody_out_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_server, "LIFETIME", 0.3)
    async with desk(tmp_path, REST) as world, served(world.built) as client:
        held = [await asyncio.open_connection("127.0.0.1", client.base_url.port) for _ in range(200)]
        for _, writer in held:
            writer.write(b"GET / HTTP/1.1\r\nHost: ")
        ended = await asyncio.wait_for(asyncio.gather(*(until_the_end(reader) for reader, _ in held)), 30)
        for _, writer in held:
            writer.close()
        answer = await client.get("/healthz")

    assert len(ended) == 200
    assert answer.status_code == 503, "the daemon does not ring here, but the page answers"


async def until_the_end(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(ConnectionError):
        await reader.read()
