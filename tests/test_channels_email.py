"""Mail: what the server may say, and what a headline may not do."""

from __future__ import annotations

import asyncio
import base64
import shutil
import ssl
import subprocess
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message as Mail
from email.policy import SMTP, compat32
from email.policy import default as default_policy
from pathlib import Path
from typing import Any, cast

import dkim
import httpx
import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from monitor.channels import Tools, _mail
from monitor.channels.email import (
    MAX_HTML,
    Channel,
    Dkim,
    EmailOptions,
    Unsubscribe,
    unsubscribe_token,
)
from monitor.clock import VirtualClock
from monitor.deliver import deliver
from monitor.errors import ConfigError, DeliveryError, DeliveryReason
from monitor.metrics import Metrics, Snapshot
from monitor.model import Deferred, Event, Follows, Kind, Message, Recipient, Secret, Vitals
from tests.receivers import (
    NOW,
    TLS,
    Heard,
    Mailbox,
    a_delivery,
    a_message,
    mail_script,
    mail_server,
    server_tls,
    tools,
)

PARTS = Channel.parts
DESK = Recipient(address="desk@example.org")
BARE = Tools(http=cast("httpx.AsyncClient", None), clock=VirtualClock(NOW), folder=Path())


def raw(message: Message, **settings: Any) -> bytes:
    how = {name: settings.pop(name) for name in ("to", "date", "eight_bit") if name in settings}
    sender = _mail.Sender(**{"sender": "monitor@news.example", **settings})
    return _mail.mail(replace(message, recipient=DESK), sender, **{"to": DESK.address, "date": NOW, **how})


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
    assert mail["List-Unsubscribe"] == (
        "<mailto:monitor@news.example?subject=unsubscribe%20day%20desk@example.org>"
    )
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
    assert box.mails()[0]["References"] is None


async def test_a_later_alert_about_a_story_answers_the_first_under_its_subject(tmp_path: Path) -> None:
    box = Mailbox()
    first = a_message("email", PARTS, kind=Kind.ALERT, language="en")
    follows = Follows(message=first.id, delivery=f"{first.id}-desk", at=NOW, subject=first.subject)
    later = replace(first, id="later", subject="Update: something else", follows=follows)
    await sent(box, tmp_path, first)
    await sent(box, tmp_path, later)
    one, two = box.mails()
    assert two["In-Reply-To"] == two["References"] == one["Message-ID"]
    assert "".join(two["Subject"].split()) == "".join(f"Re: {one['Subject']}".split())
    assert two["Message-ID"] != one["Message-ID"]


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
    assert "may have arrived" in str(caught.value)
    assert len(box.raw) == 1
    again = Mailbox()
    await sent(again, tmp_path)
    assert again.mails()[0]["Message-ID"] == box.mails()[0]["Message-ID"]


HELLO = ("220 mx", "250 mx")


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("!",), DeliveryReason.CONNECT),
        (("220 mx", "!"), DeliveryReason.CONNECT),
        (("~",), DeliveryReason.TIMEOUT),
        ((*HELLO, "250 OK", "!"), DeliveryReason.CONNECT),
        ((*HELLO, "250 OK", "250 OK", "!"), DeliveryReason.CONNECT),
        ((*HELLO, "250 OK", "250 OK", "~"), DeliveryReason.TIMEOUT),
        ((*HELLO, "250 OK", "250 OK", "354 go on", "!"), DeliveryReason.UNKNOWN),
        ((*HELLO, "250 OK", "250 OK", "354 go on", "~"), DeliveryReason.UNKNOWN),
        ((*HELLO, "250 OK", "250 OK", "354 go on", "nonsense"), DeliveryReason.UNKNOWN),
        ((*HELLO, "250 OK", "250 OK", "354 go on", "451 try later"), DeliveryReason.SERVER),
        ((*HELLO, "250 OK", "250 OK", "451 no room"), DeliveryReason.SERVER),
        ((*HELLO, "250 OK", "250 OK", "554 no mail today"), DeliveryReason.REJECTED),
        (("421 too busy",), DeliveryReason.SERVER),
        (("554 go away",), DeliveryReason.REJECTED),
    ],
)
async def test_only_after_the_final_dot_a_mail_may_have_arrived(
    lines: tuple[str, ...], reason: DeliveryReason, tmp_path: Path
) -> None:
    async with mail_script(*lines) as port, tools(tmp_path) as given_tools:
        options = EmailOptions(
            to=(DESK.address,), server=f"smtp://127.0.0.1:{port}", timeout=timedelta(milliseconds=150)
        )
        with pytest.raises(DeliveryError) as caught:
            await Channel("desk", options, given_tools).send(a_delivery(a_message("email", PARTS), DESK))
    assert caught.value.reason is reason, str(caught.value)


