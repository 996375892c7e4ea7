"""Turns and signals, in words for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


def lines_in_words(facts: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield turns and signals for people, with what became of each."""
    for one in facts:
        about = one.get("topic") or one.get("route", "")
        what = one.get("state") or one.get("entity") or ""
        over = " over" if one.get("over") else ""
        numbers = ", ".join(f"{name} {value:g}" for name, value in one.get("numbers", {}).items())
        parts = (f"{one['kind']}{over} {about}", what, one["at"], numbers, one.get("held", ""))
        yield "  ".join(part for part in parts if part)
        for row in one["readers"]:
            place = f"{row['route']} → {row['channel']} ({row['recipient']})"
            yield f"  {place}: {row['outcome']}" + (f", {row['reason']}" if row["reason"] else "")
