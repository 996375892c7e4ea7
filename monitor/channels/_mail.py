"""A rendered message as the bytes of a mail (RFC 5322, MIME), safe whatever a headline says.

CPython's `EmailMessage` reads encoded words in a header that is set as text: the title
`=?utf-8?q?=0ABcc:_x=40y?=` becomes a real `Bcc:` line in 3.11.7 and 3.12.1 (measured). Here headers
are encoded by us, and the finished bytes are parsed again and compared before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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

from monitor.channels._text import one_line
from monitor.errors import DeliveryError, DeliveryReason
from monitor.model import Kind, Message

_POLICY = compat32.clone(linesep="\r\n", mangle_from_=False)
_LONGEST_SUBJECT = 300
"""Characters: more than any client shows, far below what makes servers refuse a header."""
_NOT_ATEXT = re.compile(r"[^A-Za-z0-9._+-]")
_ASCII = bytes(range(0x80))


def mail(
    message: Message,
    *,
    sender: str,
    subject_prefix: str = "",
    list_id: str = "",
    date: datetime,
) -> bytes:
    """Return the mail: text and HTML side by side, the same Message-ID for the same message always.

    Raises DeliveryError (`rejected`) if the finished headers are not the ones that were meant, which
    would be a fault of ours: better no mail than one with another's headers.
    """
    _, address = parseaddr(sender)
    domain = address.rpartition("@")[2] or "localhost"
    headers = {
        "From": _from(sender),
        "To": message.recipient.address,
        "Subject": _subject(subject_prefix, message.subject),
        "Date": format_datetime(date),
        "Message-ID": f"<{_atom(message.id)}@{domain}>",
        "MIME-Version": "1.0",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "List-Id": f"<{list_id or '.'.join((_label(message.route), _label(message.channel), domain))}>",
        "Content-Language": one_line(message.language) or "en",
        "X-Monitor-Route": one_line(message.route),
    }
    if message.thread:
        root = f"<thread.{_atom(message.thread)}@{domain}>"
        headers |= {"In-Reply-To": root, "References": root}
    if message.kind is not Kind.DIGEST and message.stories:
        headers["X-Monitor-Story"] = one_line(message.stories[0])
    body = MIMEMultipart("alternative", boundary=f"=_{_atom(message.id)[:40]}_=")
    del body["MIME-Version"]
    for part, subtype in (("txt", "plain"), ("html", "html")):
        if part in message.parts:
            body.attach(_text(message.parts[part], subtype))
    for name, value in headers.items():
        body[name] = _header(name, value)  # type: ignore[assignment]  # as email.header documents it
    raw = _bytes(body)
    _verify(raw, headers)
    return raw


def _text(text: str, subtype: str) -> MIMEText:
    """Return a text part in the shorter of two encodings: base64 for Bengali, quoted-printable for Latin.

    Eight stories in Bengali make 24.9 KB in base64, 34.1 KB in quoted-printable (measured).
    """
    raw = text.encode("utf-8", "replace")
    charset = Charset("utf-8")
    charset.body_encoding = BASE64 if len(raw.translate(None, _ASCII)) * 6 > len(raw) else QP
    part = MIMEText(raw.decode(), subtype, charset)  # type: ignore[arg-type]  # a Charset is taken too
    del part["MIME-Version"]
    return part


def _subject(prefix: str, subject: str) -> str:
    """Return one line without control characters in which no encoded word can be read."""
    line = one_line(f"{prefix} {subject}").replace("=?", "= ?").replace("?=", "? =")
    if len(line) <= _LONGEST_SUBJECT:
        return line
    space = line.rfind(" ", _LONGEST_SUBJECT // 2, _LONGEST_SUBJECT)
    return line[: space if space > 0 else _LONGEST_SUBJECT - 1] + "…"


def _header(name: str, value: str) -> Header | str:
    """Return a header's value, in encoded words where it is not plain ASCII."""
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
    return re.sub(r"[^A-Za-z0-9-]+", "-", one_line(text)).strip("-") or f"x{text.encode().hex()[:24]}"


def _bytes(body: MIMEMultipart) -> bytes:
    written = BytesIO()
    BytesGenerator(written, policy=_POLICY).flatten(body)
    return written.getvalue()


def _verify(raw: bytes, meant: Mapping[str, str]) -> None:
    """Read the bytes as a receiver does; every header must be there once and say what was meant."""
    read = BytesHeaderParser().parsebytes(raw)
    expected = sorted([*meant, "Content-Type"], key=str.lower)
    found = sorted(read.keys(), key=str.lower)
    subject = str(make_header(decode_header(read["Subject"] or "")))
    if found != expected or one_line(subject) != one_line(meant["Subject"]):
        raise DeliveryError(
            DeliveryReason.REJECTED,
            f"the mail's headers came out wrong ({', '.join(sorted({*found} ^ {*expected})) or 'Subject'})",
            retryable=False,
        )
