"""The long forms of the crash tests.

python -m tests.crash kill  [--points N] [--seed S] [--jobs J]     make crash POINTS=N SEED=S JOBS=J
python -m tests.crash power [--images N] [--seed S]                make power N=N SEED=S
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections import Counter
from random import SystemRandom

from tests.crash import kill, power


def main() -> int:
    """Run a sweep and say what came of it; 1 if anything was lost, doubled or damaged."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("sweep", choices=["kill", "power"])
    parser.add_argument("--points", type=int, default=0, help="so many at random; 0: every system call")
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if shutil.which("strace") is None:
        print("this needs Debian's package strace", file=sys.stderr)
        return 2
    seed = SystemRandom().randrange(10**6) if options.seed is None else options.seed
    if options.sweep == "power":
        return images(options.images, seed)
    return kills(options.points, seed, options.jobs)


def kills(points: int, seed: int, jobs: int) -> int:
    """Run the kill sweep."""
    start, counts, wrong = time.monotonic(), Counter[str](), 0
    by_call: Counter[str] = Counter()
    for result in kill.sweep(points, seed, jobs):
        counts["points"] += 1
        counts["deaths"] += result.deaths
        counts["sent again under the same id"] += result.repeats
        by_call[result.point.call] += 1
        wrong += bool(result.wrong)
        for problem in result.wrong:
            print(f"{result.point} {result.second or ''}: {problem}", flush=True)
        if counts["points"] % 100 == 0:
            print(f"  {counts['points']} points, {wrong} wrong, {time.monotonic() - start:.0f} s", flush=True)
    print(", ".join(f"{call} {count}" for call, count in by_call.most_common()))
    print(f"seed {seed}: {', '.join(f'{count} {what}' for what, count in counts.items())}; {wrong} wrong;"
          f" {time.monotonic() - start:.0f} s")  # fmt: skip
    return 1 if wrong or not counts["deaths"] else 0


def images(count: int, seed: int) -> int:
    """Run the power sweep."""
    start, done, wrong = time.monotonic(), 0, 0
    with kill.site() as site:
        for moment, problems in power.sweep(site, count, seed):
            done += 1
            wrong += bool(problems)
            for problem in problems:
                print(f"image {done}, after act {moment}: {problem}", flush=True)
            if done % 1000 == 0:
                print(f"  {done} images, {wrong} wrong, {time.monotonic() - start:.0f} s", flush=True)
    print(
        f"seed {seed}: {done} images, every {power.RESTARTED}th lived on; {wrong} wrong; {time.monotonic() - start:.0f} s"
    )
    return 1 if wrong or not done else 0


if __name__ == "__main__":
    sys.exit(main())
