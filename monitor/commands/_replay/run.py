"""The run: the pipeline over recorded polls, its clock moved from one due time to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from monitor import registry, service
from monitor.clock import VirtualClock
from monitor.commands._replay.tracks import Track
from monitor.commands._replay.world import Publishers, Remembering, Shelf, Told
from monitor.config import Config
from monitor.errors import RenderError
from monitor.model import DeliveryStatus, Event, FeedState, Report, Send
from monitor.pipeline import Pipeline
from monitor.stores import Store

BELL = timedelta(minutes=1)
"""How often what waits for no known moment (a budget) is asked about again; the daemon: each second."""
PATIENCE = timedelta(hours=25)
"""How long a match may wait at all: budgets are per hour, quiet times less than a day."""
EPILOGUE = timedelta(days=35)
"""The longest time after the last poll: the slots of a monthly digest are 31 days apart."""

Watch = Callable[[datetime, int], None]
"""Is told the virtual time and how many polls are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a replay came to. `until` is the virtual time at which it ended."""

    config: Config
    tracks: tuple[Track, ...]
    report: Report
    told: tuple[Told, ...]
    states: tuple[FeedState, ...]
    until: datetime


async def replay(
    config: Config,
    tracks: tuple[Track, ...],
    work: Path,
    *,
    out: Path | None = None,
    prefix: str = "",
    watch: Watch = lambda now, polls: None,
) -> Replayed:
    """Replay tracks with a config; its store, feeds and network are not touched.

    `work` is a folder for the database, `out` one for the messages. Raises RecordingError for a
    body that cannot be read, RenderError for a template that fails.
    """
    clock = VirtualClock(min(track.polls[0].at for track in tracks))
    publishers, shelf, failed = Publishers(tracks), Shelf(clock, out, prefix), list[Event]()
    store: Store = registry.find("stores", "sqlite")(f"sqlite:{work / 'replay.db'}", durable=False)
    built = service.build(
        replace(config, feeds=tuple(track.feed for track in tracks), record=None),
        clock=clock,
        random=Random(0),  # noqa: S311 - the same replay twice is the same
        fetcher=publishers,
        store=store,
        tell=lambda event: failed.append(event) if event.kind == "render-failed" else None,
    )
    parts = built.pipeline.parts
    built.pipeline.parts = replace(
        parts,
        feeds={},
        channels={name: shelf.stand_in(channel) for name, channel in parts.channels.items()},
        renderer=Remembering(parts.renderer, shelf),
        copies=shelf.copies(parts.copies) if parts.copies else None,
        # In order of time and URL, whoever shares a host: see Publishers.
        poll=replace(parts.poll, per_host=len(tracks)),
        after_poll=publishers.after_poll,
    )
    async with built:
        run = _Run(built.pipeline, clock, publishers, tracks, failed, watch)
        report = await run.whole()
        states = await built.pipeline.off_loop(store.feed_states)
    return Replayed(
        config=config,
        tracks=tracks,
        report=report,
        told=tuple(shelf.told),
        states=tuple(states),
        until=clock.now(),
    )


class _Run:
    """Moves the clock. A feed is configured from its first recorded poll on."""

    def __init__(
        self,
        pipeline: Pipeline,
        clock: VirtualClock,
        publishers: Publishers,
        tracks: Sequence[Track],
        failed: list[Event],
        watch: Watch,
    ) -> None:
        self._pipeline, self._clock, self._publishers = pipeline, clock, publishers
        self._failed, self._watch = failed, watch
        self._starting = sorted(tracks, key=lambda track: (track.polls[0].at, track.feed.url))
        self._last = max(track.polls[-1].at for track in tracks)
        self._pruned = clock.now().date()

    async def whole(self) -> Report:
        """Run to the end: past the last poll, to each reader's next slot, until nothing waits."""
        pipeline, report = self._pipeline, Report()
        end: datetime | None = None
        waits: list[datetime] = []
        while True:
            await pipeline.off_loop(self._start)
            done = await pipeline.tick()
            if self._failed:
                raise RenderError(str(self._failed[0].fields.get("detail")))
            report, now = service.add_reports(report, done), self._clock.now()
            self._watch(now, report.polls)
            if done.matches or waits:
                waits = await pipeline.off_loop(self._waiting)
            if end is None and now >= self._last:
                end = await pipeline.off_loop(self._next_slots)
            due = await pipeline.off_loop(self._due)
            moment = min([*waits, *due], default=None)
            if moment is None or moment > self._last + EPILOGUE:
                return report
            if end is not None and moment > end and not waits:
                held = await pipeline.off_loop(self._held)
                if not held:
                    return report
            self._clock.jump_to(moment)
            if moment.date() != self._pruned:
                self._pruned = moment.date()
                await pipeline.prune()

    def _start(self) -> None:
        """Begin with the feeds whose first poll is now."""
        now, pipeline = self._clock.now(), self._pipeline
        begun = False
        while self._starting and self._starting[0].polls[0].at <= now:
            feed = self._starting.pop(0).feed
            pipeline.parts = replace(pipeline.parts, feeds={**pipeline.parts.feeds, feed.url: feed})
            begun = True
        if begun:
            pipeline.start(timedelta())

    def _due(self) -> list[datetime]:
        """Return moments at which a poll, a slot or a delivery is due, later than now."""
        now, due = self._clock.now(), self._pipeline.store.next_due()
        moments = [at] if (at := self._publishers.next_at()) is not None else []
        return [*moments, due if due > now else now + BELL] if due is not None else moments

    def _waiting(self) -> list[datetime]:
        """Return when what immediate routes hold back may go: after its group's wait, else by the bell."""
        now, store, moments = self._clock.now(), self._pipeline.store, []
        routes = {r.name: r for r in self._pipeline.parts.routes if r.send is Send.IMMEDIATE}
        for cursor in store.cursors():
            route = routes.get(cursor.route)
            hits = store.hits(route.topics, cursor.position, now) if route else []
            if route and hits and now - hits[-1].matched_at < PATIENCE:
                ready = [at for hit in hits if (at := hit.matched_at + route.group_wait) > now]
                moments.append(min([*ready, now + BELL] if len(ready) < len(hits) else ready))
        return moments

    def _next_slots(self) -> datetime:
        """Return the time by which every reader's next slot has passed."""
        slots = [c.next_slot for c in self._pipeline.store.cursors() if c.next_slot is not None]
        return max([self._last, *slots])

    def _held(self) -> bool:
        """Whether a message is still held: quiet times."""
        return bool(self._pipeline.store.deliveries(status=DeliveryStatus.QUEUED, limit=1))
