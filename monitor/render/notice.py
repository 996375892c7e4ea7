"""A word on top of a message that is rendered already: why it comes by this way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from html import escape
from typing import Any

from monitor.model import Message
from monitor.render.passages import slack_escape

_STYLE = "margin:0;padding:10px 16px;background:#fff4ce;color:#4a3600;font:14px/1.5 sans-serif"


def noted(message: Message, note: str) -> Message:
    """Return the message with a note on top of every part that is read; a subject gets a mark.

    HTML gets a bar behind its `<body>`, a Slack body a block, a chat (`channels/_chat.py`) a line at its
    head, other JSON objects a key `note`.
    """
    if not note:
        return message
    parts = {part: _part(part, text, note) for part, text in message.parts.items()}
    return replace(message, subject=f"[!] {message.subject}", parts=parts)


def _part(part: str, text: str, note: str) -> str:
    if part.startswith("subject"):
        return f"[!] {text}"
    if part == "json":
        body = json.loads(text)
        return json.dumps(_body(body, note), ensure_ascii=False, separators=(",", ":"))
    if part.endswith("html"):
        return _below_body(text, f'<p role="note" style="{_STYLE}">{escape(note)}</p>')
    return f"[!] {note}\n\n{text}"


def _body(body: Any, note: str) -> Any:
    if not isinstance(body, Mapping):
        return body
    if isinstance(blocks := body.get("blocks"), list):
        block = {
            "type": "section",
            "text": {"type": "mrkdwn", "text": f":warning: {slack_escape(note)[:2900]}"},
        }
        return {**body, "blocks": [block, *blocks]}
    if isinstance(head := body.get("head"), list) and isinstance(body.get("items"), list):
        return {**body, "head": [f"[!] {note}", *head]}
    return {**body, "note": note}


def _below_body(text: str, bar: str) -> str:
    start = text.lower().find("<body")
    end = text.find(">", start) + 1 if start >= 0 else 0
    return f"{text[:end]}{bar}{text[end:]}"
