"""What every channel promises, tried on every file in `monitor/channels/`.

A new channel needs one line here: how it is configured against a receiver of ours.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.channels import Channel, Tools
from monitor.deliver import deliver
from monitor.errors import DeliveryError
from monitor.model import Deferred, Digest, Kind, Secret, Sent
from monitor.registry import find, names
from monitor.render import sample
from tests.receivers import (
    NOW,
    RENDERER,
    TEMPLATES,
    Mailbox,
    Receiver,
    a_delivery,
    a_message,
    mail_server,
    tools,
    web_server,
)

CANARY = "s3cr3t-canary-7731"
KEY = b64encode(CANARY.encode()).decode()


@dataclass
class Case:
    """A channel against its receiver: what arrived, and by which identity the receiver knows it."""

    channel: Channel
    arrived: Callable[[], list[str]]
    identities: Callable[[], list[str]]
    fail: Callable[[], None]
    """Make the receiver refuse for now."""


async def _email(stack: AsyncExitStack, given: Tools) -> Case:
    box = await stack.enter_async_context(mail_server(Mailbox()))
    options = find("channels", "email").Options(
        to=("desk@example.org",), server=f"smtp://127.0.0.1:{box.port}", password=Secret(CANARY)
    )

    def arrived() -> list[str]:
        return [
            "\n".join(
                part.get_payload(decode=True).decode()  # type: ignore[union-attr]
                for part in mail.walk()
                if part.get_content_maintype() == "text"
            )
            for mail in box.mails()
        ]

    def fail() -> None:
        box.rcpt = f"450 4.2.1 mailbox busy {CANARY}"

    return Case(
        find("channels", "email")("desk", options, given),
        arrived,
        lambda: [mail["Message-ID"] for mail in box.mails()],
        fail,
    )


async def _web(kind: str, stack: AsyncExitStack, given: Tools) -> Case:
    receiver = await stack.enter_async_context(web_server(Receiver()))
    url = Secret(receiver.url(f"/services/{CANARY}"))
    secret = {"secret": Secret(f"whsec_{KEY}")} if kind == "webhook" else {}
    options = find("channels", kind).Options(url=url, **secret)

    def identities() -> list[str]:
        if kind == "webhook":
            return [request.headers["webhook-id"] for request in receiver.requests]
        return [str(hash(request.body)) for request in receiver.requests]

    def fail() -> None:
        receiver.status, receiver.body = 503, f"down {CANARY}".encode()

    return Case(
        find("channels", kind)("desk", options, given),
        lambda: [request.body.decode() for request in receiver.requests],
        identities,
        fail,
    )


async def _file(stack: AsyncExitStack, given: Tools) -> Case:
    def pages() -> list[Path]:
        return [p for p in (given.folder / "out").glob("*.html") if p.name != "index.html"]

    def fail() -> None:
        for page in (given.folder / "out").iterdir():
            page.unlink()
        (given.folder / "out").rmdir()
        (given.folder / "out").write_text("in the way", encoding="utf-8")

    return Case(
        find("channels", "file")("desk", find("channels", "file").Options(folder="out"), given),
        lambda: [page.read_text(encoding="utf-8") for page in pages()],
        lambda: [page.name for page in pages()],
        fail,
    )


MAKERS: dict[str, Callable[[AsyncExitStack, Tools], Any]] = {
    "email": _email,
    "file": _file,
    "slack": lambda stack, given: _web("slack", stack, given),
    "webhook": lambda stack, given: _web("webhook", stack, given),
}
EVERY = pytest.mark.parametrize("kind", names("channels"))


@asynccontextmanager
async def a_case(kind: str, folder: Path) -> AsyncIterator[Case]:
    async with AsyncExitStack() as stack:
        given = await stack.enter_async_context(tools(folder))
        yield await MAKERS[kind](stack, given)


def test_every_channel_has_a_receiver_here() -> None:
    assert set(names("channels")) == set(MAKERS)


@EVERY
def test_its_options_are_a_frozen_dataclass_with_each_setting_explained(kind: str) -> None:
    options: Any = find("channels", kind).Options
    assert options.__dataclass_params__.frozen
    assert dataclasses.is_dataclass(options)
    assert all(field.kw_only for field in dataclasses.fields(options))
    assert options.__doc__


@EVERY
def test_its_parts_have_templates_for_digests_and_alerts(kind: str) -> None:
    for part in find("channels", kind).parts:
        for message_kind in Kind:
            assert (TEMPLATES / kind / f"{message_kind}.{part}.j2").is_file()


@EVERY
async def test_a_message_arrives_whole(kind: str, tmp_path: Path) -> None:
    async with a_case(kind, tmp_path) as case:
        message = case.channel.prepare(a_message(kind, case.channel.parts))
        receipt = await case.channel.send(a_delivery(message, case.channel.recipients()[0]))
        (arrived,) = case.arrived()
        assert "আড়াই ঘণ্টা কথা বললেন ট্রাম্প ও পুতিন" in arrived
        assert receipt
        assert len(receipt) < 220


@EVERY
async def test_sent_twice_it_carries_the_same_identity(kind: str, tmp_path: Path) -> None:
    async with a_case(kind, tmp_path) as case:
        delivery = a_delivery(
            case.channel.prepare(a_message(kind, case.channel.parts)), case.channel.recipients()[0]
        )
        await case.channel.send(delivery)
        await case.channel.send(replace(delivery, attempts=2))
        assert len(set(case.identities())) == 1


@EVERY
async def test_different_messages_carry_different_identities(kind: str, tmp_path: Path) -> None:
    async with a_case(kind, tmp_path) as case:
        for language in ("bn", "en"):
            message = case.channel.prepare(a_message(kind, case.channel.parts, language=language))
            await case.channel.send(a_delivery(message, case.channel.recipients()[0]))
        assert len(set(case.identities())) == 2


@EVERY
async def test_no_secret_is_in_its_recipients_errors_or_options(kind: str, tmp_path: Path) -> None:
    async with a_case(kind, tmp_path) as case:
        said = repr(case.channel.options) + repr(case.channel.recipients())
        delivery = a_delivery(
            case.channel.prepare(a_message(kind, case.channel.parts)), case.channel.recipients()[0]
        )
        said += await case.channel.send(delivery)
        case.fail()
        with pytest.raises(DeliveryError) as caught:
            await case.channel.send(delivery)
        assert caught.value.retryable
        said += str(caught.value)
        assert CANARY not in said
        assert KEY not in said


@EVERY
async def test_what_fails_for_now_is_deferred_and_arrives_later(kind: str, tmp_path: Path) -> None:
    async with a_case(kind, tmp_path) as case:
        delivery = a_delivery(
            case.channel.prepare(a_message(kind, case.channel.parts)), case.channel.recipients()[0]
        )
        if kind == "file":
            await case.channel.send(delivery)
        case.fail()
        outcome = await deliver(
            delivery,
            case.channel,
            now=NOW,
            retry_at=lambda tries, wait: NOW + timedelta(minutes=tries),
            timeout=10,
        )
        assert isinstance(outcome, Deferred)
        assert outcome.retry_at == NOW + timedelta(minutes=1)


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
async def test_hostile_text_arrives_as_text(kind: str, message_kind: Kind, text: str, tmp_path: Path) -> None:
    async with a_case(kind, tmp_path) as case:
        message = RENDERER.render(hostile(message_kind, text), channel_type=kind, parts=case.channel.parts)
        message = case.channel.prepare(message)
        outcome = await deliver(
            a_delivery(message, case.channel.recipients()[0]),
            case.channel,
            now=NOW,
            retry_at=lambda tries, wait: None,
            timeout=10,
        )
        assert isinstance(outcome, Sent), outcome
        (arrived,) = case.arrived()
        assert "javascript:" not in arrived or kind == "webhook"
        assert "\x00" not in arrived
        assert "\u202e" not in arrived
        if kind in ("email", "file"):
            page = message.parts["html"]
            assert "<script" not in page
            assert "<img" not in page
        if kind == "slack":
            for piece in _slack_texts(json.loads(arrived)):
                assert "<!" not in piece
                assert "<@" not in piece
                assert "<https://evil" not in piece
        if kind == "webhook":
            assert json.loads(arrived)["data"]["stories"][0]["url"] == ""


def _slack_texts(payload: Any) -> list[str]:
    if isinstance(payload, dict):
        own = [payload["text"]] if payload.get("type") == "mrkdwn" else []
        return own + [t for value in payload.values() for t in _slack_texts(value)]
    if isinstance(payload, list):
        return [t for value in payload for t in _slack_texts(value)]
    return []


@EVERY
async def test_two_deliveries_at_once_do_not_disturb_each_other(kind: str, tmp_path: Path) -> None:
    async with a_case(kind, tmp_path) as case:
        messages = [
            case.channel.prepare(a_message(kind, case.channel.parts, kind=k, language=language))
            for k in Kind
            for language in ("bn", "en")
        ]
        to = case.channel.recipients()[0]
        await asyncio.gather(*(case.channel.send(a_delivery(message, to)) for message in messages))
        assert len(set(case.identities())) == len(messages)
