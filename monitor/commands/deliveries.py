"""deliveries: what was sent, what waits, what is dead; send dead letters again; prove that all adds up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import click

from monitor import service
from monitor.clock import SystemClock
from monitor.commands._app import App, account, json_option, print_json, say
from monitor.commands._fates import faults_of, ledger
from monitor.inquire.deliveries import delivery_facts, whole_facts
from monitor.model import DeliveryStatus


@click.group()
def command() -> None:
    """List and show deliveries, send dead letters again, prove that states add up."""


@command.command("list")
@click.option("--status", type=click.Choice([one.value for one in DeliveryStatus]), help="Only these.")
@click.option("--route", help="Only of this route.")
@click.option("--channel", help="Only of this channel.")
@click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, help="How many, newest first."
)
@json_option
@click.pass_obj
def list_(
    app: App, status: str | None, route: str | None, channel: str | None, limit: int, as_json: bool
) -> None:
    """List deliveries, newest first; dead letters with --status dead."""
    with service.opened(app.load()) as store:
        most = limit if route is None and channel is None else None  # the store filters by status only
        found = store.deliveries(status=DeliveryStatus(status) if status else None, limit=most)
    shown = [
        delivery_facts(one)
        for one in found
        if route in (None, one.message.route) and channel in (None, one.channel)
    ][:limit]
    if as_json:
        print_json(shown)
        return
    for one in shown:
        say(_line(one))
    if not shown:
        say("none", err=True)


@command.command()
@click.argument("delivery_id", metavar="ID")
@click.option("--part", help="Print this part of the message as it was frozen (html, txt, json).")
@json_option
@click.pass_obj
def show(app: App, delivery_id: str, part: str | None, as_json: bool) -> None:
    """Show one delivery whole: fate, tries, what it told. The beginning of its ID is enough."""
    with service.opened(app.load()) as store:
        one = store.delivery(delivery_id)
    if one is None:
        raise click.UsageError(f"no delivery's id (or more than one) begins with {delivery_id!r}")
    if part is not None:
        if part not in one.message.parts:
            raise click.UsageError(f"its parts are: {', '.join(one.message.parts)}")
        say(one.message.parts[part])
        return
    whole = whole_facts(one)
    if as_json:
        print_json(whole)
        return
    for name, value in whole.items():
        if value not in ("", [], {}, None):
            say(f"{name:11} {_words(value)}")


@command.command()
@click.argument("ids", metavar="[ID]…", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All dead letters.")
@click.option("--channel", help="With --all: only of this channel.")
@click.option("--by", default="", help="Who does it [default: this account].")
@json_option
@click.pass_obj
def redrive(
    app: App, ids: Sequence[str], everything: bool, channel: str | None, by: str, as_json: bool
) -> None:
    """Queue dead letters again, under the ids they had; the running daemon sends them.

    Who receives by the id (webhook, file) takes no message twice. Exit 1 when there was nothing to queue.
    """
    if bool(ids) == everything or "" in ids:
        raise click.UsageError("name dead letters, or give --all")
    with service.opened(app.load()) as store:
        dead = store.deliveries(status=DeliveryStatus.DEAD, limit=None)
        wanted = [
            one.id
            for one in dead
            if (everything and channel in (None, one.channel)) or any(one.id.startswith(i) for i in ids)
        ]
        done = store.redrive(wanted, SystemClock().now(), by or account())
    if as_json:
        print_json({"redriven": done})
    for one_id in done if not as_json else ():
        say(f"queued {one_id}")
    if not done:
        say("no dead letter to queue", err=True)
        raise SystemExit(1)


@command.command()
@json_option
@click.pass_obj
def verify(app: App, as_json: bool) -> None:
    """Prove that states add up: every match, turn and signal has exactly one state for each reader, or waits.

    Told in one message, passed for one reason, or behind no cursor yet. Exit 1 and the list of what
    does not add up, if anything.
    """
    config, now = app.load(), SystemClock().now()
    with service.opened(config) as store:
        now = max(now, store.last_time() or now)
        deliveries = store.deliveries(limit=None)
        routes = {route.name: route for route in config.routes}
        kept = now - config.keep.entries
        ledgers = [
            ledger(store, routes[cursor.route], cursor, deliveries, kept=kept, now=now)
            for cursor in store.cursors()
            if cursor.route in routes
        ]
        spares = store.deliveries(status=DeliveryStatus.SPARE, limit=None)
    faults = [*(fault for one in ledgers for fault in one.faults), *faults_of(deliveries, spares, now)]
    by_status = Counter(one.status.value for one in deliveries)
    if as_json:
        print_json({"readers": ledgers, "deliveries": dict(sorted(by_status.items())), "faults": faults})
    else:
        for one in ledgers:
            say(f"{one.route} → {one.channel} ({one.recipient}): {_counted(one.states) or 'no matches yet'}")
            for name, states in (("turns", one.turns), ("signals", one.signals)):
                if states:
                    say(f"  {name}: {_counted(states)}")
        for fault in faults:
            say(fault, err=True)
        say(f"{len(faults)} faults" if faults else "it adds up")
    if faults:
        raise SystemExit(1)


def _counted(states: dict[str, int]) -> str:
    return ", ".join(f"{number} {state}" for state, number in states.items())


def _line(one: dict[str, Any]) -> str:
    when = one["sent"] or one["due"]
    place = f"{one['route']} → {one['channel']} ({one['recipient']})"
    words = f"{one['id'][:12]} {one['status']:7} {when[:16]}  {place}"
    tries = f"  {one['attempts']} tries" if one["attempts"] > 1 else ""
    why = f"  {one['reason']}: {one['detail']}" if one["reason"] else ""
    again = f"  redriven by {one['redriven'][-1]['by']}" if one["redriven"] else ""
    return f"{words}  {one['subject']}{tries}{why}{again}" + (f"  ({one['note']})" if one["note"] else "")


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_words(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    return str(value)
