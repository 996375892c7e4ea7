"""How often signals are false: the shipped judgement over three months of a desk's real rhythm.

    python -m benchmarks.measure_signals NEWS.jsonl.gz [--topics 60] [--seed 1]

NEWS has lines {"title", "summary", "source", "first_seen"}. The topics are words, drawn by how often
they come, so nobody chose them by what they would show. Each is judged at every quarter of an hour, as
the daemon does; then bursts of four and of eight times the usual hour (at least eight reports) are put
into it at random moments. New names are measured with words for names, too: a desk that knows `--names`
of them. A pair of topic and name that has four reports within a week of its first one was worth telling;
what is told of them, and how many hours after the first report, stands beside the rate of all that is
told. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import gzip
import json
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median

import regex

from monitor.model import Appearance, Signal, SignalKind
from monitor.sense import MARK, YOUNG, Subject, World, mark_of, newcomers, sense

BANDS = ((100, 300), (300, 1_000), (1_000, 4_000))
"""Reports in the three months: one a day, some ten a day, some forty a day."""
WEEK = timedelta(days=7)
KINDS = frozenset({SignalKind.BURST, SignalKind.NO_DATA})
KNOWN = (20, 1_000)
"""Reports in the three months that a word has which stands for a name the desk knows."""


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


def new_names(desk: Desk, word: str, known: Sequence[str]) -> tuple[list[Signal], dict[str, list[datetime]]]:
    """Return which names a topic is told of in all its time, and when each stood in it."""
    start = desk.times[0]
    numbers = {one.entry_id for one in desk.words[word]}
    beside: defaultdict[str, list[str]] = defaultdict(list)
    for name in known:
        for one in desk.words[name] if name != word else ():
            if one.entry_id in numbers:
                beside[one.entry_id].append(name)
    reports = [replace(one, entities=tuple(beside[one.entry_id])) for one in desk.words[word]]
    times = [one.at for one in reports]
    stood: defaultdict[str, list[datetime]] = defaultdict(list)
    for one in reports:
        for name in one.entities:
            stood[name].append(one.at)
    found: list[Signal] = []
    for at in dict.fromkeys(mark_of(one.at) + MARK for one in reports if one.entities):
        here = bisect_right(times, at)
        lately = max(0, min(bisect_left(times, at - timedelta(days=3)), here - 30))
        found += newcomers(
            Subject(topic=word, kinds=frozenset(), since=start, reports=reports[lately:here]),
            at,
            watched=[word],
            names=dict.fromkeys(known, start),
            told={one.entity for one in found},
            met=lambda name, since: stood[name][0] < since,
        )
    return found, stood


def of_names(desk: Desk, words: Sequence[str], known: Sequence[str], weeks: float) -> dict[str, float | None]:
    """Return how often topics are told of new names, and what of those that were worth it."""
    young, told, worth = desk.times[0] + YOUNG, 0, 0
    late: list[float] = []
    for word in words:
        signals, stood = new_names(desk, word, known)
        told += len(signals)
        at = {one.entity: one.at for one in signals}
        for name, times in stood.items():
            if times[0] >= young and bisect_right(times, times[0] + WEEK) >= 4:
                worth += 1
                if name in at:
                    late.append((at[name] - times[0]) / timedelta(hours=1))
    return {
        "new_names_per_topic_week": round(told / weeks / len(words), 3),
        "worth_telling": worth,
        "of_them_told": round(len(late) / worth, 3) if worth else None,
        "hours_after_the_first": round(median(late), 1) if late else None,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("news", type=Path)
    parser.add_argument("--topics", type=int, default=60, help="of each band")
    parser.add_argument("--names", type=int, nargs="*", default=[40, 300], help="that the desk knows")
    parser.add_argument("--only-names", action="store_true", help="measure nothing else")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    desk, random = Desk(options.news), Random(options.seed)
    weeks = (desk.times[-1] - desk.times[0]) / WEEK
    found: dict[str, dict[str, object]] = {}
    some = sorted(word for word, reports in desk.words.items() if KNOWN[0] <= len(reports) < KNOWN[1])
    known = {count: random.sample(some, count) for count in options.names}
    for low, high in BANDS:
        words = sorted(word for word, reports in desk.words.items() if low <= len(reports) < high)
        words = random.sample(words, min(options.topics, len(words)))
        named = {f"with_{n}_names": of_names(desk, words, names, weeks) for n, names in known.items()}
        if options.only_names:
            found[f"{low}-{high}"] = {"topics": len(words), **named}
            print(low, high, found[f"{low}-{high}"], flush=True)
            continue
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
            **{f"found_{n}_times": round(sum(one) / len(one), 3) for n, one in hits.items()},
            **named,
        }
        print(low, high, found[f"{low}-{high}"], flush=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
