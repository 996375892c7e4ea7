"""Rarity: how much it says that two entries share a name or a word.

A word that every third entry has says little, one that only these two have says much: the weight is the
negative logarithm of the share of entries that have it, among those of its language. What a desk's
topics are about is in every entry and so weighs nearly nothing, without being told.
"""

from __future__ import annotations

from collections import Counter
from math import log

from monitor.cluster.prints import Print

_LEANING = 8.0
"""Entries of a language for which the share among all languages stands in: with three Bengali entries
nobody knows what is common in Bengali."""
_DOUBT = 0.2
_FEW = 20.0
"""A language's entries are counted as at least so many, so that a new one's words do not all look common."""
_LEAST = 0.02
FULL = 50_000.0
"""Entries after which what is known is halved: news change, and memory is bounded."""


class Rarity:
    """Counts of names and words over the entries seen so far."""

    def __init__(self) -> None:
        self.entries = 0.0
        self._of: Counter[str] = Counter()
        self._names: Counter[int] = Counter()
        self._names_of: dict[str, Counter[int]] = {}
        self._words: dict[int, float] = {}

    def count(self, one: Print, times: int = 1) -> None:
        """Count an entry, or with -1 take it back."""
        language = one.language
        self.entries += times
        self._of[language] += times
        mine = self._names_of.setdefault(language, Counter())
        for name in one.names:
            self._names[name] += times
            mine[name] += times
        words = self._words
        for part in (one.head, one.lead):
            for word in part:
                words[word] = words.get(word, 0) + times

    def forget(self) -> None:
        """Halve what is known once it is much."""
        if self.entries < FULL:
            return
        self.entries /= 2
        for counts in (self._of, self._names, *self._names_of.values()):
            for key in counts:
                counts[key] /= 2  # type: ignore[assignment]
        self._words = {word: n / 2 for word, n in self._words.items() if n > 1}

    def name(self, number: int, language: str) -> float:
        """Return the weight of an entity in a language's entries."""
        everywhere = (self._names[number] + _DOUBT) / (self.entries + 2)
        mine = self._names_of.get(language)
        share = ((mine[number] if mine else 0) + _LEANING * everywhere) / (self._of[language] + _LEANING)
        return max(-log(share), _LEAST)

    def word(self, number: int, language: str) -> float:
        """Return the weight of a word in its language's entries."""
        share = (self._words.get(number, 0) + _DOUBT) / (max(self._of[language], _FEW) + 2)
        return max(-log(min(share, 1.0)), _LEAST)
