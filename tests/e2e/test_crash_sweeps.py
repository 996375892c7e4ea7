"""The short forms of `make crash` and `make power`, at moments chosen by a seed that a failure names."""

from __future__ import annotations

import os
import shutil
from random import Random, SystemRandom

import pytest

from tests.crash import faults, kill, power

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs Debian's package strace")


def a_seed() -> int:
    return int(os.environ.get("SEED") or SystemRandom().randrange(10**6))


def test_killed_at_a_system_call_nothing_is_lost_or_told_twice() -> None:
    seed = a_seed()
    points = int(os.environ.get("POINTS") or 60)
    results = list(kill.sweep(points, seed, jobs=1))

    wrong = {f"{one.point} {one.second or ''}": one.wrong for one in results if one.wrong}
    assert not wrong, f"make crash POINTS={points} SEED={seed}"
    assert sum(one.deaths for one in results) >= points * 0.9, (
        "hardly anybody died: calls were not counted right"
    )


def test_after_a_power_cut_all_that_was_promised_is_there() -> None:
    seed = a_seed()
    with kill.site() as site:
        results = list(power.sweep(site, 300, seed))

    wrong = {moment: problems for moment, problems in results if problems}
    assert not wrong, f"make power N=300 SEED={seed}"


def test_a_fault_of_the_machine_is_told_in_words_and_all_is_made_up_for_when_it_is_gone() -> None:
    seed = a_seed()
    with kill.site() as site:
        results = list(faults.sweep(site, 17, seed))

    wrong = {one.fault: one.wrong for one in results if one.wrong}
    assert not wrong, f"SEED={seed}"
    assert sum(one.met and bool(one.said) for one in results) >= 12, "hardly a fault was met"


def test_writes_that_are_not_synced_may_be_lost_in_part() -> None:
    disk, random = power.Disk(), Random(1)
    for act in (
        power.Act("create", "a"), power.Act("write", "a", b"x" * 1024), power.Act("sync", "a"),
        power.Act("sync-folder", "."), power.Act("write", "a", b"y" * 1024), power.Act("create", "b"),
    ):  # fmt: skip
        disk.apply(act)
    seen = {tuple(sorted(disk.after_power_cut(random).items())) for _ in range(200)}

    contents = {dict(image)["a"] for image in seen}
    assert {b"x" * 1024, b"y" * 1024, b"x" * 512 + b"y" * 512, b"y" * 512 + b"x" * 512} == contents
    assert {"b" in dict(image) for image in seen} == {True, False}
