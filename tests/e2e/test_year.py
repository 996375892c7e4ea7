"""A year of a desk in virtual time, with sleeps, restarts, failing receivers and clocks that jump both ways."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from monitor import service
from monitor.config import load
from monitor.errors import DeliveryError, DeliveryReason
from monitor.model import Delivery, Entry, Kind
from monitor.stores.sqlite import Store
from monitor.testing import Publisher, RecordingChannel, an_entry

START = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
AT = (time(2, 30), time(19))
"""02:30 does not exist in Budapest on 30 March and comes twice on 26 October."""
ZONES = {"dhaka": "Asia/Dhaka", "budapest": "Europe/Budapest"}
CONFIG = """
store: sqlite:monitor.db
language: en
timezone: Asia/Dhaka
poll: {per_host_gap: 0s, every: 2h, minimum: 1h, maximum: 4h}
feeds: [{url: 'https://a.example/a', source: A, language: en}, {url: 'https://b.example/b', source: B, language: en}]
topics: {summit: {query: 'summit'}}
channels:
  dhaka: {type: 'monitor.testing:RecordingChannel', to: [one]}
  budapest: {type: 'monitor.testing:RecordingChannel', to: [three], timezone: Europe/Budapest}
routes:
  day: {topics: [summit], channels: [dhaka, budapest], at: ['02:30', '19:00'], nothing_new: true}
  now: {topics: [summit], channels: [budapest], send: immediate, group_wait: 1m}
"""


class WaywardClock:
    """A machine's clock: it can be set wrong, and right again."""

    def __init__(self, start: datetime) -> None:
        self.at = start

    def now(self) -> datetime:
        return self.at


@dataclass
class World:
    """The desk's year: what it was given, when it was awake, what it told whom."""

    folder: Path
    random: Random
    clock: WaywardClock = field(default_factory=lambda: WaywardClock(START))
    feeds: dict[str, list[Entry]] = field(default_factory=lambda: {"/a": [], "/b": []})
    awake: list[datetime] = field(default_factory=list)
    told: list[Delivery] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.publisher = Publisher(self.clock)
        (self.folder / "monitor.yaml").write_text(CONFIG)
        self.config = load(self.folder / "monitor.yaml", {})
        self.publish()

    def publish(self, *titles: str) -> None:
        """Put news into one of the feeds, sometimes into both."""
        for title in titles:
            entry = an_entry(title, published=self.clock.now(), url=f"https://x.example/{title.split()[0]}.")
            for path in self.random.choice((["/a"], ["/b"], ["/a", "/b"])):
                self.feeds[path].insert(0, entry)
        for path, entries in self.feeds.items():
            self.publisher.publish(path, *entries[:40])

    def step(self) -> None:
        """Let time pass; now and then far too much, or backwards."""
        clock, luck = self.clock, self.random.random()
        if luck < 0.02:
            clock.at += timedelta(days=self.random.uniform(1, 6))  # asleep
        elif luck < 0.04:
            clock.at -= timedelta(hours=self.random.choice((1, 1, 3, 30)))  # set back
        elif luck < 0.05:
            clock.at += timedelta(
                hours=self.random.choice((1, 26))
            )  # set wrong; the next step is of the right one
        elif luck < 0.2:
            clock.at += timedelta(minutes=self.random.uniform(1, 90))
        else:
            clock.at += timedelta(hours=self.random.uniform(5, 16))

    async def life(self, steps: int, number: int) -> None:
        """Run from one start of the process to its end."""
        store = Store(f"sqlite:{self.folder}/monitor.db", durable=False)
        with store.exclusive():
            async with service.build(
                self.config, clock=self.clock, random=self.random, transport=self.publisher, store=store
            ) as built:
                channels = [
                    c for c in built.pipeline.parts.channels.values() if isinstance(c, RecordingChannel)
                ]
                for step in range(steps):
                    if number and self.random.random() < 0.4:
                        word = f"{''.join(self.random.choices('bcdfghklmnprstvz', k=9))}{number}x{step}"
                        self.publish(f"{word} {word[::-1]} summit {self.random.randrange(10**6)}")
                    if self.random.random() < 0.05:
                        gone = DeliveryError(DeliveryReason.SERVER, "busy", retryable=True)
                        self.random.choice(channels).fail(gone, times=self.random.randint(1, 4))
                    self.awake.append(self.clock.at)
                    await built.pipeline.tick()
                    self.step()
                for channel in channels:
                    self.told += channel.sent


def instants(zone: str, start: datetime, end: datetime) -> list[datetime]:
    """Return the route's slots in (start, end] by going through the calendar."""
    days = [date.fromordinal(n) for n in range(start.date().toordinal() - 1, end.date().toordinal() + 2)]
    every = {datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC) for day in days for at in AT}
    return sorted(one for one in every if start < one <= end)


def expected(zone: str, awake: list[datetime]) -> list[datetime]:
    """Return the slots that must have been told: of those a ring finds behind it, the last.

    Where the clock was set back nothing opens again.
    """
    slots, latest = [], awake[0]
    for at in awake[1:]:
        if passed := instants(zone, latest, at):
            slots.append(passed[-1])
        latest = max(latest, at)
    return slots


@pytest.mark.parametrize("seed", [2025])
async def test_in_a_year_every_match_is_in_one_digest_and_no_slot_is_skipped_or_doubled(
    tmp_path: Path, seed: int
) -> None:
    world = World(tmp_path, Random(seed))
    lives = 0
    while world.clock.at < START + YEAR:
        lives += 1
        await world.life(world.random.randint(5, 80), lives)
    for _ in range(3):  # a calm end, in which everything that waits is told
        world.clock.at = max(world.awake) + timedelta(days=1)
        await world.life(1, 0)

    links = [entry.url for entry in {e.id: e for one in world.feeds.values() for e in one}.values()]
    by_reader: defaultdict[tuple[str, str, str], list[Delivery]] = defaultdict(list)
    for one in world.told:
        by_reader[one.message.route, one.channel, one.message.recipient.address].append(one)
    assert len(by_reader) == 3
    assert len(links) > 200
    for (route, channel, _), deliveries in by_reader.items():
        assert Counter(one.message.id for one in deliveries).most_common(1)[0][1] == 1
        found = Counter(
            u
            for one in deliveries
            for u in set(re.findall(r"https://x\.example/\w+\.", one.message.parts["txt"]))
        )
        assert {link: found[link] for link in links if found[link] != 1} == {}, (route, channel)
        if route == "day":
            slots = sorted(one.message.slot for one in deliveries if one.message.kind is Kind.DIGEST)
            assert slots == expected(ZONES[channel], world.awake), channel
    assert lives > 10


def test_the_calendar_of_the_year_has_a_slot_that_does_not_exist_and_one_that_comes_twice() -> None:
    budapest = instants("Europe/Budapest", START, START + YEAR)
    local = [one.astimezone(ZoneInfo("Europe/Budapest")) for one in budapest]
    assert len(budapest) == 2 * 365
    assert next(one.time() for one in local if one.date() == date(2025, 3, 30)) == time(3, 30)
    assert next(time_and_fold(one) for one in local if one.date() == date(2025, 10, 26)) == (time(2, 30), 0)


def time_and_fold(one: datetime) -> tuple[time, int]:
    return one.time().replace(fold=0), one.fold
