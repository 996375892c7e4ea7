"""The coming slots of each route and recipient, in the reader's zone and in UTC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from monitor import slots
from monitor.inquire import Reads
from monitor.model import Cursor, Recipient, Route, Send


def coming(
    routes: Sequence[Route],
    channels: Mapping[str, Sequence[Recipient]],
    store: Reads,
    now: datetime,
    number: int,
) -> list[dict[str, Any]]:
    """Return the next `number` slots of digests, in order; what is overdue comes first, marked `late`.

    `channels` are whom each channel reaches.
    """
    cursors = {(one.route, one.channel, one.recipient): one for one in store.cursors()}
    each = [
        _slots(route, channel, recipient, cursors.get((route.name, channel, recipient.address)), now)
        for route in routes
        if route.send is Send.DIGEST
        for channel, recipient in _readers(channels, route)
    ]
    return list(islice(merge(*each, key=_by_time), number))


def _readers(channels: Mapping[str, Sequence[Recipient]], route: Route) -> Iterator[tuple[str, Recipient]]:
    """Yield whom a route reaches."""
    for name in route.channels:
        for recipient in channels[name]:
            yield name, recipient


def _slots(
    route: Route, channel: str, recipient: Recipient, cursor: Cursor | None, now: datetime
) -> Iterator[dict[str, Any]]:
    """Yield the slots of one reader without end, the one that is overdue first."""
    zone = recipient.timezone
    due = cursor.next_slot if cursor else None
    if due is not None and due <= now:
        yield _slot(
            route, channel, recipient, slots.last_slot(route, due, now, timezone=zone) or due, late=True
        )
    for slot in slots.slots(route, now, timezone=zone):
        yield _slot(route, channel, recipient, slot)


def _slot(
    route: Route, channel: str, recipient: Recipient, slot: datetime, *, late: bool = False
) -> dict[str, Any]:
    zone = recipient.timezone or route.timezone
    held = slots.quiet_until(route, slot, timezone=recipient.timezone)
    return {
        "route": route.name,
        "channel": channel,
        "recipient": recipient.address,
        "slot": slot.astimezone(UTC),
        "local": slot.astimezone(ZoneInfo(zone)).isoformat(),
        "timezone": zone,
        "held_until": held if held > slot else None,
        "late": late,
    }


def _by_time(one: dict[str, Any]) -> tuple[datetime, str, str, str]:
    return one["slot"], one["route"], one["channel"], one["recipient"]
