"""TLS under a connection: flights, ends and failures, against the standard library's own server side."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx
import pytest

from monitor.fetch import Guard, Transport
from monitor.fetch.tls import Tls, Wire
from tests.politeness.kit import LOCAL
from tests.politeness.server import FEED, Reply, Server
from tests.receivers import Receiver, client_tls, server_tls, web_server

REQUEST = b"GET / HTTP/1.1\r\n\r\n"


@dataclass
class Seen:
    """The protocol above TLS: what it was told."""

    wire: Wire | None = None
    data: bytes = b""
    lost: list[Exception | None] = field(default_factory=list)

    def attach(self, wire: Wire) -> None:
        self.wire = wire

    def data_received(self, data: bytes) -> None:
        self.data += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.append(exc)


class Line(asyncio.Transport):
    """A transport that keeps what is written; each write is a flight."""

    def __init__(self) -> None:
        super().__init__()
        self.flights: list[bytes] = []
        self.closed = ""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.flights.append(bytes(data))

    def is_closing(self) -> bool:
        return bool(self.closed)

    def close(self) -> None:
        self.closed = self.closed or "in order"

    def abort(self) -> None:
        self.closed = self.closed or "at once"


class Peers:
    """Our side of TLS and a server's, joined by hand."""

    def __init__(self, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3, name: str = "127.0.0.1") -> None:
        context = server_tls()
        context.maximum_version = version
        self._in, self.out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.server = context.wrap_bio(self._in, self.out, server_side=True)
        self.ended = False
        self.above, self.line = Seen(), Line()
        self.tls = Tls(client_tls(), name, self.above)
        self.tls.connection_made(self.line)

    def shake(self) -> None:
        """Do the handshake as far as both sides go by themselves."""
        for _ in range(4):
            self._in.write(b"".join(self.line.flights))
            self.line.flights.clear()
            with suppress(ssl.SSLWantReadError):
                self.server.do_handshake()
            if self.out.pending:
                self.tls.data_received(self.out.read())

    def heard(self) -> bytes:
        """Return what the server reads of what was sent; `ended`: it was told that no more comes."""
        self._in.write(b"".join(self.line.flights))
        self.line.flights.clear()
        data = b""
        with suppress(ssl.SSLWantReadError):
            self.server.do_handshake()
            while piece := self.server.read(1 << 20):
                data += piece
            self.ended = True
        return data


def asked(version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> Peers:
    """Two sides whose handshake is done, and of which the server has heard the request."""
    peers = Peers(version)
    peers.shake()
    peers.tls.write(REQUEST)
    assert peers.heard() == REQUEST
    return peers


@asynccontextmanager
async def opened() -> AsyncIterator[Transport]:
    transport = Transport(Guard(LOCAL.allow_private), context=client_tls())
    try:
        yield transport
    finally:
        await transport.aclose()


async def test_the_request_goes_out_with_the_end_of_the_handshake() -> None:
    peers = Peers()
    peers.shake()
    assert peers.line.flights == []
    await peers.tls.ready
    assert peers.above.wire is peers.tls
    peers.tls.write(REQUEST)
    assert len(peers.line.flights) == 1
    assert peers.heard() == REQUEST


async def test_an_answer_comes_through_however_its_bytes_arrive() -> None:
    peers = asked()
    answer = bytes(range(256)) * 400
    peers.server.write(answer[:16_384])
    peers.server.write(answer[16_384:])
    while byte := peers.out.read(997):
        peers.tls.data_received(byte)
    while len(peers.above.data) < len(answer):
        peers.server.write(answer[len(peers.above.data) :])
        peers.tls.data_received(peers.out.read())
    assert peers.above.data == answer


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_closing_tells_the_peer(version: ssl.TLSVersion) -> None:
    peers = asked(version)
    peers.tls.close()
    assert peers.line.closed == "in order"
    assert peers.heard() == b""
    assert peers.ended  # by close_notify, not by a cut that anybody could have made


async def test_what_the_peer_says_last_is_heard_before_its_end() -> None:
    peers = asked()
    peers.server.write(b"the last words")
    with pytest.raises(ssl.SSLWantReadError):
        peers.server.unwrap()
    peers.tls.data_received(peers.out.read())
    assert peers.above.data == b"the last words"
    assert peers.tls.is_closing()
    assert peers.line.closed == "in order"
    peers.tls.connection_lost(None)
    assert peers.above.lost == [None]


async def test_bytes_that_were_tampered_with_end_it() -> None:
    peers = asked()
    peers.server.write(b"words")
    sent = bytearray(peers.out.read())
    sent[-1] ^= 1
    peers.tls.data_received(bytes(sent))
    assert b"words" not in peers.above.data
    assert peers.line.closed == "at once"
    peers.tls.connection_lost(None)
    assert isinstance(peers.above.lost[0], ssl.SSLError)


async def test_a_certificate_of_another_name_is_refused_and_the_peer_told() -> None:
    peers = Peers(name="127.0.0.9")
    with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
        peers.shake()  # the server reads why
    with pytest.raises(ssl.SSLCertVerificationError):
        await peers.tls.ready
    assert peers.above.wire is None
    assert peers.line.closed == "in order"


async def test_an_end_in_the_handshake_is_an_error() -> None:
    peers = Peers()
    peers.tls.connection_lost(None)
    with pytest.raises(ConnectionResetError):
        await peers.tls.ready
    assert peers.above.lost == []


async def test_a_handshake_that_was_given_up_fails_for_nobody() -> None:
    peers = Peers()
    peers.tls.abort()
    assert peers.line.closed == "at once"
    peers.tls.connection_lost(None)
    assert peers.tls.ready.cancelled()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_long_request_and_its_echo_are_whole(version: ssl.TLSVersion) -> None:
    context = server_tls()
    context.maximum_version = version
    body = bytes(range(256)) * 8_000
    async with (
        web_server(Receiver(tls=context, echo=True)) as receiver,
        opened() as transport,
        httpx.AsyncClient(transport=transport) as client,
    ):
        response = await client.post(receiver.url(), content=body)
        assert response.content.endswith(b"\r\n\r\n" + body)
        assert receiver.requests[0].body == body


async def test_a_body_that_ends_with_the_connection_is_whole() -> None:
    raw = b"HTTP/1.1 200 OK\r\n\r\n" + FEED
    async with (
        Server(lambda r: Reply(raw=raw, close=True), context=server_tls()) as server,
        opened() as transport,
        httpx.AsyncClient(transport=transport) as client,
    ):
        assert (await client.get(server.url())).content == FEED


async def test_a_handshake_that_is_given_up_leaves_nothing_behind() -> None:
    ended = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError):
                await reader.read()
        finally:
            writer.close()
            ended.set()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with opened() as transport:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await transport.handle_async_request(httpx.Request("GET", f"https://127.0.0.1:{port}/"))
        assert not transport._open
        await ended.wait()
    server.close()
    await server.wait_closed()
