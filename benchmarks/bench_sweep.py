"""What does polling thousands of feeds cost?

    python benchmarks/bench_sweep.py                         2,000 feeds, medians of 5 runs
    python benchmarks/bench_sweep.py --feeds 300 --runs 1    the short form
    python benchmarks/bench_sweep.py --large                 10,000 feeds beside 2,000, and 100,000 in the store

The very daemon (`service.build`, `pipeline.tick`, SQLite on disk, shipped topics, no routes) sweeps feeds
of 30 to 60 KB, each on an address of its own; host gap 0, the clock moved between sweeps. Three sweeps:
cold (all new), idle (all 304), mixed (one in twenty changed by one entry). CPU is user and system time of
the process and its children; the server is another tree. In the same run, over the same feeds
(sweep_rivals.py): the floor, raw sockets and lxml over a minimal SQLite; bare, those sockets alone; the
naive stack, httpx's default pool and feedparser over the same SQLite. Over TLS every connection is new,
and up to 500 feeds are idle. `--large` sweeps five times the feeds with the daemon, and rings with 100,000
feeds of which none is due: `tick_percent` is of a core, at one ring of each bell a second. Prints a table, then one line of JSON; rates are polls per second of CPU,
costs seconds of CPU per 1,000 polls.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parent)]

import psutil  # noqa: E402 - the path comes first
from sweep_server import ROOT, START, TLS, address, changed  # noqa: E402

from monitor.clock import VirtualClock  # noqa: E402
from monitor.config import Config, load  # noqa: E402
from monitor.fetch import Guard, Transport  # noqa: E402
from monitor.model import Feed, NetworkSettings, PollSettings  # noqa: E402
from monitor.process import settle  # noqa: E402
from monitor.service import build  # noqa: E402

AT_ONCE = 64
TLS_FEEDS = 2_000
LOOPBACK = ("127.0.0.0/8",)
SWEEP = timedelta(hours=8)
"""Longer than the longest interval with its jitter: every feed is due again."""
LARGER, MANY, RINGS = 5, 100_000, 50
ROLES = ("daemon", "bare", "floor", "naive", "tls", "tls_floor")
LARGE_ROLES = ("large", "many")


class Meter:
    """Counts the seconds of CPU of this process and its children, without what counting costs."""

    def __init__(self) -> None:
        self._children = _children()
        self._start = time.process_time()

    def read(self) -> float:
        """Return the seconds since the meter was made."""
        own = time.process_time() - self._start
        return own + _children() - self._children


def _children() -> float:
    times = (one.cpu_times() for one in psutil.Process().children(recursive=True))
    return sum(one.user + one.system for one in times)


def peak_mb() -> float:
    """Return the sum of the peaks of this process and its children."""
    total = 0
    for one in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        for line in Path(f"/proc/{one.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                total += int(line.split()[1])
    return total / 1024


def trusting() -> ssl.SSLContext:
    """Return a context that checks the server's certificate, whose name fits one address only."""
    context = ssl.create_default_context(cafile=str(TLS / "root.pem"))
    context.check_hostname = False
    return context


# the daemon ───────────────────────────────────────────────────────────────────────────────────


def configured(folder: str, urls: list[str]) -> Config:
    """Return the shipped config with other feeds, no routes, no gap and a store of its own."""
    return replace(
        load(ROOT / "config" / "monitor.yaml", {}),
        folder=Path(folder),
        store=f"sqlite:{folder}/monitor.db",
        poll=PollSettings(per_host_gap=timedelta(0), concurrency=AT_ONCE),
        network=NetworkSettings(allow_private=LOOPBACK, contact="https://example.org/contact"),
        routes=(),
        channels={},
        feeds=tuple(Feed(url=url, source=f"Feed {i}") for i, url in enumerate(urls)),
    )


async def daemon(count: int, port: int, *, tls: bool) -> dict[str, float]:
    """Sweep with the daemon: cold, idle and (without TLS) mixed."""
    scheme = "https" if tls else "http"
    clock = VirtualClock(START)
    with tempfile.TemporaryDirectory(prefix="bench-sweep-") as folder:
        config = configured(folder, [f"{scheme}://{address(i)}:{port}/feed.xml" for i in range(count)])
        transport = Transport(Guard(LOOPBACK), context=trusting()) if tls else None
        async with build(config, clock=clock, transport=transport) as service:
            settle()  # as `monitor run` does
            figures: dict[str, float] = {}
            for name in ("cold", "idle") if tls else ("cold", "idle", "mixed"):
                if name == "mixed":
                    await control(port, "advance")
                meter = Meter()
                report = await service.pipeline.tick()
                figures[name] = meter.read()
                entries = {"cold": 25 * count, "idle": 0, "mixed": sum(map(changed, range(count)))}[name]
                if report.polls != count or report.entries != entries:
                    raise SystemExit(f"{name}: {report.polls} polls, {report.entries} entries: not as served")
                clock.advance(SWEEP)
            figures["peak_mb"] = peak_mb()
    return figures


# one role ─────────────────────────────────────────────────────────────────────────────────────


