"""replay: recorded polls through the whole pipeline in virtual time: what would have been sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from monitor.commands._app import App, Moment, json_option, print_json, say
from monitor.commands._replay import compare, folder
from monitor.commands._replay.facts import facts, lines
from monitor.commands._replay.run import Replayed, Watch, replay
from monitor.commands._replay.tracks import Track, between, tracks
from monitor.config import Config
from monitor.errors import RecordingError
from monitor.record import Recording, read


@click.command()
@click.argument(
    "archives", nargs=-1, required=True, metavar="ARCHIVE…", type=click.Path(exists=True, path_type=Path)
)
@click.option("--from", "start", type=Moment(), help="Leave out polls before TIME.")
@click.option("--to", "end", type=Moment(), help="Leave out polls after TIME.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Write every message, a page that lists them and the facts to this folder.",
)
@json_option
@click.pass_obj
def command(
    app: App,
    archives: tuple[Path, ...],
    start: datetime | None,
    end: datetime | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Run recorded polls through the current config. Nothing is sent, nothing of yours is touched.

    An ARCHIVE is the folder that `record:` in a config fills, or a folder or .tar.gz with the bodies of
    successive polls and index.json, a list of {"file", "polled_at"}. With --config given twice: what
    each recipient gains and loses with the second. docs/howto/replay.md has more.
    """
    configs = app.load_each()
    if len(configs) > 2:
        raise click.UsageError("--config can be given twice, to compare two; not more often")
    if start and end and start > end:
        raise click.UsageError("--from is later than --to")
    try:
        if out is not None:
            folder.clear(out)
        with TemporaryDirectory(prefix="monitor-replay-") as work:
            recordings = _recordings(archives, Path(work), start, end)
            replays = _replays(configs, recordings, Path(work), out)
    except (RecordingError, folder.TakenError) as error:
        raise click.UsageError(str(error)) from error
    said: dict[str, Any] = compare.compared(*replays) if len(replays) == 2 else facts(replays[0])
    if out is not None:
        named = [str(one.config.path) for one in replays] if len(replays) == 2 else [""]
        folder.finish(out, said, list(zip(named, replays, strict=True)))
    if as_json:
        print_json(said)
        return
    for line in compare.lines(*replays) if len(replays) == 2 else lines(replays[0]):
        say(line)


def _recordings(
    archives: Sequence[Path], work: Path, start: datetime | None, end: datetime | None
) -> list[Recording]:
    """Read all archives. Raises RecordingError; what was left out of them is said on stderr."""
    read_in = [read(path, work) for path in archives]
    for note in (note for archive in read_in for note in archive.notes):
        say(f"note: {note}", err=True)
    found = [one for archive in read_in for one in archive.recordings]
    chosen = between(found, start, end)
    if not chosen:
        times = sorted(poll.at for one in found for poll in one.polls)
        span = f"; they are from {times[0]:%Y-%m-%dT%H:%MZ} to {times[-1]:%Y-%m-%dT%H:%MZ}" if times else ""
        raise RecordingError(f"no recorded poll lies between --from and --to{span}")
    return chosen


def _replays(
    configs: Sequence[Config], recordings: Sequence[Recording], work: Path, out: Path | None
) -> list[Replayed]:
    """Replay with each config, one after the other."""
    prefixes = folder.PREFIXES if len(configs) == 2 else ("",)
    done = []
    for number, (config, prefix) in enumerate(zip(configs, prefixes, strict=True)):
        found: tuple[Track, ...] = tracks(recordings, config.feeds)
        place = work / f"store-{number}"
        place.mkdir()
        with _progress(sum(len(track.polls) for track in found), str(config.path)) as watch:
            done.append(asyncio.run(replay(config, found, place, out=out, prefix=prefix, watch=watch)))
    return done


@contextmanager
def _progress(polls: int, name: str) -> Iterator[Watch]:
    """Show how far it is, on a terminal."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("polls"),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as progress:
        task = progress.add_task(name, total=polls)
        yield lambda now, done: progress.update(
            task, completed=done, description=f"{now:%d %B %Y, %H:%M} UTC"
        )
