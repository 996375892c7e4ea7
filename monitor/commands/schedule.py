"""schedule: the coming slots of each route and recipient, in the reader's zone and in UTC."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import click

from monitor import __version__, registry, service, slots
from monitor.clock import SystemClock
from monitor.commands._app import App, Moment, json_option, print_json, say
from monitor.config import Config
from monitor.errors import ConfigError
from monitor.fetch import client
from monitor.model import Cursor, Recipient, Route, Send


@click.command()
@click.option(
    "--next", "number", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many."
)
@click.option("--route", "route_name", help="Only this route.")
@click.option("--at", type=Moment(), help="As of TIME [default: now].")
@json_option
@click.pass_obj
def command(app: App, number: int, route_name: str | None, at: datetime | None, as_json: bool) -> None:
    """Say when which recipient will get which digest; slots that quiet hours hold say until when.

    A slot that is due and not made yet (the machine slept) comes first, marked late. Routes that send
    immediately have no slots; they are named at the end.
    """
    config = app.load()
    routes = [route for route in config.routes if route_name in (None, route.name)]
    if route_name is not None and not routes:
        near = registry.nearest(route_name, [r.name for r in config.routes])
        hint = f"; did you mean {near!r}?" if near else ""
        raise ConfigError(f"there is no route {route_name!r}{hint}")
    now = at or SystemClock().now()
    cursors, channels = _cursors(config), _channels(config)
    coming = [
        _slots(route, channel, recipient, cursors.get((route.name, channel, recipient.address)), now)
        for route in routes
        if route.send is Send.DIGEST
        for channel, recipient in _readers(channels, route)
    ]
    found = list(islice(merge(*coming, key=_by_time), number))
    if as_json:
        print_json(found)
        return
    for one in found:
        say(_line(one))
    for route in routes:
        if route.send is Send.IMMEDIATE:
            say(f"{route.name}: sends immediately", err=True)


def _cursors(config: Config) -> dict[tuple[str, str, str], Cursor]:
    with service.opened(config) as store:
        return {(one.route, one.channel, one.recipient): one for one in store.cursors()}


def _channels(config: Config) -> dict[str, tuple[Recipient, ...]]:
    """Return whom each channel reaches. Nothing is sent, so the client is closed at once."""
    clock = SystemClock()
    http = client(config.network, version=__version__, timeout=config.poll.timeout)
    found = {name: one.recipients() for name, one in service.channels(config, clock=clock, http=http).items()}
    asyncio.run(http.aclose())
    return found


def _readers(channels: Mapping[str, tuple[Recipient, ...]], route: Route) -> Iterator[tuple[str, Recipient]]:
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


def _line(one: dict[str, Any]) -> str:
    local = datetime.fromisoformat(one["local"])
    words = f"{local:%a %Y-%m-%d %H:%M} {one['timezone']:16} {one['slot']:%Y-%m-%d %H:%MZ}  "
    words += f"{one['route']} → {one['channel']} ({one['recipient']})"
    if one["held_until"]:
        until = one["held_until"].astimezone(ZoneInfo(one["timezone"]))
        words += f"  held by quiet hours until {until:%H:%M}"
    return words + ("  late: due now" if one["late"] else "")
