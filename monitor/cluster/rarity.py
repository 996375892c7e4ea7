"""Rarity: how much it says that two entries share a name or a word.

A word that every third entry has says little, one that only these two have says much: the weight is the
negative logarithm of the share of entries that have it, among those of the same topic and language. What
a topic is about is in every one of its entries and so weighs nearly nothing; on a desk's first day, when
nothing was counted yet, because the topic asks for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import log
from typing import TypeVar

from monitor.cluster.prints import Print

K = TypeVar("K")

_LEANING = 8.0
"""Entries of a group for which the share in the wider group stands in: with three Bengali entries
nobody knows what is common in Bengali."""
_DOUBT = 0.2
_FEW = 20.0
"""A language's entries are counted as at least so many, so that a new one's words do not all look common."""
_LEAST = 0.02
FULL = 50_000
"""Entries after which what is known is halved: news change, and memory is bounded."""


@dataclass(slots=True)
class _Counts:
    """What was counted in the entries of a topic, or in all."""

    entries: int = 0
    of: Counter[str] = field(default_factory=Counter)
    names: Counter[int] = field(default_factory=Counter)
    names_of: dict[str, Counter[int]] = field(default_factory=dict)
    words: Counter[int] = field(default_factory=Counter)
    asked: Mapping[int, float] = field(default_factory=dict)
    """Name or word → the share of the topic's entries that have it, as far as the topic itself says."""

    def count(self, one: Print, times: int, *, lead: bool) -> None:
        """Count an entry `times` times, the words of its lead only where they are asked for."""
        language = one.language
        self.entries += times
        self.of[language] += times
        mine = self.names_of.setdefault(language, Counter())
        for name in one.names[: one.named]:
            self.names[name] += times
            mine[name] += times
        words = self.words
        for word in one.head:
            words[word] += times
        for word in one.lead if lead else ():
            words[word] += times

    def halve(self) -> None:
        """Forget half of everything, and whatever was seen once."""
        self.entries //= 2
        self.of, self.names, self.words = _half(self.of), _half(self.names), _half(self.words)
        self.names_of = {language: _half(counts) for language, counts in self.names_of.items()}


def _half(counts: Counter[K]) -> Counter[K]:
    return Counter({key: number // 2 for key, number in counts.items() if number > 1})


class Rarity:
    """Counts of names and words over the entries seen so far."""

    def __init__(self, asked: Callable[[str], Mapping[int, float]] = lambda _: {}) -> None:
        """`asked` says of a topic what its entries have because it asks for it."""
        self._asked = asked
        self._all = _Counts()
        self._topics: dict[str, _Counts] = {}

    @property
    def entries(self) -> int:
        """How many entries it knows."""
        return self._all.entries

    def count(self, one: Print, times: int = 1) -> None:
        """Count an entry, or with -1 take it back. Within a topic only titles' words are counted."""
        self._all.count(one, times, lead=True)
        for topic in one.topics:
            counts = self._topics.get(topic)
            if counts is None:
                counts = self._topics[topic] = _Counts(asked=self._asked(topic))
            counts.count(one, times, lead=False)

    def forget(self) -> None:
        """Halve what is known once it is much."""
        if self._all.entries >= FULL:
            for counts in (self._all, *self._topics.values()):
                counts.halve()

    def widest(self, topics: Iterable[str]) -> str:
        """Return the topic with the most entries, "" if there is none: what is rare in it is rare."""
        known = self._topics
        return max(topics, key=lambda t: (known[t].entries if t in known else 0, t), default="")

    def name(self, number: int, language: str, topic: str) -> float:
        """Return the weight of an entity in a language's entries of a topic."""
        wide = self._all
        counts = self._topics.get(topic, wide)
        share = (wide.names[number] + _DOUBT) / (wide.entries + 2)
        if counts is not wide:
            if counts.asked:
                share = max(share, counts.asked.get(number, 0.0))
            share = (counts.names[number] + _LEANING * share) / (counts.entries + _LEANING)
        mine = counts.names_of.get(language)
        here = mine[number] if mine else 0
        share = (here + _LEANING * share) / (counts.of[language] + _LEANING)
        return max(-log(share), _LEAST)

    def words(self, numbers: Iterable[int], language: str, topic: str) -> list[float]:
        """Return the weights of words in their language's entries of a topic, in their order."""
        wide = self._all
        counts = self._topics.get(topic, wide)
        everywhere, all_words = wide.words, max(wide.of[language], _FEW) + 2
        if counts is wide:
            return [max(-log(min((everywhere[n] + _DOUBT) / all_words, 1.0)), _LEAST) for n in numbers]
        here, asked = counts.words, counts.asked
        mine = counts.of[language] + _LEANING
        many = max(counts.of[language], _FEW) + _LEANING
        weights = []
        for number in numbers:
            had = here[number]
            share = (had + _LEANING * (everywhere[number] + _DOUBT) / all_words) / many
            if asked and number in asked:
                share = max(share, (had + _LEANING * asked[number]) / mine)
            weights.append(max(-log(share), _LEAST) if share < 1.0 else _LEAST)
        return weights
