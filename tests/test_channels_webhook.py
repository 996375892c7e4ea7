"""Webhook: signed, repeated with the same id, and clear about what each answer means."""

from __future__ import annotations

import hmac
import json
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat
from jsonschema import Draft202012Validator
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from monitor.channels import Tools
from monitor.channels._http import retry_after, seconds
from monitor.channels.webhook import MAX_BODY, Channel, WebhookOptions, signature
from monitor.clock import SystemClock, VirtualClock
from monitor.errors import ConfigError, DeliveryError, DeliveryReason
from monitor.fetch import client as guarded
from monitor.model import Digest, Kind, NetworkSettings, Secret, StoryEntry
from monitor.render import sample
from tests.receivers import NOW, RENDERER, Receiver, Request, a_delivery, a_message, tools, web_server

BARE = Tools(http=cast("httpx.AsyncClient", None), clock=VirtualClock(NOW), folder=Path())
KEY = b"\x01" * 24
SECRET = "whsec_" + b64encode(KEY).decode()


async def posted(receiver: Receiver, folder: Path, **options: Any) -> str:
    async with web_server(receiver), tools(folder) as given_tools:
        options = {"url": receiver.url(), **options}
        channel = Channel("hook", WebhookOptions(**options), given_tools)
        return await channel.send(a_delivery(a_message("webhook", Channel.parts), channel.recipients()[0]))


async def test_the_signature_is_the_one_of_standard_webhooks(tmp_path: Path) -> None:
    receiver = Receiver()
    other = "whsec_" + b64encode(b"\x02" * 24).decode()
    headers = {"Authorization": Secret("Bearer hush"), "X-Desk": "bn"}
    await posted(receiver, tmp_path, secret=Secret(f"{SECRET} {other}"), headers=headers)
    (request,) = receiver.requests
    identity, stamp = request.headers["webhook-id"], request.headers["webhook-timestamp"]
    assert stamp == str(int(NOW.timestamp()))
    assert identity == json.loads(request.body)["data"]["id"]
    signed = f"{identity}.{stamp}.".encode() + request.body
    first, second = request.headers["webhook-signature"].split()
    assert first == "v1," + b64encode(hmac.digest(KEY, signed, "sha256")).decode()
    assert second == signature(b"\x02" * 24, signed)
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == "Bearer hush"
    assert request.headers["x-desk"] == "bn"
    assert request.headers["accept-encoding"] == "identity"


def test_the_signature_agrees_with_the_specifications_example() -> None:
    """Key, id, time and body as in the documentation of the Svix and Standard Webhooks libraries."""
    key = b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
    assert signature(key, signed) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_2xx_means_taken(status: int, tmp_path: Path) -> None:
    body = b"" if status == 204 else b"ok"
    assert (await posted(Receiver(status=status, body=body), tmp_path)).startswith(str(status))


@pytest.mark.parametrize(
    ("status", "retryable", "reason"),
    [
        (301, False, DeliveryReason.REJECTED),
        (302, False, DeliveryReason.REJECTED),
        (400, False, DeliveryReason.REJECTED),
        (401, False, DeliveryReason.AUTH),
        (403, False, DeliveryReason.AUTH),
        (404, False, DeliveryReason.REJECTED),
        (408, True, DeliveryReason.SERVER),
        (410, False, DeliveryReason.GONE),
        (413, False, DeliveryReason.REJECTED),
        (425, True, DeliveryReason.SERVER),
        (429, True, DeliveryReason.RATE_LIMITED),
        (500, True, DeliveryReason.SERVER),
        (502, True, DeliveryReason.SERVER),
        (503, True, DeliveryReason.SERVER),
        (504, True, DeliveryReason.SERVER),
        (599, True, DeliveryReason.SERVER),
    ],
)
async def test_each_other_answer_is_tried_again_or_not(
    status: int, retryable: bool, reason: DeliveryReason, tmp_path: Path
) -> None:
    receiver = Receiver(
        status=status, headers={"Location": "http://127.0.0.1:1/secret", "Retry-After": "120"}
    )
    with pytest.raises(DeliveryError) as caught:
        await posted(receiver, tmp_path)
    assert (caught.value.retryable, caught.value.reason) == (retryable, reason)
    assert caught.value.retry_after == (timedelta(minutes=2) if retryable else None)
    assert len(receiver.requests) == 1


