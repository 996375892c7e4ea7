"""A rendered message as the bytes of a mail (RFC 5322, MIME), safe whatever a headline says.

CPython's `EmailMessage` reads encoded words in a header that is set as text: the title
`=?utf-8?q?=0ABcc:_x=40y?=` becomes a real `Bcc:` line in 3.11.7 and 3.12.1 (measured). Here headers
are encoded by us, and the finished bytes are parsed again and compared before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.charset import BASE64, QP, Charset
from email.generator import BytesGenerator
from email.header import Header, decode_header, make_header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import format_datetime, formataddr, parseaddr
from io import BytesIO
from urllib.parse import quote

from monitor.channels._text import one_line
from monitor.errors import DeliveryError, DeliveryReason
from monitor.model import Kind, Message

_POLICY = compat32.clone(linesep="\r\n", mangle_from_=False)
_LONGEST_SUBJECT = 300
"""Characters: more than any client shows, far below what makes servers refuse a header."""
_NOT_ATEXT = re.compile(r"[^A-Za-z0-9._+-]")
_ASCII = bytes(range(0x80))


_LONGEST_LINE = 998
"""Bytes of a line (RFC 5322 §2.1.1), also where the server takes 8 bits (RFC 6152)."""

Sign = Callable[[bytes, Sequence[str]], bytes]
"""(a mail, the headers to sign) → the header line with its signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who writes the mails of a channel, and how a reader gets out of the list.

    `unsubscribe_mail` is an address, `unsubscribe_url` an https address with `{address}`, `{route}` and
    `{token}` in it, `token` what makes the token of address and route.
    """

    sender: str
    subject_prefix: str = ""
    list_id: str = ""
    unsubscribe_mail: str = ""
    unsubscribe_url: str = ""
    token: Callable[[str, str], str] = lambda address, route: ""
    sign: Sign | None = None

    @property
    def domain(self) -> str:
        """The domain of the sender's address."""
        return parseaddr(self.sender)[1].rpartition("@")[2] or "localhost"


def mail(message: Message, sender: Sender, *, to: str, date: datetime, eight_bit: bool = False) -> bytes:
    """Return the mail: text and HTML side by side, the same Message-ID for the same message always.

    `eight_bit` says that the server takes 8 bits (8BITMIME): Bengali is a third shorter so. A mail that
    is signed stays in 7 bits: a relay that has to convert it would break the signature (RFC 6376 §5.3).
    Raises DeliveryError (`rejected`) if the finished headers are not the ones that were meant, which
    would be a fault of ours: better no mail than one with another's headers.
    """
    headers = _headers(message, sender, to, date)
    body = MIMEMultipart("alternative", boundary=f"=_{_atom(message.id)[:40]}_=")
    del body["MIME-Version"]
    parts = [
        _text(message.parts[part], subtype, eight_bit=eight_bit and sender.sign is None)
        for part, subtype in (("txt", "plain"), ("html", "html"))
        if part in message.parts
    ]
    for part in parts:
        body.attach(part)
    if any(part["Content-Transfer-Encoding"] == "8bit" for part in parts):
        headers["Content-Transfer-Encoding"] = "8bit"  # of what is in it (RFC 2045 §6.4)
    for name, value in headers.items():
        body[name] = _header(name, value)  # type: ignore[assignment]  # as email.header documents it
    raw = _bytes(body)
    _verify(raw, headers)
    if sender.sign is not None:
        raw = sender.sign(raw, [*headers, "Content-Type"]) + raw
    return raw


def _headers(message: Message, sender: Sender, to: str, date: datetime) -> dict[str, str]:
    """Return the headers by name; whatever feeds, stories or routes are called is neutral in them."""
    domain = sender.domain
    list_id = sender.list_id or ".".join((_label(message.route), _label(message.channel), domain))
    headers = {
        "From": _from(sender.sender),
        "To": to,
        "Subject": _subject(sender.subject_prefix, message),
        "Date": format_datetime(date),
        "Message-ID": f"<{_atom(message.id)}@{domain}>",
        "MIME-Version": "1.0",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "List-Id": f"<{list_id}>",
        "Content-Language": _tag(message.language),
        "X-Monitor-Route": _neutral(message.route),
    }
    headers |= _way_out(message.route, to, sender)
    headers |= _thread(message, domain)
    if message.kind is not Kind.DIGEST and message.stories:
        headers["X-Monitor-Story"] = _neutral(message.stories[0])
    return headers


def _thread(message: Message, domain: str) -> dict[str, str]:
    """Return what puts a mail into its thread (RFC 5322 §3.6.4).

    An alert about a known story answers the first one, which answers nothing; a route's digests of a
    day share a mail that nobody ever sent.
    """
    if message.follows:
        root = f"<{_atom(message.follows.message)}@{domain}>"
    elif message.kind is Kind.DIGEST and message.thread:
        root = f"<thread.{_atom(message.thread)}@{domain}>"
    else:
        return {}
    return {"In-Reply-To": root, "References": root}


