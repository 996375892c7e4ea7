"""A small HTTP/1.1 server for loopback: real sockets, keep-alive, and manners on request.

It speaks as much of RFC 9112 as feeds and webhooks need, and can also misbehave: a body may come
in pieces, slowly, or never end. It is for demonstrations and tests, not for the open net.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType

_HEAD_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked. Header names are lower-case; of repeated headers the values are joined by commas."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What is answered. A `body` that is an iterator is sent as it comes, until the connection ends."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | AsyncIterator[bytes] = b""


Handler = Callable[[Request], Awaitable[Response]]


class Loopback:
    """Serves a handler on one loopback address while it is entered.

    >>> async with Loopback(handler) as server:
    ...     httpx.get(server.url + "/feed.xml")

    `host` falls back to 127.0.0.1 where the system has not the whole of 127.0.0.0/8 (macOS).
    """

    def __init__(self, handler: Handler, *, host: str = "127.0.0.1") -> None:
        self._handler, self._host = handler, host
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self.url = ""

    async def __aenter__(self) -> Loopback:
        try:
            server = await asyncio.start_server(self._serve, self._host, 0, limit=_HEAD_LIMIT)
        except OSError:
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_HEAD_LIMIT)
        host, port = server.sockets[0].getsockname()[:2]
        self._server, self.url = server, f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving)
        self.url = ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        try:
            while (request := await _read(reader)) is not None:
                response = await self._handler(request)
                await _write(writer, request, response)
                closing = request.headers.get("connection", "").lower() == "close"
                if closing or not isinstance(response.body, bytes):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass  # the client went away or does not speak HTTP: nobody is left to tell
        except asyncio.CancelledError:
            writer.transport.abort()  # closing while a client hangs is how a hanging server ends
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Request | None:
    """Return the next request of a connection, None when the client is done.

    Raises ValueError for what is not HTTP.
    """
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _version = first.split(" ", 2)
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name, value = name.strip().lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _read_chunks(reader)
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method=method, target=target, headers=headers, body=body)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    """Return a chunked body (RFC 9112 §7.1); trailers are dropped."""
    body = bytearray()
    while size := int((await reader.readline()).partition(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readline()
    while (await reader.readline()).strip():
        pass
    return bytes(body)


async def _write(writer: asyncio.StreamWriter, request: Request, response: Response) -> None:
    """Send an answer: with its length where that is known, else until the connection ends."""
    body, status = response.body, response.status
    headers = dict(response.headers)
    if not isinstance(body, bytes):
        headers.setdefault("Connection", "close")
    elif status != HTTPStatus.NOT_MODIFIED and status != HTTPStatus.NO_CONTENT:
        headers.setdefault("Content-Length", str(len(body)))
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    if isinstance(body, bytes):
        if request.method != "HEAD" and status != HTTPStatus.NOT_MODIFIED:
            writer.write(body)
        await writer.drain()
        return
    async for piece in body:
        writer.write(piece)
        await writer.drain()
