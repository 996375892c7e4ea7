"""Vetoes: what two entries say that cannot both be true of one piece of news."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from monitor.facts import conflicts
from monitor.model import Fact, FactKind, Span

_DIVIDING = frozenset({FactKind.DATE, FactKind.PLACE, FactKind.NUMBER})
"""Where, when and how many: of one thing there is one answer. How long a call took, two reports may well
tell differently, and a reader wants to see that side by side."""
_MOST = 8
_NOWHERE = Span(field="", start=0, end=0, surface="")


def dividing(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Return the facts by which entries can be told apart, each value once in memory."""
    found = [fact for fact in facts if fact.kind in _DIVIDING and fact.about][:_MOST]
    return tuple(_bare(f.kind, f.about, f.value, f.low, f.high, f.who, f.within) for f in found)


@lru_cache(maxsize=4096)
def _bare(
    kind: FactKind,
    about: str,
    value: str,
    low: float,
    high: float,
    who: tuple[str, ...],
    within: tuple[str, ...],
) -> Fact:
    """Return a fact without where it was read."""
    return Fact(
        kind=kind, about=about, value=value, low=low, high=high, who=who, within=within, span=_NOWHERE
    )


def veto(one: tuple[Fact, ...], other: tuple[Fact, ...], *, update: bool) -> str:
    """Say which facts contradict each other, "" if none do: `date: 2025-10-17 ≠ 2025-10-20`.

    In an `update`, the same headline again, a number may have grown.
    """
    if not one or not other:
        return ""
    for mine, theirs in conflicts(one, other):
        if update and mine.kind is FactKind.NUMBER:
            continue
        # A city against another country: "US president" near a meeting in Budapest is no place of it.
        if mine.kind is FactKind.PLACE and bool(mine.within) != bool(theirs.within):
            continue
        return f"{mine.kind.value}: {mine.value} ≠ {theirs.value}"
    return ""
