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
from monitor.metrics import feed_id
from monitor.model import Counts, DeliveryStatus, FeedState, FeedStatus


@click.command()
@json_option
@click.pass_obj
def command(app: App, as_json: bool) -> None:
    """Say how each feed does, what is in the archive and what waits in the outbox."""
    config = app.load()
    with service.opened(config) as store:
        states, counts, meta = store.feed_states(), store.counts(), store.meta()
        now = SystemClock().now()
        vitals, delays = store.vitals(now, feeds=0), store.delays(now - alive.LATELY)
        dead = store.deliveries(status=DeliveryStatus.DEAD, limit=10)
        troubles = {k.removeprefix("trouble:"): v for k, v in meta.items() if k.startswith("trouble:") and v}
    watch = alive.watch(meta, vitals, delays, canary=config.canary, heartbeat=config.heartbeat, now=now)
    facts = {**_facts(config, states, counts, troubles), "watch": watch}
    if as_json:
        print_json(facts)
        return
    _print(config, facts, counts)
    for delivery in dead:
        say(f"dead letter {delivery.id}: {delivery.reason}: {delivery.detail}")


def _facts(
    config: Config, states: list[FeedState], counts: Counts, troubles: dict[str, str]
) -> dict[str, Any]:
    configured = {feed.url: feed for feed in config.feeds}
    shown = [state for state in states if state.url in configured]
    ok = sum(state.status in WELL for state in shown)
    return {
        "feeds": {"total": len(configured), "ok": ok, "failing": len(shown) - ok},
        "entries": counts.entries,
        "matches": counts.matches,
        "stories": counts.stories,
        "deliveries": {"queued": counts.queued, "sent": counts.sent, "dead": counts.dead},
        "oldest_queued": counts.oldest_queued_at,
        "troubles": troubles,
        "feed": [
            {
                "id": feed_id(state.url),
                "url": state.url,
                "source": configured[state.url].source,
                "state": state.status,
                "reason": state.reason,
                "detail": state.detail,
                "last_poll": state.last_poll_at,
                "next_poll": state.next_poll_at,
                "entries": state.entries,
                "since": _since(state),
                "last_new": state.arrived_at,
                "expected_by": state.late_at if state.late_at and state.late_at.year < _NEVER else None,
                "gap": state.gap_at,
            }
            for state in shown
        ],
    }


_NEVER = 9999
"""The year in which a feed is late of which nothing is expected."""


def _since(state: FeedState) -> datetime | None:
    """Return the first time that a feed brought nothing; None: it does well."""
    if state.status in (FeedStatus.LATE, FeedStatus.STALLED):
        return state.late_at
    return None if state.status in WELL else state.failing_since


def _print(config: Config, facts: dict[str, Any], counts: Counts) -> None:
    feeds = facts["feeds"]
    say(f"feeds       {feeds['total']}: {feeds['ok']} well, {feeds['failing']} failing")
    say(f"archive     {counts.entries} entries, {counts.matches} matches, {counts.stories} stories")
    waits = facts["watch"]["oldest_undelivered"]
    oldest = f" (the oldest for {alive.span(waits)})" if waits else ""
    say(f"deliveries  {counts.sent} sent, {counts.queued} waiting{oldest}, {counts.dead} dead")
    for what, how in alive.said(facts["watch"]):
        say(f"{what:11} {how}")
    for place, what in facts["troubles"].items():
        say(f"trouble     {place}: {what}")
    zone = ZoneInfo(config.timezone)
    for feed in facts["feed"]:
        if feed["state"] not in WELL:
            reason = feed["reason"] or "-"
            say(f"  {feed['state']:8} {reason:10} {feed['source']}  {feed['url']}")
            since = f"since {_local(feed['since'], zone)}; " if feed["since"] else ""
            say(f"           {feed['detail']}; {since}next poll {_local(feed['next_poll'], zone)}")


def _local(when: datetime | None, zone: ZoneInfo) -> str:
    return f"{when.astimezone(zone):%Y-%m-%d %H:%M %Z}" if when else "-"
