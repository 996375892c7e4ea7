"""digest: preview (or send now) what a route would say."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import click

from monitor import registry, service, slots
from monitor.channels import Channel
from monitor.clock import SystemClock, VirtualClock
from monitor.commands._app import App, Moment
from monitor.compose import Reader, alerts, compose
from monitor.config import Config
from monitor.errors import ConfigError
from monitor.model import Digest, Recipient, Route, Send
from monitor.observe import Observer
from monitor.pipeline import LATELY, situation

_FORMATS = {
    "html": ("email", "html"),
    "text": ("email", "txt"),
    "slack": ("slack", "json"),
    "json": ("webhook", "json"),
}


@click.command()
@click.option("--route", "route_name", required=True, help="The route's name in the config.")
@click.option("--at", type=Moment(), help="As of TIME [default: now].")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(_FORMATS)),
    default="text",
    show_default=True,
    help="Of which channel's look.",
)
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
@click.option("--send", is_flag=True, help="Send what is due by this route now instead of showing it.")
@click.pass_obj
def command(app: App, route_name: str, at: datetime | None, form: str, show: bool, send: bool) -> None:
    """Show what ROUTE would tell next; nothing is recorded unless --send is given."""
    config = app.load()
    route = next((r for r in config.routes if r.name == route_name), None)
    if route is None:
        near = registry.nearest(route_name, [r.name for r in config.routes])
        hint = f"did you mean {near!r}?" if near else f"there are: {', '.join(r.name for r in config.routes)}"
        raise ConfigError(f"there is no route {route_name!r}; {hint}")
    if send:
        asyncio.run(_send(config, route, at))
        return
    text = _preview(config, route, at, form)
    if show:
        suffix = {"html": ".html", "text": ".txt"}.get(form, ".json")
        target = Path(mkdtemp(prefix="monitor-")) / f"digest{suffix}"
        target.write_text(text, encoding="utf-8")
        click.launch(str(target))
        click.echo(str(target), err=True)
    else:
        click.echo(text)


def _preview(config: Config, route: Route, at: datetime | None, form: str) -> str:
    with service.opened(config) as store:
        now = at or SystemClock().now()
        channel = route.channels[0]
        cursor = next((c for c in store.cursors() if c.route == route.name and c.channel == channel), None)
        address = cursor.recipient if cursor else "preview"
        shown = replace(route, nothing_new=True)
        reader = Reader(route=shown, channel=channel, recipient=Recipient(address=address))
        desk = replace(
            service.desk(config, service.matcher(config)),
            states=store.feed_states(),
            outages=store.outages(now - LATELY),
        )
        found = situation(store, reader, desk, after=cursor.position if cursor else 0, until=now, now=now)
    if route.send is Send.IMMEDIATE:
        return _shown(config, alerts(found, reader, desk, until=now), form)
    since = cursor.last_slot if cursor else None
    slot = slots.next_slot(route, now) or now
    digest = compose(found, reader, desk, slot=slot, since=since, until=now)
    assert digest is not None, "a route that tells even nothing always has a digest"
    return render(config, digest, form)


def _shown(config: Config, due: Sequence[Digest], form: str) -> str:
    """Return the alerts that are due, one after the other; of several as JSON a list."""
    if not due:
        click.echo("no alert is due: nothing is new on this route", err=True)
        return ""
    texts = [render(config, one, form) for one in due]
    if _FORMATS[form][1] != "json" or len(texts) == 1:
        return "\n".join(texts)
    return json.dumps([json.loads(text) for text in texts], ensure_ascii=False, indent=2)


def render(config: Config, digest: Digest, form: str) -> str:
    """Return a digest in one of the formats of --format."""
    channel_type, part = _FORMATS[form]
    kind: type[Channel] = registry.find("channels", channel_type)
    message = service.renderer(config).render(digest, channel_type=channel_type, parts=kind.parts)
    text = message.parts[part]
    return json.dumps(json.loads(text), ensure_ascii=False, indent=2) if part == "json" else text


async def _send(config: Config, route: Route, at: datetime | None) -> None:
    """Make the route's slot due now and let the pipeline tell and deliver: nothing is told twice."""
    observer = Observer(sys.stderr, level="info", secrets=config.secrets)
    store = service.open_store(config)
    with store.exclusive():
        store.open()
        now = max(at, store.last_time() or at) if at else SystemClock().now()
        clock: Any = VirtualClock(now)
        only = replace(config, routes=(route,))
        async with service.build(only, clock=clock, store=store, tell=observer.tell) as built:
            await built.pipeline.off_loop(lambda: built.pipeline.make_due(route.name))
            await built.pipeline.tell_due()
            await built.pipeline.deliver_due()
            await built.pipeline.drain()
            report = built.pipeline.report()
    sent = sum(counts["sent"] for counts in report.deliveries.values())
    click.echo(f"{sent} sent" if report.deliveries else "nothing new to send")
