"""`python -m tests.politeness [--days N]`: the share of criteria passed, and the faults of N feed-days.

The criteria are numbered as in the research notes' scoring server (A conditional requests 1–17,
B timing 18–32, C statuses 33–48, D requests 49–59, E WebSub 60–61, in tests/test_websub*.py). Counted
out by name: 57's HTTP/2, which the transport does not speak, and 62 (RFC 5005), which is another part's.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
from pathlib import Path

import pytest

from tests.politeness import days

CRITERIA = range(1, 62)


class Score:
    """A pytest plugin that notes which criteria passed: a test names them by number."""

    def __init__(self) -> None:
        self.passed: set[int] = set()
        self.failed: dict[int, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take one test's outcome."""
        name = report.nodeid.rpartition("::")[2]
        named = re.match(r"test_((?:\d\d_)+)", name)
        if named is None or (report.when != "call" and report.passed):
            return
        for number in map(int, named[1].strip("_").split("_")):
            if report.passed:
                self.passed.add(number)
            else:
                self.failed[number] = f"{report.outcome}: {name}"


def main() -> int:
    """Print the score; return 0 if everything passed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=200)
    wanted = parser.parse_args().days
    score = Score()
    here = Path(__file__).parent
    where = [
        f"--ignore={here / 'test_days.py'}",
        str(here),
        *map(str, sorted(here.parent.glob("test_websub*.py"))),
    ]
    pytest.main(["-q", "-n", "0", "-p", "no:randomly", "--no-header", *where], [score])
    passed = score.passed - set(score.failed)
    for number in CRITERIA:
        if number not in passed:
            print(f"  {number:>2}  {score.failed.get(number, 'no test names it')}")
    print(f"{len(passed)} of {len(CRITERIA)} criteria passed ({len(passed) / len(CRITERIA):.0%})")
    print("counted out: HTTP/2 of 57, 62 (RFC 5005)")
    with tempfile.TemporaryDirectory() as folder:
        polls, faults = asyncio.run(days.simulate(Path(folder), wanted))
    print(
        f"{wanted} feed-days, {polls} polls: " + ", ".join(f"{faults[name]} {name}" for name in days.FAULTS)
    )
    return 0 if len(passed) == len(CRITERIA) and not any(faults.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