async def test_a_lost_answer_means_it_may_have_arrived(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError) as caught:
        await posted(Receiver(hang_up=True), tmp_path)
    assert (caught.value.reason, caught.value.retryable) == (DeliveryReason.UNKNOWN, True)


async def test_no_answer_in_time_means_it_may_have_arrived(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError) as caught:
        await posted(Receiver(silent=True), tmp_path, timeout=timedelta(milliseconds=50))
    assert (caught.value.reason, caught.value.retryable) == (DeliveryReason.UNKNOWN, True)


async def test_nobody_there_is_tried_again(tmp_path: Path) -> None:
    receiver = Receiver()
    async with web_server(receiver):
        pass
    async with tools(tmp_path) as given_tools:
        channel = Channel("hook", WebhookOptions(url=receiver.url()), given_tools)
        with pytest.raises(DeliveryError) as caught:
            await channel.send(a_delivery(a_message("webhook", Channel.parts)))
    assert (caught.value.reason, caught.value.retryable) == (DeliveryReason.CONNECT, True)


async def test_an_endless_answer_is_not_read_to_its_end(tmp_path: Path) -> None:
    assert (await posted(Receiver(endless=True), tmp_path)).startswith("200 okxxx")


@pytest.mark.parametrize(
    ("error", "retryable", "reason"),
    [
        (httpx.ConnectError("refused"), True, DeliveryReason.CONNECT),
        (httpx.ReadTimeout("slow"), True, DeliveryReason.UNKNOWN),
        (httpx.ConnectTimeout("slow"), True, DeliveryReason.TIMEOUT),
        (httpx.UnsupportedProtocol("x"), False, DeliveryReason.REFUSED),
        (httpx.RemoteProtocolError("garbled"), True, DeliveryReason.UNKNOWN),
    ],
)
async def test_what_the_network_does_is_understood(
    error: Exception, retryable: bool, reason: DeliveryReason, tmp_path: Path
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        given_tools = Tools(http=client, clock=VirtualClock(NOW), folder=tmp_path)
        channel = Channel("hook", WebhookOptions(url="https://hook.example/x"), given_tools)
        with pytest.raises(DeliveryError) as caught:
            await channel.send(a_delivery(a_message("webhook", Channel.parts)))
    assert (caught.value.retryable, caught.value.reason) == (retryable, reason)
    assert "hook.example" in str(caught.value)


@pytest.mark.parametrize(
    ("allowed", "name", "reason"),
    [
        ((), "127.0.0.1", DeliveryReason.REFUSED),
        ((), "localhost", DeliveryReason.REFUSED),
        (("127.0.0.0/8",), "127.0.0.1", None),
        ((), "no-such-host.invalid", DeliveryReason.CONNECT),
    ],
)
async def test_the_guarded_client_keeps_us_out_of_private_networks(
    allowed: tuple[str, ...], name: str, reason: DeliveryReason | None, tmp_path: Path
) -> None:
    network = NetworkSettings(allow_private=allowed)
    receiver = Receiver()
    async with (
        web_server(receiver),
        guarded(network, version="0", timeout=timedelta(seconds=5)) as client,
    ):
        given_tools = Tools(http=client, clock=VirtualClock(NOW), folder=tmp_path)
        url = receiver.url().replace("127.0.0.1", name)
        channel = Channel("hook", WebhookOptions(url=url), given_tools)
        delivery = a_delivery(a_message("webhook", Channel.parts))
        if reason is None:
            assert await channel.send(delivery) == "200 ok"
            return
        with pytest.raises(DeliveryError) as caught:
            await channel.send(delivery)
    assert (caught.value.reason, caught.value.retryable) == (reason, reason is DeliveryReason.CONNECT)
    assert receiver.requests == []


async def test_a_2xx_counts_though_the_answer_breaks_off(tmp_path: Path) -> None:
    receiver = Receiver(headers={"Content-Length": "100"}, body=b"o")
    assert (await posted(receiver, tmp_path)).startswith("200")


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("0", timedelta()),
        ("Fri, 17 Oct 2025 01:41:00 GMT", timedelta(minutes=10)),
        ("Fri, 17 Oct 2025 01:00:00 GMT", timedelta()),
        ("99999999999999", timedelta(days=1)),
        ("Fri, 17 Oct 2055 01:00:00 GMT", timedelta(days=1)),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("১২০", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value: str, wait: timedelta | None) -> None:
    assert retry_after(value, datetime(2025, 10, 17, 1, 31, tzinfo=UTC)) == wait


@pytest.mark.parametrize(
    "options",
    [
        {"url": "hook.example"},
        {"url": "file:///etc/passwd"},
        {"url": Secret("gopher://x/canary")},
        {"secret": Secret("plain-canary")},
        {"secret": Secret("whsec_c2hvcnQ=")},
        {"secret": Secret("whsec_!!canary!!")},
        {"headers": {"webhook-id": "canary"}},
        {"headers": {"Content-Length": "3"}},
        {"headers": {"X-A": "canary\r\nX-B: y"}},
        {"headers": {"X A": "canary"}},
        {"headers": {"X-A": Secret("canary\ncanary")}},
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        Channel("hook", WebhookOptions(**{"url": "https://hook.example/x", **options}), BARE)
    assert "canary" not in str(caught.value)


def test_a_receiver_is_called_by_its_host() -> None:
    for url in ("https://u:p@hook.example:8443/t/canary?k=canary", Secret("https://[2001:db8::1]/canary")):
        channel = Channel("hook", WebhookOptions(url=url), BARE)
        assert channel.recipients()[0].address in ("hook.example:8443", "[2001:db8::1]")


def test_a_body_over_a_megabyte_does_not_fit() -> None:
    assert Channel.fits("json", "x" * (MAX_BODY - 500))
    assert not Channel.fits("json", "x" * (MAX_BODY - 400)), "an envelope must fit around it"
    assert not Channel.fits("json", "ক" * MAX_BODY)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        (0, timedelta()),
        (2.5, timedelta(seconds=2.5)),
        (10**7, timedelta(days=1)),
        (-1, None),
        ("3", None),
        (True, None),
    ],
)
def test_a_wait_in_a_body_is_a_number_of_seconds(value: object, wait: timedelta | None) -> None:
    assert seconds(value) == wait


# what receivers use ───────────────────────────────────────────────────────────────────────────


async def got(folder: Path, *, kind: Kind = Kind.DIGEST, **options: Any) -> Request:
    """What arrives of a message of the sample, sent now: the standard's library looks at the real clock."""
    receiver = Receiver()
    async with web_server(receiver), tools(folder) as given_tools:
        real = replace(given_tools, clock=SystemClock())
        channel = Channel("hook", WebhookOptions(url=receiver.url(), **options), real)
        message = channel.prepare(a_message("webhook", Channel.parts, kind=kind))
        await channel.send(a_delivery(message, channel.recipients()[0]))
    (request,) = receiver.requests
    return request


@pytest.mark.parametrize("form", ["standard", "cloudevents"])
async def test_the_library_of_standard_webhooks_takes_old_and_new_key_and_no_other(
    form: str, tmp_path: Path
) -> None:
    old, new, other = ("whsec_" + b64encode(bytes([n]) * 24).decode() for n in (1, 2, 3))
    request = await got(tmp_path, secret=Secret(f"{old} {new}"), format=form)
    for secret in (old, new):
        verified = Verifier(secret).verify(request.body, request.headers)
        assert verified["data"]["kind"] == "digest"
    with pytest.raises(WebhookVerificationError):
        Verifier(other).verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(old).verify(request.body + b" ", request.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(old).verify(request.body, {**request.headers, "webhook-id": "another"})


@pytest.mark.parametrize("kind", list(Kind))
async def test_the_library_of_cloudevents_reads_the_event(kind: Kind, tmp_path: Path) -> None:
    request = await got(tmp_path, kind=kind, format="cloudevents")
    message = HTTPMessage(headers=request.headers, body=request.body)
    event = from_structured_event(message, JSONFormat())
    assert event.get_id() == request.headers["webhook-id"]
    types = {
        Kind.DIGEST: "digest.ready",
        Kind.ALERT: "story.alert",
        Kind.TURN: "event.turn",
        Kind.CORRECTION: "story.correction",
        Kind.BURST: "topic.burst",
        Kind.FIRST_SEEN: "topic.first-seen",
        Kind.NO_DATA: "topic.no-data",
        Kind.FEEDS: "feeds.health",
    }
    assert event.get_type() == types[kind]
    assert event.get_source() == "/monitor/routes/day"
    assert event.get_specversion() == "1.0"
    data = event.get_data()
    assert isinstance(data, dict)
    told = [story["title"] for story in data["stories"]]
    assert [title for title in told if title.startswith("আড়াই ঘণ্টা")] == told[:1]
    assert told or kind is Kind.FEEDS or data["signals"]
    assert request.headers["content-type"] == "application/cloudevents+json; charset=utf-8"


SCHEMA = json.loads(
    (Path(__file__).parent.parent / "docs/reference/webhook.schema.json").read_text(encoding="utf-8")
)


def payloads() -> list[Any]:
    return [
        pytest.param(sample(kind, language=language, empty=empty), id=f"{kind}-{language}-{empty}")
        for kind in Kind
        for language in ("bn", "en")
        for empty in ((False, True) if kind is Kind.DIGEST else (False,))
    ]


@pytest.mark.parametrize("digest", payloads())
def test_the_published_schema_describes_every_field_that_is_sent(digest: Digest) -> None:
    message = RENDERER.render(digest, channel_type="webhook", parts=Channel.parts)
    payload = json.loads(message.parts["json"])
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(payload)
    assert undescribed(payload, SCHEMA) == []


def test_a_story_says_which_others_went_up_in_it() -> None:
    """A receiver that keeps stories by id finds the one that it was told of under another."""
    digest = sample()
    (section, *_) = digest.sections
    told = replace(section.stories[0], formerly=("0" * 32, "1" * 32))
    digest = replace(digest, sections=(replace(section, stories=(told, *section.stories[1:])),))
    payload = json.loads(RENDERER.render(digest, channel_type="webhook", parts=Channel.parts).parts["json"])
    Draft202012Validator(SCHEMA).validate(payload)
    assert undescribed(payload, SCHEMA) == []
    assert payload["data"]["stories"][0]["formerly"] == ["0" * 32, "1" * 32]
    assert all("formerly" not in story for story in payload["data"]["stories"][1:])


def test_the_published_schema_takes_what_may_be_missing_and_refuses_what_is_wrong() -> None:
    digest = sample()
    (section, *_) = digest.sections
    bare = replace(
        section.stories[0].lead.entry, published=None, summary="", url="javascript:x", language="und"
    )
    story = replace(section.stories[0], lead=StoryEntry(entry=bare), also=())
    digest = replace(digest, since=None, sections=(replace(section, stories=(story,)),))
    payload = json.loads(RENDERER.render(digest, channel_type="webhook", parts=Channel.parts).parts["json"])
    check = Draft202012Validator(SCHEMA)
    check.validate(payload)
    outer: dict[str, Any] = {"type": 7, "data": [], "timestamp": None}
    for key, wrong in outer.items():
        assert not check.is_valid({**payload, key: wrong})
    inner: dict[str, Any] = {"stories": {}, "late": "no", "entries": "3", "slot": None}
    for key, wrong in inner.items():
        assert not check.is_valid({**payload, "data": {**payload["data"], key: wrong}})


def undescribed(value: Any, rule: dict[str, Any], where: str = "") -> list[str]:
    """Return the fields of a payload that the schema does not name."""
    rule = SCHEMA["$defs"][rule["$ref"].rpartition("/")[2]] if "$ref" in rule else rule
    if "anyOf" in rule:
        return min((undescribed(value, one, where) for one in rule["anyOf"]), key=len)
    if isinstance(value, list):
        return [one for part in value for one in undescribed(part, rule.get("items", {}), where)]
    if not isinstance(value, dict) or "additionalProperties" in rule:
        return []
    known = rule.get("properties", {})
    missing = [
        f"{where}.{key}"
        for key in value
        if not known.get(key, {}).get("description") and "$ref" not in known.get(key, {})
    ]
    return missing + [
        one
        for key, part in value.items()
        if key in known
        for one in undescribed(part, known[key], f"{where}.{key}")
    ]
