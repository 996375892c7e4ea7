"""silence: send nothing about something for a while; say who wanted that, why, and until when."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import Any

import click

from monitor import registry, service
from monitor.clock import SystemClock
from monitor.commands._app import App, Moment, account, json_option, plain, print_json, say
from monitor.config import Config
from monitor.model import Scope, Silence


@click.group()
def command() -> None:
    """Silence a topic, story, source, route or entity for a while; list silences; end one."""


@command.command()
@click.option("--topic", help="A topic's name.")
@click.option("--story", help="A story's id, or its beginning (8 or more).")
@click.option("--source", help="A publisher's name, as feeds have it.")
@click.option("--route", help="A route's name.")
@click.option("--entity", help="An entity's name: whatever names it.")
@click.option("--until", type=Moment(), required=True, help="When it ends (ISO 8601; without a zone: UTC).")
@click.option("--why", required=True, help="The reason: it is shown wherever something was silenced.")
@click.option("--by", default="", help="Who wants it [default: this account].")
@json_option
@click.pass_obj
def add(app: App, /, until: datetime, why: str, by: str, as_json: bool, **targets: str | None) -> None:
    """Send nothing about ONE of these until TIME.

    What is found meanwhile is not sent late either: it stays in the archive, and `monitor explain`
    says by which silence it was held.
    """
    given = {name: value for name, value in targets.items() if value}
    if len(given) != 1:
        raise click.UsageError("give one of --topic, --story, --source, --route, --entity")
    ((name, target),) = given.items()
    config, now = app.load(), SystemClock().now()
    if until <= now:
        raise click.UsageError("--until is past")
    scope, by = Scope(name), by or account()
    target = target.lstrip("@") if scope is Scope.ENTITY else target
    with service.opened(config) as store:
        _check(config, scope, target)
        words = "\x1f".join((scope, target, now.isoformat(), why, by))
        made = Silence(
            id=blake2b(words.encode(), digest_size=4).hexdigest(),
            scope=scope,
            target=target,
            since=now,
            until=until,
            why=why,
            by=by,
        )
        store.add_silence(made)
    if as_json:
        print_json(facts(made, now))
    else:
        say(f"{made.id}  {_line(made)}")


def _check(config: Config, scope: Scope, target: str) -> None:
    """Refuse a name that leads nowhere: such a silence would silence nothing."""
    known = {
        Scope.TOPIC: [topic.id for topic in config.topics],
        Scope.ROUTE: [route.name for route in config.routes],
        Scope.ENTITY: [entity.id for entity in config.entities],
        Scope.SOURCE: [feed.source for feed in config.feeds],
    }
    if scope is Scope.STORY:
        if len(target) < 8:
            raise click.UsageError("a story's id needs 8 letters or more")
        return
    names = known[scope]
    same = target.casefold() if scope is Scope.SOURCE else target
    if same not in [name.casefold() if scope is Scope.SOURCE else name for name in names]:
        near = registry.nearest(target, names)
        hint = f"; did you mean {near!r}?" if near else ""
        raise click.UsageError(f"there is no {scope} {target!r}{hint}")


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that have ended.")
@json_option
@click.pass_obj
def list_(app: App, everything: bool, as_json: bool) -> None:
    """List the silences that hold, newest first."""
    now = SystemClock().now()
    with service.opened(app.load()) as store:
        found = [one for one in store.silences() if everything or one.end > now]
    if as_json:
        print_json([facts(one, now) for one in found])
        return
    for one in found:
        ended = "" if one.end > now else f"  (ended {one.end:%Y-%m-%d %H:%MZ})"
        say(f"{one.id}  {_line(one)}{ended}")
    if not found:
        say("nothing is silenced", err=True)


@command.command()
@click.argument("silence_id", metavar="ID")
@click.option("--by", default="", help="Who ends it [default: this account].")
@json_option
@click.pass_obj
def expire(app: App, silence_id: str, by: str, as_json: bool) -> None:
    """End a silence now. What it silenced so far is not sent late."""
    now = SystemClock().now()
    with service.opened(app.load()) as store:
        ended = store.expire_silence(silence_id, now, by or account())
    if ended is None:
        raise click.UsageError(f"no silence's id (or more than one) begins with {silence_id!r}")
    if as_json:
        print_json(facts(ended, now))
    else:
        say(f"{ended.id}  {_line(ended)}  (ended {ended.end:%Y-%m-%d %H:%MZ})")


def facts(silence: Silence, now: datetime) -> dict[str, Any]:
    """Return a silence as facts."""
    return {**plain(silence), "holds": silence.since <= now < silence.end}


def _line(one: Silence) -> str:
    return f"{one.scope} {one.target} until {one.until:%Y-%m-%d %H:%MZ}: {one.why} ({one.by})"