async def test_the_one_undecidable_outcome_is_counted(tmp_path: Path) -> None:
    metrics = Metrics()
    async with mail_server(Mailbox(hang_up=True)) as box, tools(tmp_path) as given_tools:
        channel = Channel(
            "desk", EmailOptions(to=(DESK.address,), server=f"smtp://127.0.0.1:{box.port}"), given_tools
        )
        outcome = await deliver(
            a_delivery(a_message("email", PARTS), DESK),
            channel,
            now=NOW,
            retry_at=lambda tries, wait: NOW,
            timeout=10,
        )
    assert isinstance(outcome, Deferred)
    told = {"channel": "desk", "outcome": "deferred", "reason": outcome.reason}
    metrics.tell(Event(kind="delivery", at=NOW, fields=told))
    counted = {one.name: one.values for one in metrics.families(Snapshot(now=NOW, vitals=Vitals()))}
    assert counted["monitor_deliveries_total"] == {("desk", "deferred", "unknown"): 1}


async def test_one_refused_address_takes_no_mail_from_the_others(tmp_path: Path) -> None:
    people = ("a@example.org", "b@example.org", "c@example.org", "d@example.org")
    box = Mailbox(rcpts={"b@example.org": "550 5.1.1 no such user", "c@example.org": "450 4.2.1 busy"})
    async with mail_server(box), tools(tmp_path) as given_tools:
        channel = Channel("desk", EmailOptions(to=people, server=f"smtp://127.0.0.1:{box.port}"), given_tools)
        message = a_message("email", PARTS)
        outcomes = await asyncio.gather(
            *(channel.send(a_delivery(message, one)) for one in channel.recipients()), return_exceptions=True
        )
    said = [one.reason if isinstance(one, DeliveryError) else one for one in outcomes]
    assert said == ["250 OK queued", DeliveryReason.REJECTED, DeliveryReason.SERVER, "250 OK queued"]
    assert sorted(box.to) == ["a@example.org", "d@example.org"]


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


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
async def test_an_expired_certificate_lets_no_mail_through(scheme: str, tmp_path: Path) -> None:
    box = Mailbox(tls=server_tls("expired.pem"), starttls=scheme != "smtps")
    async with mail_server(box), tools(tmp_path) as given_tools:
        options = EmailOptions(
            to=("a@b.example",), server=f"{scheme}://127.0.0.1:{box.port}", ca=str(TLS / "expired.pem")
        )
        with pytest.raises(DeliveryError) as caught:
            await Channel("desk", options, given_tools).send(a_delivery(a_message("email", PARTS), DESK))
    assert (caught.value.reason, caught.value.retryable) == (DeliveryReason.CONNECT, True)
    assert "certificate has expired" in str(caught.value)
    assert box.raw == []


async def test_a_conversation_that_takes_too_long_ends_knowing_how_far_it_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.channels.email._WHOLE", 0.1)
    for lines, reason in (
        (("220 mx", "~"), DeliveryReason.TIMEOUT),
        ((*HELLO, "250 OK", "250 OK", "354 go on", "~"), DeliveryReason.UNKNOWN),
    ):
        async with mail_script(*lines) as port, tools(tmp_path) as given_tools:
            channel = Channel(
                "desk", EmailOptions(to=(DESK.address,), server=f"smtp://127.0.0.1:{port}"), given_tools
            )
            with pytest.raises(DeliveryError) as caught:
                await channel.send(a_delivery(a_message("email", PARTS), DESK))
        assert caught.value.reason is reason


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


HOSTILE = (
    "=?utf-8?q?=0ABcc:_evil=40x?=",
    "=?utf-8?q?a=0D=0A=0D=0Abody?=",
    "a\r\nBcc: evil@example.org",
    "a\rBcc: x\u2028Bcc: y\x85Bcc: z\x00",
    '<x>, <mailto:evil@x>; "q\\',
    "\ud800 ক",
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "where", ["subject", "route", "channel", "id", "thread", "language", "stories", "prefix"]
)
def test_no_word_of_a_message_adds_a_header_wherever_it_stands(text: str, where: str) -> None:
    """Also for whoever reads the mail and writes it again, as lists do: Python 3.11.7 decodes then."""
    message = a_message("email", PARTS, kind=Kind.ALERT)
    settings = {"subject_prefix": text} if where == "prefix" else {}
    changed: dict[str, Any] = {where: (text,) if where == "stories" else text}
    if where != "prefix":
        message = replace(message, **changed)
    made = raw(
        message, **settings, unsubscribe_mail="off@news.example", unsubscribe_url="https://x.example/{route}"
    )
    for policy in (compat32, default_policy, SMTP):
        again = message_from_bytes(message_from_bytes(made, policy=policy).as_bytes(), policy=compat32)
        assert again["Bcc"] is None
        assert sorted(again.keys()) == sorted(message_from_bytes(made).keys())
        assert not again.defects


