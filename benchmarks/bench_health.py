"""How soon a silent feed is noticed, and how often one that is well is taken for silent.

On the real rhythm of papers (the shared research data): every feed is watched hour by hour as the daemon
would; each week from the third on it is also cut off, at a moment of chance, to see how long it takes.

    python benchmarks/bench_health.py [NEWS.jsonl.gz] [--seed N]
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
from datetime import datetime, timedelta
from pathlib import Path

from monitor.health import HOUR, WINDOW, deadlines, hour_of

DATA = Path(__file__).parents[2] / "shared" / "data" / "news" / "bn_2026-01_03.jsonl.gz"
WARM = timedelta(days=14)


def rhythms(path: Path) -> dict[str, list[datetime]]:
    """Return the hours in which each source of more than 100 hours brought something."""
    found: defaultdict[str, set[datetime]] = defaultdict(set)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            item = json.loads(line)
            found[item["source"]].add(hour_of(datetime.fromisoformat(item["first_seen"])))
    return {source: sorted(hours) for source, hours in found.items() if len(hours) >= 80}


def alarms(hours: list[datetime]) -> list[tuple[datetime, timedelta]]:
    """Return the silences of a feed that were taken for outages, and how long they were."""
    found = []
    for place in range(1, len(hours)):
        last, following = hours[place - 1], hours[place]
        if last - hours[0] < WARM:
            continue
        stalled = deadlines(hours[:place]).stalled
        if stalled is not None and stalled < following:
            found.append((last, following - last))
    return found


def cut(hours: list[datetime], moment: datetime) -> tuple[timedelta, timedelta] | None:
    """Cut a feed off: after how long an outage is noticed, and the longest silence of the weeks before."""
    seen = hours[: bisect_right(hours, moment)]
    stalled = deadlines(seen).stalled
    recent = [one for one in seen if one >= seen[-1] - WINDOW]
    longest = max(b - a for a, b in itertools.pairwise(recent))
    return (stalled - seen[-1], longest) if stalled is not None else None


def measure(path: Path, *, seed: int = 1, cuts: int = 20) -> dict[str, object]:
    """Return the figures."""
    chance = random.Random(seed)
    weeks = 0.0
    wrong: list[dict[str, object]] = []
    noticed = tried = 0
    waits: list[float] = []
    started, evaluations = time.process_time(), 0
    for source, hours in rhythms(path).items():
        watched = hours[-1] - hours[0] - WARM
        weeks += watched / timedelta(days=7)
        evaluations += len(hours)
        wrong += [
            {"source": source, "since": f"{at:%Y-%m-%dT%HZ}", "hours": gap / HOUR}
            for at, gap in alarms(hours)
        ]
        for _ in range(cuts):
            found = cut(hours, hours[0] + WARM + chance.random() * watched)
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
