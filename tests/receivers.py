"""Servers of our own for the channels' tests: a mail server and a web server, on loopback, in the test's loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message as Mail
from pathlib import Path

import httpx
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from monitor.channels import Tools
from monitor.clock import VirtualClock
from monitor.model import Delivery, Kind, Message, Recipient
from monitor.render import Renderer, sample

NOW = datetime(2025, 10, 17, 1, 31, tzinfo=UTC)
TEMPLATES = Path(__file__).parent.parent / "templates"
TLS = Path(__file__).parent / "politeness" / "tls"
RENDERER = Renderer([TEMPLATES])


def a_message(
    channel_type: str, parts: tuple[str, ...], *, kind: Kind = Kind.DIGEST, language: str = "bn"
) -> Message:
    return RENDERER.render(sample(kind, language=language), channel_type=channel_type, parts=parts)


def a_delivery(message: Message, recipient: Recipient | None = None, attempts: int = 1) -> Delivery:
    if recipient is not None:
        message = replace(message, recipient=recipient)
    return Delivery(
        id=f"{message.id}-x",
        message=message,
        channel=message.channel,
        due_at=NOW,
        queued_at=NOW,
        attempts=attempts,
    )


@dataclass
class Heard:
    """What a channel's tools were asked: seconds to wait (nobody waits here), lines of the dialogue."""

    pauses: list[float] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


@asynccontextmanager
async def tools(
    folder: Path, heard: Heard | None = None, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[Tools]:
    heard = heard or Heard()
    async with httpx.AsyncClient(trust_env=False, transport=transport) as client:
        yield Tools(
            http=client,
            clock=VirtualClock(NOW),
            folder=folder,
            pause=heard.pause,
            note=heard.lines.append,
        )


@dataclass
class Mailbox:
    """A mail server that answers as told and keeps what it took."""

    port: int = 0
    rcpt: str = "250 OK"
    rcpts: dict[str, str] = field(default_factory=dict)
    """The answer to single addresses."""
    mail: str = "250 OK"
    data: str = "250 OK queued"
    hang_up: bool = False
    """Take the message, then close without an answer."""
    password: str = ""
    tls: ssl.SSLContext | None = None
    starttls: bool = False
    raw: list[bytes] = field(default_factory=list)
    to: list[str] = field(default_factory=list)

    def mails(self) -> list[Mail]:
        return [message_from_bytes(raw) for raw in self.raw]

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.mail

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.rcpts.get(address, self.rcpt)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        self.raw.append(content)
        self.to += envelope.rcpt_tos
        if self.hang_up:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return self.data


@asynccontextmanager
async def mail_server(box: Mailbox) -> AsyncIterator[Mailbox]:
    loop = asyncio.get_running_loop()

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        right = isinstance(data, LoginPassword) and data.password.decode() == box.password
        return AuthResult(success=right, handled=False)

    def protocol() -> SMTP:
        return SMTP(
            box,
            hostname="mx.example.org",
            loop=loop,
            enable_SMTPUTF8=False,
            tls_context=box.tls if box.starttls else None,
            authenticator=check if box.password else None,
            auth_require_tls=False,
        )

    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=None if box.starttls else box.tls)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def mail_script(*lines: str, got: list[bytes] | None = None) -> AsyncIterator[int]:
    """A mail server that says these lines, one for each of the client's, and keeps what it `got`.

    `!` closes, `~` says nothing more. Yields its port.
    """
    kept: list[bytes] = [] if got is None else got
    serving: set[asyncio.Task[None]] = set()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for line in lines:
                if line == "!":
                    break
                if line == "~":
                    await reader.read()
                    break
                writer.write(line.encode() + b"\r\n")
                kept.append(await reader.readuntil(b"\r\n.\r\n" if line.startswith("354") else b"\r\n"))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.ensure_future(speak(reader, writer)))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*serving)
        await server.wait_closed()


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes
    method: str = "POST"


Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Receiver:
    """A web server that answers every POST as told and keeps what it got."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    answers: Callable[[Request], Answer] | None = None
    """Asked for each request, in place of the three above."""
    hang_up: bool = False
    """Reset the connection when the request is there."""
    silent: bool = False
    endless: bool = False
    drip: float = 0.0
    """Seconds between two bytes of the answer's head."""
    echo: bool = False
    """Answer with the whole request, secrets and all."""
    tls: ssl.SSLContext | None = None
    port: int = 0
    requests: list[Request] = field(default_factory=list)

    def url(self, path: str = "/hook") -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}{path}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            raw = await reader.readuntil(b"\r\n\r\n")
            head = raw.decode("latin-1").split("\r\n")
            headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            request = Request(head[0].split()[1], headers, body, head[0].split()[0])
            self.requests.append(request)
            if self.silent:
                await reader.read()
            elif self.hang_up:
                self._reset(writer)
            else:
                await self._say(request, raw + body, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _say(self, request: Request, raw: bytes, writer: asyncio.StreamWriter) -> None:
        status, headers, body = (self.status, self.headers, self.body)
        if self.answers is not None:
            status, headers, body = self.answers(request)
        body = raw if self.echo else body
        extra = "".join(f"{k}: {v}\r\n" for k, v in headers.items())
        told = self.endless or "Content-Length" in headers
        length = "" if told else f"Content-Length: {len(body)}\r\n"
        head = f"HTTP/1.1 {status} X\r\n{extra}{length}Connection: close\r\n\r\n".encode()
        for byte in head if self.drip else ():
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(self.drip)
        writer.write(b"" if self.drip else head)
        writer.write(body)
        while self.endless:
            writer.write(b"x" * 65_536)
            await writer.drain()
        await writer.drain()

    @staticmethod
    def _reset(writer: asyncio.StreamWriter) -> None:
        """Close with RST: SO_LINGER of zero seconds."""
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


@asynccontextmanager
async def web_server(receiver: Receiver) -> AsyncIterator[Receiver]:
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0, ssl=receiver.tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await server.wait_closed()


def server_tls(name: str = "cert.pem") -> ssl.SSLContext:
    """A certificate for 127.0.0.1 of our own; `expired.pem` ended in 2020."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / name, TLS / "key.pem")
    return context


def client_tls() -> ssl.SSLContext:
    """Trusts both of them."""
    context = ssl.create_default_context(cafile=TLS / "cert.pem")
    context.load_verify_locations(TLS / "expired.pem")
    return context
