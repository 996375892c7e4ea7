"""A publisher on a loopback socket that does what a test says and writes down what it was asked.

It serves bytes, not a web framework's idea of them: broken heads, dripping bodies and cut
connections are ordinary answers here.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType

FEED = (
    b'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Example</title>'
    b"<item><guid>1</guid><title>One</title><link>https://example.org/1</link></item>"
    b"</channel></rss>"
)


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came: header names in lower case, values as Latin-1."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    connection: int
    at: float
    body: bytes = b""

    def get(self, name: str) -> str | None:
        """Return the first header of that name."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `close` ends the connection after it; `raw` is sent instead of all else."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    close: bool = False
    raw: bytes | None = None

    def wire(self) -> bytes:
        """Return the bytes to send."""
        if self.raw is not None:
            return self.raw
        head = f"HTTP/1.1 {self.status} X\r\n"
        sent = dict(self.headers)
        if self.status not in (204, 304) and "Transfer-Encoding" not in sent:
            sent.setdefault("Content-Length", str(len(self.body)))
        head += "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        return head.encode("latin-1") + b"\r\n" + (b"" if self.status == 304 else self.body)


Handler = Callable[[Request], Reply | Awaitable[Reply]]
Drip = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """`async with Server(handler) as server`: serves on 127.0.0.1 (or `host`), keeps `requests`."""

    def __init__(
        self,
        handler: Handler | None = None,
        *,
        drip: Drip | None = None,
        host: str = "127.0.0.1",
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.handler = handler or (lambda request: Reply(body=FEED))
        self.drip = drip
        self.host, self.context = host, context
        self.requests: list[Request] = []
        self.connections = 0
        self.now_open = 0
        self.most_open = 0
        self.port = 0
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Server:
        self._server = await asyncio.start_server(self._serve, self.host, 0, ssl=self.context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def url(self, path: str = "/feed.xml", *, host: str = "") -> str:
        """Return the URL of a path here."""
        name = host or (f"[{self.host}]" if ":" in self.host else self.host)
        return f"{'https' if self.context else 'http'}://{name}:{self.port}{path}"

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until connections and requests are as a test wants them; two seconds at most."""
        async with asyncio.timeout(2):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.now_open += 1
        self._changed.set()
        self.most_open = max(self.most_open, self.now_open)
        number = self.connections
        try:
            while await self._one(reader, writer, number):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError):
            pass
        except asyncio.CancelledError:
            pass
        finally:
            self.now_open -= 1
            self._changed.set()
            self._tasks.discard(task)
            writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        method, target, _ = first.split(" ", 2)
        headers = tuple(
            (name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
        )
        length = int(dict(headers).get("content-length", "0"))
        request = Request(
            method=method,
            target=target,
            headers=headers,
            connection=number,
            at=asyncio.get_running_loop().time(),
            body=await reader.readexactly(length) if length else b"",
        )
        self.requests.append(request)
        self._changed.set()
        if self.drip is not None:
            await self.drip(request, writer)
            return False
        answer = self.handler(request)
        reply = answer if isinstance(answer, Reply) else await answer
        writer.write(reply.wire())
        await writer.drain()
        if reply.close:
            writer.close()
            await writer.wait_closed()
        return not reply.close