async def control(port: int, word: str) -> None:
    """Tell the server to reset or to advance."""
    reader, writer = await asyncio.open_connection(address(0), port)
    writer.write(f"GET /--{word} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def ring(count: int) -> dict[str, float]:
    """Return what one ring of all bells costs while so many feeds are not due: seconds of CPU."""
    clock = VirtualClock(START)
    with tempfile.TemporaryDirectory(prefix="bench-sweep-") as folder:
        config = configured(folder, [f"https://{i}.example/feed.xml" for i in range(count)])
        async with build(config, clock=clock, spread=SWEEP) as service:
            settle()
            clock.advance(timedelta(microseconds=-1))
            meter = Meter()
            for _ in range(RINGS):
                await service.pipeline.poll_due()
                await service.pipeline.tell_due()
                await service.pipeline.deliver_due()
            return {"tick": meter.read() / RINGS}


async def play(role: str, count: int, plain: int, secure: int) -> dict[str, float]:
    """Do one role's sweeps; return CPU seconds (and the daemon's peak)."""
    few = min(count, TLS_FEEDS)
    match role:
        case "daemon":
            await control(plain, "reset")
            return await daemon(count, plain, tls=False)
        case "large":
            await control(plain, "reset")
            return await daemon(count * LARGER, plain, tls=False)
        case "many":
            return await ring(MANY)
        case "tls":
            return await daemon(few, secure, tls=True)
    rivals = import_module("sweep_rivals")  # the daemon's process has nothing of theirs
    with tempfile.TemporaryDirectory(prefix="bench-rival-") as folder:
        match role:
            case "bare":
                return {"mixed": await cost(rivals.bare(count, plain, AT_ONCE))}
            case "floor":
                archive = rivals.Archive(Path(folder), count)
                return {"mixed": await cost(rivals.floor(archive, plain, AT_ONCE))}
            case "naive":
                archive = rivals.Archive(Path(folder), count)
                return {"mixed": await cost(rivals.naive(archive, plain, 100))}
            case _:
                archive = rivals.Archive(Path(folder), few)
                return {"idle": await cost(rivals.floor(archive, secure, AT_ONCE, trusting()))}


async def cost(work: Awaitable[None]) -> float:
    """Return the CPU seconds that a piece of work took."""
    meter = Meter()
    await work
    return meter.read()


# all runs ─────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def served(count: int) -> Iterator[tuple[int, int]]:
    """Serve feeds from a process of its own; give the ports, plain and TLS."""
    server = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("sweep_server.py")), "--feeds", str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        plain, secure = map(int, server.stdout.readline().split())
        yield plain, secure
    finally:
        server.kill()
        server.wait()


def measure(count: int, runs: int, roles: tuple[str, ...]) -> list[dict[str, dict[str, float]]]:
    """Return the figures by role of each run; every role in a process of its own."""
    with served(count * LARGER if "large" in roles else count) as ports:
        return [{role: _role(role, count, ports) for role in roles} for _ in range(runs)]


def _role(role: str, count: int, ports: tuple[int, int]) -> dict[str, float]:
    command = [sys.executable, __file__, "--feeds", str(count), "--role", role, "--ports", *map(str, ports)]
    out = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    figures: dict[str, float] = json.loads(out.splitlines()[-1])
    print(f"  {role:<10}" + "".join(f"{name} {value:9.3f}   " for name, value in figures.items()), flush=True)
    return figures


def summary(found: list[dict[str, dict[str, float]]], count: int) -> dict[str, float]:
    """Return the medians, as rates and costs."""

    def median(role: str, name: str) -> float:
        return statistics.median(one[role][name] for one in found)

    few = min(count, TLS_FEEDS)
    large = {}
    if "large" in found[0]:
        more = count * LARGER / 1000
        large = {
            "large_feeds": count * LARGER,
            "large_cold_cpu_per_1000": round(median("large", "cold") / more, 2),
            "large_idle_cpu_per_1000": round(median("large", "idle") / more, 3),
            "large_mixed_polls_per_core": round(1000 * more / median("large", "mixed")),
            "large_peak_mb": round(median("large", "peak_mb")),
            "tick_percent": round(100 * median("many", "tick"), 2),
        }
    return large | {
        "mixed_polls_per_core": round(count / median("daemon", "mixed")),
        "floor_polls_per_core": round(count / median("floor", "mixed")),
        "bare_polls_per_core": round(count / median("bare", "mixed")),
        "naive_polls_per_core": round(count / median("naive", "mixed")),
        "idle_cpu_per_1000": round(median("daemon", "idle") / count * 1000, 3),
        "cold_cpu_per_1000": round(median("daemon", "cold") / count * 1000, 2),
        "tls_polls_per_core": round(few / median("tls", "idle")),
        "tls_floor_polls_per_core": round(few / median("tls_floor", "idle")),
        "peak_mb": round(median("daemon", "peak_mb")),
    }


def main() -> None:
    """Measure, or play one role for a run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--feeds", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--role", choices=ROLES + LARGE_ROLES, help=argparse.SUPPRESS)
    parser.add_argument("--ports", type=int, nargs=2, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.role is None:
        print(f"{wanted.feeds} feeds, {wanted.runs} runs; seconds of CPU")
        roles = ROLES + LARGE_ROLES if wanted.large else ROLES
        print(json.dumps(summary(measure(wanted.feeds, wanted.runs, roles), wanted.feeds)))
        return
    fast = find_spec("uvloop") and wanted.role != "naive"
    factory = import_module("uvloop").new_event_loop if fast else None
    with asyncio.Runner(loop_factory=factory) as runner:
        print(json.dumps(runner.run(play(wanted.role, wanted.feeds, *wanted.ports))))


if __name__ == "__main__":
    main()
