"""The pages of a desk, on a loopback port, asked by a real client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx

from monitor.model import Secret, WebSettings
from monitor.service import Service
from monitor.web import Page
from monitor.web._server import Server

LOOPBACK = WebSettings(host="127.0.0.1", port=0)
GUARDED = replace(LOOPBACK, password=Secret("রসগোল্লা:x"), public_url="https://monitor.news.test/desk")


@asynccontextmanager
async def served(
    built: Service,
    settings: WebSettings = LOOPBACK,
    pages: Sequence[Page] | None = None,
    **changes: Any,
) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the desk's pages (or others) at a free port and give a client of them.

    `changes` are of the Site: another language, another renderer.
    """
    server = Server(replace(await built.site(built.config), settings=settings, **changes), pages)
    await server.open()
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=20) as client:
            yield client
    finally:
        await server.close()
