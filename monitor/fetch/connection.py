"""One HTTP/1.1 connection as an asyncio protocol: one exchange at a time, parsed by llhttp (httptools).

Parsing a response head costs 4 µs here against 79 µs with h11 (measured), which alone is more
than all else that a raw poll costs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeAlias, cast

import httptools
import httpx

from monitor.fetch.tls import Wire

MAX_HEAD: Final = 65_536
"""Bytes of status line and headers, informational answers (1xx) included."""
HIGH_WATER: Final = 262_144
"""Bytes of body that wait unread before the socket is paused."""

Key: TypeAlias = tuple[str, str, int]
"""Scheme, host and port."""
Headers: TypeAlias = list[tuple[bytes, bytes]]

_LENIENT: Final = {
    "lenient_optional_cr_before_lf": True,
    "lenient_optional_crlf_after_chunk": True,
    "lenient_spaces_after_chunk_size": True,
    "lenient_data_after_close": True,
}
"""Old servers' habits that cannot be taken for anything else. What differs between readers (two
lengths, a length with chunks) stays an error."""

_FRAMING_LENGTHS: Final = frozenset({len("content-length"), len("transfer-encoding")})
"""Of the header names that say how long a body is: the others, a dozen an answer, are not looked at."""


class StaleError(httpx.RemoteProtocolError):
    """A kept connection was closed before the first byte of an answer: the request may go again."""


class Connection(asyncio.Protocol):
    """A connection and the answer under way on it.

    `begin` sends a request and waits for the head of the final answer; `read` gives the body in
    pieces as they come off the wire. `on_lost` is told when it is gone. Raises httpx's errors.
    """

    __slots__ = (
        "_bodyless",
        "_chunked",
        "_error",
        "_head",
        "_length",
        "_loop",
        "_on_lost",
        "_parser",
        "_paused",
        "_pieces",
        "_poisoned",
        "_received",
        "_waiter",
        "_waiting_bytes",
        "_wire",
        "complete",
        "exchanges",
        "final",
        "headers",
        "idle_since",
        "key",
        "reusable",
        "status",
        "version",
    )

    def __init__(self, key: Key, on_lost: Callable[[Connection], None]) -> None:
        self.key = key
        self._loop = asyncio.get_running_loop()
        self._on_lost = on_lost
        self._wire: Wire | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(**_LENIENT)
        self.exchanges = 0
        self.idle_since = 0.0
        self.complete = True
        self.reusable = False
        self._poisoned = False
        self._error: httpx.TransportError | None = None
        self._head: asyncio.Future[None] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._reset(bodyless=False)

    def _reset(self, *, bodyless: bool) -> None:
        self.headers: Headers = []
        self.status = 0
        self.version = "1.1"
        self.final = False
        self.reusable = False
        self._bodyless = bodyless
        self._chunked = False
        self._length = False
        self._pieces: list[bytes] = []
        self._waiting_bytes = 0
        self._received = 0
        self._paused = False

    # exchange ─────────────────────────────────────────────────────────────────────────────────

    @property
    def open(self) -> bool:
        """Whether another exchange can begin."""
        return self._wire is not None and not self._poisoned and not self._wire.is_closing()

    async def begin(self, request: bytes, *, bodyless: bool = False) -> None:
        """Send a request and wait for the head of its final answer; `bodyless`: it was a HEAD."""
        if self._wire is None or not self.open:
            raise StaleError("the connection was closed")
        self._reset(bodyless=bodyless)
        self.complete = False
        self.exchanges += 1
        self._head = self._loop.create_future()
        self._wire.write(request)
        try:
            await self._head
        except asyncio.CancelledError:
            self.abort()
            raise
        finally:
            self._head = None

    async def read(self) -> bytes:
        """Return the next piece of the body; empty at its end."""
        while not self._pieces:
            if self._error is not None:
                raise self._error
            if self.complete:
                return b""
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        piece = self.taken()  # all at once: a body may come in chunks of one byte
        if self._paused and self._wire is not None:
            self._paused = False
            self._wire.resume_reading()
        return piece

    def taken(self) -> bytes:
        """Return what waits of the body, all at once."""
        body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._waiting_bytes = 0
        return body

    def abort(self) -> None:
        """Close at once, whatever is under way."""
        self._poisoned = True
        if self._wire is not None:
            self._wire.abort()

    def close(self) -> None:
        """Close an idle connection in order."""
        self._poisoned = True
        if self._wire is not None:
            self._wire.close()

    # asyncio ──────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.attach(cast("asyncio.Transport", transport))

    def attach(self, wire: Wire) -> None:
        """Take what can be written to from now on."""
        self._wire = wire

    def data_received(self, data: bytes) -> None:
        if self.complete:
            self.abort()  # an answer that nobody asked for
            return
        if not self.final:
            self._received += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail(httpx.RemoteProtocolError("the server switched to another protocol"))
        except httptools.HttpParserError as error:
            if not (self.complete and self._poisoned):
                self._fail(httpx.RemoteProtocolError(f"not HTTP: {error}"))
        if not self.final and self._received > MAX_HEAD:
            self._fail(httpx.RemoteProtocolError(f"headers of more than {MAX_HEAD:,} bytes"))

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._wire = None
        # The parser holds our methods and we the parser: left to the collector of cycles, every poll would
        # leave twenty objects for it (a tenth of what a poll costs with 10,000 feeds).
        del self._parser
        if not self.complete:
            if self.final and exc is None and not self._chunked and not self._length:
                self._finish()  # a body that ends with the connection (RFC 9112 §6.3)
            elif self.final:
                self._fail(httpx.RemoteProtocolError("the answer was cut short"))
            elif self.exchanges > 1 and not self._received:
                self._fail(StaleError("the kept connection was closed"))
            else:
                self._fail(httpx.RemoteProtocolError(f"closed without an answer{f': {exc}' if exc else ''}"))
        self._on_lost(self)

    # httptools ────────────────────────────────────────────────────────────────────────────────

    def on_message_begin(self) -> None:
        if self.complete:
            self._poisoned = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.complete:
            return
        self.headers.append((name, value))
        if len(name) in _FRAMING_LENGTHS:
            self._note_framing(name.lower(), value)

    def _note_framing(self, name: bytes, value: bytes) -> None:
        if name == b"content-length":
            self._length = True
        elif name == b"transfer-encoding":
            self._chunked = value.lower().rstrip().endswith(b"chunked")

    def on_headers_complete(self) -> None:
        if self.complete:
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200:
            self.headers = []
            self._length = self._chunked = False
            return
        self.status = status
        self.version = self._parser.get_http_version()
        self.final = True
        if self._bodyless:
            self._poisoned = True  # llhttp does not know of HEAD: this connection has served
            self._finish()
        self._wake_head()

    def on_body(self, piece: bytes) -> None:
        if self.complete:
            return
        self._pieces.append(piece)
        self._waiting_bytes += len(piece)
        if self._waiting_bytes > HIGH_WATER and not self._paused and self._wire is not None:
            self._paused = True
            self._wire.pause_reading()
        self._wake_reader()

    def on_message_complete(self) -> None:
        if self.final and not self.complete:
            self.reusable = self._parser.should_keep_alive()
            self._finish()

    # ends ─────────────────────────────────────────────────────────────────────────────────────

    def _finish(self) -> None:
        self.complete = True
        if self._paused and self._wire is not None:
            self._paused = False
            self._wire.resume_reading()
        self._wake_reader()

    def _fail(self, error: httpx.TransportError) -> None:
        self._poisoned = True
        self.complete = True
        if self._head is not None and not self._head.done():
            self._head.set_exception(error)
        else:
            self._error = error
        self._wake_reader()
        if self._wire is not None:
            self._wire.abort()

    def _wake_head(self) -> None:
        if self._head is not None and not self._head.done():
            self._head.set_result(None)

    def _wake_reader(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
