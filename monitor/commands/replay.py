"""replay: recorded polls through the whole pipeline in virtual time: what would have been sent."""

from __future__ import annotations

import asyncio
import json
import tarfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import click
import httpx

from monitor import service
from monitor.channels import Channel
from monitor.clock import VirtualClock
from monitor.commands._app import App, Moment, json_option, plain, print_json
from monitor.commands.once import words
from monitor.config import Config
from monitor.model import Delivery, Digest, Feed, Message, Recipient, Report, Send
from monitor.pipeline import Pipeline
from monitor.render import Renderer

_HOST = "replay.invalid"
"""RFC 6761 §6.4: a name that can never be a real host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Successive polls of one feed: when, and the body that came."""

    name: str
    polls: tuple[tuple[datetime, bytes], ...]

    @property
    def url(self) -> str:
        """The address that stands for the feed."""
        return f"https://{_HOST}/{self.name}"


@click.command()
@click.argument(
    "archives", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--from", "start", type=Moment(), help="Leave out polls before TIME.")
@click.option("--to", "end", type=Moment(), help="Leave out polls after TIME.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Write the messages to this folder."
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

    An ARCHIVE is a .tar.gz with one folder: NNNNN.xml, the bodies of successive polls of one feed, and
    index.json, a list of {"file", "polled_at"}, oldest first.
    """
    recordings = [read_archive(path) for path in archives]
    recordings = [replace(one, polls=_between(one.polls, start, end)) for one in recordings]
    if not any(one.polls for one in recordings):
        raise click.UsageError("no recorded poll lies between --from and --to")
    with ExitStack() as stack:
        work = stack.enter_context(TemporaryDirectory(prefix="monitor-replay-"))
        report, messages = asyncio.run(_replay(app.load(), recordings, Path(work), out))
    if as_json:
        print_json({**plain(report), "messages": messages})
        return
    click.echo(words(report))
    for message in messages:
        click.echo(f"{message['slot']}  {message['kind']:6}  {message['route']} → {message['recipient']}")
        for story in message["stories"]:
            click.echo(f"    {story['state']:10}  {story['title']}  ({len(story['entries'])} entries)")


def read_archive(path: Path) -> Recording:
    """Return the recorded polls of an archive. Raises click.UsageError saying what is wrong with it."""
    try:
        with tarfile.open(path) as archive:
            bodies = {
                PurePosixPath(member.name).name: archive.extractfile(member).read()  # type: ignore[union-attr]
                for member in archive
                if member.isfile()
            }
        index = json.loads(bodies["index.json"])
        polls = [
            (
                datetime.fromisoformat(one["polled_at"]).astimezone(UTC),
                bodies[PurePosixPath(one["file"]).name],
            )
            for one in index
        ]
    except (tarfile.TarError, OSError, EOFError) as error:
        raise click.UsageError(f"{path}: not a readable archive: {error}") from error
    except (KeyError, ValueError, TypeError) as error:
        raise click.UsageError(f"{path}: its index.json does not fit its files: {error!r}") from error
    return Recording(name=path.name.removesuffix(".tar.gz"), polls=tuple(sorted(polls, key=lambda p: p[0])))


def _between(
    polls: Sequence[tuple[datetime, bytes]], start: datetime | None, end: datetime | None
) -> tuple[tuple[datetime, bytes], ...]:
    return tuple(p for p in polls if (start is None or p[0] >= start) and (end is None or p[0] <= end))


class _Recorded(httpx.AsyncBaseTransport):
    """Serves each recording as it was at the clock's time; 304 where nothing was recorded since."""

    def __init__(self, recordings: Sequence[Recording], clock: VirtualClock) -> None:
        self._by_path = {f"/{one.name}": one for one in recordings}
        self._clock = clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        now = self._clock.now()
        polls = [(at, body) for at, body in self._by_path[request.url.path].polls if at <= now]
        if not polls:
            return httpx.Response(404)
        etag = f'"{len(polls)}"'
        if request.headers.get("if-none-match") == etag:
            return httpx.Response(304, headers={"etag": etag})
        return httpx.Response(
            200,
            headers={"etag": etag, "content-type": "application/xml"},
            stream=httpx.ByteStream(polls[-1][1]),
        )


class _Shelf(Channel):
    """Stands in for a configured channel: same readers, same templates, but it keeps what it gets."""

    def __init__(self, channel: Channel, out: Path | None, files: dict[str, str]) -> None:
        super().__init__(channel.name, channel.options, channel.tools)
        self._channel, self._out, self._files = channel, out, files

    @property
    def parts(self) -> tuple[str, ...]:  # type: ignore[override]
        """The parts of the channel it stands for."""
        return self._channel.parts

    def recipients(self) -> tuple[Recipient, ...]:
        """The readers of the channel it stands for."""
        return self._channel.recipients()

    def prepare(self, message: Message) -> Message:
        """What the channel it stands for would make of it."""
        return self._channel.prepare(message)

    async def send(self, delivery: Delivery) -> str:
        """Write the message's parts into the folder."""
        message = delivery.message
        if self._out is None:
            return "not kept"
        self._out.mkdir(parents=True, exist_ok=True)
        for part, text in message.parts.items():
            suffix = part if "." in part else f"{message.kind}.{part}"
            name = f"{message.slot:%Y%m%dT%H%M%SZ}-{message.route}-{self.name}-{message.id[:8]}.{suffix}"
            (self._out / name).write_text(text, encoding="utf-8")
            if part != "subject.txt":
                self._files.setdefault(message.id, str(self._out / name))
        return "kept"


class _Remembering(Renderer):
    """Renders as the renderer it wraps and remembers what it was given."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self.digests: dict[str, Digest] = {}

    def render(self, digest: Digest, **how: Any) -> Message:
        """Render and remember."""
        self.digests[digest.id] = digest
        return self._renderer.render(digest, **how)


async def _replay(
    config: Config, recordings: Sequence[Recording], work: Path, out: Path | None
) -> tuple[Report, list[dict[str, Any]]]:
    times = sorted({at for one in recordings for at, _ in one.polls})
    clock = VirtualClock(times[0])
    feeds = tuple(Feed(url=one.url, source=one.name.split("_")[0]) for one in recordings if one.polls)
    config = replace(config, feeds=feeds, store=f"sqlite:{work / 'replay.db'}")
    chance = Random(0)  # noqa: S311 - the same replay twice is the same
    built = service.build(config, clock=clock, random=chance, transport=_Recorded(recordings, clock))
    files: dict[str, str] = {}
    parts = built.pipeline.parts
    remembering = _Remembering(parts.renderer)
    built.pipeline.parts = replace(
        parts,
        channels={name: _Shelf(channel, out, files) for name, channel in parts.channels.items()},
        renderer=remembering,
        poll=replace(parts.poll, per_host=len(feeds), per_host_gap=timedelta()),
    )
    report = Report()
    async with built:
        for place, at in enumerate(times):
            following = times[place + 1] if place + 1 < len(times) else None
            clock.jump_to(at)
            report = service.add_reports(report, await built.pipeline.tick(everything=True))
            report = service.add_reports(report, await _until(built.pipeline, clock, following))
        deliveries = await built.pipeline.off_loop(lambda: built.store.deliveries(limit=100_000))
    messages = [_message(d, remembering.digests, files) for d in reversed(deliveries)]
    return report, messages


async def _until(pipeline: Pipeline, clock: VirtualClock, end: datetime | None) -> Report:
    """Tell and deliver what falls due before `end`; without one, up to each reader's next slot."""
    waits = {route.group_wait for route in pipeline.parts.routes if route.send is Send.IMMEDIATE}
    moments = {clock.now() + wait for wait in waits}
    while True:
        cursors = await pipeline.off_loop(pipeline.store.cursors)
        moments |= {cursor.next_slot for cursor in cursors if cursor.next_slot}
        end = end or max(moments, default=clock.now()) + timedelta(seconds=1)
        due = sorted(moment for moment in moments if clock.now() < moment < end)
        if not due:
            return pipeline.report()
        clock.jump_to(due[0])
        await pipeline.tell_due()
        await pipeline.deliver_due()
        await pipeline.drain()


def _message(delivery: Delivery, digests: Mapping[str, Digest], files: Mapping[str, str]) -> dict[str, Any]:
    digest = digests[delivery.message.id]
    stories = [story for section in digest.sections for story in section.stories]
    return {
        "route": digest.route,
        "channel": delivery.channel,
        "recipient": digest.recipient.address,
        "kind": digest.kind.value,
        "slot": plain(digest.slot),
        "file": files.get(digest.id),
        "stories": [
            {
                "id": story.id,
                "title": story.lead.entry.title,
                "state": story.state,
                "entries": [
                    {
                        "url": one.entry.url,
                        "title": one.entry.title,
                        "source": one.entry.source,
                        "lang": one.entry.language,
                        "first_seen": plain(one.entry.first_seen),
                    }
                    for one in (story.lead, *story.also)
                ],
            }
            for story in stories
        ],
    }
