"""Slack by webhook: never a payload that it refuses, nothing left out, not faster than it takes messages."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from monitor.channels import Tools
from monitor.channels._blocks import MAX_BLOCKS, MAX_TOTAL, faults, split
from monitor.channels.slack import Channel, SlackOptions
from monitor.clock import VirtualClock
from monitor.errors import ConfigError, DeliveryError, DeliveryReason
from monitor.model import Digest, Kind, Message, Recipient, Secret
from monitor.render import sample
from tests.receivers import NOW, RENDERER, Heard, Receiver, a_delivery, a_message, tools, web_server

TOKEN = "T000/B000/XXXXcanaryXXXX"
BARE = Tools(http=cast("httpx.AsyncClient", None), clock=VirtualClock(NOW), folder=Path())


def a_channel(url: str = f"https://hooks.slack.com/services/{TOKEN}") -> Channel:
    return Channel("wire", SlackOptions(url=Secret(url), language="bn"), BARE)


def a_payload_message(payload: Any) -> Message:
    return Message(
        id="m",
        kind=Kind.ALERT,
        route="fast",
        channel="wire",
        recipient=Recipient(address="x"),
        slot=NOW,
        language="bn",
        subject="শিরোনাম",
        parts={"subject.txt": "শিরোনাম", "json": json.dumps(payload)},
    )


def test_a_room_is_called_by_slacks_host_and_never_by_the_token() -> None:
    assert a_channel().recipients() == (Recipient(address="hooks.slack.com", language="bn"),)


def stories_alone(digest: Digest) -> Digest:
    """Return a digest without turns and open questions: what is counted here are stories."""
    return replace(digest, turns=(), open=())


@pytest.mark.parametrize("url", ["ftp://x/y", "https://:80/canary", "no url", "https://h:99999999/x"])
def test_a_url_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        a_channel(url)
    assert url not in str(caught.value)


def valid(payload: dict[str, Any]) -> None:
    """Let Slack's own models check a payload."""
    for block in payload["blocks"]:
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.validate_json()
    assert faults(payload) == []


@pytest.mark.parametrize("copies", [0, 1, 3, 12, 40])
@pytest.mark.parametrize("language", ["bn", "en"])
def test_a_digest_of_any_length_is_a_few_messages_that_slacks_models_take(copies: int, language: str) -> None:
    digest = stories_alone(sample(language=language, copies=max(copies, 1), empty=copies == 0))
    message = RENDERER.render(digest, channel_type="slack", parts=Channel.parts)
    payload = json.loads(message.parts["json"])
    posts = split(payload, language)
    for post in posts:
        valid(post)
    assert 1 <= len(posts) <= 6
    assert (len(posts) == 1) == (faults(payload) == [])
    assert posts[0]["text"] == message.subject
    assert posts[0]["unfurl_links"] is posts[0]["unfurl_media"] is False
    assert json.loads(a_channel().prepare(message).parts["json"]) == payload
    assert len(message.stories) == copies * 5
    told = "\n".join(block["text"]["text"] for post in posts for block in post["blocks"] if "text" in block)
    leads = {story.lead.entry.url for section in digest.sections for story in section.stories}
    assert len(leads) == copies * 5
    assert all(f"<{url}|" in told for url in leads)


def test_an_alert_is_one_message_that_slacks_models_take() -> None:
    payload = json.loads(a_message("slack", Channel.parts, kind=Kind.ALERT).parts["json"])
    assert split(payload) == [payload]
    valid(payload)


def test_a_long_digest_is_parted_between_stories_and_headings_stay_with_theirs() -> None:
    message = RENDERER.render(stories_alone(sample(copies=12)), channel_type="slack", parts=Channel.parts)
    payload = json.loads(message.parts["json"])
    posts = split(payload, "bn")
    assert len(posts) == 3
    for number, post in enumerate(posts):
        first, last = post["blocks"][0], post["blocks"][-1]
        assert first["type"] != "context"
        assert last["elements"][0]["text"] == ("১/৩", "২/৩", "৩/৩")[number]
        before = post["blocks"][-2]
        assert before["type"] == "context", "a story ends with what is said about it"
    inside = [block for post in posts for block in post["blocks"][:-1]]
    assert inside == payload["blocks"]


def test_accounts_that_differ_stay_with_their_story() -> None:
    message = RENDERER.render(sample(copies=12), channel_type="slack", parts=Channel.parts)
    posts = split(json.loads(message.parts["json"]), "bn")
    pairs = [pair for post in posts for pair in pairwise(post["blocks"]) if "fields" in pair[1]]
    assert len(pairs) == 12
    assert all("ঘণ্টা" in story["text"]["text"] for story, _ in pairs)


@pytest.mark.parametrize(
    ("status", "retryable", "reason"),
    [
        (400, False, DeliveryReason.REJECTED),
        (403, False, DeliveryReason.AUTH),
        (404, False, DeliveryReason.REJECTED),
        (410, False, DeliveryReason.GONE),
        (429, True, DeliveryReason.RATE_LIMITED),
        (500, True, DeliveryReason.SERVER),
        (503, True, DeliveryReason.SERVER),
    ],
)
async def test_what_slack_answers_is_understood(
    status: int, retryable: bool, reason: DeliveryReason, tmp_path: Path
) -> None:
    receiver = Receiver(status=status, headers={"Retry-After": "30"}, body=b"no_service")
    async with web_server(receiver), tools(tmp_path) as given_tools:
        channel = Channel("wire", SlackOptions(url=Secret(receiver.url(f"/services/{TOKEN}"))), given_tools)
        with pytest.raises(DeliveryError) as caught:
            await channel.send(a_delivery(a_message("slack", Channel.parts), channel.recipients()[0]))
    assert (caught.value.retryable, caught.value.reason) == (retryable, reason)
    assert "no_service" in str(caught.value)
    assert "canary" not in str(caught.value)
    if retryable:
        assert caught.value.retry_after is not None
        assert caught.value.retry_after.total_seconds() == 30


