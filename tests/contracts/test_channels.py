"""What every channel promises, tried on every file in `monitor/channels/`.

A new channel needs one line here: how it is configured against a receiver of ours.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import re
import shutil
import zlib
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from email import message_from_bytes
from email.message import Message as Mail
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from monitor.channels import Channel, Posted, Tools
from monitor.config._options import docstrings
from monitor.deliver import deliver
from monitor.errors import DeliveryError, DeliveryReason
from monitor.fetch.guard import Guard
from monitor.fetch.transport import Transport
from monitor.model import Dead, Deferred, Delivery, Digest, Kind, Secret, Sent, SignalKind
from monitor.registry import find, names
from monitor.render import sample
from tests.receivers import (
    NOW,
    RENDERER,
    TEMPLATES,
    Answer,
    Heard,
    Mailbox,
    Receiver,
    Request,
    a_delivery,
    a_message,
    client_tls,
    mail_server,
    server_tls,
    tools,
    web_server,
)

CANARY = "s3cr3t-canary-7731-abcdefgh"
KEY = b64encode(CANARY.encode()).decode()


@dataclass
class Case:
    """A channel against its receiver: what arrived, and by which identity the receiver knows it."""

    channel: Channel
    arrived: Callable[[], list[str]]
    identities: Callable[[], list[str]]
    fail: Callable[[], None]
    """Make the receiver refuse for now."""
    receiver: Receiver | None = None


def options(kind: str, **settings: Any) -> Any:
    return find("channels", kind).Options(**settings)


async def _email(stack: AsyncExitStack, given: Tools) -> Case:
    box = await stack.enter_async_context(mail_server(Mailbox(password=CANARY)))
    settings = options(
        "email",
        to=("desk@example.org",),
        server=f"smtp://127.0.0.1:{box.port}",
        username="desk",
        password=Secret(CANARY),
    )

    def fail() -> None:
        box.rcpt = f"450 4.2.1 mailbox busy {CANARY}"

    return Case(
        find("channels", "email")("desk", settings, given),
        lambda: [_readable(mail) for mail in box.mails()],
        lambda: [mail["Message-ID"] for mail in box.mails()],
        fail,
    )


def _readable(mail: Mail) -> str:
    texts = (part.get_payload(decode=True) for part in mail.walk() if part.get_content_maintype() == "text")
    return "\n".join(text.decode() for text in texts if isinstance(text, bytes))


def _web(kind: str, path: str = f"/services/{CANARY}", *, setting: str = "url", **settings: Any) -> Maker:
    """A channel that posts to a web server of ours; `setting` is the option that says where."""

    async def make(stack: AsyncExitStack, given: Tools) -> Case:
        receiver = await stack.enter_async_context(web_server(Receiver(answers=SERVICES.get(kind))))
        url = receiver.url(path)
        where = {setting: Secret(url) if setting == "url" else url}
        channel = find("channels", kind)("desk", options(kind, **where, **settings), given)

        def identities() -> list[str]:
            return [_identity(request) for request in receiver.requests if _says(request)]

        def fail() -> None:
            receiver.answers = lambda request: (503, {}, f"down {CANARY} {KEY}".encode())

        arrived = lambda: [one.body.decode() for one in receiver.requests if _says(one)]  # noqa: E731
        return Case(channel, arrived, identities, fail, receiver)

    return make


def _identity(request: Request) -> str:
    """What a receiver can tell two messages apart by: an id where there is one, else all of the text."""
    return request.headers.get("webhook-id") or hashlib.sha256(request.body).hexdigest()


def _says(request: Request) -> bool:
    return "conversations." not in request.path


def slack_api(request: Request) -> Answer:
    said = {"ok": True, "ts": f"{1_760_000_000 + zlib.crc32(request.body)}.000100", "channel": "C0123ABCD"}
    return 200, {}, json.dumps({"ok": True, "messages": []} if not _says(request) else said).encode()


SERVICES: dict[str, Callable[[Request], Answer]] = {
    "discord": lambda request: (200, {}, b'{"id": "1133"}'),
    "ntfy": lambda request: (200, {}, b'{"id": "sPs71M8A2T", "event": "message"}'),
    "slack": lambda request: slack_api(request) if "/api/" in request.path else (200, {}, b"ok"),
    "teams": lambda request: (202, {}, b""),
    "telegram": lambda request: (200, {}, b'{"ok": true, "result": {"message_id": 42}}'),
}
"""What the services answer when they take a message."""


async def _file(stack: AsyncExitStack, given: Tools) -> Case:
    def pages() -> list[Path]:
        return [p for p in (given.folder / "out").glob("*.html") if p.name != "index.html"]

    return Case(
        find("channels", "file")("desk", options("file", folder="out"), given),
        lambda: [page.read_text(encoding="utf-8") for page in pages()],
        lambda: [page.name for page in pages()],
        lambda: _block(given.folder / "out"),
    )


async def _maildir(stack: AsyncExitStack, given: Tools) -> Case:
    def mails() -> list[Mail]:
        return [message_from_bytes(p.read_bytes()) for p in (given.folder / "out" / "new").glob("*")]

    return Case(
        find("channels", "maildir")("desk", options("maildir", folder="out"), given),
        lambda: [_readable(mail) for mail in mails()],
        lambda: [mail["Message-ID"] for mail in mails()],
        lambda: _block(given.folder / "out"),
    )


def _block(folder: Path) -> None:
    """Put a file where the folder was."""
    shutil.rmtree(folder)
    folder.write_text("in the way", encoding="utf-8")


async def _apprise(stack: AsyncExitStack, given: Tools) -> Case:
    receiver = await stack.enter_async_context(web_server(Receiver()))
    url = Secret(f"json://desk:{CANARY}@127.0.0.1:{receiver.port}/{CANARY}")

    def fail() -> None:
        receiver.status, receiver.body = 503, f"down {CANARY} {KEY}".encode()

    return Case(
        find("channels", "apprise")("desk", options("apprise", url=url), given),
        lambda: [json.loads(request.body)["message"] for request in receiver.requests],
        lambda: [_identity(request) for request in receiver.requests],
        fail,
    )


Maker = Callable[[AsyncExitStack, Tools], Awaitable[Case]]

MAKERS: dict[str, Maker] = {
    "apprise": _apprise,
    "discord": _web("discord", f"/api/webhooks/11/{CANARY}"),
    "email": _email,
    "file": _file,
    "maildir": _maildir,
    "mattermost": _web("mattermost", f"/hooks/{CANARY}"),
    "ntfy": _web("ntfy", "", setting="server", topic="desk", token=Secret(f"tk_{CANARY}")),
    "slack": _web("slack"),
    "slack, a bot": _web("slack", "", setting="server", token=Secret(f"xoxb-{CANARY}"), room="C0123ABCD"),
    "teams": _web("teams", f"/workflows/11/triggers?sig={CANARY}"),
    "telegram": _web("telegram", "", setting="server", token=Secret(f"12345:{CANARY}"), chat="-100123"),
    "webhook": _web("webhook", secret=Secret(f"whsec_{KEY}")),
    "webhook, cloudevents": _web("webhook", secret=Secret(f"whsec_{KEY}"), format="cloudevents"),
}
"""One line a channel, and one for each other way it can be configured."""
EVERY = pytest.mark.parametrize("case_name", sorted(MAKERS))
SIGNALS = frozenset(one.value for one in SignalKind)
"""Kinds of messages that share their templates."""
KINDS = pytest.mark.parametrize("kind", names("channels"))
HTTP = [
    n for n in sorted(MAKERS) if hasattr(import_module(f"monitor.channels.{n.partition(',')[0]}"), "_http")
]
"""Those that use the door to HTTP receivers."""


@asynccontextmanager
async def a_case(
    name: str, folder: Path, heard: Heard | None = None, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[Case]:
    async with AsyncExitStack() as stack:
        given = await stack.enter_async_context(tools(folder, heard, transport))
        yield await MAKERS[name](stack, given)


def a_delivery_for(case: Case, name: str, **changes: Any) -> Delivery:
    kind = name.partition(",")[0]
    message = case.channel.prepare(a_message(kind, case.channel.parts, **changes))
    return a_delivery(message, case.channel.recipients()[0])


def test_every_channel_has_a_receiver_here() -> None:
    assert set(names("channels")) == {name.partition(",")[0] for name in MAKERS}


@KINDS
def test_its_options_are_a_frozen_dataclass_with_each_setting_explained(kind: str) -> None:
    settings: Any = find("channels", kind).Options
    assert settings.__dataclass_params__.frozen
    assert all(field.kw_only for field in dataclasses.fields(settings))
    assert settings.__doc__
    assert set(docstrings(settings)) == {field.name for field in dataclasses.fields(settings)}


@KINDS
def test_its_parts_have_templates_for_digests_and_alerts(kind: str) -> None:
    for part in find("channels", kind).parts:
        for message_kind in Kind:
            stem = "signal" if message_kind in SIGNALS else message_kind
            assert (TEMPLATES / kind / f"{stem}.{part}.j2").is_file()


@EVERY
async def test_a_message_arrives_whole(case_name: str, tmp_path: Path) -> None:
    async with a_case(case_name, tmp_path) as case:
        answer = await case.channel.send(a_delivery_for(case, case_name))
        receipt = answer.receipt if isinstance(answer, Posted) else answer
        arrived = " ".join(" ".join(case.arrived()).split())
        for words in ("আড়াই ঘণ্টা কথা বললেন ট্রাম্প ও পুতিন", "সরবরাহ আলোচ্যসূচিতে রয়েছে", "সকালের কাগজ"):
            assert words in arrived
        assert receipt
        assert len(receipt) < 220


@EVERY
async def test_sent_twice_it_carries_the_same_identity(case_name: str, tmp_path: Path) -> None:
    async with a_case(case_name, tmp_path) as case:
        delivery = a_delivery_for(case, case_name)
        await case.channel.send(delivery)
        once = set(case.identities())
        await case.channel.send(replace(delivery, attempts=2))
        assert set(case.identities()) == once


@EVERY
async def test_different_messages_carry_different_identities(case_name: str, tmp_path: Path) -> None:
    async with a_case(case_name, tmp_path) as case:
        await case.channel.send(a_delivery_for(case, case_name, language="bn"))
        once = set(case.identities())
        await case.channel.send(a_delivery_for(case, case_name, language="en"))
        assert len(set(case.identities()) - once) >= 1


@EVERY
async def test_what_fails_for_now_is_deferred_and_arrives_later(case_name: str, tmp_path: Path) -> None:
    async with a_case(case_name, tmp_path) as case:
        delivery = a_delivery_for(case, case_name)
        await case.channel.send(delivery)
        case.fail()
        outcome = await tried(delivery, case.channel)
        assert isinstance(outcome, Deferred)
        assert outcome.retry_at == NOW + timedelta(minutes=1)


async def tried(delivery: Delivery, channel: Channel) -> Sent | Deferred | Dead:
    return await deliver(
        delivery, channel, now=NOW, retry_at=lambda tries, wait: NOW + timedelta(minutes=tries), timeout=10
    )


HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "<!channel> <!subteam^S1> <@U123> <https://evil.example|bank>",
    "=?utf-8?q?=0D=0ABcc:_evil=40example.org?=",
    "a\r\nBcc: evil@example.org\r\n\r\nbody",
    '"},{"text":"injected"}]}//\\',
    "{{ 7*7 }}{% raw %} {# x #}",
    "\ud800\udc00\udfff lone \x00 NUL \x1b[31m \u2028 \u202egnp.exe",
    "ট্রাম্প " * 1500,
    "😀" * 400 + "é" * 400,
)


def hostile(kind: Kind, text: str) -> Digest:
    digest = sample(kind)

    def spoiled(item: Any) -> Any:
        return replace(
            item,
            entry=replace(
                item.entry,
                title=text,
                summary=text,
                content=text,
                author=text,
                source=text[:300],
                url=f"javascript:alert(1)//{text}",
            ),
            spans=(),
        )

    return replace(
        digest,
        sections=tuple(
            replace(
                section,
                stories=tuple(
                    replace(story, lead=spoiled(story.lead), also=tuple(map(spoiled, story.also)))
                    for story in section.stories
                ),
            )
            for section in digest.sections
        ),
        troubles=tuple(replace(t, source=text, reason=text[:50]) for t in digest.troubles),
    )


@EVERY
@pytest.mark.parametrize("message_kind", list(Kind))
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_text_arrives_as_text(
    case_name: str, message_kind: Kind, text: str, tmp_path: Path
) -> None:
    kind = case_name.partition(",")[0]
    async with a_case(case_name, tmp_path) as case:
        message = RENDERER.render(hostile(message_kind, text), channel_type=kind, parts=case.channel.parts)
        message = case.channel.prepare(message)
        outcome = await tried(a_delivery(message, case.channel.recipients()[0]), case.channel)
        assert isinstance(outcome, Sent), outcome
        assert case.arrived()
        for arrived in case.arrived():
            assert "javascript:" not in arrived or kind == "webhook"
            assert "\x00" not in arrived
            assert "\u202e" not in arrived
            if kind in HARMLESS:
                HARMLESS[kind](arrived)
        if "html" in message.parts:
            assert "<script" not in message.parts["html"]
            assert "<img" not in message.parts["html"]


def _harmless_slack(arrived: str) -> None:
    for piece in _texts_of(json.loads(arrived), "mrkdwn"):
        assert not re.search(r"<(?!https?://)|<https://evil", piece)


def _harmless_telegram(arrived: str) -> None:
    text = json.loads(arrived)["text"]
    assert not re.search(r'<(?!/?b>|/a>|a href="https?://[^"<>]*">)', text)
    assert not re.search(r"&(?!(lt|gt|amp|quot|#x27);)", text)


def _harmless_discord(arrived: str) -> None:
    said = json.loads(arrived)
    assert said["allowed_mentions"] == {"parse": []}
    for embed in said["embeds"]:
        assert not re.search(r"(?<!\\)[<>@`]", embed.get("description", "") + embed.get("title", ""))


def _harmless_mattermost(arrived: str) -> None:
    assert not re.search(r"@(?!\u200b)|(?<!\\)[<>`|]", json.loads(arrived)["text"])


def _harmless_teams(arrived: str) -> None:
    (card,) = json.loads(arrived)["attachments"]
    for element in card["content"]["body"]:
        assert element["type"] == "RichTextBlock"
        for run in element["inlines"]:
            assert run["type"] == "TextRun"
            assert run.get("selectAction", {"url": "https://"})["url"].startswith(("https://", "http://"))


def _harmless_webhook(arrived: str) -> None:
    said = json.loads(arrived)["data"]
    assert said["stories"] or said["kind"] in {*SIGNALS, Kind.FEEDS}, "these two tell no story"
    assert all(story["url"] == "" for story in said["stories"])


HARMLESS: dict[str, Callable[[str], None]] = {
    "discord": _harmless_discord,
    "mattermost": _harmless_mattermost,
    "slack": _harmless_slack,
    "teams": _harmless_teams,
    "telegram": _harmless_telegram,
    "webhook": _harmless_webhook,
}
"""What must hold of each body, whatever the feeds wrote."""


def _texts_of(payload: Any, kind: str) -> list[str]:
    if isinstance(payload, dict):
        own = [payload["text"]] if payload.get("type") == kind else []
        return own + [t for value in payload.values() for t in _texts_of(value, kind)]
    if isinstance(payload, list):
        return [t for value in payload for t in _texts_of(value, kind)]
    return []


@EVERY
async def test_two_deliveries_at_once_do_not_disturb_each_other(case_name: str, tmp_path: Path) -> None:
    async with a_case(case_name, tmp_path) as case:
        deliveries = [
            a_delivery_for(case, case_name, kind=k, language=language)
            for k in (Kind.DIGEST, Kind.ALERT, Kind.TURN)  # more would have to wait for their turn
            for language in ("bn", "en")
        ]
        await asyncio.gather(*(case.channel.send(delivery) for delivery in deliveries))
        at_once = set(case.identities())
    async with a_case(case_name, tmp_path / "again") as case:
        (tmp_path / "again").mkdir()
        for delivery in deliveries:
            await case.channel.send(delivery)
        assert set(case.identities()) == at_once
        assert len(at_once) >= len(deliveries)


# secrets ──────────────────────────────────────────────────────────────────────────────────────


@EVERY
async def test_no_secret_is_in_any_word_whatever_the_receiver_says(
    case_name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Options, recipients, receipts, errors, the dialogue and the log; receivers repeat all that we sent."""
    heard = Heard()
    caplog.set_level("DEBUG")
    async with a_case(case_name, tmp_path, heard) as case:
        said = repr(case.channel.options) + repr(case.channel.recipients()) + repr(case.channel)
        delivery = a_delivery_for(case, case_name)
        said += repr(await case.channel.send(delivery))
        for status in (400, 401, 403, 404, 410, 429, 500) if case.receiver else ():
            assert case.receiver is not None
            case.receiver.answers, case.receiver.status, case.receiver.echo = None, status, True
            case.receiver.headers = {"Location": case.receiver.url("/elsewhere")}
            said += str(await _refused(case, delivery))
        case.fail()
        error = await _refused(case, replace(delivery, message=replace(delivery.message, id="another")))
        assert error.retryable
        said += str(error)
    ours = "".join(record.getMessage() for record in caplog.records if record.name.startswith("monitor"))
    for words in (said, "\n".join(heard.lines), ours):
        for form in (CANARY, KEY, KEY.rstrip("="), quote(KEY, safe="")):
            assert form not in words


