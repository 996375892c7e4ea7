"""Index: which entries are worth comparing with a new one, without looking at all."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable

from monitor.cluster.likeness import Sight
from monitor.cluster.prints import Print

_ASKED = 10
"""The rarest names and words of an entry that are looked up."""
_LATEST = 24
"""Of each only the latest entries that have it."""
_PROMISING = 0.2
"""Share of the best one's weight below which a candidate is passed over."""
_BEST = 10
"""Candidates that are compared."""


class Index:
    """Finds entries by their names and the words of their titles. Entries are known by growing numbers."""

    def __init__(self) -> None:
        self._names: defaultdict[int, array[int]] = defaultdict(lambda: array("I"))
        self._words: defaultdict[int, array[int]] = defaultdict(lambda: array("I"))

    def add(self, number: int, one: Print) -> None:
        """Take an entry under a number above all that are here."""
        for name in one.names:
            self._names[name].append(number)
        for word in one.head:
            self._words[word].append(number)

    def take_back(self, one: Print) -> None:
        """Forget the entry that was added last."""
        for name in one.names:
            self._names[name].pop()
        for word in one.head:
            self._words[word].pop()

    def drop(self, gone: Iterable[Print], below: int) -> None:
        """Forget the first entries: those in `gone`, which have the numbers below."""
        prints = list(gone)
        for places, keys in (
            (self._names, {name for one in prints for name in one.names}),
            (self._words, {word for one in prints for word in one.head}),
        ):
            for key in keys:
                numbers = places[key]
                del numbers[: bisect_left(numbers, below)]
                if not numbers:
                    del places[key]

    def candidates(self, sight: Sight) -> list[int]:
        """Return the numbers of the entries that share most with one, the most promising first."""
        asked = [(weight * part, self._names.get(name)) for name, (part, weight) in sight.names.items()]
        full = sight.full
        asked += [(full[word], self._words.get(word)) for word in sight.one.head]
        asked.sort(key=lambda pair: -pair[0])
        found: defaultdict[int, float] = defaultdict(float)
        for weight, numbers in asked[:_ASKED]:
            if numbers is not None:
                for number in numbers[-_LATEST:]:
                    found[number] += weight
        least = _PROMISING * max(found.values(), default=0.0)
        best = [(-weight, -number) for number, weight in found.items() if weight >= least]
        best.sort()
        return [-number for _, number in best[:_BEST]]
