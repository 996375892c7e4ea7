"""Who gets the messages: a mail server, a webhook and a Slack-like webhook, each filing what came."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any

from aiosmtpd.smtp import SMTP

from monitor.clock import Clock
from monitor.commands._demo.loopback import Loopback, Request, Response

TOLERANCE = timedelta(minutes=5)
"""How far a signed time may lie from now, as the reference libraries of Standard Webhooks have it."""


@dataclass(slots=True)
class Shelf:
    """A folder that received bodies are filed in, named by time and number."""

    folder: Path
    clock: Clock
    ids: Counter[str] = field(default_factory=Counter)
    """How often each message id came: a second time is a duplicate, filed once."""

    def file(self, message_id: str, bodies: dict[str, bytes]) -> bool:
        """Write one file for each suffix; False if the id was here before."""
        self.ids[message_id] += 1
        if self.ids[message_id] > 1:
            return False
        self.folder.mkdir(parents=True, exist_ok=True)
        stem = f"{len(self.ids):03}-{self.clock.now():%Y-%m-%dT%H%MZ}"
        for suffix, body in bodies.items():
            (self.folder / f"{stem}{suffix}").write_bytes(body)
        return True


class MailServer:
    """A real SMTP server (aiosmtpd) on loopback; keeps each mail as .eml, .html and .txt."""

    def __init__(self, folder: Path, clock: Clock, *, host: str = "127.0.0.1") -> None:
        self.shelf = Shelf(folder, clock)
        self._host = host
        self._server: asyncio.Server | None = None
        self.url = ""

    async def __aenter__(self) -> MailServer:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, hostname="demo.example", ident="monitor demo", loop=loop), self._host, 0
        )
        self.url = f"smtp://{self._host}:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take one mail (aiosmtpd calls this at the end of DATA) and answer with an SMTP reply."""
        raw: bytes = envelope.content
        mail = message_from_bytes(raw, policy=policy.default)
        bodies = {".eml": raw}
        for suffix, kind in ((".html", "html"), (".txt", "plain")):
            part = mail.get_body((kind,)) if isinstance(mail, EmailMessage) else None
            if part is not None:
                bodies[suffix] = str(part.get_content()).encode()
        self.shelf.file(f"{mail['Message-ID']} {','.join(envelope.rcpt_tos)}", bodies)
        return "250 2.0.0 taken"


class Webhook:
    """A webhook that checks the Standard Webhooks 1.0 signature and keeps each body."""

    def __init__(self, folder: Path, clock: Clock, *, secret: str) -> None:
        self.shelf = Shelf(folder, clock)
        self.refused = 0
        self._clock = clock
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self._server = Loopback(self._answer)

    @property
    def url(self) -> str:
        """Where to post to."""
        return self._server.url + "/hooks/monitor"

    async def __aenter__(self) -> Webhook:
        await self._server.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.__aexit__(kind, error, trace)

    async def _answer(self, request: Request) -> Response:
        if not self._signed(request):
            self.refused += 1
            return Response(status=401, body=b"wrong signature\n")
        self.shelf.file(request.headers["webhook-id"], {".json": _pretty(request.body)})
        return Response(status=204)

    def _signed(self, request: Request) -> bool:
        """Standard Webhooks, 'Verifying webhooks': HMAC-SHA256 over `id.timestamp.body`, and a fresh time."""
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        message_id, stamp, signatures = (request.headers.get(name, "") for name in names)
        if not stamp.isdecimal() or not message_id:
            return False
        if abs(int(stamp) - self._clock.now().timestamp()) > TOLERANCE.total_seconds():
            return False
        signed = f"{message_id}.{stamp}.".encode() + request.body
        right = "v1," + base64.b64encode(hmac.digest(self._key, signed, hashlib.sha256)).decode()
        return any(hmac.compare_digest(right, given) for given in signatures.split())


class Slack:
    """Answers as Slack's incoming webhooks do, and keeps each body."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.shelf = Shelf(folder, clock)
        self._server = Loopback(self._answer)

    @property
    def url(self) -> str:
        """The incoming webhook."""
        return self._server.url + "/services/T0DEMO/B0DEMO/demo"

    async def __aenter__(self) -> Slack:
        await self._server.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.__aexit__(kind, error, trace)

    async def _answer(self, request: Request) -> Response:
        try:
            said = json.loads(request.body)
        except ValueError:
            return Response(status=400, body=b"invalid_payload")
        if not isinstance(said, dict) or not (said.get("text") or said.get("blocks")):
            return Response(status=400, body=b"no_text")
        self.shelf.file(f"{len(self.shelf.ids)}", {".json": _pretty(request.body)})
        return Response(headers={"Content-Type": "text/plain"}, body=b"ok")


def _pretty(body: bytes) -> bytes:
    """Return a JSON body indented, Bengali readable; what is not JSON as it came."""
    try:
        return (json.dumps(json.loads(body), ensure_ascii=False, indent=2) + "\n").encode()
    except ValueError:
        return body