async def _refused(case: Case, delivery: Delivery) -> DeliveryError:
    if case.receiver:
        case.receiver.echo = True
    with pytest.raises(DeliveryError) as caught:
        await case.channel.send(delivery)
    return caught.value


# receiver faults (reliability: a failure is a value, and each means the same everywhere) ──────────


@dataclass
class Fault:
    """What a receiver does, and what that means."""

    do: Callable[[Receiver], None]
    reason: DeliveryReason
    retryable: bool
    wait: timedelta | None = None
    asked: int = 1
    """Requests that reach it."""


def answering(status: int, **headers: str) -> Callable[[Receiver], None]:
    def do(receiver: Receiver) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        receiver.answers = lambda request: (status, named, b"no")

    return do


def doing(**changes: Any) -> Callable[[Receiver], None]:
    def do(receiver: Receiver) -> None:
        for name, value in changes.items():
            setattr(receiver, name, value)

    return do


FAULTS = {
    "hang": Fault(doing(silent=True), DeliveryReason.UNKNOWN, True),
    "drip": Fault(doing(drip=0.02), DeliveryReason.UNKNOWN, True),
    "reset after body": Fault(doing(hang_up=True), DeliveryReason.UNKNOWN, True),
    "301": Fault(answering(301, Location="/elsewhere"), DeliveryReason.REJECTED, False),
    "400": Fault(answering(400), DeliveryReason.REJECTED, False),
    "401": Fault(answering(401), DeliveryReason.AUTH, False),
    "410": Fault(answering(410), DeliveryReason.GONE, False),
    "429, seconds": Fault(
        answering(429, Retry_After="30"), DeliveryReason.RATE_LIMITED, True, timedelta(seconds=30)
    ),
    "429, date": Fault(
        answering(429, Retry_After="Fri, 17 Oct 2025 01:41:00 GMT"),
        DeliveryReason.RATE_LIMITED,
        True,
        timedelta(minutes=10),
    ),
    "500": Fault(answering(500), DeliveryReason.SERVER, True),
}


