"""TLS under a connection: the standard library's SSLObject between a socket's bytes and the protocol above.

asyncio's own TLS (and uvloop's) serves any protocol, with buffers, timers and states for each connection,
and sends the end of a handshake by itself. Here the last flight of the handshake goes out with the request:
a tenth less for a poll over a new connection (docs/decisions/0002-transport.md has the figures).
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import Final, Protocol, cast

RECORD: Final = 16_384
"""Bytes that one record holds at most (RFC 8446 §5.1): SSL_read gives no more at once."""


class Wire(Protocol):
    """What a connection writes to: an asyncio transport, or TLS over one."""

    def write(self, data: bytes) -> None:
        """Send, or keep until it can be sent."""

    def is_closing(self) -> bool:
        """Say whether it is closed or will be."""
        ...

    def close(self) -> None:
        """Close when all is sent."""

    def abort(self) -> None:
        """Close at once."""

    def pause_reading(self) -> None:
        """Let what comes wait in the socket."""

    def resume_reading(self) -> None:
        """Take what comes again."""


class Above(Protocol):
    """The protocol over a wire."""

    def attach(self, wire: Wire) -> None:
        """Take the wire: it can be written to."""

    def data_received(self, data: bytes) -> None:
        """Take bytes that came."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Learn that the wire is gone; `exc`: why, where it was not closed in order."""


class Tls(asyncio.Protocol):
    """The client's side of TLS, a wire for `above`. `name` is whom the certificate has to be of.

    `ready` is done when the peer has shown who it is, or fails with an ssl.SSLError or an OSError. An end
    without close_notify is taken for an end: many servers send none, and a body says its length itself.
    """

    __slots__ = ("_above", "_in", "_lost", "_out", "_over", "_tls", "_transport", "_up", "ready")

    def __init__(self, context: ssl.SSLContext, name: str, above: Above) -> None:
        self._above = above
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_hostname=name)
        self._transport: asyncio.Transport | None = None
        self._up = False
        self._over = False
        """The peer said that nothing more will come."""
        self._lost: Exception | None = None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    # below ────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._shake()

    def data_received(self, data: bytes) -> None:
        if self._over:
            return
        self._in.write(data)
        if not self._up:
            self._shake()
            if not self._up or not self._in.pending:
                return
        self._take()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._up:
            self._above.connection_lost(exc or self._lost)
        elif not self.ready.done():
            self.ready.set_exception(exc or ConnectionResetError("closed while TLS began"))

    # above ────────────────────────────────────────────────────────────────────────────────────

    def write(self, data: bytes) -> None:
        """Send. Raises ssl.SSLError only where TLS has failed already."""
        rest = memoryview(data)
        while rest:  # a record at a time
            rest = rest[self._tls.write(rest) :]
        self._flush()

    def is_closing(self) -> bool:
        """Say whether it is closed, or will be, or the peer will send nothing more."""
        return self._over or self._transport is None or self._transport.is_closing()

    def close(self) -> None:
        """Tell the peer that nothing more comes (RFC 8446 §6.1), do not wait for its word, and close."""
        if self._transport is not None:
            with suppress(ssl.SSLError):
                self._tls.unwrap()
            self._flush()
            self._transport.close()

    def abort(self) -> None:
        """Close at once. Nobody waits for the handshake any more."""
        self.ready.cancel()
        if self._transport is not None:
            self._transport.abort()

    def pause_reading(self) -> None:
        """Let what comes wait in the socket."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take what comes again."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    # inside ───────────────────────────────────────────────────────────────────────────────────

    def _shake(self) -> None:
        """Go on with the handshake. Its last flight is left for the request to take along."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError as error:
            self._flush()  # the alert that says why
            if not self.ready.done():
                self.ready.set_exception(error)
            self.close()
        else:
            self._up = True
            self._above.attach(self)
            if not self.ready.done():
                self.ready.set_result(None)

    def _take(self) -> None:
        """Hand on what can be read. To ask where nothing is would cost an exception, as much as a read."""
        try:
            while self._in.pending or self._tls.pending():
                piece = self._tls.read(RECORD)
                if not piece:
                    self._over = True
                    self.close()
                    return
                self._above.data_received(piece)
        except ssl.SSLWantReadError:
            pass  # half a record, or nothing for those above
        except ssl.SSLError as error:
            self._lost = error
            self._flush()
            self.abort()
            return
        self._flush()  # an answer to a change of keys

    def _flush(self) -> None:
        if self._transport is not None and self._out.pending:
            self._transport.write(self._out.read())
