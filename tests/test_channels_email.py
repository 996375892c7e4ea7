"""Mail: what the server may say, and what a headline may not do."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message as Mail
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from monitor.channels import Tools, _mail
from monitor.channels.email import MAX_HTML, Channel, EmailOptions
from monitor.clock import VirtualClock
from monitor.errors import ConfigError, DeliveryError, DeliveryReason
from monitor.model import Kind, Message, Recipient, Secret
from tests.receivers import NOW, Mailbox, a_delivery, a_message, mail_server, tools

PARTS = Channel.parts
DESK = Recipient(address="desk@example.org")
BARE = Tools(http=cast("httpx.AsyncClient", None), clock=VirtualClock(NOW), folder=Path())


def raw(message: Message, **settings: Any) -> bytes:
    return _mail.mail(
        replace(message, recipient=DESK),
        sender=settings.pop("sender", "monitor@news.example"),
        date=NOW,
        **settings,
    )


def subject_of(mail: Mail) -> str:
    return str(make_header(decode_header(mail["Subject"])))


def _parts(mail: Mail) -> list[Mail]:
    return [part for part in mail.walk() if not part.is_multipart()]


def _text(part: Mail) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


async def sent(box: Mailbox, folder: Path, message: Message | None = None, **options: Any) -> str:
    async with mail_server(box), tools(folder) as given_tools:
        settings = EmailOptions(
            to=("desk@example.org",),
            server=f"smtp://127.0.0.1:{box.port}",
            sender="News monitor <monitor@news.example>",
            **options,
        )
        channel = Channel("desk", settings, given_tools)
        message = message or a_message("email", PARTS)
        return await channel.send(a_delivery(message, channel.recipients()[0]))


async def test_a_bengali_digest_arrives_readable_with_its_headers(tmp_path: Path) -> None:
    box = Mailbox()
    message = a_message("email", PARTS)
    assert await sent(box, tmp_path, message, subject_prefix="[ডেস্ক]") == "250 OK queued"
    (mail,) = box.mails()
    assert box.to == ["desk@example.org"]
    assert subject_of(mail) == f"[ডেস্ক] {message.subject}"
    assert mail["Message-ID"] == f"<{message.id}@news.example>"
    assert mail["Date"] == "Fri, 17 Oct 2025 01:31:00 +0000"
    assert mail["From"] == "News monitor <monitor@news.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] == "<day.desk.news.example>"
    assert mail["Content-Language"] == "bn"
    assert mail["X-Monitor-Route"] == "day"
    assert mail["References"] == mail["In-Reply-To"] == "<thread.day.2025-10-17@news.example>"
    assert mail.get_content_type() == "multipart/alternative"
    text, page = (_text(part) for part in _parts(mail))
    assert text.replace("\r\n", "\n") == message.parts["txt"].replace("\r\n", "\n")
    assert page.replace("\r\n", "\n") == message.parts["html"].replace("\r\n", "\n")
    assert [part.get_content_type() for part in _parts(mail)] == ["text/plain", "text/html"]


async def test_an_alert_says_which_story_it_is_about(tmp_path: Path) -> None:
    box = Mailbox()
    message = a_message("email", PARTS, kind=Kind.ALERT, language="en")
    await sent(box, tmp_path, message)
    assert box.mails()[0]["X-Monitor-Story"] == message.stories[0]
    assert box.mails()[0]["References"] == f"<thread.{message.stories[0]}@news.example>"


@pytest.mark.parametrize(
    ("rcpt", "data", "retryable", "reason"),
    [
        ("450 4.2.1 mailbox busy", "250 OK", True, DeliveryReason.SERVER),
        ("451 4.7.1 greylisted", "250 OK", True, DeliveryReason.SERVER),
        ("550 5.1.1 no such user", "250 OK", False, DeliveryReason.REJECTED),
        ("250 OK", "452 4.3.1 disk full", True, DeliveryReason.SERVER),
        ("250 OK", "421 4.3.2 shutting down", True, DeliveryReason.SERVER),
        ("250 OK", "552 5.3.4 too big", False, DeliveryReason.REJECTED),
        ("250 OK", "554 5.7.1 spam", False, DeliveryReason.REJECTED),
    ],
)
async def test_4xx_is_tried_again_and_5xx_is_not(
    rcpt: str, data: str, retryable: bool, reason: DeliveryReason, tmp_path: Path
) -> None:
    with pytest.raises(DeliveryError) as caught:
        await sent(Mailbox(rcpt=rcpt, data=data), tmp_path)
    assert (caught.value.retryable, caught.value.reason) == (retryable, reason)
    assert (rcpt if not rcpt.startswith("2") else data) in str(caught.value)


async def test_a_connection_lost_after_the_message_means_it_may_have_arrived(tmp_path: Path) -> None:
    box = Mailbox(hang_up=True)
    with pytest.raises(DeliveryError) as caught:
        await sent(box, tmp_path)
    assert caught.value.reason is DeliveryReason.UNKNOWN
    assert caught.value.retryable
    assert len(box.raw) == 1
    again = Mailbox()
    await sent(again, tmp_path)
    assert again.mails()[0]["Message-ID"] == box.mails()[0]["Message-ID"]


async def test_no_server_is_tried_again(tmp_path: Path) -> None:
    async with tools(tmp_path) as given_tools:
        box = Mailbox()
        async with mail_server(box):
            pass
        channel = Channel(
            "desk", EmailOptions(to=("a@b.example",), server=f"smtp://127.0.0.1:{box.port}"), given_tools
        )
        with pytest.raises(DeliveryError) as caught:
            await channel.send(a_delivery(a_message("email", PARTS), DESK))
    assert (caught.value.reason, caught.value.retryable) == (DeliveryReason.CONNECT, True)


@pytest.mark.parametrize("server", ["smtp+starttls", "smtps"])
async def test_a_server_without_the_wanted_encryption_gets_no_mail(server: str, tmp_path: Path) -> None:
    box = Mailbox()
    async with mail_server(box), tools(tmp_path) as given_tools:
        options = EmailOptions(
            to=("a@b.example",),
            server=f"{server}://127.0.0.1:{box.port}",
            username="u",
            password=Secret("hush-hush"),
        )
        with pytest.raises(DeliveryError) as caught:
            await Channel("desk", options, given_tools).send(a_delivery(a_message("email", PARTS), DESK))
    assert caught.value.retryable
    assert box.raw == []
    assert "hush-hush" not in str(caught.value)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that only we trust, with its key in the same file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs Debian's package openssl")
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    made = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    made += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "-", "-out", "-"]
    pem = subprocess.run([openssl, *made], capture_output=True, text=True, check=True).stdout
    file.write_text(pem, encoding="ascii")
    return file


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
async def test_mail_goes_encrypted_to_a_server_we_trust_and_to_no_other(
    scheme: str, certificate: Path, tmp_path: Path
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    box = Mailbox(tls=context, starttls=scheme != "smtps", password="open sesame")
    async with mail_server(box), tools(tmp_path) as given_tools:

        def channel(ca: str) -> Channel:
            options = EmailOptions(
                to=("a@b.example",),
                server=f"{scheme}://127.0.0.1:{box.port}",
                username="desk",
                password=Secret("open sesame"),
                ca=ca,
            )
            return Channel("desk", options, given_tools)

        delivery = a_delivery(a_message("email", PARTS), DESK)
        assert await channel(str(certificate)).send(delivery) == "250 OK queued"
        with pytest.raises(DeliveryError) as caught:
            await channel("").send(delivery)
    assert caught.value.reason is DeliveryReason.CONNECT
    assert caught.value.retryable
    assert len(box.raw) == 1


async def test_a_wrong_password_is_final_and_not_repeated_in_the_error(tmp_path: Path) -> None:
    box = Mailbox(password="open sesame")
    with pytest.raises(DeliveryError) as caught:
        await sent(box, tmp_path, username="desk", password=Secret("guessed-wrong"))
    assert (caught.value.reason, caught.value.retryable) == (DeliveryReason.AUTH, False)
    assert "guessed-wrong" not in str(caught.value)
    assert await sent(box, tmp_path, username="desk", password=Secret("open sesame"))


def test_each_recipient_has_a_language_and_zone_of_their_own(tmp_path: Path) -> None:
    options = EmailOptions(
        to=("a@b.example", Recipient(address="c@বাংলা.example", language="en", timezone="Europe/London"))
    )
    assert Channel("desk", options, BARE).recipients() == (
        Recipient(address="a@b.example"),
        Recipient(address="c@xn--54b7fta0cc.example", language="en", timezone="Europe/London"),
    )


@pytest.mark.parametrize(
    "options",
    [
        {"to": ()},
        {"to": ("nobody",)},
        {"to": ("a@b\r\nRCPT TO:<x@y>",)},
        {"to": ("a b@c.example",)},
        {"to": ("a@b.example",), "sender": "x"},
        {"to": ("a@b.example",), "server": "mail.example.org"},
        {"to": ("a@b.example",), "server": "http://mail.example.org"},
        {"to": ("a@b.example",), "server": "smtp://u:p@mail.example.org"},
        {"to": ("a@b.example",), "server": "smtp://mail.example.org:99999"},
        {"to": ("a@b.example",), "list_id": "<x>"},
        {"to": ("a@b.example",), "username": "u"},
        {"to": ("a@b.example",), "server": "smtps://mail.example.org", "ca": "/nowhere.pem"},
        {
            "to": ("a@b.example",),
            "username": "u",
            "password": Secret("p"),
            "server": "smtp://mail.example.org",
        },
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Channel("desk", EmailOptions(**options), BARE)


# headers ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "title",
    [
        "=?utf-8?q?=0ABcc:_evil=40x?=",
        "=?utf-8?b?CkJjYzogZXZpbEB4?=",
        "Trump =?utf-8?q?=0D=0ABcc:_evil=40x.org?= Putin",
        "=?utf-8?q?a=0D=0A=0D=0Abody?=",
        "a\r\nBcc: evil@example.org",
        "a\n\n<html>",
        "a\u2028Bcc: x\u2029\x0bBcc: y\x85Bcc: z",
        "\ud800\x00",
        "x" * 10_240,
        "পুতিন " * 1_700,
        "",
    ],
)
def test_no_title_adds_a_header(title: str) -> None:
    message = replace(a_message("email", PARTS), subject=title)
    mail = message_from_bytes(raw(message, subject_prefix=title[:50]))
    assert mail["Bcc"] is None
    assert len(mail.keys()) == 14
    assert "=?" not in subject_of(mail)
    assert [part.get_content_type() for part in _parts(mail)] == ["text/plain", "text/html"]


@given(st.text(max_size=300), st.text(max_size=40), st.text(max_size=40), st.text(min_size=1, max_size=40))
def test_any_text_gives_a_mail_with_our_headers_only(title: str, route: str, thread: str, name: str) -> None:
    message = replace(
        a_message("email", PARTS),
        subject=title,
        route=route,
        thread=thread,
        id=name,
        parts={"txt": title, "html": title},
    )
    made = raw(message)
    head = made.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    assert all(len(line) <= 998 for line in made.split(b"\r\n"))
    assert regex.fullmatch(rb"<[!-;=?-~]+@news\.example>", _value(head, b"Message-ID"))
    assert not regex.search(rb"(?<!\r)\n|\r(?!\n)", made)


def _value(head: bytes, name: bytes) -> bytes:
    line = next(one for one in regex.split(rb"\r\n(?![ \t])", head) if one.startswith(name + b":"))
    return b"".join(line.partition(b":")[2].split())


def test_different_ids_give_different_message_ids() -> None:
    message = a_message("email", PARTS)
    ids = ["a:b", "a=3a=b", "a b", "a-b", "ক", "খ", "A:b", "a..b", "a.b", "a="]
    made = {_value(raw(replace(message, id=one)), b"Message-ID") for one in ids}
    assert len(made) == len(ids)


def test_bengali_is_sent_in_the_shorter_encoding() -> None:
    bengali, english = (raw(a_message("email", PARTS, language=language)) for language in ("bn", "en"))
    assert b"base64" in bengali
    plain = sum(len(part.encode()) for part in a_message("email", PARTS).parts.values())
    assert len(bengali) < plain * 1.45
    assert b"Content-Transfer-Encoding: quoted-printable" in english


def test_what_gmail_would_clip_does_not_fit() -> None:
    assert Channel.fits("html", "x" * MAX_HTML)
    assert not Channel.fits("html", "ক" * MAX_HTML)
    assert Channel.fits("txt", "x" * MAX_HTML * 2)
