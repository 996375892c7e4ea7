"""Turns and signals that an entry tells or shows, and for each reader whether they were told of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from monitor.inquire import Reads, Settings, plain
from monitor.model import Cursor, Delivery, Entry, Route, Signal, SignalKind


def line_facts(config: Settings, store: Reads, entry: Entry, topics: Sequence[str]) -> list[dict[str, Any]]:
    """Return the turns that an entry made sure and the signals that it is part of, oldest first."""
    routes = [route for route in config.routes if set(route.topics) & set(topics)]
    found: list[tuple[datetime, str, dict[str, Any], tuple[str, str]]] = []
    for turn in store.turns(topics):
        if entry.id in turn.entry_ids:
            facts = {
                "kind": "turn",
                "id": turn.id,
                "topic": turn.topic,
                "state": turn.state,
                "held": turn.held,
            }
            found.append((turn.reached_at, f"turn:{turn.id}", facts, (turn.topic, "")))
    for signal in store.signals(topics, [route.name for route in routes]):
        if _shows(entry, signal):
            facts = {"kind": signal.kind.value, **{name: plain(getattr(signal, name)) for name in _SHOWN}}
            found.append((signal.at, f"signal:{signal.id}", facts, (signal.topic, signal.route)))
    found.sort(key=lambda one: (one[0], one[1]))
    items = [item for _, item, _, _ in found]
    messages = store.deliveries(limit=10_000, telling=items) if found else []
    cursors = store.cursors()
    return [
        {
            **facts,
            "at": plain(at),
            "readers": [
                _became(store, cursor, item, messages, held=facts.get("held", ""))
                for route in config.routes
                if _hears(route, about)
                for cursor in cursors
                if cursor.route == route.name
            ],
        }
        for at, item, facts, about in found
    ]


_SHOWN = ("id", "topic", "route", "entity", "over", "since", "until", "numbers")


def _shows(entry: Entry, signal: Signal) -> bool:
    """Whether an entry is one of the reports of a signal; of a burst all that came within it."""
    end = signal.until or signal.at
    within = signal.kind is SignalKind.BURST and signal.since < entry.first_seen <= end
    return within or entry.id in signal.entry_ids


def _hears(route: Route, about: tuple[str, str]) -> bool:
    topic, name = about
    return topic in route.topics if topic else route.name == name


def _became(
    store: Reads, cursor: Cursor, item: str, messages: Sequence[Delivery], *, held: str
) -> dict[str, Any]:
    """Return what became of a turn or signal for one reader; what is `held` is told nobody."""
    place = (cursor.route, cursor.channel, cursor.recipient)
    row = dict(zip(("route", "channel", "recipient"), place, strict=True))
    for one in messages:
        mine = (one.message.route, one.channel, one.message.recipient.address) == place
        if mine and any(item in items for items in one.message.told.values()):
            return {
                **row,
                "outcome": one.status.value,
                "delivery": one.id,
                "reason": one.detail or one.reason,
            }
    for passed in store.passed(*place, [item]):
        return {**row, "outcome": passed.kind.value, "reason": passed.detail}
    if store.heard(*place, [item]):
        return {**row, "outcome": "told", "reason": ""}
    return {**row, "outcome": "held" if held else "waiting", "reason": held}
