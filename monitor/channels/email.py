"""E-mail over SMTP: HTML and a text made for reading, to each recipient a mail of their own.

| the server says | means |
|---|---|
| 250 after the message | taken |
| 4xx | try again (RFC 5321 §4.2.1) |
| 5xx | never: address, size or content is refused; 535 the password |
| nothing, before it asked for the message | nothing arrived: again |
| nothing, after the final dot | it may have arrived (RFC 5321 §6.1): `unknown`; again, same Message-ID |

One conversation a recipient: what a server says to one address has no bearing on another's mail. The
server is the operator's own, so it may be on a private address.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import re
import ssl
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import parseaddr
from html import escape
from importlib import import_module
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import aiosmtplib

from monitor import channels
from monitor.channels import Tools, _mail
from monitor.channels._smtp import Conversation
from monitor.channels._text import one_line, said
from monitor.errors import ConfigError, DeliveryError, DeliveryReason
from monitor.model import Delivery, Message, Recipient, Secret

MAX_HTML = 100_000
"""Bytes: Gmail hides what comes after 102 KB behind a link."""
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
_LIST_ID = re.compile(r"[A-Za-z0-9._-]{1,255}")
_DOMAIN = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
_PLACES = re.compile(r"\{[^}]*\}")
_PERHAPS = (
    "; the whole message had been sent: it may have arrived and goes out again with the same Message-ID"
)
_WHOLE = 80.0
"""Seconds for a whole conversation: less than the daemon gives a try, so that what was under way is known."""
_GOODBYE = 2.0
"""Seconds to wait for the answer to QUIT: the mail is delivered by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dkim:
    """A signature by which receivers see that the mail is from the sender's domain (RFC 6376)."""

    domain: str
    """The domain that signs: that of the sender, or one above it (DMARC)."""
    selector: str
    """The name of the key: its public half is in the DNS as a TXT record of `SELECTOR._domainkey.DOMAIN`."""
    key: Secret
    """The private half, RSA in PEM: `file:PATH` or `credential:NAME`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe:
    """The way out of the list that mail programs show as a button (RFC 2369, RFC 8058)."""

    mail: str = ""
    """An address that somebody reads; empty: the sender's."""
    url: str = ""
    """An https address that ends the subscription when it is POSTed to, without a question or a login.
    `{address}`, `{route}` and `{token}` are filled in."""
    key: Secret | None = None
    """Makes `{token}`, so that nobody unsubscribes another: the base64url HMAC-SHA256 of `ADDRESS ROUTE`."""


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
    dkim: Dkim | None = None
    """Sign the mails; not needed where the server does it."""
    unsubscribe: Unsubscribe = Unsubscribe()
    """How a reader gets out; without it by a mail to the sender."""
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
        self._ca = tools.folder / options.ca if options.ca else None
        self._tls = _trust(self._ca) if self._ca and self._scheme != "smtp" else None
        self._address = _address(parseaddr(options.sender)[1], "sender")
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
        self._sender = _sender(options, self._address)

    def recipients(self) -> tuple[Recipient, ...]:
        """Return the addresses."""
        return self._recipients

    @staticmethod
    def fits(part: str, text: str) -> bool:
        """Say whether mail programs show all of it."""
        return part != "html" or len(text.encode("utf-8", "replace")) <= MAX_HTML

    def prepare(self, message: Message) -> Message:
        """Put the reader's way out where the templates have `#unsubscribe`, before the message is frozen."""
        way = _mail.ways_out(message.route, message.recipient.address, self._sender)[0]
        parts = dict(message.parts)
        for part, mark, put in (
            ("html", 'href="#unsubscribe"', f'href="{escape(way)}"'),
            ("txt", "<#unsubscribe>", f"<{way}>"),
        ):
            if part in parts:
                parts[part] = parts[part].replace(mark, put)
        return replace(message, parts=parts)

    async def send(self, delivery: Delivery) -> str:
        """Send the mail; return the server's answer. Raises DeliveryError by the table above."""
        hidden = (self.options.password, self.options.unsubscribe.key)
        server = Conversation(
            scheme=self._scheme,
            host=self._host,
            port=self._port,
            timeout=self.options.timeout.total_seconds(),
            tls=self._context(),
            local_name=self._address.rpartition("@")[2],
            note=self.tools.note,
            secrets=hidden,
        )
        begun = False

        def on_its_way() -> None:
            nonlocal begun
            begun = True

        try:
            with self._translated(lambda: begun):
                async with asyncio.timeout(_WHOLE):
                    answer = await self._converse(server, delivery.message, on_its_way)
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await server.quit(timeout=_GOODBYE)
        finally:
            server.close()
        return said(f"{answer.code} {answer.message}", hidden)

    async def _converse(
        self, server: Conversation, message: Message, begun: Callable[[], None]
    ) -> aiosmtplib.SMTPResponse:
        """Say all there is to say up to the final dot; return the answer to it."""
        await server.greet()
        if self.options.username and self.options.password is not None:
            await server.log_in(self.options.username, self.options.password.value)
        to = message.recipient.address
        raw = _mail.mail(
            message,
            self._sender,
            to=to,
            date=self.tools.clock.now(),
            eight_bit=server.supports_extension("8bitmime"),
        )
        await server.mail(self._address, options=_mail_options(server, raw))
        await server.rcpt(to)
        return await server.hand_over(raw, begun)

    def _context(self) -> ssl.SSLContext | None:
        """Return what certificates are checked against, made once: making it costs 28–39 ms."""
        if self._tls is None and self._scheme != "smtp":
            self._tls = _trust(None)
        return self._tls

    @contextlib.contextmanager
    def _translated(self, begun: Callable[[], bool]) -> Iterator[None]:
        """Translate what the server or the network does. `begun`: is the whole message on its way?"""
        try:
            yield
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            if isinstance(error, aiosmtplib.SMTPResponseException) and error.code >= 200:
                raise self._refused(error) from error
            if begun():
                raise self._lost(DeliveryReason.UNKNOWN, error, _PERHAPS) from error
            timed_out = isinstance(error, TimeoutError)
            raise self._lost(
                DeliveryReason.TIMEOUT if timed_out else DeliveryReason.CONNECT, error
            ) from error

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

    def _lost(self, reason: DeliveryReason, error: BaseException, more: str = "") -> DeliveryError:
        words = said(str(error) or type(error).__name__, (self.options.password,), 160)
        return DeliveryError(reason, f"{self._host}:{self._port}: {words}{more}", retryable=True)


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


