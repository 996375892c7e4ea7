"""Deliveries and their fates."""

from __future__ import annotations

from typing import Any

from monitor.inquire import plain
from monitor.model import Delivery


def delivery_facts(one: Delivery) -> dict[str, Any]:
    """Return a delivery's fate as facts."""
    message = one.message
    return {
        "id": one.id,
        "status": one.status.value,
        "route": message.route,
        "channel": one.channel,
        "recipient": message.recipient.address,
        "kind": message.kind.value,
        "subject": message.subject,
        "slot": plain(message.slot),
        "queued": plain(one.queued_at),
        "due": plain(one.due_at),
        "sent": plain(one.sent_at),
        "attempts": one.attempts,
        "reason": one.reason,
        "detail": one.detail,
        "instead_of": one.instead_of,
        "note": one.note,
        "redriven": plain(one.redriven),
    }


def whole_facts(one: Delivery) -> dict[str, Any]:
    """Return a delivery's fate, what it told, and how long each part of its message is in bytes."""
    return delivery_facts(one) | {
        "stories": list(one.message.stories),
        "told": {story: list(items) for story, items in one.message.told.items()},
        "parts": {name: len(text.encode()) for name, text in one.message.parts.items()},
    }
