"""Where does the CPU of a sweep go?

    python benchmarks/bench_where.py [--feeds 2000]

One daemon does the sweeps of bench_sweep.py (all new, nothing changed, one in twenty changed). Each step
counts the CPU of the thread it runs on, without the steps inside it; the event loop's is what is left of
the process: sockets, HTTP, tasks and timers. Prints CPU seconds for 1,000 polls, then one line of JSON. To
count costs some hundredths itself: the sums are a little above bench_sweep's.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parent)]

from bench_sweep import SWEEP, Meter, configured, control, served  # noqa: E402 - the path comes first
from sqlalchemy.engine.default import DefaultDialect  # noqa: E402
from sweep_server import START, address  # noqa: E402

from monitor.clock import VirtualClock  # noqa: E402
from monitor.match import Matcher  # noqa: E402
from monitor.parse import Parser  # noqa: E402
from monitor.pipeline import polling, telling, watching  # noqa: E402
from monitor.process import settle  # noqa: E402
from monitor.service import build  # noqa: E402
from monitor.stores.sqlite import Fts5, Store  # noqa: E402

LOOP = "ask: sockets, HTTP, tasks"
STEPS: tuple[tuple[str, Any, str], ...] = (
    ("claim what is due", Store, "claim_feeds"),
    ("read documents", Parser, "parse"),
    ("see what is new in them", polling, "candidates"),
    ("see what is new in them", polling, "marks"),
    ("see what is new in them", Store, "known"),
    ("see what is new in them", polling, "dedupe"),
    ("match", Matcher, "read"),
    ("write states and entries", Store, "record_polls"),
    ("write the search index", Fts5, "put"),
    ("commit", DefaultDialect, "do_commit"),
    ("the rest of a batch: cadence, counting", polling.Polling, "_absorb"),
    ("stories, turns, signals", telling.Telling, "fold"),
    ("health of feeds", watching.Watching, "watch"),
)
SWEEPS = ("cold", "idle", "mixed")


class Steps:
    """Counts CPU by step, each without those inside it."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._of_thread = threading.local()

    def watch(self, label: str, owner: Any, name: str) -> None:
        """Count what a function takes from now on."""
        work: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(work)
        def counted(*args: Any, **options: Any) -> Any:
            outer = getattr(self._of_thread, "inside", 0.0)
            self._of_thread.inside = 0.0
            begun = time.thread_time()
            try:
                return work(*args, **options)
            finally:
                took = time.thread_time() - begun
                self.seconds[label] += took - self._of_thread.inside
                self._of_thread.inside = outer + took

        setattr(owner, name, counted)


async def sweeps(count: int, port: int) -> dict[str, dict[str, float]]:
    """Return the seconds of each step, by sweep."""
    steps, clock = Steps(), VirtualClock(START)
    for step in STEPS:
        steps.watch(*step)
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-where-") as folder:
        config = configured(folder, [f"http://{address(i)}:{port}/feed.xml" for i in range(count)])
        async with build(config, clock=clock) as service:
            settle()
            for name in SWEEPS:
                if name == "mixed":
                    await control(port, "advance")
                steps.seconds.clear()
                meter = Meter()
                await service.pipeline.tick()
                whole = meter.read()
                found[name] = dict(steps.seconds)
                found[name][LOOP] = whole - sum(steps.seconds.values())
                clock.advance(SWEEP)
    return found


def main() -> None:
    """Measure; print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--feeds", type=int, default=2000)
    count = parser.parse_args().feeds
    factory = import_module("uvloop").new_event_loop if find_spec("uvloop") else None
    with served(count) as (port, _), asyncio.Runner(loop_factory=factory) as runner:
        found = runner.run(sweeps(count, port))
    per_1000 = {
        label: [round(found[name].get(label, 0.0) / count * 1000, 3) for name in SWEEPS]
        for label in dict.fromkeys((LOOP, *(label for label, _, _ in STEPS)))
    }
    print(f"CPU seconds for 1,000 polls{'':14}{'all new':>10}{'nothing':>10}{'1 in 20':>10}")
    for label, values in per_1000.items():
        print(f"{label:<40}" + "".join(f"{value:10.3f}" for value in values))
    print(f"{'sum':<40}" + "".join(f"{sum(column):10.3f}" for column in zip(*per_1000.values(), strict=True)))
    print(json.dumps(per_1000))


if __name__ == "__main__":
    main()