def _trust(authorities: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authorities)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(f"ca: cannot be read: {error.strerror or type(error).__name__}") from error


def _sender(options: EmailOptions, address: str) -> _mail.Sender:
    """Return who writes the mails. Raises ConfigError."""
    way = options.unsubscribe
    mail = _address(way.mail, "unsubscribe.mail") if way.mail else address
    wrong = set(_PLACES.findall(way.url)) - {"{address}", "{route}", "{token}"}
    if way.url and not re.fullmatch(r"https://[!-~]+", way.url):
        raise ConfigError("unsubscribe.url: must begin with https:// (RFC 8058 asks for it)")
    if wrong:
        raise ConfigError(
            f"unsubscribe.url: {min(wrong)} is unknown; there are {{address}}, {{route}}, {{token}}"
        )
    if "{token}" in way.url and way.key is None:
        raise ConfigError("unsubscribe.key: is missing, which makes {token}")
    return _mail.Sender(
        sender=options.sender,
        subject_prefix=options.subject_prefix,
        list_id=options.list_id,
        unsubscribe_mail=mail,
        unsubscribe_url=way.url,
        token=lambda address, route: unsubscribe_token(way.key, address, route),
        sign=_signer(options.dkim),
    )


def unsubscribe_token(key: Secret | None, address: str, route: str) -> str:
    """Return what an unsubscribe address proves itself with."""
    if key is None:
        return ""
    made = hmac.digest(key.value.encode(), f"{address} {route}".encode(), "sha256")
    return urlsafe_b64encode(made).decode().rstrip("=")


def _signer(options: Dkim | None) -> _mail.Sign | None:
    """Return what signs mails; dkimpy is imported only then. Raises ConfigError."""
    if options is None:
        return None
    for name, text in (("domain", options.domain), ("selector", options.selector)):
        if not _DOMAIN.fullmatch(text):
            raise ConfigError(f"dkim.{name}: must be letters, digits, hyphens and dots")
    signer = import_module("monitor.channels._dkim").signer
    sign: _mail.Sign = signer(options.domain, options.selector, options.key)
    return sign


def _mail_options(server: Conversation, raw: bytes) -> list[str]:
    """Return what MAIL FROM says of the message, where the server wants to know (RFC 1870, RFC 6152)."""
    options = [f"SIZE={len(raw)}"] if server.supports_extension("size") else []
    if not raw.isascii():
        options.append("BODY=8BITMIME")
    return options


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
