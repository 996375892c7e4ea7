"""status: how feeds, archive and deliveries are doing."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from monitor import alive, service
from monitor.clock import SystemClock
from monitor.commands._app import App, json_option, print_json, say
from monitor.compose import WELL
from monitor.config import Config
from monitor.inquire import hubs
from monitor.inquire.status import status
from monitor.model import DeliveryStatus, Trust


@click.command()
@json_option
@click.pass_obj
def command(app: App, as_json: bool) -> None:
    """Say how each feed does, what is in the archive and what waits in the outbox."""
    config = app.load()
    with service.opened(config) as store:
        facts = status(config, store, SystemClock().now())
        dead = store.deliveries(status=DeliveryStatus.DEAD, limit=10)
    if as_json:
        print_json(facts)
        return
    _print(config, facts)
    for delivery in dead:
        say(f"dead letter {delivery.id}: {delivery.reason}: {delivery.detail}")


def _print(config: Config, facts: dict[str, Any]) -> None:
    feeds = facts["feeds"]
    say(f"feeds       {feeds['total']}: {feeds['ok']} well, {feeds['failing']} failing")
    say(f"archive     {facts['entries']} entries, {facts['matches']} matches, {facts['stories']} stories")
    if any(articles := facts["articles"].values()):
        wanted, got, refused = articles
        say(f"articles    {got} read, {wanted} waited for, {refused} not to be had")
    sent = facts["deliveries"]
    waits = facts["watch"]["oldest_undelivered"]
    oldest = f" (the oldest for {alive.span(waits)})" if waits else ""
    say(f"deliveries  {sent['sent']} sent, {sent['queued']} waiting{oldest}, {sent['dead']} dead")
    for what, how in alive.said(facts["watch"]):
        say(f"{what:11} {how}")
    for place, what in facts["troubles"].items():
        say(f"trouble     {place}: {what}")
    told = [feed["websub"] for feed in facts["feed"] if feed["websub"]]
    if told:
        pushing = sum(one["state"] == "verified" and one["trust"] == Trust.TRUSTED for one in told)
        say(f"hubs        {len(told)}: {pushing} push, {len(told) - pushing} not yet or no more")
    for one in told:
        if one["state"] in ("denied", "expired") or one["reason"] or one["trust"] == Trust.SUSPECT:
            say(f"  {hubs.words(one)}")
    zone = ZoneInfo(config.timezone)
    for feed in facts["feed"]:
        if feed["state"] not in WELL:
            reason = feed["reason"] or "-"
            say(f"  {feed['state']:8} {reason:10} {feed['source']}  {feed['url']}")
            since = f"since {_local(feed['since'], zone)}; " if feed["since"] else ""
            say(f"           {feed['detail']}; {since}next poll {_local(feed['next_poll'], zone)}")


def _local(when: datetime | None, zone: ZoneInfo) -> str:
    return f"{when.astimezone(zone):%Y-%m-%d %H:%M %Z}" if when else "-"
