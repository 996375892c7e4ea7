"""The short form of `make crash`: kill -9 at system calls chosen by a seed that a failure names."""

from __future__ import annotations

import os
import shutil
from random import SystemRandom

import pytest

from tests.crash import kill

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs Debian's package strace")


def test_killed_at_a_system_call_nothing_is_lost_or_told_twice() -> None:
    seed = int(os.environ.get("SEED") or SystemRandom().randrange(10**6))
    points = int(os.environ.get("POINTS") or 60)
    results = list(kill.sweep(points, seed, jobs=1))

    wrong = {f"{one.point} {one.second or ''}": one.wrong for one in results if one.wrong}
    assert not wrong, f"make crash POINTS={points} SEED={seed}"
    assert sum(one.deaths for one in results) >= points * 0.9, (
        "hardly anybody died: calls were not counted right"
    )
