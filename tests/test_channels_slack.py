"""Slack: never a payload that it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.channels.slack import MAX_BLOCKS, MAX_TOTAL, Channel, SlackOptions, faults
from monitor.errors import ConfigError, DeliveryError, DeliveryReason
from monitor.model import Kind, Message, Recipient, Secret
from monitor.render import sample
from tests.receivers import NOW, RENDERER, Receiver, a_delivery, a_message, tools, web_server

TOKEN = "T000/B000/XXXXcanaryXXXX"


def a_channel(url: str = f"https://hooks.slack.com/services/{TOKEN}") -> Channel:
    return Channel("wire", SlackOptions(url=Secret(url), language="bn"), None)  # type: ignore[arg-type]


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


@pytest.mark.parametrize("url", ["ftp://x/y", "https://:80/canary", "no url", "https://h:99999999/x"])
def test_a_url_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        a_channel(url)
    assert url not in str(caught.value)


@pytest.mark.parametrize("copies", [0, 1, 3, 12, 40])
@pytest.mark.parametrize("language", ["bn", "en"])
def test_a_digest_of_any_length_keeps_slacks_limits(copies: int, language: str) -> None:
    message = RENDERER.render(
        sample(language=language, copies=max(copies, 1), empty=copies == 0),
        channel_type="slack",
        parts=Channel.parts,
    )
    payload = json.loads(message.parts["json"])
    assert faults(payload) == []
    assert payload["text"] == message.subject
    assert payload["unfurl_links"] is payload["unfurl_media"] is False
    assert a_channel().prepare(message).parts["json"] == message.parts["json"]
    left_out = copies * 5 - len(message.stories) if copies else 0
    assert ("more stor" in message.parts["json"] or "জায়গা হয়নি" in message.parts["json"]) == (left_out > 0)


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
def test_whatever_a_template_writes_the_prepared_payload_is_valid(
    blocks: list[Any], text: str | None
) -> None:
    message = a_channel().prepare(a_payload_message({"text": text, "blocks": blocks}))
    payload = json.loads(message.parts["json"])
    assert faults(payload) == []
    assert len(payload["blocks"]) <= MAX_BLOCKS
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
