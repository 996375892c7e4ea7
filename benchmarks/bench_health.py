"""How soon a silent feed is noticed, and how often one that is well is taken for silent.

On the real rhythm of papers (the shared research data): every feed is watched hour by hour as the daemon
would; it is also cut off at moments of chance from its third week on, to see how long it takes. What the
other papers of its country bring meanwhile is what its peers are.

    python -m benchmarks.bench_health [NEWS.jsonl.gz] [--seed N]
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import random
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from monitor.health import HOUR, PEERS, WINDOW, comparisons, deadlines, holiday, hour_of

DATA = Path(__file__).parents[2] / "shared" / "data" / "news" / "bn_2026-01_03.jsonl.gz"
WARM = timedelta(days=14)


LEAST_HOURS = 80
"""Hours in which a source brought something, below which there is nothing to learn."""
INDIA = {"News18 Bangla", "Zee 24 Ghanta", "OneIndia Bengali"}
"""All others are of Bangladesh."""


def entries(path: Path) -> dict[str, list[datetime]]:
    """Return when the entries of each source were first seen."""
    found: defaultdict[str, list[datetime]] = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            item = json.loads(line)
            found[item["source"]].append(datetime.fromisoformat(item["first_seen"]))
    return {source: sorted(seen) for source, seen in found.items()}


def rhythms(seen: dict[str, list[datetime]]) -> dict[str, list[datetime]]:
    """Return the hours in which each source of at least 80 such hours brought something."""
    hours = {source: sorted({hour_of(one) for one in moments}) for source, moments in seen.items()}
    return {source: found for source, found in hours.items() if len(found) >= LEAST_HOURS}


def peers_of(source: str, seen: dict[str, list[datetime]]) -> list[list[datetime]]:
    """Return when the entries of the other sources of a country were first seen."""
    return [
        moments
        for other, moments in seen.items()
        if other != source and (other in INDIA) == (source in INDIA)
    ]


def told(hours: Sequence[datetime], peers: list[list[datetime]]) -> datetime | None:
    """Return when a silence since the last of these hours is told as an outage, should nothing come."""
    last, stalled = hours[-1], deadlines(hours).stalled
    if stalled is None:
        return None
    moment = stalled
    while (later := stalled + _held(last, moment, peers)) > moment:
        moment = later
    return moment


def _held(last: datetime, now: datetime, peers: list[list[datetime]]) -> timedelta:
    if len(peers) < PEERS:
        return timedelta(0)
    counts = [
        [sum(bisect_right(one, end) - bisect_right(one, start) for one in peers) for start, end in spans]
        for spans in comparisons(last, now)
    ]
    return holiday(last, now, counts)


def alarms(hours: list[datetime], peers: list[list[datetime]]) -> list[tuple[datetime, timedelta]]:
    """Return the silences of a feed that were taken for outages, and how long they were."""
    found = []
    for place in range(1, len(hours)):
        last, following = hours[place - 1], hours[place]
        if last - hours[0] < WARM:
            continue
        stalled = deadlines(hours[:place]).stalled
        if stalled is None or stalled >= following:
            continue
        moment = told(hours[:place], peers)
        if moment is not None and moment < following:
            found.append((last, following - last))
    return found


def cut(
    hours: list[datetime], moment: datetime, peers: list[list[datetime]]
) -> tuple[timedelta, timedelta] | None:
    """Cut a feed off: after how long an outage is noticed, and the longest silence of the weeks before."""
    seen = hours[: bisect_right(hours, moment)]
    stalled = told(seen, peers)
    recent = [one for one in seen if one >= seen[-1] - WINDOW]
    longest = max(b - a for a, b in itertools.pairwise(recent))
    return (stalled - seen[-1], longest) if stalled is not None else None


def measure(path: Path, *, seed: int = 1, cuts: int = 100) -> dict[str, object]:
    """Return the figures."""
    chance = random.Random(seed)
    weeks = 0.0
    wrong: list[dict[str, object]] = []
    noticed = tried = 0
    waits: list[float] = []
    started, evaluations = time.process_time(), 0
    seen = entries(path)
    for source, hours in rhythms(seen).items():
        peers = peers_of(source, seen)
        watched = hours[-1] - hours[0] - WARM
        weeks += watched / timedelta(days=7)
        evaluations += len(hours)
        wrong += [
            {"source": source, "since": f"{at:%Y-%m-%dT%HZ}", "hours": gap / HOUR}
            for at, gap in alarms(hours, peers)
        ]
        for _ in range(cuts):
            found = cut(hours, hours[0] + WARM + chance.random() * watched, peers)
            tried += 1
            if found is not None:
                waits.append(found[0] / HOUR)
                noticed += found[0] <= max(2 * found[1], timedelta(hours=4))
    waits.sort()
    return {
        "feed_weeks": round(weeks, 1),
        "alarms": wrong,
        "alarms_per_100_feeds_and_week": round(100 * len(wrong) / weeks, 2),
        "cuts": tried,
        "within_two_gaps": round(noticed / tried, 4),
        "median_hours": waits[len(waits) // 2],
        "worst_hours": waits[-1],
        "ms_per_evaluation": round(1000 * (time.process_time() - started) / evaluations, 2),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", nargs="?", type=Path, default=DATA)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if not arguments.path.is_file():
        print(json.dumps({"skipped": f"{arguments.path.name} is not there"}))
        return
    print(json.dumps(measure(arguments.path, seed=arguments.seed)))


if __name__ == "__main__":
    main()