def ways_out(route: str, to: str, sender: Sender) -> list[str]:
    """Return the addresses by which a reader gets out of the list, the best first."""
    ways = []
    if sender.unsubscribe_url:
        values = {"address": to, "route": one_line(route), "token": sender.token(to, one_line(route))}
        url = sender.unsubscribe_url
        for name, value in values.items():
            url = url.replace(f"{{{name}}}", quote(value, safe=""))
        ways.append(url)
    if sender.unsubscribe_mail:
        subject = quote(f"unsubscribe {one_line(route)} {to}", safe="@")
        ways.append(f"mailto:{sender.unsubscribe_mail}?subject={subject}")
    return ways


def _way_out(route: str, to: str, sender: Sender) -> dict[str, str]:
    """Return List-Unsubscribe (RFC 2369 §3.2), with one click where there is an https address (RFC 8058)."""
    ways = ways_out(route, to, sender)
    headers = {"List-Unsubscribe": ", ".join(f"<{way}>" for way in ways)} if ways else {}
    if sender.unsubscribe_url:
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _text(text: str, subtype: str, *, eight_bit: bool) -> MIMEText:
    """Return a text part: as it is if the way is open for 8 bits, else in the shorter of two encodings.

    Eight stories in Bengali make 18.5 KB as they are, 24.9 KB in base64, 34.1 KB in quoted-printable
    (measured); Latin is the shorter in quoted-printable.
    """
    raw = text.encode("utf-8", "replace")
    charset = Charset("utf-8")
    longest = max(map(len, raw.splitlines()), default=0)
    if eight_bit and longest <= _LONGEST_LINE and not raw.isascii():
        charset.body_encoding = None  # type: ignore[assignment]  # as email.charset documents it
    else:
        charset.body_encoding = BASE64 if len(raw.translate(None, _ASCII)) * 6 > len(raw) else QP
    part = MIMEText(raw.decode(), subtype, charset)  # type: ignore[arg-type]  # a Charset is taken too
    del part["MIME-Version"]
    return part


def _subject(prefix: str, message: Message) -> str:
    """Return the subject: in a thread the first mail's behind `Re:`.

    With another one Gmail begins a new conversation.
    """
    if message.follows and message.follows.subject:
        return f"Re: {_subject_line(prefix, message.follows.subject)}"
    return _subject_line(prefix, message.subject)


def _subject_line(prefix: str, subject: str) -> str:
    """Return one line without control characters in which no encoded word can be read."""
    line = _neutral(f"{prefix} {subject}")
    if len(line) <= _LONGEST_SUBJECT:
        return line
    space = line.rfind(" ", _LONGEST_SUBJECT // 2, _LONGEST_SUBJECT)
    return line[: space if space > 0 else _LONGEST_SUBJECT - 1] + "…"


def _neutral(text: str) -> str:
    """Return one line in which nobody reads an encoded word (RFC 2047), now or when it is passed on."""
    return one_line(text).replace("=?", "= ?").replace("?=", "? =")


def _tag(language: str) -> str:
    """Return a language as Content-Language takes it (RFC 3282)."""
    return language if re.fullmatch(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*", language) else "en"


class _Whole(Header):
    """A header of identities and addresses: folded after commas only, never before its first word.

    Programs that look for an identity behind the colon do not find it on the next line.
    """

    def encode(self, splitchars: str = "", maxlinelen: int | None = None, linesep: str = "\n") -> str:
        """Return the value."""
        return str(self).replace(", ", f",{linesep} ")


_IDENTITIES = ("Message-ID", "In-Reply-To", "References", "List-Id", "List-Unsubscribe")


def _header(name: str, value: str) -> Header | str:
    """Return a header's value, in encoded words where it is not plain ASCII."""
    if name in _IDENTITIES and value.isascii():
        return _Whole(value)
    if name == "Subject" or not value.isascii():
        return Header(value, "us-ascii" if value.isascii() else "utf-8", header_name=name)
    return value


def _from(sender: str) -> str:
    name, address = parseaddr(sender)
    return formataddr((one_line(name), address), "utf-8")


def _atom(text: str) -> str:
    """Return `text` as dot-atom characters (RFC 5322 §3.2.3), different for different texts."""
    safe = _NOT_ATEXT.sub(lambda found: f"={ord(found[0]):x}=", text)
    return safe.replace("..", ".=2e=").strip(".") or "0"


def _label(text: str) -> str:
    """Return `text` as a label of a List-Id (RFC 2919): letters, digits, hyphens."""
    return (
        re.sub(r"[^A-Za-z0-9-]+", "-", one_line(text)).strip("-")
        or f"x{text.encode('utf-8', 'replace').hex()[:24]}"
    )


def _bytes(body: MIMEMultipart) -> bytes:
    written = BytesIO()
    BytesGenerator(written, policy=_POLICY).flatten(body)
    return written.getvalue()


def _verify(raw: bytes, meant: Mapping[str, str]) -> None:
    """Read the bytes as a receiver does; every header must be there once and say what was meant."""
    read = BytesHeaderParser().parsebytes(raw)
    wrong = {name.lower() for name in read} ^ {name.lower() for name in (*meant, "Content-Type")}
    if len(read.keys()) != len(meant) + 1:
        wrong.add("one twice")
    for name, value in meant.items():
        found = str(make_header(decode_header(read[name] or "")))
        if name != "From" and "".join(found.split()) != "".join(value.split()):
            wrong.add(name)
    if wrong:
        raise DeliveryError(
            DeliveryReason.REJECTED,
            f"the mail's headers came out wrong ({', '.join(sorted(wrong))})",
            retryable=False,
        )
