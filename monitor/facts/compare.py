"""Which values of two texts contradict each other."""

from __future__ import annotations

from collections.abc import Iterable

from monitor.model import Fact, FactKind

_SLACK = {FactKind.DURATION: 0.1, FactKind.MONEY: 0.02, FactKind.NUMBER: 0.0, FactKind.SHARE: 0.0}
"""Share of the larger range's low end by which two ranges may miss each other: "an hour" and "55 minutes"
agree, "two hours" and "nearly two and a half hours" (8,100 s at least) do not."""

_ROUNDED = 0.05
"""Most that a round number is taken to be rounded by: 1,000 and 1,040 agree, 10 and 11 do not."""


def conflicts(one: Iterable[Fact], other: Iterable[Fact]) -> list[tuple[Fact, Fact]]:
    """Return the pairs of facts, one of each side, that cannot both be true.

    They are of the same kind and about the same thing, concern the same persons as far as both name
    some, and their ranges do not meet. A side that gives several values contradicts another only with
    those that none of the other's values meets. Each pair of values is returned once; the surfaces of
    the two spans are what a reader is shown.
    """
    mine, theirs = list(one), list(other)
    found: dict[tuple[str, str, str, str], tuple[Fact, Fact]] = {}
    for a in mine:
        rivals = [b for b in theirs if _comparable(a, b)]
        if any(_agree(a, b) for b in rivals):
            continue
        for b in rivals:
            if not any(_comparable(c, b) and _agree(c, b) for c in mine):
                found.setdefault((a.kind.value, a.about, a.value, b.value), (a, b))
    return list(found.values())


def _comparable(a: Fact, b: Fact) -> bool:
    """Tell whether two facts answer the same question."""
    if a.kind is not b.kind or a.about != b.about or not a.about:
        return False
    if a.kind is FactKind.MONEY and ":" not in a.about:
        return False
    few, many = sorted((frozenset(a.who), frozenset(b.who)), key=len)
    if a.kind in (FactKind.DATE, FactKind.PLACE):  # when and where is different for every other pair
        return bool(few) and few == many
    return few <= many


def _agree(a: Fact, b: Fact) -> bool:
    if a.kind is FactKind.PLACE:
        return a.value == b.value or a.value in b.within or b.value in a.within
    gap = max(a.low, b.low) - min(a.high, b.high)
    if gap <= 0:
        return True
    upper = max(a.low, b.low)
    if a.kind is FactKind.DATE:
        return False
    if a.kind is FactKind.SHARE:
        return gap <= 0.5
    if a.kind is FactKind.NUMBER or a.kind is FactKind.MONEY:
        return gap <= max(_rounding(a.high), _rounding(b.high), _SLACK[a.kind] * upper)
    return gap <= _SLACK[a.kind] * upper


def _rounding(value: float) -> float:
    """Return by how much a number may have been rounded: half of its last digit that is not zero."""
    if value < 100 or value != int(value):
        return 0.0
    digits = str(int(value))
    zeros = len(digits) - len(digits.rstrip("0"))
    return min(10**zeros / 2 if zeros else 0.0, value * _ROUNDED)
