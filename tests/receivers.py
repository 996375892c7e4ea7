"""Servers of our own for the channels' tests: a mail server and a web server, on loopback, in the test's loop."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
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


@asynccontextmanager
async def tools(folder: Path) -> AsyncIterator[Tools]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield Tools(http=client, clock=VirtualClock(NOW), folder=folder)


@dataclass
class Mailbox:
    """A mail server that answers as told and keeps what it took."""

    port: int = 0
    rcpt: str = "250 OK"
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
        if self.rcpt.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

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


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A web server that answers every POST as told and keeps what it got."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    hang_up: bool = False
    silent: bool = False
    endless: bool = False
    port: int = 0
    requests: list[Request] = field(default_factory=list)

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.requests.append(Request(head[0].split()[1], headers, body))
            if self.silent:
                await reader.read()
            if not self.hang_up:
                extra = "".join(f"{k}: {v}\r\n" for k, v in self.headers.items())
                told = self.endless or "Content-Length" in self.headers
                length = "" if told else f"Content-Length: {len(self.body)}\r\n"
                writer.write(f"HTTP/1.1 {self.status} X\r\n{extra}{length}Connection: close\r\n\r\n".encode())
                writer.write(self.body)
                while self.endless:
                    writer.write(b"x" * 65_536)
                    await writer.drain()
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def web_server(receiver: Receiver) -> AsyncIterator[Receiver]:
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await server.wait_closed()
