"""How many polls a feed needs for how little delay: by its rhythm, by its rate alone, by a fixed interval.

On the real rhythm of papers (the shared research data): each feed's items are published to a simulated feed
of `--window` items, and every way of polling runs over the same thirteen weeks; what happens in the first two,
while the rhythm is learnt, is not counted. Of an item the data has when somebody first saw it; where it has
the publisher's date, at most a day earlier, that is when it came, else some moment since that somebody looked
before, at most an hour.

    python -m benchmarks.bench_cadence [NEWS.jsonl.gz] [--window N] [--seed N]
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import random
import time
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from monitor.cadence import SPREAD, after_poll
from monitor.health import KNOWN, deadlines, hour_of
from monitor.model import Document, Feed, FeedState, Fetched, FetchResult, Item, PollSettings

DATA = Path(__file__).parents[2] / "shared" / "data" / "news" / "bn_2026-01_03.jsonl.gz"
WARM = timedelta(days=14)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SETTINGS = PollSettings()
FEED = Feed(url="https://paper.example/feed", source="Paper")


@dataclass(slots=True)
class Polled:
    """What is known after some polls: the state, and the hours in which something was new."""

    state: FeedState
    hours: list[datetime] = field(default_factory=list)


Way = Callable[[Polled, datetime, int, int, float], datetime]
"""From what is known, a moment, the new entries, the items of the document and a draw to the next poll."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Polls a day; delays from publication until an entry is seen, in minutes; entries that slid past."""

    polls: float
    delays: list[float]
    lost: int


def published(path: Path, *, seed: int) -> dict[str, list[datetime]]:
    """Return when the items of each source came that has over a hundred."""
    chance = random.Random(seed)
    found: defaultdict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            item = json.loads(line)
            seen = datetime.fromisoformat(item["first_seen"])
            dated = datetime.fromisoformat(item["date"]) if item["date"] else seen
            found[item["source"]].append((seen, dated))
    moments = {}
    for source, items in found.items():
        if len(items) < 100:
            continue
        looks = sorted({seen for seen, _ in items})
        before = {later: earlier for earlier, later in pairwise(looks)}
        moments[source] = sorted(
            dated
            if timedelta(minutes=1) < seen - dated < DAY
            else seen - chance.random() * min(HOUR, seen - before.get(seen, seen - HOUR))
            for seen, dated in items
        )
    return moments


def simulate(moments: Sequence[datetime], way: Way, *, window: int, seed: int) -> Figures:
    """Poll a feed of these items in this way."""
    chance = random.Random(seed)
    polled = Polled(FeedState(url=FEED.url))
    start, end = moments[0] + WARM, moments[-1]
    now, place, polls, lost = moments[0], 0, 0, 0
    delays: list[float] = []
    while now < end:
        here = bisect_right(moments, now)
        seen = moments[max(place, here - window) : here]
        if now >= start:
            polls += 1
            lost += max(0, here - place - window)
            delays += [(now - one) / timedelta(minutes=1) for one in seen if one >= start]
        place = here
        now = way(polled, now, len(seen), min(window, here), chance.random())
    return Figures(polls * DAY / (end - start), delays, lost)


def fixed(every: timedelta) -> Way:
    """Poll at a fixed interval."""
    return lambda polled, now, new, items, jitter: now + every * (1 + SPREAD * jitter)


def by_rate(polled: Polled, now: datetime, new: int, items: int, jitter: float) -> datetime:
    """Poll as before decision 0009: when half an entry is expected by the rate of the last days."""
    state = polled.state
    hours = (now - state.last_ok_at) / HOUR if state.last_ok_at else 0.0
    rate = (2.0 if state.rate is None else state.rate) * math.exp(-hours / 72) + new / 72
    polled.state = replace(state, rate=rate, last_ok_at=now)
    wait = min(max(timedelta(hours=0.5 / rate), SETTINGS.minimum), SETTINGS.maximum)
    return now + wait * (1 + SPREAD * jitter)


