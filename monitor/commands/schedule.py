"""schedule: the coming slots of each route and recipient, in the reader's zone and in UTC."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from monitor import __version__, registry, service
from monitor.clock import SystemClock
from monitor.commands._app import App, Moment, json_option, print_json, say
from monitor.config import Config
from monitor.errors import ConfigError
from monitor.fetch import client
from monitor.inquire.schedule import coming
from monitor.model import Recipient, Send


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
    channels = _channels(config)
    with service.opened(config) as store:
        found = coming(routes, channels, store, now, number)
    if as_json:
        print_json(found)
        return
    for one in found:
        say(_line(one))
    for route in routes:
        if route.send is Send.IMMEDIATE:
            say(f"{route.name}: sends immediately", err=True)


def _channels(config: Config) -> dict[str, tuple[Recipient, ...]]:
    """Return whom each channel reaches. Nothing is sent, so the client is closed at once."""
    clock = SystemClock()
    http = client(config.network, version=__version__, timeout=config.poll.timeout)
    found = {name: one.recipients() for name, one in service.channels(config, clock=clock, http=http).items()}
    asyncio.run(http.aclose())
    return found


def _line(one: dict[str, Any]) -> str:
    local = datetime.fromisoformat(one["local"])
    words = f"{local:%a %Y-%m-%d %H:%M} {one['timezone']:16} {one['slot']:%Y-%m-%d %H:%MZ}  "
    words += f"{one['route']} → {one['channel']} ({one['recipient']})"
    if one["held_until"]:
        until = one["held_until"].astimezone(ZoneInfo(one["timezone"]))
        words += f"  held by quiet hours until {until:%H:%M}"
    return words + ("  late: due now" if one["late"] else "")
