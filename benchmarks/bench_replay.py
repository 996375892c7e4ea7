"""How long does a replay of 1,000 polls take?

    python benchmarks/bench_replay.py [POLLS]        a table, then one line of JSON

The polls are those of the shared archives, each repeated with shifted times until there are enough, half
of them of a feed that is not well-formed (feedparser reads it, in a process of its own); where the
shared data is not beside the checkout, those of the tests' corpus. The whole command is measured, as a
desk runs it: reading the config, building the matcher, the replay with the shipped config, the JSON.
CPU counts the parser's process too, and is what to compare on a machine that does other things.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent))

from monitor.record import Recording, read

ROOT = Path(__file__).parent.parent
SHARED = sorted((ROOT.parent / "shared" / "data" / "snapshots").glob("*.tar.gz"))
CORPUS = ROOT / "tests" / "corpus" / "replay"
GAP = timedelta(hours=3)
"""Between the last poll of one round and the first of the next."""


def repeated(recording: Recording, polls: int, folder: Path) -> int:
    """Write an archive of so many polls: those of a recording, again and again at later times."""
    folder.mkdir()
    first, last = recording.polls[0].at, recording.polls[-1].at
    rows: list[dict[str, str]] = []
    for number, poll in enumerate(recording.polls):
        assert poll.body is not None
        (folder / f"{number}.xml").write_bytes(poll.body.read_bytes())
    for number in range(polls):
        turn, place = divmod(number, len(recording.polls))
        at: datetime = recording.polls[place].at + turn * (last - first + GAP)
        rows.append({"file": f"{place}.xml", "polled_at": at.isoformat()})
    (folder / "index.json").write_text(json.dumps(rows))
    return len(rows)


def main(polls: int = 1_000) -> None:
    with TemporaryDirectory() as work:
        sources = SHARED or [CORPUS]
        found = [one for path in sources for one in read(path, Path(work) / "read").recordings]
        archive = Path(work) / "archive"
        archive.mkdir()
        made = sum(
            repeated(one, polls // len(found), archive / str(number)) for number, one in enumerate(found)
        )
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "monitor", "replay", archive, "--config", ROOT / "config", "--json"],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    said = json.loads(done.stdout)
    print(f"{said['polls']} polls of {', '.join(one.name for one in found)}")
    print(f"  {said['entries']} entries, {said['updated']} edited, {len(said['messages'])} messages")
    print(f"  {wall:.1f} s by the clock, {cpu:.1f} s of CPU: {1000 * cpu / made:.1f} ms a poll")
    print(
        json.dumps(
            {
                "replay_s": round(wall, 1),
                "cpu_s": round(cpu, 1),
                "polls": said["polls"],
                "peak_mb": round(after.ru_maxrss / 1024),
            }
        )
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
