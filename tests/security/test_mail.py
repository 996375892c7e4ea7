"""No headline, byline, publisher's or route's name adds a header, a recipient or a body to a mail.

Python CVE-2024-6923, CVE-2026-1299 and CVE-2026-0672: newlines in headers. Measured with 3.11.7 and
3.12.1: `EmailMessage["Subject"] = "=?utf-8?q?=0ABcc:_evil=40x?="` makes a real `Bcc:` line.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from pathlib import Path

import pytest

from monitor.channels.email import Channel as Email
from monitor.channels.email import EmailOptions
from monitor.channels.maildir import Channel as Maildir
from monitor.channels.maildir import MaildirOptions
from monitor.model import Digest, Kind, Message, Recipient
from monitor.render import sample
from tests.receivers import RENDERER, Mailbox, a_delivery, mail_server, tools

EVIL = "evil@attacker.example"
INJECTED = (
    "=?utf-8?q?=0ABcc:_evil=40attacker.example?=",
    "=?utf-8?q?=0D=0ABcc:_evil=40attacker.example=0D=0A=0D=0ABody?=",
    "=?UTF-8?B?" + b64encode(b"\r\nBcc: evil@attacker.example\r\n\r\nBody").decode() + "?=",
    "=?utf-8?q?x?=\n =?utf-8?q?=0ABcc:_evil=40attacker.example?=",
    "=?us-ascii?q?=0d=0aContent-Type:_text/html?=",
    "=?utf-8*en?q?=0ABcc:_evil=40attacker.example?=",
    "==??utf-8?q?=0ABcc:_evil=40attacker.example?==?=",
    "x\r\nBcc: evil@attacker.example",
    "x\nBcc: evil@attacker.example",
    "x\rBcc: evil@attacker.example",
    "x\r\n\r\n<script>body</script>",
    "x\r\n.\r\nMAIL FROM:<evil@attacker.example>",
    "x\x0bBcc: evil@attacker.example",
    "x\x0cBcc: evil@attacker.example",
    "x\x1cBcc: evil@attacker.example\x1d\x1e",
    "x\x85Bcc: evil@attacker.example",
    "x\u2028Bcc: evil@attacker.example\u2029\u2029Body",
    "x\x00Bcc: evil@attacker.example",
    "x\ud800Bcc: evil@attacker.example\udfff",
    "\ufeffBcc: evil@attacker.example",
    "Bcc: evil@attacker.example, <evil@attacker.example>",
    "ট্রাম্প\r\nBcc: evil@attacker.example\r\n",
    "x" * 10_000 + "\nBcc: evil@attacker.example",
    " \r\n ",
    "",
)
HEADERS = {
    "from", "to", "subject", "date", "message-id", "mime-version", "auto-submitted", "list-id", "content-type",
    "content-language", "x-auto-response-suppress", "x-monitor-route", "x-monitor-story", "in-reply-to", "references",
    "list-unsubscribe", "list-unsubscribe-post", "content-transfer-encoding", "precedence", "x-monitor-kind",
    "x-monitor-topics", "x-monitor-message", "feedback-id", "x-entity-ref-id",
}  # fmt: skip
DESK = Recipient(address="desk@example.org")


def told(text: str, kind: Kind, *, route: str = "day") -> Digest:
    """Return a digest in which every name and headline is the text."""
    digest = sample(kind, language="en")
    sections = []
    for section in digest.sections:
        stories = []
        for story in section.stories:
            entry = replace(
                story.lead.entry,
                title=text,
                author=text,
                source=text,
                summary=text,
                tags=(text,),
                language="en",
            )
            stories.append(replace(story, lead=replace(story.lead, entry=entry, spans=())))
        sections.append(replace(section, title=text, stories=tuple(stories)))
    topics = dict.fromkeys(digest.topics, text)
    return replace(digest, sections=tuple(sections), topics=topics, route=route)


def check(raw: bytes, message: Message) -> None:
    """Read the bytes as two readers do; only what was meant may be in them."""
    for reader in (policy.compat32, policy.default):
        mail = message_from_bytes(raw, policy=reader)
        names = [name.lower() for name, _ in mail.items()]
        assert set(names) <= HEADERS
        assert len(names) == len(set(names))
        assert mail["Bcc"] is None
        assert mail["Cc"] is None
        assert mail.get_content_type() == "multipart/alternative"
        assert [part.get_content_type() for part in list(mail.walk())[1:]] == ["text/plain", "text/html"]
    mail = message_from_bytes(raw)
    subject = str(make_header(decode_header(re.sub(r"\r?\n(?=[ \t])", "", mail["Subject"]))))
    assert not any(ord(c) < 32 or c in "\x85\u2028\u2029" for c in subject)
    assert len(subject) <= 400
    assert max(len(line) for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n")) <= 998


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("text", INJECTED, ids=range(len(INJECTED)))
async def test_cve_2024_6923_nothing_of_a_feed_becomes_a_header(
    tmp_path: Path, text: str, kind: Kind
) -> None:
    """CVE-2024-6923, CVE-2026-1299, CVE-2026-0672: over a real conversation with a mail server."""
    message = RENDERER.render(told(text, kind), channel_type="email", parts=Email.parts)
    async with mail_server(Mailbox()) as box, tools(tmp_path) as given:
        options = EmailOptions(
            to=(DESK.address,), server=f"smtp://127.0.0.1:{box.port}", sender="Desk <monitor@news.example>"
        )
        channel = Email("desk", options, given)
        await channel.send(a_delivery(channel.prepare(message), DESK))
    assert box.to == [DESK.address]
    assert len(box.raw) == 1
    check(box.raw[0], message)


@pytest.mark.parametrize("text", [t for t in INJECTED if t.strip() and len(t) < 200], ids=str)
async def test_cve_2024_6923_routes_stories_and_channels_neither(tmp_path: Path, text: str) -> None:
    """Names that a desk gives, and ids: what they are called is neutral in a header and in a file's name."""
    message = RENDERER.render(told("Trump and Putin", Kind.ALERT), channel_type="email", parts=Email.parts)
    message = replace(
        message, id=text, route=text, channel=text, thread=text, stories=(text,), subject=text, language=text
    )
    async with tools(tmp_path) as given:
        channel = Maildir("box", MaildirOptions(folder="mail"), given)
        await channel.send(a_delivery(channel.prepare(message)))
    (file,) = (tmp_path / "mail" / "new").iterdir()
    raw = file.read_bytes()
    check(raw if b"\r\n\r\n" in raw else raw.replace(b"\n", b"\r\n"), message)
    assert os.listdir(tmp_path) == ["mail"]
