"""Slack, by an incoming webhook: Block Kit JSON from `templates/slack/`.

Limits as slack_sdk 3.47 checks them (50 blocks a message, section text 3,000 characters, header 150,
10 fields, 10 context elements, block_id 255, URL 3,000) and one that Slack enforces in silence: about
13,200 characters over all blocks (slackapi/bolt-js issue 2509). An incoming webhook cannot recognise a
message it had before: a try whose answer was lost may show twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx

from monitor import channels
from monitor.channels import Tools, _http
from monitor.channels._text import one_line
from monitor.model import Delivery, Message, Recipient, Secret

MAX_BLOCKS = 50
MAX_SECTION = 3_000
MAX_HEADER = 150
MAX_FIELDS = 10
MAX_ELEMENTS = 10
MAX_TOTAL = 13_000
MAX_TEXT = 3_000
"""Of the fallback that notifications show. Slack takes 40,000, no notification does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackOptions:
    """Settings of a `type: slack` channel."""

    url: Secret
    """The incoming webhook's URL. Whoever has it can post, so it is a secret: `credential:slack-webhook`."""
    language: str = ""
    """Of the messages; empty: the route's."""
    timezone: str = ""
    """Of the times in them; empty: the route's."""
    timeout: timedelta = timedelta(seconds=10)
    """For the whole exchange."""


class Channel(channels.Channel):
    """One Slack room."""

    Options = SlackOptions
    parts = ("subject.txt", "json")

    def __init__(self, name: str, options: SlackOptions, tools: Tools) -> None:
        """Raises ConfigError if the URL is not one."""
        super().__init__(name, options, tools)
        self._url = _http.checked_url(options.url, "url")

    def recipients(self) -> tuple[Recipient, ...]:
        """Return the room; it is called by Slack's host, for the path is the token."""
        return (
            Recipient(
                address=_http.host(self._url), language=self.options.language, timezone=self.options.timezone
            ),
        )

    @staticmethod
    def fits(part: str, text: str) -> bool:
        """Say whether Slack takes the message as it is."""
        return part != "json" or not faults(json.loads(text))

    def prepare(self, message: Message) -> Message:
        """Make the payload one that Slack takes, whatever a template wrote.

        Whole stories were left out by the renderer already (see `fits`); this cuts what is still too
        long, so that a message is at worst shortened and never refused.
        """
        payload = json.loads(message.parts["json"])
        if not isinstance(payload, dict):
            payload = {}
        payload["text"] = _cut(str(payload.get("text") or one_line(message.subject)), MAX_TEXT)
        blocks = payload.get("blocks", [])
        payload["blocks"] = _shortened(blocks if isinstance(blocks, list) else [])
        text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
        return replace(message, parts={**message.parts, "json": text})

    async def send(self, delivery: Delivery) -> str:
        """Post the message. Raises DeliveryError."""
        client: httpx.AsyncClient = self.tools.http
        return await _http.post(
            client,
            self._url,
            delivery.message.parts["json"].encode(),
            headers={"Content-Type": "application/json; charset=utf-8"},
            timeout=self.options.timeout,
            clock=self.tools.clock,
            secrets=(self.options.url,),
        )


def faults(payload: Any) -> list[str]:
    """Return what Slack would refuse in a payload: empty if nothing."""
    if not isinstance(payload, dict) or not payload.get("text"):
        return ["there is no `text`"]
    blocks = payload.get("blocks", [])
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        return ["`blocks` is not a list of blocks"]
    found = [f"{len(blocks)} blocks"] if len(blocks) > MAX_BLOCKS else []
    total = sum(len(text) for block in blocks for text, _ in _texts(block))
    if total > MAX_TOTAL:
        found.append(f"{total} characters in all blocks")
    for block in blocks:
        found += [
            f"{block.get('type')} text of {len(text)} characters"
            for text, limit in _texts(block)
            if not 0 < len(text) <= limit
        ]
        if len(block.get("elements", ())) > MAX_ELEMENTS or len(block.get("fields", ())) > MAX_FIELDS:
            found.append(f"too many elements in a {block.get('type')}")
    identities = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(identities)) < len(identities) or any(len(i) > 255 for i in identities):
        found.append("block_id is not unique or too long")
    return found


def _texts(block: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield the texts of a block, each with its limit."""
    limit = MAX_HEADER if block.get("type") == "header" else MAX_SECTION
    for holder in (block, *block.get("fields", ()), *block.get("elements", ())):
        text = holder.get("text")
        if isinstance(text, dict):
            yield str(text.get("text", "")), limit
        elif isinstance(text, str):
            yield text, limit


def _shortened(blocks: list[Any]) -> list[dict[str, Any]]:
    """Cut texts that are too long, then leave out the last blocks until all limits are kept."""
    kept: list[dict[str, Any]] = []
    total = 0
    for block in blocks:
        if not isinstance(block, dict):
            continue
        short = _cut_block(block)
        size = sum(len(text) for text, _ in _texts(short))
        if len(kept) == MAX_BLOCKS or total + size > MAX_TOTAL:
            break
        if not faults({"text": "-", "blocks": [*kept, short]}):
            kept.append(short)
            total += size
    return kept


def _cut_block(block: dict[str, Any]) -> dict[str, Any]:
    limit = MAX_HEADER if block.get("type") == "header" else MAX_SECTION

    def cut(holder: dict[str, Any]) -> dict[str, Any]:
        text = holder.get("text")
        if isinstance(text, dict):
            return {**holder, "text": {**text, "text": _cut(str(text.get("text", "")), limit)}}
        return {**holder, "text": _cut(text, limit)} if isinstance(text, str) else holder

    short = cut(block)
    for key, most in (("fields", MAX_FIELDS), ("elements", MAX_ELEMENTS)):
        if isinstance(block.get(key), list):
            short[key] = [cut(holder) for holder in block[key][:most] if isinstance(holder, dict)]
    return short


def _cut(text: str, limit: int) -> str:
    """Shorten mrkdwn without leaving half a link or half an escape behind."""
    if len(text) <= limit:
        return text
    text = text[: limit - 1]
    if text.rfind("<") > text.rfind(">"):
        text = text[: text.rfind("<")]
    if text.rfind("&") > text.rfind(";"):
        text = text[: text.rfind("&")]
    return text + "…"
