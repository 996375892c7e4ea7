"""How often signals are false: the shipped judgement over three months of a desk's real rhythm.

    python -m benchmarks.measure_signals NEWS.jsonl.gz [--topics 60] [--seed 1]

NEWS has lines {"title", "summary", "source", "first_seen"}. The topics are words, drawn by how often
they come, so nobody chose them by what they would show. Each is judged at every quarter of an hour, as
the daemon does; then bursts of four and of eight times the usual hour (at least eight reports) are put
into it at random moments. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import gzip
import json
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import regex

from monitor.model import Appearance, Signal, SignalKind
from monitor.sense import MARK, Subject, World, mark_of, sense

BANDS = ((100, 300), (300, 1_000), (1_000, 4_000))
"""Reports in the three months: one a day, some ten a day, some forty a day."""
WEEK = timedelta(days=7)
KINDS = frozenset({SignalKind.BURST, SignalKind.NO_DATA})


class Desk:
    """All entries, and those of each word."""

    def __init__(self, path: Path) -> None:
        self.times: list[datetime] = []
        self.words: defaultdict[str, list[Appearance]] = defaultdict(list)
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            items = sorted((json.loads(line) for line in lines), key=lambda one: str(one["first_seen"]))
        for number, item in enumerate(items):
            when = datetime.fromisoformat(item["first_seen"]).astimezone(UTC)
            self.times.append(when)
            text = f"{item['title']} {item['summary'] or ''}"
            for word in set(regex.findall(r"[\u0980-\u09ff]{4,}", text)):
                self.words[word].append(seen(when, number, item["source"]))

    def arrivals(self, spans: Sequence[tuple[datetime, datetime]]) -> list[int]:
        """Count entries in spans."""
        return [bisect_right(self.times, end) - bisect_right(self.times, start) for start, end in spans]


def seen(when: datetime, number: int, source: str = "injected") -> Appearance:
    """Return a report."""
    return Appearance(
        seq=number, topic="t", entry_id=str(number), feed_url="", source=source, at=when, first_seen=when
    )


def life(desk: Desk, reports: Sequence[Appearance]) -> Iterator[Signal]:
    """Yield what a topic brings in all its time."""
    start, end = desk.times[0], desk.times[-1]
    times = [one.at for one in reports]
    world = World(arrivals=desk.arrivals, awake=start)
    subject = Subject(topic="t", kinds=KINDS, since=start)
    at = mark_of(start) + MARK
    opened: dict[SignalKind, Signal] = {}
    while at <= end:
        here = Subject(
            topic="t",
            kinds=KINDS,
            since=subject.since,
            reports=reports[: bisect_right(times, at)],
            open=opened,
        )
        for signal in sense(here, at, world):
            opened = {k: s for k, s in opened.items() if k is not signal.kind}
            if not signal.over:
                opened[signal.kind] = signal
            yield signal
        at += MARK


def is_found(desk: Desk, reports: Sequence[Appearance], times_usual: int, random: Random) -> bool:
    """Put a burst into a topic at a random moment; say whether it is told within the hour."""
    start, end = desk.times[0], desk.times[-1]
    at = mark_of(start + timedelta(days=21) + (end - start - timedelta(days=22)) * random.random())
    times = [one.at for one in reports]
    usual = (
        sum(
            bisect_right(times, at - n * WEEK) - bisect_left(times, at - n * WEEK - timedelta(hours=1))
            for n in range(1, 4)
        )
        / 3
    )
    count = max(8, round(times_usual * usual))
    extra = [seen(at - timedelta(minutes=60 * random.random()), -n - 1) for n in range(count)]
    upto = reports[: bisect_right(times, at)]
    both = sorted([*upto, *extra], key=lambda one: one.at)
    world = World(arrivals=desk.arrivals, awake=start)
    subject = Subject(topic="t", kinds=frozenset({SignalKind.BURST}), since=start, reports=both)
    return bool(sense(subject, at, world))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("news", type=Path)
    parser.add_argument("--topics", type=int, default=60, help="of each band")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    desk, random = Desk(options.news), Random(options.seed)
    weeks = (desk.times[-1] - desk.times[0]) / WEEK
    found: dict[str, dict[str, float]] = {}
    for low, high in BANDS:
        words = sorted(word for word, reports in desk.words.items() if low <= len(reports) < high)
        words = random.sample(words, min(options.topics, len(words)))
        signals = [one for word in words for one in life(desk, desk.words[word])]
        begun = [one.kind for one in signals if not one.over]
        hits = {
            n: [is_found(desk, desk.words[word], n, random) for word in words for _ in range(5)]
            for n in (4, 8)
        }
        found[f"{low}-{high}"] = {
            "topics": len(words),
            "bursts_per_topic_week": round(begun.count(SignalKind.BURST) / weeks / len(words), 3),
            "no_data_per_topic_week": round(begun.count(SignalKind.NO_DATA) / weeks / len(words), 3),
            **{f"found_{n}_times": round(sum(some) / len(some), 3) for n, some in hits.items()},
        }
        print(low, high, found[f"{low}-{high}"], flush=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
