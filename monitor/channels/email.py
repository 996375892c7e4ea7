"""E-mail over SMTP: HTML and a text made for reading, to each recipient a mail of their own.

| the server says | means |
|---|---|
| 250 after the message | taken |
| 4xx | try again (RFC 5321 §4.2.1) |
| 5xx | never: address, size or content is refused; 535 the password |
| nothing, with the message on its way | it may have arrived (RFC 5321 §6.1): again, same Message-ID |

The server is the operator's own, so it may be on a private address.
"""

from __future__ import annotations

import contextlib
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import aiosmtplib

from monitor import channels
from monitor.channels import Tools, _mail
from monitor.channels._text import one_line, said
from monitor.errors import ConfigError, DeliveryError, DeliveryReason
from monitor.model import Delivery, Recipient, Secret

MAX_HTML = 100_000
"""Bytes: Gmail hides what comes after 102 KB behind a link."""
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
_LIST_ID = re.compile(r"[A-Za-z0-9._-]{1,255}")
_GOODBYE = 2.0
"""Seconds to wait for the answer to QUIT: the mail is delivered by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailOptions:
    """Settings of a `type: email` channel."""

    to: tuple[str | Recipient, ...]
    """Addresses; one may be `{address, language, timezone}` to be written to in another way."""
    server: str = "smtp://localhost:25"
    """`smtp://` in the clear, `smtp+starttls://` (port 587) or `smtps://` (port 465), then host and port."""
    sender: str = "monitor@localhost"
    """Also `Name <address>`. Its domain signs the Message-ID."""
    username: str = ""
    """Empty: no login."""
    password: Secret | None = None
    """`env:NAME`, `file:PATH` or `credential:NAME`. Never sent in the clear to another machine."""
    ca: str = ""
    """A PEM file of the authorities to trust instead of the system's, for a server inside the house."""
    subject_prefix: str = ""
    """Put before each subject."""
    list_id: str = ""
    """For the List-Id header, by which mail programs filter; empty: `ROUTE.CHANNEL.DOMAIN`."""
    timeout: timedelta = timedelta(seconds=30)
    """For connecting and for each answer."""


class Channel(channels.Channel):
    """One SMTP server and the people reached by it."""

    Options = EmailOptions
    parts = ("subject.txt", "html", "txt")

    def __init__(self, name: str, options: EmailOptions, tools: Tools) -> None:
        """Raises ConfigError if an address, the server's URL or the authorities cannot be used."""
        super().__init__(name, options, tools)
        self._recipients = tuple(_recipient(one) for one in options.to)
        self._scheme, self._host, self._port = _server(options.server)
        self._tls = _trust(tools.folder / options.ca if options.ca else None, self._scheme)
        sender = parseaddr(options.sender)[1]
        self._sender = _address(sender, "sender")
        if not self._recipients:
            raise ConfigError("to: names nobody")
        if options.list_id and not _LIST_ID.fullmatch(options.list_id):
            raise ConfigError("list_id: must be letters, digits, dots and hyphens, like day.desk.example.org")
        if options.username and options.password is None:
            raise ConfigError("password: is missing beside username")
        if options.username and self._scheme == "smtp" and not _loopback(self._host):
            raise ConfigError(
                "server: the password would go over the network in the clear; use smtps:// or smtp+starttls://"
            )

    def recipients(self) -> tuple[Recipient, ...]:
        """Return the addresses."""
        return self._recipients

    @staticmethod
    def fits(part: str, text: str) -> bool:
        """Say whether mail programs show all of it."""
        return part != "html" or len(text.encode("utf-8", "replace")) <= MAX_HTML

    async def send(self, delivery: Delivery) -> str:
        """Send the mail; return the server's answer. Raises DeliveryError by the table above."""
        to = delivery.message.recipient.address
        raw = _mail.mail(
            delivery.message,
            sender=self.options.sender,
            subject_prefix=self.options.subject_prefix,
            list_id=self.options.list_id,
            date=self.tools.clock.now(),
        )
        server = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            timeout=self.options.timeout.total_seconds(),
            use_tls=self._scheme == "smtps",
            start_tls=self._scheme == "smtp+starttls",
            tls_context=self._tls,
            local_hostname=self._sender.rpartition("@")[2],
        )
        try:
            with self._translated():
                await server.connect()
                if self.options.username:
                    await server.login(self.options.username, self.options.password.value)
                await server.mail(self._sender)
                await server.rcpt(to)
            with self._translated(on_its_way=True):
                answer = await server.data(raw)
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await server.quit(timeout=_GOODBYE)
        finally:
            server.close()
        return said(f"{answer.code} {answer.message}", (self.options.password,))

    @contextlib.contextmanager
    def _translated(self, *, on_its_way: bool = False) -> Iterator[None]:
        """Translate what the server or the network does. `on_its_way`: the message may have arrived."""
        try:
            yield
        except aiosmtplib.SMTPResponseException as error:
            raise self._refused(error) from error
        except aiosmtplib.SMTPNotSupported as error:
            raise self._lost(DeliveryReason.CONNECT, error) from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            timed_out = isinstance(error, TimeoutError)
            reason = DeliveryReason.TIMEOUT if timed_out else DeliveryReason.CONNECT
            raise self._lost(DeliveryReason.UNKNOWN if on_its_way else reason, error) from error

    def _refused(self, error: aiosmtplib.SMTPResponseException) -> DeliveryError:
        again = error.code < 500
        if isinstance(error, aiosmtplib.SMTPAuthenticationError):
            reason = DeliveryReason.AUTH
        else:
            reason = DeliveryReason.SERVER if again else DeliveryReason.REJECTED
        answer = said(str(error.message), (self.options.password,))
        return DeliveryError(
            reason, f"{self._host}:{self._port}: answered {error.code} {answer}".rstrip(), retryable=again
        )

    def _lost(self, reason: DeliveryReason, error: BaseException) -> DeliveryError:
        words = said(str(error) or type(error).__name__, (self.options.password,), 160)
        return DeliveryError(reason, f"{self._host}:{self._port}: {words}", retryable=True)


def _recipient(one: str | Recipient) -> Recipient:
    recipient = Recipient(address=one) if isinstance(one, str) else one
    return Recipient(
        address=_address(recipient.address, "to"),
        language=recipient.language,
        timezone=recipient.timezone,
    )


def _address(text: str, key: str) -> str:
    """Return an address with its domain in ASCII (IDNA). Raises ConfigError."""
    local, _, domain = text.strip().rpartition("@")
    with contextlib.suppress(UnicodeError):
        domain = domain.encode("idna").decode("ascii")
    if not _ADDRESS.fullmatch(address := f"{local}@{domain}"):
        raise ConfigError(f"{key}: {one_line(text)!r} is not a mail address")
    return address


def _server(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError("server: is not a URL") from error
    if parts.scheme not in _PORTS or not host:
        raise ConfigError(
            "server: must be smtp://HOST, smtp+starttls://HOST or smtps://HOST, with :PORT if it is another"
        )
    if parts.username or parts.password:
        raise ConfigError("server: write the login as username and password, not into the URL")
    return parts.scheme, host, port or _PORTS[parts.scheme]


def _trust(authorities: Path | None, scheme: str) -> ssl.SSLContext | None:
    """Return what certificates are checked against, made once: making it costs 28–39 ms."""
    if scheme == "smtp":
        return None
    try:
        return ssl.create_default_context(cafile=authorities)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(f"ca: cannot be read: {error.strerror or type(error).__name__}") from error


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
