"""Faults of the machine: a full disk, a disk that cannot be written, too many open files.

Each comes at some call of a life, stays for three such calls, and goes: the daemon must say what was
wrong in words that an operator understands, change nothing wrongly, and catch up with all by itself.
A life that could not even open its database ends with these words and is started again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.crash.kill import Point, Site
from tests.crash.town import sound, told

FAULTS = {
    "pwrite64": ("ENOSPC", "EIO"),
    "pread64": ("EIO",),
    "write": ("ENOSPC", "EIO"),
    "fdatasync": ("EIO", "ENOSPC"),
    "fsync": ("EIO",),
    "ftruncate": ("EIO",),
    "openat": ("EMFILE", "ENFILE", "ENOSPC"),
    "socket": ("EMFILE", "ENOBUFS"),
    "rename": ("ENOSPC", "EIO"),
    "mkdir": ("ENOSPC",),
    "unlink": ("EIO",),
}
LIMITS: tuple[dict[str, int], ...] = (
    {"NOFILE": 0}, {"NOFILE": 1}, {"NOFILE": 3}, {"FSIZE": 1_000}, {"FSIZE": 100_000}, {"FSIZE": 300_000},
)  # fmt: skip
LASTS = 3
WORDS = re.compile(
    r"disk is full|disk could not be read or written|cannot be opened|cannot lock|files cannot be read"
    r"|No space left on device|Input/output error|Too many open files|File too large|No buffer space",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a fault."""

    fault: str
    met: bool
    """Whether the life made the call that was to fail."""
    said: str
    wrong: list[str] = field(default_factory=list)


def chosen(points: list[Point], most: int, random: Random) -> list[tuple[Point, str]]:
    """Choose calls that fail and how: each pair of them at least once, if `most` allows."""
    kinds = [(call, error) for call, errors in FAULTS.items() for error in errors]
    made = []
    for number in range(most):
        call, error = kinds[number % len(kinds)]
        made.append((random.choice([one for one in points if one.call == call]), error))
    return made


def meet(site: Site, point: Point, error: str) -> Outcome:
    """Have a call fail three times."""
    log = site.folder / "faults"
    when = f"{point.number}..{point.number + LASTS - 1}"
    arguments = ["-o", str(log), "-e", "signal=none", "-e", f"trace={point.call}"]
    strace = [*arguments, "-e", f"inject={point.call}:error={error}:when={when}"]
    return _judged(
        site, f"{point} {error}", {"strace": strace}, lambda: "(INJECTED)" in log.read_text("latin-1")
    )


def limit(site: Site, limits: dict[str, int]) -> Outcome:
    """Have a limit of the process in the way of its first ring."""
    return _judged(site, str(limits), {"limits": limits}, lambda: True)


def _judged(site: Site, fault: str, life: dict[str, Any], met: Any) -> Outcome:
    place = site.fresh()
    ended = site.live(place, stubborn=True, **life)
    said, wrong = ended["words"], []
    if ended["code"] == 3:
        again = site.live(place)
        if again["code"]:
            wrong.append(f"could not start again: {again}")
    elif ended["code"]:
        wrong.append(f"ended with {ended['code']}: {said}")
    if said and not WORDS.search(said):
        wrong.append(f"said only {said!r}")
    if not wrong:
        wrong = [*sound(place / "monitor.db", site.town), *told(site.town, place)]
    return Outcome(fault, met(), said, wrong)


def sweep(site: Site, most: int, seed: int) -> Iterator[Outcome]:
    """Meet the limits and `most` faults; yield what came of each."""
    for one in LIMITS:
        yield limit(site, one)
    for point, error in chosen(site.points(), most, Random(seed)):
        yield meet(site, point, error)