# DKIM ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> tuple[Secret, bytes]:
    """A private key, and its TXT record."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs Debian's package openssl")
    pem = subprocess.run([openssl, "genrsa", "2048"], capture_output=True, check=True).stdout
    der = subprocess.run(
        [openssl, "rsa", "-pubout", "-outform", "DER"], input=pem, capture_output=True, check=True
    ).stdout
    return Secret(pem.decode()), b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)


async def signed(key: Secret, folder: Path, message: Message | None = None, **options: Any) -> bytes:
    box = Mailbox()
    await sent(box, folder, message, dkim=Dkim(domain="news.example", selector="m2025", key=key), **options)
    return box.raw[0]


@pytest.mark.parametrize("kind", list(Kind))
async def test_the_signature_verifies_with_what_the_dns_says(
    kind: Kind, key: tuple[Secret, bytes], tmp_path: Path
) -> None:
    secret, record = key
    made = await signed(secret, tmp_path, a_message("email", PARTS, kind=kind), unsubscribe=ONE_CLICK)
    asked = []

    def dns(name: bytes, timeout: float = 5) -> bytes:
        asked.append(name)
        return record

    assert dkim.verify(made, dnsfunc=dns)
    assert asked == [b"m2025._domainkey.news.example."]
    mail = message_from_bytes(made)
    (names,) = regex.findall(r"\bh=([^;]*);", mail["DKIM-Signature"])
    covered = {name.strip().lower() for name in names.split(":")}
    assert {name.lower() for name in mail if name != "DKIM-Signature"} <= covered
    assert {"list-unsubscribe", "list-unsubscribe-post", "list-id", "message-id"} <= covered
    for spoilt in (
        made.replace(b"Subject: ", b"Subject: x", 1),
        made.replace(b"List-Unsubscribe: <", b"List-Unsubscribe: <https://evil.example/>, <", 1),
        b"From: evil@example.org\r\n" + made,
        made.replace(b"</html>", b"<b></html>", 1)
        if b"</html>" in made
        else made[:-40] + b"A" * 38 + b"\r\n",
    ):
        assert not dkim.verify(spoilt, dnsfunc=dns)


async def test_a_signed_mail_stays_in_seven_bits(key: tuple[Secret, bytes], tmp_path: Path) -> None:
    assert (await signed(key[0], tmp_path)).isascii()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"key": Secret("canary")}, "dkim.key"),
        ({"domain": "no domain"}, "dkim.domain"),
        ({"selector": "a;b=c"}, "dkim.selector"),
    ],
)
def test_a_key_that_is_none_is_refused_at_the_start(
    changes: dict[str, Any], word: str, key: tuple[Secret, bytes]
) -> None:
    settings = {"domain": "news.example", "selector": "m2025", "key": key[0], **changes}
    with pytest.raises(ConfigError) as caught:
        Channel("desk", EmailOptions(to=("a@b.example",), dkim=Dkim(**settings)), BARE)
    assert word in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_short_key_is_refused_with_its_length() -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs Debian's package openssl")
    pem = subprocess.run([openssl, "genrsa", "512"], capture_output=True, check=True, text=True).stdout
    with pytest.raises(ConfigError, match="512 bits"):
        Channel(
            "desk",
            EmailOptions(to=("a@b.example",), dkim=Dkim(domain="a.example", selector="s", key=Secret(pem))),
            BARE,
        )


# the way out ──────────────────────────────────────────────────────────────────────────────────

ONE_CLICK = Unsubscribe(
    mail="off@news.example",
    url="https://news.example/off?who={address}&list={route}&t={token}",
    key=Secret("k3y"),
)


@pytest.mark.parametrize("kind", list(Kind))
def test_the_way_out_stands_in_page_and_text_too(kind: Kind) -> None:
    message = replace(a_message("email", PARTS, kind=kind), recipient=DESK)
    channel = Channel("desk", EmailOptions(to=(DESK.address,), unsubscribe=ONE_CLICK), BARE)
    prepared = channel.prepare(message)
    url = "https://news.example/off?who=desk%40example.org&list=day&t="
    assert f'<a href="{url.replace("&", "&amp;")}' in prepared.parts["html"]
    assert f"<{url}" in prepared.parts["txt"]
    assert "#unsubscribe" not in prepared.parts["html"] + prepared.parts["txt"]
    plain = Channel("desk", EmailOptions(to=(DESK.address,)), BARE).prepare(message)
    assert (
        '<a href="mailto:monitor@localhost?subject=unsubscribe%20day%20desk@example.org">'
        in plain.parts["html"]
    )


async def test_a_reader_gets_out_with_one_click_where_there_is_a_public_address(tmp_path: Path) -> None:
    box = Mailbox()
    await sent(box, tmp_path, unsubscribe=ONE_CLICK)
    (mail,) = box.mails()
    token = unsubscribe_token(ONE_CLICK.key, "desk@example.org", "day")
    assert len(token) == 43
    assert "".join(mail["List-Unsubscribe"].split()) == (
        f"<https://news.example/off?who=desk%40example.org&list=day&t={token}>,"
        "<mailto:off@news.example?subject=unsubscribe%20day%20desk@example.org>"
    )
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert token != unsubscribe_token(ONE_CLICK.key, "other@example.org", "day")


@pytest.mark.parametrize(
    "way",
    [
        Unsubscribe(url="http://news.example/off"),
        Unsubscribe(url="https://news.example/{who}"),
        Unsubscribe(url="https://news.example/{token}"),
        Unsubscribe(url="https://news.example/ a"),
        Unsubscribe(mail="nobody"),
    ],
)
def test_a_way_out_that_leads_nowhere_is_refused_at_the_start(way: Unsubscribe) -> None:
    with pytest.raises(ConfigError, match="unsubscribe"):
        Channel("desk", EmailOptions(to=("a@b.example",), unsubscribe=way), BARE)


# 8 bits ───────────────────────────────────────────────────────────────────────────────────────


async def test_bengali_goes_as_it_is_to_a_server_that_takes_eight_bits(tmp_path: Path) -> None:
    box = Mailbox()
    message = a_message("email", PARTS, kind=Kind.ALERT)
    await sent(box, tmp_path, message)
    (made,) = box.raw
    (mail,) = box.mails()
    assert "আড়াই ঘণ্টা".encode() in made
    assert mail["Content-Transfer-Encoding"] == "8bit"
    assert [_text(part).strip() for part in _parts(mail)] == [
        message.parts[name].strip().replace("\n", "\r\n") for name in ("txt", "html")
    ]
    assert all(len(line) <= 998 for line in made.split(b"\r\n"))
    assert len(made) < 0.85 * len(raw(message))


async def test_a_server_that_does_not_take_eight_bits_gets_seven(tmp_path: Path) -> None:
    got: list[bytes] = []
    async with (
        mail_script(*HELLO, "250 OK", "250 OK", "354 go on", "250 OK", "221 bye", got=got) as port,
        tools(tmp_path) as given_tools,
    ):
        channel = Channel(
            "desk", EmailOptions(to=(DESK.address,), server=f"smtp://127.0.0.1:{port}"), given_tools
        )
        assert await channel.send(a_delivery(a_message("email", PARTS), DESK)) == "250 OK"
    assert b"".join(got).isascii()
    assert b"BODY=8BITMIME" not in b"".join(got)


def test_a_line_too_long_for_mail_is_not_sent_as_it_is() -> None:
    message = replace(a_message("email", PARTS), parts={"txt": "ক" * 400 + "\n.\n", "html": "ক\n"})
    mail = message_from_bytes(raw(message, eight_bit=True))
    assert [part["Content-Transfer-Encoding"] for part in _parts(mail)] == ["base64", "8bit"]
    assert [_text(part) for part in _parts(mail)] == ["ক" * 400 + "\n.\n", "ক\r\n"]


# the dialogue ─────────────────────────────────────────────────────────────────────────────────


async def test_the_dialogue_is_told_without_password_or_message(tmp_path: Path) -> None:
    heard = Heard()
    box = Mailbox(password="open sesame")
    async with mail_server(box), tools(tmp_path, heard) as given_tools:
        options = EmailOptions(
            to=(DESK.address,),
            server=f"smtp://127.0.0.1:{box.port}",
            username="desk",
            password=Secret("open sesame"),
        )
        await Channel("desk", options, given_tools).send(a_delivery(a_message("email", PARTS), DESK))
    text = "\n".join(heard.lines)
    for line in (
        "< 220 mx.example.org",
        "> EHLO localhost",
        "> AUTH ",
        "> MAIL FROM:<monitor@localhost>",
        "> .",
        "< 250 OK queued",
        "> QUIT",
    ):
        assert line in text
    assert "***" in text
    for form in (
        "open sesame",
        base64.b64encode(b"open sesame").decode(),
        base64.b64encode(b"\0desk\0open sesame").decode(),
    ):
        assert form not in text
