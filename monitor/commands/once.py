"""once: do all that is due now, then exit (for cron and tests)."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from typing import Any

import click

from monitor import service
from monitor.clock import SystemClock, VirtualClock
from monitor.commands._app import App, Moment, json_option, print_json
from monitor.config import Config
from monitor.model import Report
from monitor.observe import Observer


@click.command()
@click.option(
    "--all", "everything", is_flag=True, help="Poll every feed, due or not (never past Retry-After)."
)
@click.option("--at", type=Moment(), help="Take TIME as now; sockets stay real. Never earlier than recorded.")
@json_option
@click.option("-v", "--verbose", is_flag=True, help="Log each poll and delivery to stderr.")
@click.pass_obj
def command(app: App, everything: bool, at: datetime | None, as_json: bool, verbose: bool) -> None:
    """Poll what is due, tell what is due, deliver what is due; then say what was done."""
    config = app.load()
    report = asyncio.run(_once(config, everything=everything, at=at, verbose=verbose))
    if as_json:
        print_json(report)
    else:
        click.echo(words(report))


async def _once(config: Config, *, everything: bool, at: datetime | None, verbose: bool) -> Report:
    observer = Observer(sys.stderr, level="info" if verbose else "warning", secrets=config.secrets)
    store = service.open_store(config)
    with store.exclusive():
        clock: Any = SystemClock()
        if at is not None:
            store.open()
            clock = VirtualClock(max(at, store.last_time() or at))
        async with service.build(config, clock=clock, store=store, tell=observer.tell) as built:
            return await built.pipeline.tick(everything=everything)


def words(report: Report) -> str:
    """Return a report as a sentence for people."""
    sent = ", ".join(
        f"{name}: {counts['sent']} sent" + (f", {counts['failed']} failed" if counts["failed"] else "")
        for name, counts in sorted(report.deliveries.items())
    )
    return (
        f"{report.polls} polls, {report.entries} new entries, {report.updated} edited, "
        f"{report.matches} matches, {report.stories} new stories; {sent or 'nothing to send'}"
    )
