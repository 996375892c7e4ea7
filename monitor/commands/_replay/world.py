"""Stand-ins for the world: publishers that answer as recorded, channels that keep what they get."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any

from monitor import cadence
from monitor.channels import Channel
from monitor.channels.file import Channel as Pages
from monitor.channels.file import FileOptions
from monitor.clock import Clock
from monitor.commands._replay.tracks import Track
from monitor.errors import FetchError, FetchReason
from monitor.model import Delivery, Digest, Failed, Feed, FeedState, FetchResult, Message, Validators
from monitor.pipeline import Copies
from monitor.record import Poll, came
from monitor.render import Renderer


class Publishers:
    """Answers each poll with the next recorded one of its feed, and says when the one after that is.

    One poll at a time: the next is answered when the one before has ended, well or not, so that
    nothing hangs on which of two threads is faster.
    """

    def __init__(self, tracks: Sequence[Track]) -> None:
        self._turn = asyncio.Lock()
        self._feeds = {track.feed.url: track.feed for track in tracks}
        self._waiting: dict[str, deque[Poll]] = {track.feed.url: deque(track.polls) for track in tracks}
        self._at = self.next_at() or datetime.min.replace(tzinfo=UTC)

    async def fetch(self, feed: Feed, validators: Validators) -> FetchResult:
        """Return what was recorded. Raises RecordingError for a file that cannot be read."""
        if feed.url not in self._waiting:  # a sitemap of an index, an older page: recorded is the first
            missing = FetchError(FetchReason.REFUSED, "is not in the recording")
            return FetchResult(feed=feed, fetched_at=self._at, outcome=Failed(missing), url=feed.url)
        await self._turn.acquire()
        poll = asyncio.current_task()
        assert poll is not None
        poll.add_done_callback(lambda ended: self._turn.release())
        recorded = self._waiting[feed.url].popleft()
        self._at = recorded.at
        return came(recorded, self._feeds[feed.url], validators)

    async def close(self) -> None:
        """Nothing is open."""

    def next_at(self) -> datetime | None:
        """Return when the next recorded poll of any feed is; None after the last."""
        return min((waiting[0].at for waiting in self._waiting.values() if waiting), default=None)

    def after_poll(self, state: FeedState, result: FetchResult, *found: Any, **known: Any) -> FeedState:
        """Return the state after a poll by cadence's rules; the next one is when it was recorded.

        Nor does a recorded poll wait for a Retry-After, or ask where a redirect led: it was made.
        """
        state = cadence.after_poll(state, result, *found, **known)
        waiting = self._waiting[state.url]
        return replace(
            state,
            next_poll_at=waiting[0].at if waiting else None,
            held_until=None,
            moved_to="",
            moved_since=None,
            moved_polls=0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A message that would have gone out `at` that time. `file` is its page in the folder; "": not kept."""

    at: datetime
    delivery: Delivery
    digest: Digest
    file: str = ""


@dataclass(slots=True)
class Shelf:
    """Where messages end. `folder` is where their files go (None: nowhere), `prefix` a folder in it."""

    clock: Clock
    folder: Path | None = None
    prefix: str = ""
    told: list[Told] = field(default_factory=list)
    digests: dict[str, Digest] = field(default_factory=dict)

    def stand_in(self, channel: Channel) -> Channel:
        """Return the channel as it is (readers, limits, preparation), but that sending puts it here."""
        shelf, kind = self, type(channel)

        class StandIn(kind):  # type: ignore[misc, valid-type]  # one class a channel type, made here
            async def send(self, delivery: Delivery) -> str:
                return shelf.put(delivery)

        made: Channel = StandIn(channel.name, channel.options, channel.tools)
        return made

    def copies(self, configured: Copies) -> Copies:
        """Return what keeps full copies here, under the configured folder's name, if files are kept."""
        if self.folder is None or configured.channel is None:
            return replace(configured, channel=None)
        folder = str(PurePath(self.prefix) / PurePath(configured.folder).name)
        tools = replace(configured.channel.tools, folder=self.folder)
        pages = Pages("copies", FileOptions(folder=folder), tools)
        return replace(configured, folder=folder, channel=pages, url="")

    def put(self, delivery: Delivery) -> str:
        """Keep a message; write its parts."""
        message, at = delivery.message, self.clock.now()
        digest = self.digests[message.id]
        stem = f"{at:%Y%m%dT%H%M%SZ}-{message.route}-{delivery.channel}-{message.kind}-{message.id[:8]}"
        file = ""
        if self.folder is not None:
            place = self.folder / self.prefix
            place.mkdir(parents=True, exist_ok=True)
            for part, words in message.parts.items():
                (place / f"{stem}.{part}").write_bytes(words.encode("utf-8", "replace"))
            shown = sorted(message.parts, key=lambda part: (part == "subject.txt", part != "html", part))
            file = f"{self.prefix}{stem}.{shown[0]}"
        self.told.append(Told(at=at, delivery=delivery, digest=digest, file=file))
        return "kept"


class Remembering(Renderer):
    """Renders as the renderer it stands for and remembers of what."""

    def __init__(self, renderer: Renderer, shelf: Shelf) -> None:
        self._renderer, self._shelf = renderer, shelf

    def render(self, digest: Digest, **how: Any) -> Message:
        """Render and remember."""
        self._shelf.digests[digest.id] = digest
        return self._renderer.render(digest, **how)
