"""run: the daemon. Polls, matches and sends until it is told to stop (SIGTERM); SIGHUP reloads the config."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from importlib.util import find_spec

import click

from monitor import config as configs
from monitor import service
from monitor.commands._app import App
from monitor.config import Config
from monitor.observe import Notifier, Observer


@click.command()
@click.option(
    "--log-format",
    type=click.Choice(["auto", "text", "logfmt", "json", "journal"]),
    default="auto",
    show_default=True,
    help="auto: words on a terminal, key=value lines elsewhere.",
)
@click.pass_obj
def command(app: App, log_format: str) -> None:
    """Run the daemon.

    On SQLite a second daemon on the same database is refused (exit 69); on PostgreSQL it joins.
    """
    config = app.load()
    for warning in config.warnings:
        click.echo(str(warning), err=True)
    observer = Observer(sys.stderr, format=log_format, secrets=config.secrets)
    observer.listen()
    built = service.build(config, tell=observer.tell, spread=config.poll.minimum)
    notifier = Notifier(app.environ.get("NOTIFY_SOCKET", ""))

    def load() -> Config:
        new = configs.load(app.path(), app.environ)
        observer.hide(new.secrets)
        return new

    async def daemon() -> None:
        async with built:
            await built.run(load=load, watchdog=notifier)

    with built.store.exclusive(), asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(daemon())


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Make the daemon's loop: uvloop's where it is installed (the extra `speed`), else asyncio's."""
    maker = import_module("uvloop") if find_spec("uvloop") else asyncio
    loop: asyncio.AbstractEventLoop = maker.new_event_loop()
    return loop
