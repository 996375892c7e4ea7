"""demo: the whole daemon on loopback, two news days in seconds; no network, no accounts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from monitor import config as configs
from monitor import service
from monitor.clock import VirtualClock
from monitor.commands._app import json_option, plain, print_json
from monitor.commands._demo import desk
from monitor.commands._demo.content import END, START, outlets
from monitor.commands._demo.publishers import Publishers
from monitor.commands._demo.receivers import MailServer, Slack, Webhook
from monitor.model import Hit, Report

_BELL = timedelta(minutes=5)
"""When the virtual bell rings: on the five minutes of the clock, so that slots are met to the minute.

The daemon's own rings each second; two story days need 405 rings of this one."""

_LANGUAGES = {"bn": "Bengali", "en": "English", "ru": "Russian", "uk": "Ukrainian", "hu": "Hungarian"}

Watch = Callable[[datetime, Report], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the two days came to.

    `statuses` counts the publishers' answers; `duplicates` are messages that a receiver got again.
    """

    report: Report
    hits: tuple[Hit, ...]
    statuses: Counter[int]
    duplicates: int
    files: tuple[str, ...]


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Where to leave mails, messages, digests, database and config. An earlier demo there is replaced.",
)
@json_option
def command(folder: Path, as_json: bool) -> None:
    """See it all work: invented publishers, a mail server and receivers, all on this machine.

    Seventeen made-up outlets in five languages tell the news of 16 and 17 October 2025. The clock is
    virtual, so the two days take seconds; sockets, database, mails and signatures are real.
    """
    try:
        desk.clear(folder)
    except desk.FolderTakenError as error:
        raise click.UsageError(str(error)) from error
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[found]} matches"),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as progress:
        task = progress.add_task("16 October 2025", total=(END - START).total_seconds(), found=0)

        def watch(now: datetime, so_far: Report) -> None:
            progress.update(
                task,
                completed=(now - START).total_seconds(),
                description=f"{now:%d %B %Y, %H:%M} UTC",
                found=so_far.matches,
            )

        outcome = asyncio.run(run(folder, watch=watch))
    if as_json:
        print_json({**plain(outcome.report), "files": [str(folder / name) for name in outcome.files]})
    else:
        click.echo(words(outcome, folder))


class _ByTheClock(Random):
    """Chance that hangs on the virtual time alone: the same demo, whichever outlet answers first."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(7)
        self._clock = clock

    def random(self) -> float:
        """Return the moment's number between 0 and 1."""
        self.seed(self._clock.now().isoformat())
        return super().random()


async def run(folder: Path, *, watch: Watch = lambda now, report: None) -> Outcome:
    """Run the pipeline over the two days in a folder that is `desk.clear`ed; return what came of it.

    Raises ConfigError or StoreError, as the daemon would.
    """
    clock = VirtualClock(START)
    chance = _ByTheClock(clock)
    papers, signing = outlets(), desk.secret(chance)
    async with (
        Publishers(papers, clock) as publishers,
        MailServer(folder / desk.MAIL, clock) as mail,
        Webhook(folder / desk.WEBHOOK, clock, secret=signing) as webhook,
        Slack(folder / desk.SLACK, clock) as slack,
    ):
        addresses = desk.Addresses(feeds=publishers.urls, smtp=mail.url, webhook=webhook.url, slack=slack.url)
        path = desk.furnish(folder, papers, addresses, signing=signing)
        config = configs.load(path, {})
        async with service.build(config, clock=clock, random=chance) as svc:
            report = await live(svc, clock, END, watch)
            topics = [topic.id for topic in config.topics]
            hits = await svc.pipeline.off_loop(lambda: svc.store.hits(topics, 0, END))
        return Outcome(
            report=report,
            hits=tuple(hits),
            statuses=Counter(line.status for line in publishers.log),
            duplicates=sum(count - 1 for box in (mail, webhook) for count in box.shelf.ids.values()),
            files=tuple(desk.left(folder)),
        )


async def live(svc: service.Service, clock: VirtualClock, end: datetime, watch: Watch) -> Report:
    """Tick whenever something is due until `end`, moving the clock between ticks; return the sum."""
    total = Report()
    while clock.now() < end:
        total = service.add_reports(total, await svc.pipeline.tick())
        watch(clock.now(), total)
        due = await svc.pipeline.off_loop(svc.store.next_due)
        clock.jump_to(min(end, _bell(max(due or end, clock.now() + timedelta(seconds=1)))))
    return total


def _bell(due: datetime) -> datetime:
    """Return the first ring at or after `due`."""
    return due + (START - due) % _BELL


def words(outcome: Outcome, folder: Path) -> str:
    """Return what happened, for people: what was found, in which languages, and where to look."""
    report, hits = outcome.report, outcome.hits
    found = {hit.entry.id: hit.entry for hit in hits}
    spoken = Counter(entry.language for entry in found.values())
    told = Counter(hit.match.topic for hit in hits)
    stories = len({hit.story_id for hit in hits})
    mails = [name for name in outcome.files if name.endswith(".html") and name.startswith(desk.MAIL)]
    fullest = sorted(mails, key=lambda name: (folder / name).stat().st_size)[-2:]
    lines = [
        "Two days of news, 16 and 17 October 2025, as 17 invented outlets told them:",
        f"  {report.polls} polls ({outcome.statuses[304]} of them: nothing new), {report.entries} items,"
        f" {report.updated} edited after publication",
        f"  {len(found)} about the event, {stories} stories once the copies are folded:",
        "    "
        + ", ".join(f"{_LANGUAGES.get(language, language)} {n}" for language, n in spoken.most_common()),
        "  by topic: " + ", ".join(f"{topic} {n}" for topic, n in told.most_common()),
        "  sent: "
        + ", ".join(f"{name} {n['sent']}" for name, n in sorted(report.deliveries.items()) if n["sent"])
        + (f"; {outcome.duplicates} arrived twice" if outcome.duplicates else "; each arrived once"),
        "",
        "Look at",
        *(f"  {folder / name}: one of the mails, for a browser" for name in sorted(fullest)),
        f"  {folder / desk.DIGESTS / 'index.html'}: all digests as pages",
        f"  {folder / desk.SLACK}, {folder / desk.WEBHOOK}: digests and alerts as the receivers got them",
        f"  {folder / desk.CONFIG}: the config; change it and ask, for example,",
        f"    monitor status --config {folder / desk.CONFIG}",
        f"    monitor explain --config {folder / desk.CONFIG} --lang bn 'বুদাপেস্টে ট্রাম্প–পুতিন বৈঠক'",
    ]
    return "\n".join(lines)