def as_now(*, rhythm: bool) -> Way:
    """Poll as the daemon does; without the rhythm, too, to see what it is worth."""

    def poll(polled: Polled, now: datetime, new: int, items: int, jitter: float) -> datetime:
        outcome = Fetched(body=b"x", body_hash="x")
        result = FetchResult(feed=FEED, fetched_at=now, outcome=outcome)
        state = after_poll(
            polled.state,
            result,
            _document(items),
            None,
            settings=SETTINGS,
            feed=FEED,
            new_entries=new,
            jitter=jitter,
        )
        if new and rhythm:
            hour = hour_of(now)
            if polled.hours[-1:] != [hour]:
                polled.hours.append(hour)
            state = replace(state, rhythm=deadlines(polled.hours[-700:]).rhythm)
        polled.state = state
        assert state.next_poll_at is not None
        return state.next_poll_at

    return poll


def _document(items: int) -> Document:
    return Document(items=(Item(),) * items)


def figures(found: dict[str, Figures]) -> dict[str, float]:
    """Return what a desk with these feeds has: of all entries together, and of the mean feed."""
    every = sorted(delay for one in found.values() for delay in one.delays)
    means = [sum(one.delays) / len(one.delays) for one in found.values()]
    tails = [sorted(one.delays)[int(0.95 * len(one.delays))] for one in found.values()]
    return {
        "polls_a_day": round(sum(one.polls for one in found.values()), 1),
        "mean": round(sum(every) / len(every), 1),
        "p95": round(every[int(0.95 * len(every))], 1),
        "feeds_mean": round(sum(means) / len(means), 1),
        "feeds_p95": round(sum(tails) / len(tails), 1),
        "slid_past": sum(one.lost for one in found.values()),
    }


def cost(*, rounds: int = 20_000) -> dict[str, float]:
    """Return the CPU time, in microseconds, of the decision after a poll; and of learning a rhythm."""
    start = datetime(2026, 1, 5, tzinfo=UTC)
    hours = [start + n * HOUR for n in range(24 * 28) if n % 24 > 5 or not n % 7]
    rhythm = deadlines(hours).rhythm
    state = FeedState(url=FEED.url, rate=0.2, window=50, last_ok_at=hours[-1], first_poll_at=start)
    result = FetchResult(feed=FEED, fetched_at=hours[-1] + HOUR, outcome=Fetched(body=b""))
    found = {}
    for name, one in (("without", state), ("with", replace(state, rhythm=rhythm))):
        began = time.process_time()
        for _ in range(rounds):
            after_poll(one, result, None, None, settings=SETTINGS, feed=FEED, new_entries=0, jitter=0.5)
        found[f"us_a_poll_{name}_rhythm"] = round(1e6 * (time.process_time() - began) / rounds, 1)
    began = time.process_time()
    for _ in range(200):
        deadlines(hours)
    found["us_a_rhythm"] = round(1e6 * (time.process_time() - began) / 200, 0)
    return found


def measure(path: Path, *, window: int = 50, seed: int = 1) -> dict[str, object]:
    """Return the figures of each way."""
    feeds = published(path, seed=seed)
    feeds = {source: moments for source, moments in feeds.items() if _is_known(moments)}

    def run(way: Callable[[], Way]) -> dict[str, float]:
        return figures({s: simulate(m, way(), window=window, seed=seed) for s, m in feeds.items()})

    ours = run(lambda: as_now(rhythm=True))
    as_many = len(feeds) * DAY / ours["polls_a_day"] / (1 + SPREAD / 2)
    return {
        "feeds": len(feeds),
        "entries": sum(len(moments) - bisect_left(moments, moments[0] + WARM) for moments in feeds.values()),
        "window": window,
        "by_rhythm": ours,
        "by_rate_evenly": run(lambda: as_now(rhythm=False)),
        "before": run(lambda: by_rate),
        "fixed_15m": run(lambda: fixed(timedelta(minutes=15))),
        "fixed_as_many": run(lambda: fixed(as_many)),
    } | cost()


def _is_known(moments: Sequence[datetime]) -> bool:
    """Whether there is enough of a source to learn its rhythm."""
    return len({hour_of(one) for one in moments}) >= 8 * KNOWN and moments[-1] - moments[0] > 2 * WARM


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", nargs="?", type=Path, default=DATA)
    parser.add_argument("--window", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if not arguments.path.is_file():
        print(json.dumps({"skipped": f"{arguments.path.name} is not there"}))
        return
    print(json.dumps(measure(arguments.path, window=arguments.window, seed=arguments.seed)))


if __name__ == "__main__":
    main()