@pytest.mark.parametrize("case_name", HTTP)
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_receivers_fault_means_what_it_means(case_name: str, fault: str, tmp_path: Path) -> None:
    told = FAULTS[fault]
    async with a_case(case_name, tmp_path) as case:
        assert case.receiver is not None
        channel = hurried(case.channel)
        told.do(case.receiver)
        with pytest.raises(DeliveryError) as caught:
            await channel.send(a_delivery_for(case, case_name))
        assert (caught.value.reason, caught.value.retryable) == (told.reason, told.retryable)
        assert caught.value.retry_after == told.wait
        assert len(case.receiver.requests) == told.asked


def hurried(channel: Channel) -> Channel:
    """The same channel with a deadline of 150 ms."""
    settings = replace(channel.options, timeout=timedelta(milliseconds=150))
    return type(channel)(channel.name, settings, channel.tools)


@pytest.mark.parametrize("case_name", HTTP)
async def test_nobody_there_means_nothing_arrived(case_name: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack, tools(tmp_path) as given:
        async with AsyncExitStack() as closing:
            case = await MAKERS[case_name](closing, given)
        assert stack is not None
        with pytest.raises(DeliveryError) as caught:
            await case.channel.send(a_delivery_for(case, case_name))
    assert (caught.value.reason, caught.value.retryable) == (DeliveryReason.CONNECT, True)


@pytest.mark.parametrize("case_name", HTTP)
async def test_an_expired_certificate_lets_nothing_through(
    case_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for certificate, fine in (("cert.pem", True), ("expired.pem", False)):
        monkeypatch.setattr(
            "tests.contracts.test_channels.Receiver", partial(Receiver, tls=server_tls(certificate))
        )
        guarded = Transport(Guard(("127.0.0.0/8",)), context=client_tls(), max_raw=1_000_000)
        async with a_case(case_name, tmp_path, transport=guarded) as case:
            assert case.receiver is not None
            delivery = a_delivery_for(case, case_name)
            if fine:
                assert await case.channel.send(delivery)
                continue
            with pytest.raises(DeliveryError) as caught:
                await case.channel.send(delivery)
            assert (caught.value.reason, caught.value.retryable) == (DeliveryReason.CONNECT, True)
            assert "certificate has expired" in str(caught.value)
            assert case.receiver.requests == []


@pytest.mark.parametrize("case_name", HTTP)
async def test_an_answer_that_never_ends_is_an_answer(case_name: str, tmp_path: Path) -> None:
    async with a_case(case_name, tmp_path) as case:
        assert case.receiver is not None
        channel = hurried(case.channel)
        case.receiver.answers = lambda request: (503, {}, b"x" * 1_000)
        case.receiver.endless = True
        with pytest.raises(DeliveryError) as caught:
            await channel.send(a_delivery_for(case, case_name))
    assert caught.value.reason is DeliveryReason.SERVER


async def test_a_hanging_receiver_holds_up_no_other_channel(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        transport = Transport(Guard(("127.0.0.0/8",)), max_raw=1_000_000)
        given = await stack.enter_async_context(tools(tmp_path, transport=transport))
        hanging = await MAKERS["webhook"](stack, given)
        assert hanging.receiver is not None
        hanging.receiver.silent = True
        stuck = [
            asyncio.create_task(hanging.channel.send(a_delivery_for(hanging, "webhook"))) for _ in range(200)
        ]
        took = []
        loop = asyncio.get_running_loop()
        for name in ("mattermost", "email", "maildir", "webhook"):
            case = await MAKERS[name](stack, given)
            for _ in range(25):
                start = loop.time()
                await case.channel.send(a_delivery_for(case, name))
                took.append(loop.time() - start)
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)
    assert sorted(took)[98] < 2.0
