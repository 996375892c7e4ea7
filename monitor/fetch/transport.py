"""httpx's transport, of our own: guarded addresses, kept connections, raw bodies, no surprises.

httpx's default pool costs 9 ms of CPU a poll at 100 in flight and wedges after cancelled
requests; this one costs 0.3 ms (docs/decisions/0002-transport.md has the figures). It follows no
redirects, keeps no cookies, decodes nothing and retries only a GET whose kept connection turned
out to be closed before any answer (RFC 9112 §9.3.1).
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import certifi
import httpx

from monitor.errors import FetchReason
from monitor.fetch.answer import Answer
from monitor.fetch.connection import Connection, Headers, Key, StaleError
from monitor.fetch.guard import Guard
from monitor.fetch.tls import Tls

IDLE: Final = 10.0
"""Seconds that an unused connection is kept: feeds of one host are polled back to back."""
MAX_IDLE: Final = 256
STAGGER: Final = 0.25
"""Seconds before the next address is tried as well (RFC 8305 §5)."""
_PORTS: Final = {"http": 80, "https": 443}
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
_TOKEN: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class TlsError(httpx.ConnectError):
    """The server's certificate or its TLS is not acceptable."""

    reason = FetchReason.TLS


@cache
def tls_context() -> ssl.SSLContext:
    """Return the process's one SSL context: making one costs 28–39 ms, so never one a connection.

    The system's certificates where there are any, else certifi's.
    """
    paths = ssl.get_default_verify_paths()
    has_file = paths.cafile is not None
    has_folder = paths.capath is not None and any(Path(paths.capath).iterdir())
    context = ssl.create_default_context(cafile=None if has_file or has_folder else certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


class Transport(httpx.AsyncBaseTransport):
    """HTTP/1.1 over asyncio for one event loop.

    `total` bounds each exchange in seconds, from the first byte to the last (None: the caller
    bounds it). `max_raw` bounds a body on the wire; the bodies are then handed over as they are,
    without their Content-Encoding, so that httpx unpacks nothing.
    Raises httpx's TransportErrors; ResolveError, RefusedError and TlsError carry a `reason`.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        context: ssl.SSLContext | None = None,
        total: float | None = None,
        max_raw: int | None = None,
        idle: float = IDLE,
    ) -> None:
        self._guard = guard
        self._context = context
        self._total, self._max_raw, self._idle_for = total, max_raw, idle
        self._idle: dict[Key, dict[Connection, None]] = {}
        self._order: OrderedDict[Connection, None] = OrderedDict()
        self._open: set[Connection] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False

    async def ask(self, url: httpx.URL, headers: Headers) -> Answer:
        """Send a GET with these header lines; the caller bounds the time.

        What feeds are asked with: httpx's Request and Response, which look at each header five times, would
        be a tenth of a poll that found nothing.
        """
        connection = await self._exchange("GET", url, headers)
        return Answer(connection.status, connection.headers, self._body(connection))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; return the response with its body unread."""
        raw = request.headers.raw
        # What has neither length nor coding has no body (RFC 9112 §6.3).
        framed = not _FRAMING.isdisjoint([name.lower() for name, _ in raw])
        deadline = None if self._total is None else asyncio.get_running_loop().time() + self._total
        try:
            async with asyncio.timeout_at(deadline):
                body = await request.aread() if framed else b""
                connection = await self._exchange(request.method, request.url, raw, body)
        except TimeoutError as error:
            raise httpx.ReadTimeout(f"no answer within {self._total:g} s", request=request) from error
        except httpx.RequestError as error:
            error.request = request
            raise
        headers = connection.headers
        if self._max_raw is not None:
            headers = [(name, value) for name, value in headers if name.lower() != b"content-encoding"]
        return httpx.Response(
            connection.status,
            headers=headers,
            stream=self._body(connection, deadline),
            extensions={"http_version": b"HTTP/" + connection.version.encode()},
        )

    async def _exchange(self, method: str, url: httpx.URL, headers: Headers, body: bytes = b"") -> Connection:
        """Send a request; return the connection on which the head of the answer came."""
        if self._closed:
            raise httpx.ConnectError("the transport is closed")
        if url.scheme not in _PORTS:
            raise httpx.UnsupportedProtocol(f"{url.scheme!r} is not http or https")
        host = url.raw_host.decode("ascii")
        if not host:
            raise httpx.UnsupportedProtocol("the URL names no host")
        key = (url.scheme, host, url.port or _PORTS[url.scheme])
        message = _serialise(method, url, headers, body)
        bodyless, harmless = method == "HEAD", method in ("GET", "HEAD")
        kept = self._take(key) if harmless else self._take(key, fresh=2.0)
        if kept is not None:
            try:
                await kept.begin(message, bodyless=bodyless)
            except StaleError:
                if not harmless:
                    raise
            else:
                return kept
        connection = await self._connect(key)
        await connection.begin(message, bodyless=bodyless)
        return connection

    def _body(self, connection: Connection, deadline: float | None = None) -> httpx.AsyncByteStream:
        if not connection.complete or self._max_raw is not None:
            return _Body(self, connection, deadline, self._max_raw)
        body = connection.taken()
        self.release(connection)
        return httpx.ByteStream(body) if body else _NO_BODY

    async def aclose(self) -> None:
        """Close all connections, used or not."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        self._idle.clear()
        self._order.clear()
        for connection in list(self._open):
            connection.abort()
        self._guard.close()
        await asyncio.sleep(0)  # the loop tells the sockets

    # connections ──────────────────────────────────────────────────────────────────────────────

    async def _connect(self, key: Key) -> Connection:
        scheme, host, port = key
        addresses = await self._guard.addresses(host, port)
        context = (self._context or tls_context()) if scheme == "https" else None
        try:
            connection = await self._open_first(addresses, key, context)
        except ssl.SSLError as error:
            raise TlsError(f"{host}: {_tls_words(error)}") from error
        except OSError as error:
            raise httpx.ConnectError(f"{host} port {port}: {error.strerror or error}") from error
        self._open.add(connection)
        return connection

    async def _open_first(
        self, addresses: tuple[str, ...], key: Key, context: ssl.SSLContext | None
    ) -> Connection:
        """Connect to the first address that answers, then do TLS on that one alone."""
        _, host, port = key
        connection = Connection(key, self._lost)
        tls = Tls(context, host.strip("[]"), connection) if context is not None else None
        lowest = tls or connection
        try:
            await _attach(lowest, addresses, port)
            if tls is not None:
                await tls.ready
        except BaseException:
            lowest.abort()
            raise
        return connection

    def _take(self, key: Key, *, fresh: float | None = None) -> Connection | None:
        """Take a kept connection, the one used last; `fresh`: not unused for more seconds than this."""
        now = asyncio.get_running_loop().time()
        for connection in reversed(list(self._idle.get(key, ()))):
            self._forget(connection)
            if connection.open and (fresh is None or now - connection.idle_since <= fresh):
                return connection
            connection.close()
        return None

    def release(self, connection: Connection) -> None:
        """Keep a connection whose exchange is over for the next one, or close it."""
        if self._closed or not connection.complete:
            connection.abort()
            return
        if not connection.reusable or not connection.open:
            connection.close()
            return
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        self._idle.setdefault(connection.key, {})[connection] = None
        self._order[connection] = None
        if len(self._order) > MAX_IDLE:
            oldest = next(iter(self._order))
            self._forget(oldest)
            oldest.close()
        if self._sweeper is None:
            self._sweeper = loop.call_later(self._idle_for, self._sweep)

    def _forget(self, connection: Connection) -> None:
        """Take a connection off the list of kept ones, if it is there."""
        if self._order.pop(connection, _ABSENT) is _ABSENT:
            return
        kept = self._idle[connection.key]
        del kept[connection]
        if not kept:
            del self._idle[connection.key]

    def _lost(self, connection: Connection) -> None:
        self._open.discard(connection)
        self._forget(connection)

    def _sweep(self) -> None:
        """Close what was not used for `idle` seconds."""
        loop = asyncio.get_running_loop()
        self._sweeper = None
        while self._order:
            oldest = next(iter(self._order))
            left = oldest.idle_since + self._idle_for - loop.time()
            if left > 0:
                self._sweeper = loop.call_later(left, self._sweep)
                return
            self._forget(oldest)
            oldest.close()


class _Body(httpx.AsyncByteStream):
    """A body that is read from its connection piece by piece."""

    def __init__(
        self, transport: Transport, connection: Connection, deadline: float | None, limit: int | None
    ) -> None:
        self._transport, self._connection = transport, connection
        self._deadline, self._limit = deadline, limit
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        while piece := await self._read():
            size += len(piece)
            if self._limit is not None and size > self._limit:
                raise httpx.RemoteProtocolError(f"an answer of more than {self._limit:,} bytes")
            yield piece

    async def _read(self) -> bytes:
        if self._deadline is None:
            return await self._connection.read()
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._connection.read()
        except TimeoutError as error:
            raise httpx.ReadTimeout("the answer did not end in time") from error

    async def aclose(self) -> None:
        """Give the connection back if the body was read to its end, else close it."""
        if not self._closed:
            self._closed = True
            self._transport.release(self._connection)


_ABSENT: Final = object()
_NO_BODY: Final = httpx.ByteStream(b"")


def _tls_words(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not acceptable: {error.verify_message}"
    return f"TLS failed: {error.reason or error}"


async def _attach(protocol: asyncio.Protocol, addresses: tuple[str, ...], port: int) -> None:
    """Connect a protocol to the first address that answers."""
    loop = asyncio.get_running_loop()
    if len(addresses) == 1:
        await loop.create_connection(lambda: protocol, addresses[0], port)
        return
    sock = await _race(addresses, port)
    try:
        await loop.create_connection(lambda: protocol, sock=sock)
    except BaseException:
        sock.close()
        raise


async def _race(addresses: tuple[str, ...], port: int) -> socket.socket:
    """Connect to several addresses, each `STAGGER` seconds after the last; the first to answer wins.

    Raises the last OSError if none answers.
    """
    tries: set[asyncio.Task[socket.socket]] = set()
    waiting = list(addresses)
    failure: OSError | None = None
    try:
        while waiting or tries:
            if waiting:
                tries.add(asyncio.create_task(_connect_socket(waiting.pop(0), port)))
            done, tries = await asyncio.wait(
                tries, timeout=STAGGER if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            tries |= done
            for task in done:
                error = task.exception()
                if error is None:
                    tries.discard(task)
                    return task.result()
                if not isinstance(error, OSError):
                    raise error
                tries.discard(task)
                failure = error
        raise failure or OSError("no address")
    finally:
        for task in tries:
            task.add_done_callback(_close_loser)
            task.cancel()


def _close_loser(task: asyncio.Task[socket.socket]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close()


async def _connect_socket(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (address, port))
    except BaseException:
        sock.close()
        raise
    return sock


def _serialise(method: str, url: httpx.URL, raw: Headers, body: bytes) -> bytes:
    """Return the bytes of a request (RFC 9112 §3): target, header names and values as they are.

    Raises LocalProtocolError for a name or value that could end the line (request splitting).
    """
    head = b"".join([b"%s: %s\r\n" % pair for pair in raw])
    if not _is_head(head, raw):
        bad = next(pair[0] for pair in raw if not _is_head(b"%s: %s\r\n" % pair, [pair]))
        raise httpx.LocalProtocolError(f"header {bad!r} cannot be sent")
    return b"%s %s HTTP/1.1\r\n%s\r\n%s" % (method.encode("ascii"), url.raw_path, head, body)


def _is_head(text: bytes, lines: Sequence[tuple[bytes, bytes]]) -> bool:
    """Say whether a text is these header lines and no others: no value ends its line, all names are tokens.

    By counting: a pattern over all of it was a tenth of a poll that found nothing new.
    """
    whole = text.count(b"\n") == text.count(b"\r") == len(lines) and b"\0" not in text
    return whole and _are_tokens(tuple([name for name, _ in lines]))


@lru_cache(maxsize=512)
def _are_tokens(names: tuple[bytes, ...]) -> bool:
    """Say whether names are such (RFC 9110 §5.6.2). They are few, and the same in nearly every request."""
    return all(map(_TOKEN.fullmatch, names))
