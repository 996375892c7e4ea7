"""check: config, topics, templates and store, every mistake at once."""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from monitor import __version__, service
from monitor import config as configs
from monitor.clock import SystemClock
from monitor.commands._app import App, json_option, print_json, say
from monitor.config import Config
from monitor.errors import ConfigError, Mistake, StoreError
from monitor.fetch import Fetcher
from monitor.model import Failed, Feed, Fetched, FetchResult, Validators

EX_CONFIG = 78


@click.command()
@click.option("--network", is_flag=True, help="Ask every feed once, too. Nothing is stored.")
@json_option
@click.pass_obj
def command(app: App, network: bool, as_json: bool) -> None:
    """Say everything that is wrong with the configuration, with file, line, column and a hint.

    Exit status: 0 all is well (there may be warnings), 1 the store or a feed cannot be used, 78 a
    file must be edited.
    """
    path = app.path()
    try:
        config = configs.load(path, app.environ)
    except ConfigError as error:
        _end(path, None, list(error.mistakes), "", [], as_json)
        raise click.exceptions.Exit(EX_CONFIG) from error
    mistakes = [*config.warnings, *_built(config)]
    store = _store(config)
    polled = asyncio.run(_poll_all(config)) if network else []
    _end(path, config, mistakes, store, polled, as_json)
    if any(not m.warning for m in mistakes):
        raise click.exceptions.Exit(EX_CONFIG)
    if store or any(isinstance(result.outcome, Failed) for result in polled):
        raise click.exceptions.Exit(1)


def _built(config: Config) -> list[Mistake]:
    """Build what the daemon would build: the matcher of all topics, every template."""
    mistakes: list[Mistake] = []
    try:
        service.matcher(config)
    except ConfigError as error:
        mistakes += error.mistakes
    return mistakes + service.renderer(config).check([route.name for route in config.routes])


def _store(config: Config) -> str:
    """Try the store; return what is wrong with it. A database file that is not there is not made."""
    scheme, _, rest = config.store.partition(":")
    if scheme == "sqlite" and rest != ":memory:" and not Path(rest).exists():
        folder = next(parent for parent in Path(rest).parents if parent.exists())
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            return f"{rest} cannot be made: {folder} is not a folder one can write to"
        return ""
    try:
        with service.opened(config):
            return ""
    except StoreError as error:
        return str(error)


async def _poll_all(config: Config) -> list[FetchResult]:
    """Ask every feed that is not paused once, without validators."""
    fetcher = Fetcher(config.poll, config.network, SystemClock(), version=__version__)
    slots = asyncio.Semaphore(config.poll.concurrency)

    async def one(feed: Feed) -> FetchResult:
        async with slots:
            return await fetcher.fetch(feed, Validators())

    try:
        return list(await asyncio.gather(*(one(feed) for feed in config.feeds if not feed.paused)))
    finally:
        await fetcher.close()


def _end(
    path: Path,
    config: Config | None,
    mistakes: list[Mistake],
    store: str,
    polled: list[FetchResult],
    as_json: bool,
) -> None:
    """Print mistakes to stderr and the summary to stdout; or all of it as JSON to stdout."""
    errors = sum(not m.warning for m in mistakes)
    facts: dict[str, Any] = {
        "config": str(path),
        "ok": not errors and not store and not any(isinstance(r.outcome, Failed) for r in polled),
        "mistakes": [asdict(mistake) for mistake in mistakes],
        "store": {"ok": not store, "detail": store},
    }
    if config is not None:
        parts = ("feeds", "entities", "look_alikes", "groups", "topics", "channels", "routes")
        facts |= {"counts": {name: len(getattr(config, name)) for name in parts}}
    if polled:
        facts |= {"network": [_line(result) for result in polled]}
    if as_json:
        print_json(facts)
        return
    for mistake in mistakes:
        say(str(mistake), err=True)
    if store:
        say(f"store: {store}", err=True)
    for line in facts.get("network", ()):
        if not line["ok"]:
            say(f"feed {line['url']}: {line['reason']}: {line['detail']}", err=True)
    _summary(path, config, errors, len(mistakes) - errors, polled)


def _line(result: FetchResult) -> dict[str, Any]:
    """Return what came of asking a feed."""
    match result.outcome:
        case Failed(error):
            said: dict[str, Any] = {"ok": False, "reason": error.reason.value, "detail": str(error)}
        case Fetched(body=body, content_type=kind):
            said = {"ok": True, "reason": "", "detail": f"{len(body)} bytes of {kind or 'unnamed type'}"}
        case _:
            said = {"ok": True, "reason": "", "detail": "not modified"}
    return {"url": result.feed.url, "source": result.feed.source, **said, "moved_to": result.moved_to}


def _summary(
    path: Path, config: Config | None, errors: int, warnings: int, polled: list[FetchResult]
) -> None:
    found = ", ".join(
        f"{n} {word}{'s' * (n != 1)}" for n, word in ((errors, "mistake"), (warnings, "warning")) if n
    )
    say(f"{path}: {found or 'all is well'}")
    if config is None:
        return
    say(
        f"{len(config.feeds)} feeds, {len(config.entities)} entities, {len(config.topics)} topics, "
        f"{len(config.channels)} channels, {len(config.routes)} routes"
    )
    if polled:
        well = sum(not isinstance(result.outcome, Failed) for result in polled)
        say(f"{well} of {len(polled)} feeds answered")
