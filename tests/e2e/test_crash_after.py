"""Kill -9 after every commit; in a file of its own, so that both halves run side by side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.e2e.test_crash import fresh_url, killed

__all__ = ["fresh_url"]


def test_killed_after_every_commit_nothing_is_lost_and_nothing_sent_twice(
    tmp_path: Path,
    fresh_url: Callable[[int], str],
) -> None:
    killed(tmp_path, fresh_url, "after")