_STRINGS = st.one_of(
    st.text(max_size=20), st.text(alphabet="ab<>&;|", min_size=140, max_size=200), st.just("ক" * 4_000)
)
_BLOCKS = st.one_of(
    st.builds(lambda t: {"type": "section", "text": {"type": "mrkdwn", "text": t}}, _STRINGS),
    st.builds(lambda t: {"type": "header", "text": {"type": "plain_text", "text": t}}, _STRINGS),
    st.builds(
        lambda ts: {"type": "context", "elements": [{"type": "mrkdwn", "text": t} for t in ts]},
        st.lists(_STRINGS, max_size=14),
    ),
    st.builds(
        lambda ts: {"type": "section", "fields": [{"type": "mrkdwn", "text": t} for t in ts]},
        st.lists(_STRINGS, max_size=14),
    ),
    st.builds(lambda b: {"type": "divider", "block_id": b}, st.text(max_size=3)),
)


@given(st.lists(_BLOCKS, max_size=70), st.one_of(st.none(), _STRINGS))
def test_whatever_a_template_writes_the_prepared_messages_are_valid(
    blocks: list[Any], text: str | None
) -> None:
    message = a_channel().prepare(a_payload_message({"text": text, "blocks": blocks}))
    payload = json.loads(message.parts["json"])
    posts = split(payload)
    for post in posts:
        assert faults(post) == []
        assert len(post["blocks"]) <= MAX_BLOCKS
    kept = [block for post in posts for block in (post["blocks"][:-1] if len(posts) > 1 else post["blocks"])]
    assert kept == payload["blocks"]
    assert a_channel().prepare(message) == message


@pytest.mark.parametrize("payload", [[], "x", {"blocks": "x"}, {"text": "", "blocks": [1, None]}])
def test_a_payload_of_another_shape_still_says_its_subject(payload: Any) -> None:
    prepared = json.loads(a_channel().prepare(a_payload_message(payload)).parts["json"])
    assert prepared["text"] == "শিরোনাম"
    assert faults(prepared) == []


def test_faults_names_each_limit_that_is_broken() -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}}
    found = faults({"text": "t", "blocks": [section] * 51})
    assert found[0] == "51 blocks"
    assert found[1] == f"{51 * 3_001} characters in all blocks"
    assert "section text of 3001 characters" in found[2]
    assert MAX_TOTAL < 51 * 3_001
    assert faults({"blocks": []}) == ["there is no `text`"]


def test_a_cut_leaves_no_half_link_and_no_half_escape() -> None:
    for text in ("a" * 2_990 + "<https://h.example/long|text>", "a" * 2_996 + "&amp;" + "b" * 9):
        block = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
        message = a_channel().prepare(a_payload_message({"text": "t", "blocks": [block]}))
        cut = json.loads(message.parts["json"])["blocks"][0]["text"]["text"]
        assert cut.strip("a…") == ""


# pace and parts ───────────────────────────────────────────────────────────────────────────────


async def test_messages_go_out_one_a_second(tmp_path: Path) -> None:
    receiver, heard = Receiver(), Heard()
    async with web_server(receiver), tools(tmp_path, heard) as given_tools:
        channel = Channel("wire", SlackOptions(url=Secret(receiver.url())), given_tools)
        delivery = a_delivery(a_message("slack", Channel.parts, kind=Kind.ALERT))
        for _ in range(4):
            await channel.send(delivery)
    assert [round(wait) for wait in heard.pauses] == [1, 2, 3]


async def test_a_part_that_failed_is_where_the_next_try_begins(tmp_path: Path) -> None:
    receiver = Receiver()
    message = RENDERER.render(stories_alone(sample(copies=12)), channel_type="slack", parts=Channel.parts)

    def once_full(request: Any) -> tuple[int, dict[str, str], bytes]:
        return (429, {"Retry-After": "7"}, b"slow down") if len(receiver.requests) == 2 else (200, {}, b"ok")

    receiver.answers = once_full
    async with web_server(receiver), tools(tmp_path) as given_tools:
        channel = Channel("wire", SlackOptions(url=Secret(receiver.url())), given_tools)
        with pytest.raises(DeliveryError) as caught:
            await channel.send(a_delivery(message))
        assert await channel.send(a_delivery(message, attempts=2)) == "200 ok"
    assert "part 2 of 3" in str(caught.value)
    assert caught.value.retry_after is not None
    texts = [json.loads(request.body)["text"] for request in receiver.requests]
    assert [text.endswith(("২/৩)", "৩/৩)")) for text in texts] == [False, True, True, True]
    assert texts[1] == texts[2]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"url": Secret("https://hooks.slack.com/x"), "token": Secret("xoxb-canary-1")},
        {"token": Secret("xoxb-canary-1")},
        {"token": Secret("xoxb-canary-1"), "room": "#desk"},
        {"token": Secret("xoxb canary\n1"), "room": "C0123ABCD"},
        {"token": Secret("xoxb-canary-1"), "room": "C0123ABCD", "server": "slack.com"},
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        Channel("wire", SlackOptions(**options), BARE)
    assert "canary" not in str(caught.value)
