"""The kill sweep: SIGKILL at a system call of poll, match, digest and delivery; start again; look.

strace counts each call by name and thread, so a point is (call, n): the first thread that makes its
n-th such call dies with all others. After some points the process dies a second time, at another
call, before it may live to its end.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from threading import local
from typing import Any

from tests.crash.lives import Lives
from tests.crash.town import TIMES, Town, sound, told, town, write_config

_CALL = re.compile(r"^(\d+) +(\w+)\(")
_HARMLESS = frozenset({"exit", "exit_group", "execve"})
"""Calls after which there is nothing left to lose, or that strace cannot kill at."""
AGAIN = 2
"""At every so manieth point the process dies twice."""


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A moment to die at."""

    call: str
    number: int

    def __str__(self) -> str:
        return f"{self.call}:{self.number}"

    @property
    def strace(self) -> list[str]:
        """Return strace's arguments."""
        how = f"inject={self.call}:signal=KILL:when={self.number}"
        return ["-o", "/dev/null", "-e", "signal=none", "-e", f"trace={self.call}", "-e", how]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a point."""

    point: Point
    second: Point | None
    deaths: int
    repeats: int
    """Deliveries that reached a receiver again, under the id they had."""
    wrong: list[str]


class Site:
    """A town, the lives in it and a place for their files."""

    def __init__(self, folder: Path, town: Town, lives: Lives) -> None:
        self.folder, self.town, self.lives = folder, town, lives
        self._stories = 0

    def fresh(self) -> Path:
        """Begin a new story in a folder of its own."""
        self.town.forget()
        shutil.rmtree(self.folder / str(self._stories), ignore_errors=True)
        self._stories += 1
        place = self.folder / str(self._stories)
        place.mkdir()
        return place

    def live(self, place: Path, **life: Any) -> dict[str, Any]:
        """Have a life lived."""
        return self.lives.live(place, **{"times": TIMES, **life})

    def points(self) -> list[Point]:
        """Return every point: what one undisturbed life calls."""
        place = self.fresh()
        ended = self.live(place, strace=["-o", str(self.folder / "calls")])
        wrong = [*sound(place / "monitor.db", self.town), *told(self.town, place)]
        if ended["code"] or wrong:
            raise AssertionError(f"an undisturbed life went wrong: {ended} {wrong}")
        lines = (self.folder / "calls").read_text("utf-8", "replace").splitlines()
        counts = Counter(found.groups() for line in lines if (found := _CALL.match(line)))
        most: dict[str, int] = {}
        for (_, call), count in counts.items():
            most[call] = max(count, most.get(call, 0))
        return sorted(
            Point(c, n + 1) for c, count in most.items() if c not in _HARMLESS for n in range(count)
        )

    def kill(self, point: Point, second: Point | None = None) -> Result:
        """Die at a point, perhaps at another, then live to the end; say what is wrong."""
        place = self.fresh()
        wrong = []
        deaths = 0
        for death in (point, second):
            if death is not None:
                ended = self.live(place, strace=death.strace)
                deaths += ended["code"] == -9
                if ended["code"] not in (0, -9):
                    wrong.append(f"ended with {ended}")
                wrong += sound(copied(place), self.town)
        ended = self.live(place)
        if ended["code"]:
            wrong.append(f"could not start again: {ended}")
        else:
            wrong += [*sound(place / "monitor.db", self.town), *told(self.town, place)]
        repeats = self.town.deliveries - len(self.town.hooks) - len(self.town.mails)
        return Result(point, second, deaths, repeats, wrong)


def copied(place: Path) -> Path:
    """Return a copy of the database as it lies there: to look at it is to recover it."""
    aside = place / "aside"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    for name in ("monitor.db", "monitor.db-wal"):
        if (place / name).exists():
            shutil.copy(place / name, aside / name)
    return aside / "monitor.db"


@contextmanager
def site() -> Iterator[Site]:
    """Keep a site open."""
    with (
        tempfile.TemporaryDirectory(prefix="crash-") as folder,
        town() as around,
        Lives(write_config(Path(folder), around), TIMES) as lives,
    ):
        yield Site(Path(folder), around, lives)


def chosen(points: list[Point], most: int, random: Random) -> list[tuple[Point, Point | None]]:
    """Choose `most` points (0: all), each with a second one now and then."""
    if most and most < len(points):
        points = sorted(random.sample(points, most))
    return [(one, None if n % AGAIN else random.choice(points)) for n, one in enumerate(points)]


def sweep(most: int, seed: int, jobs: int) -> Iterator[Result]:
    """Kill at `most` points (0: at every one) and yield what came of each."""
    with site() as first:
        work = chosen(first.points(), most, Random(seed))
    here = local()
    open_sites: list[Any] = []

    def start() -> None:
        opened = site()
        open_sites.append(opened)
        here.site = opened.__enter__()

    with ThreadPoolExecutor(jobs, initializer=start) as pool:
        try:
            yield from pool.map(lambda pair: here.site.kill(*pair), work)
        finally:
            for opened in open_sites:
                opened.__exit__(None, None, None)
