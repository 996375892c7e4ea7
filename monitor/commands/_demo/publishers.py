"""The publishers: each outlet on a loopback address of its own, answering as of the virtual time."""

from __future__ import annotations

import gzip
import hashlib
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from types import TracebackType

from monitor.clock import Clock
from monitor.commands._demo.content import Outlet
from monitor.commands._demo.feeds import modified, write
from monitor.commands._demo.loopback import Loopback, Request, Response
from monitor.commands._demo.writers import MEDIA_TYPES

MAX_AGE = timedelta(minutes=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One line of the publishers' log."""

    at: datetime
    outlet: str
    path: str
    status: int


class Publishers:
    """All outlets, open while entered. `urls` are their feeds by outlet id, `log` what was asked."""

    def __init__(self, outlets: tuple[Outlet, ...], clock: Clock) -> None:
        self._outlets, self._clock = outlets, clock
        self._stack = AsyncExitStack()
        self.urls: dict[str, str] = {}
        self.log: list[Logged] = []

    async def __aenter__(self) -> Publishers:
        for number, outlet in enumerate(self._outlets):
            served = _Served(outlet, self._clock, self.log)
            server = await self._stack.enter_async_context(
                Loopback(served.answer, host=f"127.0.0.{11 + number}")
            )
            self.urls[outlet.id] = server.url + outlet.path
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()


class _Served:
    """One outlet behind HTTP."""

    def __init__(self, outlet: Outlet, clock: Clock, log: list[Logged]) -> None:
        self._outlet, self._clock, self._log = outlet, clock, log

    async def answer(self, request: Request) -> Response:
        """Answer a request and log it."""
        now = self._clock.now()
        response = self._respond(request, now)
        self._log.append(Logged(at=now, outlet=self._outlet.id, path=request.path, status=response.status))
        return response

    def _respond(self, request: Request, now: datetime) -> Response:
        outlet = self._outlet
        date = {"Date": http_date(now)}
        if outlet.outage and outlet.outage[0] <= now < outlet.outage[1]:
            return Response(status=503, headers=date, body=b"Back soon.\n")
        if outlet.moved and request.path == outlet.path:
            return Response(status=301, headers={**date, "Location": outlet.moved})
        if request.path != (outlet.moved or outlet.path):
            return Response(status=404, headers=date, body=b"Not found.\n")
        if request.method not in {"GET", "HEAD"}:
            return Response(status=405, headers={**date, "Allow": "GET, HEAD"})
        body = write(outlet, now)
        headers = {**date, "Content-Type": MEDIA_TYPES[outlet.format]}
        if "etag" in outlet.habits:
            headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        changed = modified(outlet, now)
        if "last-modified" in outlet.habits and changed is not None:
            headers["Last-Modified"] = http_date(changed)
        if "max-age" in outlet.habits:
            headers["Cache-Control"] = f"max-age={MAX_AGE.total_seconds():.0f}"
        if unchanged(request, headers):
            return Response(status=304, headers=headers)
        if "gzip" in outlet.habits and "gzip" in request.headers.get("accept-encoding", ""):
            headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
            body = gzip.compress(body, mtime=0)
        return Response(headers=headers, body=body)


def http_date(when: datetime) -> str:
    """Return a time as HTTP writes it (RFC 9110 §5.6.7)."""
    return format_datetime(when, usegmt=True)


def unchanged(request: Request, headers: dict[str, str]) -> bool:
    """Say whether the request's validators hold for an answer with these headers.

    If-None-Match wins over If-Modified-Since and compares weakly (RFC 9110 §13.1.2, §13.2.2).
    """
    asked = request.headers.get("if-none-match")
    if asked is not None:
        tags = {tag.strip().removeprefix("W/") for tag in asked.split(",")}
        return "*" in tags or headers.get("ETag", "").removeprefix("W/") in tags
    since, changed = request.headers.get("if-modified-since"), headers.get("Last-Modified")
    if since is None or changed is None:
        return False
    try:
        return parsedate_to_datetime(changed) <= parsedate_to_datetime(since)
    except ValueError:
        return False
