"""Slack's Block Kit: what it would refuse, and how a long message is parted.

Limits as slack_sdk 3.48 checks them (50 blocks a message, section text 3,000 characters, header 150,
10 fields, 10 context elements, block_id 255, URL 3,000) and one that Slack enforces in silence: about
13,200 characters over all blocks (slackapi/bolt-js issue 2509).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from monitor.channels import _chat
from monitor.channels._text import counter

Block = dict[str, Any]

MAX_BLOCKS = 50
MAX_SECTION = 3_000
MAX_HEADER = 150
MAX_FIELDS = 10
MAX_ELEMENTS = 10
MAX_TOTAL = 13_000
MAX_TEXT = 3_000
"""Of the fallback that notifications show. Slack takes 40,000, no notification does."""
_OWN = ("context", "actions", "image")
"""Blocks that belong to the one before them."""


def split(payload: dict[str, Any], language: str = "") -> list[dict[str, Any]]:
    """Return the payload as messages that Slack takes, parted between stories; nothing is left out.

    A story is a block with the contexts and fields after it; headings stay with what they head. Of several
    messages each ends in `2/3`.
    """
    if not faults(payload):
        return [payload]
    blocks = [block for block in _list(payload.get("blocks")) if isinstance(block, dict)]
    groups = _chat.packed(_units(blocks), lambda group: _fit(_flat(group)))
    if len(groups) < 2:
        return [payload]
    posts = []
    for number, group in enumerate(groups, 1):
        place = counter(number, len(groups), language)
        last = {"type": "context", "elements": [{"type": "mrkdwn", "text": place}]}
        text = payload.get("text", "") if number == 1 else f"{payload.get('text', '')} ({place})"
        posts.append({**payload, "text": text, "blocks": [*_flat(group), last]})
    return posts


def prepared(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the payload with every block one that Slack takes: cut where a template wrote too much."""
    kept: list[Block] = []
    for block in _list(payload.get("blocks")):
        short = _cut_block(block) if isinstance(block, dict) else {}
        if short and not faults({"text": "-", "blocks": [short]}) and not _repeated(short, kept):
            kept.append(short)
    return {**payload, "blocks": kept}


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
        if len(_list(block.get("elements"))) > MAX_ELEMENTS or len(_list(block.get("fields"))) > MAX_FIELDS:
            found.append(f"too many elements in a {block.get('type')}")
    identities = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(map(str, identities))) < len(identities) or any(len(str(i)) > 255 for i in identities):
        found.append("block_id is not unique or too long")
    return found


def _texts(block: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield the texts of a block, each with its limit."""
    limit = MAX_HEADER if block.get("type") == "header" else MAX_SECTION
    for holder in (block, *_list(block.get("fields")), *_list(block.get("elements"))):
        text = holder.get("text") if isinstance(holder, dict) else None
        if isinstance(text, dict):
            yield str(text.get("text", "")), limit
        elif isinstance(text, str):
            yield text, limit


def _units(blocks: Sequence[Block]) -> list[list[Block]]:
    """Return the blocks in pieces that are never torn."""
    units: list[list[Block]] = []
    told = True
    """Whether the last piece says something, or is only a heading so far."""
    for block in blocks:
        own = block.get("type") in _OWN or "fields" in block  # accounts that differ, side by side
        if units and (own or not told) and _fit([*units[-1], block]):
            units[-1].append(block)
        else:
            units.append([block])
        told = own or not _heading(block)
    return units


def _heading(block: Block) -> bool:
    """Say whether a block heads what comes next: a header, a divider, one bold line."""
    if block.get("type") in ("header", "divider"):
        return True
    text = block.get("text")
    line = str(text.get("text", "")) if isinstance(text, dict) else ""
    return len(line) > 2 and line[0] == line[-1] == "*" and "\n" not in line and "|" not in line


def _fit(blocks: Sequence[Block]) -> bool:
    """Say whether blocks go into one message, with room for the line that says which of several it is."""
    total = sum(len(text) for block in blocks for text, _ in _texts(block))
    return len(blocks) < MAX_BLOCKS and total <= MAX_TOTAL - 20


def _flat(group: Sequence[Sequence[Block]]) -> list[Block]:
    return [block for unit in group for block in unit]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _repeated(block: Block, before: Sequence[Block]) -> bool:
    name = block.get("block_id")
    return name is not None and any(one.get("block_id") == name for one in before)


def _cut_block(block: Block) -> Block:
    limit = MAX_HEADER if block.get("type") == "header" else MAX_SECTION
    short = _cut_holder(block, limit)
    for key, most in (("fields", MAX_FIELDS), ("elements", MAX_ELEMENTS)):
        if isinstance(block.get(key), list):
            short[key] = [_cut_holder(one, limit) for one in block[key][:most] if isinstance(one, dict)]
            while short[key] and not _fit([short]):
                short[key] = short[key][:-1]
    return short


def _cut_holder(holder: dict[str, Any], limit: int) -> dict[str, Any]:
    text = holder.get("text")
    if isinstance(text, dict):
        return {**holder, "text": {**text, "text": cut(str(text.get("text", "")), limit)}}
    return {**holder, "text": cut(text, limit)} if isinstance(text, str) else dict(holder)


def escaped(text: str) -> str:
    """Return text as mrkdwn shows it as it is written (https://docs.slack.dev/messaging/formatting)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, limit: int) -> str:
    """Shorten mrkdwn without leaving half a link or half an escape behind."""
    if len(text) <= limit:
        return text
    text = text[: limit - 1]
    if text.rfind("<") > text.rfind(">"):
        text = text[: text.rfind("<")]
    if text.rfind("&") > text.rfind(";"):
        text = text[: text.rfind("&")]
    return text + "…"
