"""How many deliveries a second?

    python benchmarks/bench_deliver.py                     2,000 webhooks and 1,000 mails, medians of 3 runs
    python benchmarks/bench_deliver.py --count 200 --runs 1

The daemon's own outbox (`service.build`, `pipeline.deliver_due`) on SQLite with synchronous=FULL hands
rendered digests in Bengali to an HTTP and an SMTP receiver in another process, over loopback. All of
them are queued beforehand; each outcome is committed before it counts. `*_per_core` is by the seconds of
CPU of the daemon's process, the others by the clock. Prints a table, then one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from random import Random

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT)]

from monitor import process, service  # noqa: E402 - the path comes first
from monitor.clock import VirtualClock  # noqa: E402
from monitor.config import load  # noqa: E402
from monitor.model import Cursor, Delivery, Kind, Recipient  # noqa: E402
from monitor.render import sample  # noqa: E402
from monitor.testing import NOON  # noqa: E402

CONFIG = """
store: sqlite:monitor.db
network: {{allow_private: [127.0.0.0/8]}}
topics: {{summit: {{query: summit}}}}
channels:
  hook: {{type: webhook, url: 'http://127.0.0.1:{http}/hook', secret: '{secret}'}}
  post: {{type: email, to: [desk@example.org], server: 'smtp://127.0.0.1:{smtp}', sender: monitor@example.org}}
routes:
  day: {{topics: [summit], channels: [hook, post], at: ['07:30']}}
"""


class Receivers:
    """Both receivers, as simple as the protocols allow: they must not be what is measured."""

    async def web(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
                )
                await reader.readexactly(int(length.partition(b":")[2]))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def mail(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"220 mx ESMTP\r\n")
            while line := (await reader.readline()).upper():
                if line.startswith(b"DATA"):
                    writer.write(b"354 go on\r\n")
                    await reader.readuntil(b"\r\n.\r\n")
                if line.startswith(b"EHLO"):
                    writer.write(b"250-mx\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
                elif line.startswith(b"QUIT"):
                    writer.write(b"221 bye\r\n")
                    break
                else:
                    writer.write(b"250 ok\r\n")
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    async def serve(self) -> None:
        servers = [
            await asyncio.start_server(one, "127.0.0.1", 0, limit=2**22, backlog=1024)
            for one in (self.web, self.mail)
        ]
        print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
        await asyncio.gather(*(server.serve_forever() for server in servers))


async def run(folder: Path, http: str, smtp: str, channel: str, count: int) -> tuple[float, float]:
    """Queue `count` messages and deliver them; return the seconds by the clock and of CPU."""
    (folder / "monitor.yaml").write_text(
        CONFIG.format(http=http, smtp=smtp, secret="env:HOOK_SECRET"), encoding="utf-8"
    )
    config = load(folder / "monitor.yaml", {"HOOK_SECRET": "whsec_" + "A" * 32})
    clock = VirtualClock(NOON)
    async with service.build(config, clock=clock, random=Random(1)) as built:
        pipeline = built.pipeline
        await pipeline.off_loop(lambda: enqueue(built, channel, count))
        process.settle()
        start, cpu = time.perf_counter(), time.process_time()
        await pipeline.tick()
        took = time.perf_counter() - start, time.process_time() - cpu
        sent = built.store.counts().sent
        if sent != count:
            raise SystemExit(f"{sent} of {count} were sent")
        return took


def enqueue(built: service.Service, channel: str, count: int) -> None:
    """Put `count` digests of their own ids into the outbox."""
    parts = built.pipeline.parts
    way = parts.channels[channel]
    digest = replace(sample(Kind.DIGEST, language="bn"), channel=channel, recipient=way.recipients()[0])
    message = way.prepare(
        parts.renderer.render(digest, channel_type=parts.channel_types[channel], parts=way.parts)
    )
    deliveries = [
        Delivery(
            id=f"{n:08}-{channel}",
            message=replace(message, id=f"{n:08}"),
            channel=channel,
            due_at=NOON,
            queued_at=NOON,
        )
        for n in range(count)
    ]
    cursor = next(c for c in built.store.cursors() if c.channel == channel)
    assert isinstance(cursor, Cursor)
    assert isinstance(message.recipient, Recipient)
    if not built.store.enqueue(
        replace(cursor, next_slot=NOON + timedelta(days=9)), deliveries, cursor.position
    ):
        raise SystemExit("nothing could be queued")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=2000, help="webhooks in a run; half as many mails")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(Receivers().serve())
        return
    loops = import_module("uvloop").new_event_loop if find_spec("uvloop") else None
    figures: dict[str, list[tuple[float, float]]] = {"webhooks": [], "mails": []}
    with subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        http, smtp = server.stdout.readline().split()
        try:
            for _ in range(options.runs):
                for name, channel, count in (
                    ("webhooks", "hook", options.count),
                    ("mails", "post", options.count // 2),
                ):
                    with (
                        tempfile.TemporaryDirectory() as folder,
                        asyncio.Runner(loop_factory=loops) as runner,
                    ):
                        took, cpu = runner.run(run(Path(folder), http, smtp, channel, count))
                        figures[name].append((count / took, count / cpu))
        finally:
            server.terminate()
    result: dict[str, float] = {}
    print(f"{'':12}{'per second':>12}{'per core':>12}")
    for name, runs in figures.items():
        result[f"{name}_per_s"] = round(statistics.median(one for one, _ in runs), 1)
        result[f"{name}_per_core"] = round(statistics.median(one for _, one in runs), 1)
        print(f"{name:12}{result[f'{name}_per_s']:12,.1f}{result[f'{name}_per_core']:12,.1f}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
