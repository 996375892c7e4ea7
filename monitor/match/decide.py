"""A query made ready: does it hold in a document, and where."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import ClassVar

from monitor.match.document import Document, Mark
from monitor.model import Clause

Place = tuple[int, int, tuple[Mark, ...]]
"""Where a part holds: start, end, and the marks that show it."""

MOST_PLACES = 2_000
"""Places of one part that are followed up."""
MOST_SENTENCES = 100
"""Sentences that are shown as evidence."""


class Node(ABC):
    """A part of a query, ready to run. `low` and `high` are the window of the document it is asked in.

    Equal parts of all topics are one node, and a document remembers where each was found.
    """

    __slots__ = ("children", "text")
    steps: ClassVar[int] = 4
    """About how much work asking it is, in dictionary look-ups."""

    def __init__(self, text: str, children: Sequence[Node] = ()) -> None:
        self.text = text
        self.children = tuple(children)

    def holds(self, document: Document, low: int, high: int) -> bool:
        """Tell whether the part holds."""
        memo = document.held
        held = memo.get((self, low, high))
        if held is None:
            held = memo[self, low, high] = self._holds(document, low, high)
        return held

    @abstractmethod
    def _holds(self, document: Document, low: int, high: int) -> bool:
        """Tell whether the part holds."""

    def possible(self, document: Document) -> bool:
        """Tell from the terms that were found at all whether it is worth asking."""
        memo = document.able
        able = memo.get(self)
        if able is None:
            able = memo[self] = self._possible(document)
        return able

    def _possible(self, document: Document) -> bool:
        return True

    def places(self, document: Document, low: int, high: int) -> list[Place]:
        """Return where it holds, in order; empty for what has no place in the text."""
        memo = document.memo
        found = memo.get((self, low, high))
        if found is None:
            found = memo[self, low, high] = self._places(document, low, high)
        return found

    def _places(self, document: Document, low: int, high: int) -> list[Place]:
        return []

    def necessary(self, usage: Callable[[int], int]) -> frozenset[int] | None:
        """Return terms of which one must have been found, None if it may hold without any.

        `usage` says in how many topics a term stands: of two choices the rarer is better.
        """
        return None

    def marks(self, document: Document, low: int, high: int) -> tuple[Mark, ...]:
        """Return the evidence."""
        return tuple(mark for place in self.places(document, low, high) for mark in place[2])

    def note(self, document: Document, low: int, high: int) -> str:
        """Say what was nearest where the part does not hold."""
        return ""

    def clause(self, document: Document, low: int, high: int) -> Clause:
        """Return whether the part holds, why, and the same of its parts."""
        matched = self.holds(document, low, high)
        marks = dict.fromkeys(self.marks(document, low, high)) if matched else ()
        return Clause(
            text=self.text,
            matched=matched,
            spans=tuple(document.span(m) for m in marks),
            note="" if matched else self.note(document, low, high),
            clauses=self.inner(document, low, high),
        )

    def inner(self, document: Document, low: int, high: int) -> tuple[Clause, ...]:
        """Return the clauses of the parts."""
        return tuple(c.clause(document, low, high) for c in self.children)

    def score(self, document: Document, low: int, high: int) -> float:
        """Return how much speaks for it: a point for each term found, two for one in the title."""
        marks = self.marks(document, low, high)
        in_title = document.starts[1] - 1
        return float(len({m[2] for m in marks}) + len({m[2] for m in marks if m[1] <= in_title}))


class Term(Node):
    """A word, phrase or entity; several for a group."""

    __slots__ = ("_nearest", "_numbers", "terms")
    steps = 1

    def __init__(
        self, text: str, terms: Sequence[tuple[int, str]], nearest: Callable[[Document, Term], str]
    ) -> None:
        super().__init__(text)
        self.terms = tuple(terms)
        self._numbers = frozenset(number for number, _ in terms)
        self._nearest = nearest

    def holds(self, document: Document, low: int, high: int) -> bool:
        """Tell whether the term was found: too little work to remember."""
        return self._holds(document, low, high)

    def _holds(self, document: Document, low: int, high: int) -> bool:
        if not self.possible(document):
            return False
        return (low <= 1 and high >= document.end - 1) or bool(self.places(document, low, high))

    def possible(self, document: Document) -> bool:
        """Tell whether the term was found: too little work to remember."""
        return not document.hits.keys().isdisjoint(self._numbers)

    def _places(self, document: Document, low: int, high: int) -> list[Place]:
        if low > 0 or high < document.end:
            every = self.places(document, 0, document.end)
            first, last = bisect_left(every, (low,)), bisect_left(every, (high,))
            return [p for p in every[first:last] if p[1] <= high]
        hits = document.hits
        found: list[Place] = [
            (start, end, ((start, end, self.text, entity),))
            for number, entity in self.terms
            if number in hits
            for start, end in hits[number]
        ]
        return sorted(found) if len(self.terms) > 1 else found

    def necessary(self, usage: Callable[[int], int]) -> frozenset[int] | None:
        return self._numbers

    def note(self, document: Document, low: int, high: int) -> str:
        elsewhere = self.places(document, 0, document.end)
        if elsewhere:
            return f"{surface(document, elsewhere[0])} found, but not here"
        return self._nearest(document, self)


class Every(Node):
    """All parts hold."""

    __slots__ = ("_cheapest_first",)

    def _possible(self, document: Document) -> bool:
        return all(c.possible(document) for c in self.children)

    def __init__(self, text: str, children: Sequence[Node] = ()) -> None:
        super().__init__(text, children)
        self._cheapest_first = sorted(self.children, key=_cost)

    def _holds(self, document: Document, low: int, high: int) -> bool:
        return all(c.holds(document, low, high) for c in self._cheapest_first)

    def _places(self, document: Document, low: int, high: int) -> list[Place]:
        if not self.holds(document, low, high):
            return []
        return sorted(p for c in self.children for p in c.places(document, low, high))

    def necessary(self, usage: Callable[[int], int]) -> frozenset[int] | None:
        return _rarest((c.necessary(usage) for c in self.children), usage)

    def note(self, document: Document, low: int, high: int) -> str:
        missing = [c.text for c in self.children if not c.holds(document, low, high)]
        return f"no {', no '.join(missing)}"


class AnyOf(Node):
    """One part holds."""

    __slots__ = ()

    def _possible(self, document: Document) -> bool:
        return any(c.possible(document) for c in self.children)

    def _holds(self, document: Document, low: int, high: int) -> bool:
        return any(c.holds(document, low, high) for c in self.children if c.possible(document))

    def _places(self, document: Document, low: int, high: int) -> list[Place]:
        asked = [c for c in self.children if c.possible(document)]
        return sorted(p for c in asked for p in c.places(document, low, high))

    def necessary(self, usage: Callable[[int], int]) -> frozenset[int] | None:
        return _union(c.necessary(usage) for c in self.children)

    def note(self, document: Document, low: int, high: int) -> str:
        return "; ".join(dict.fromkeys(n for c in self.children if (n := c.note(document, low, high))))


class Not(Node):
    """The part does not hold."""

    __slots__ = ()

    def _holds(self, document: Document, low: int, high: int) -> bool:
        return not self.children[0].holds(document, low, high)

    def note(self, document: Document, low: int, high: int) -> str:
        found = self.children[0].places(document, low, high)
        return f"{surface(document, found[0])} found" if found else f"{self.children[0].text} holds"


class Near(Node):
    """Two parts with at most so many words strictly between them, in one field.

    What stands between the words of a part that is itself a pair, as c in (a NEAR/6 b) NEAR/2 c, is
    near it.
    """

    __slots__ = ("left", "ordered", "right", "words")

    def __init__(self, text: str, left: Node, right: Node, words: int, ordered: bool) -> None:
        super().__init__(text, (left, right))
        self.left, self.right, self.words, self.ordered = left, right, words, ordered

    def _holds(self, document: Document, low: int, high: int) -> bool:
        return self.possible(document) and bool(self.places(document, low, high))

    def _possible(self, document: Document) -> bool:
        return self.left.possible(document) and self.right.possible(document)

    def _places(self, document: Document, low: int, high: int) -> list[Place]:
        most = MOST_PLACES
        left = self.left.places(document, low, high)
        right = self.right.places(document, low, high) if left else []
        found = self._follow(document, left, right, most)
        if not self.ordered and len(found) < most:
            found = sorted({*found, *self._follow(document, right, left, most - len(found))})
        return found

    def _follow(self, document: Document, first: list[Place], second: list[Place], most: int) -> list[Place]:
        """Return the pairs in which a place of `second` comes after one of `first`, near enough."""
        found: list[Place] = []
        begin = 0
        for a in first:
            limit = document.reach(a[1], self.words)
            field = document.field(a[0])
            while begin < len(second) and second[begin][0] < a[0]:
                begin += 1
            for index in range(begin, len(second)):
                b = second[index]
                if b[0] > limit:
                    break
                if b[0] < a[1]:
                    if not self.ordered and len(a[2]) > 1 and b[1] <= a[1] and not _touches(a, b):
                        found.append((a[0], a[1], a[2] + b[2]))
                        break
                elif document.field(b[0]) == field:
                    if document.words_between(a[1], b[0]) <= self.words:
                        found.append((a[0], b[1], a[2] + b[2]))
                        if len(found) >= most:
                            return found
                    break
        return found

    def necessary(self, usage: Callable[[int], int]) -> frozenset[int] | None:
        return _rarest((c.necessary(usage) for c in self.children), usage)

    def note(self, document: Document, low: int, high: int) -> str:
        left, right = (c.places(document, low, high) for c in self.children)
        if not left and not right:
            return f"no {self.left.text} and no {self.right.text}"
        if not left or not right:
            found, missing = (left, self.right) if left else (right, self.left)
            nearest = missing.note(document, low, high)
            note = f"{surface(document, found[0])} found, no {missing.text} within {self.words} words"
            return f"{note} ({nearest})" if nearest else note
        return self._distance(document, left, right)

    def _distance(self, document: Document, left: list[Place], right: list[Place]) -> str:
        best: tuple[int, Place, Place] | None = None
        for a in left[:50]:
            for b in right[:50]:
                if document.field(a[0]) != document.field(b[0]):
                    continue
                first, second = (a, b) if a[0] <= b[0] else (b, a)
                if second[0] < first[1] or (self.ordered and first is b):
                    continue
                words = document.words_between(first[1], second[0])
                if best is None or words < best[0]:
                    best = (words, first, second)
        if best is None:
            order = "in this order " if self.ordered else ""
            return f"{self.left.text} and {self.right.text} are not {order}in one field"
        before, after = surface(document, best[1]), surface(document, best[2])
        return f"{before} and {after} are {best[0]} words apart, not within {self.words}"


class Sentence(Node):
    """The part holds within one sentence."""

    __slots__ = ()

    def _possible(self, document: Document) -> bool:
        return self.children[0].possible(document)

    def _holds(self, document: Document, low: int, high: int) -> bool:
        return self._first(document, low, high) is not None

    def _first(self, document: Document, low: int, high: int) -> tuple[int, int] | None:
        inner = self.children[0]
        if not inner.possible(document):
            return None
        return next((w for w in document.sentences(low, high) if inner.holds(document, *w)), None)

    def _places(self, document: Document, low: int, high: int) -> list[Place]:
        inner = self.children[0]
        if not inner.possible(document):
            return []
        holding = (w for w in document.sentences(low, high) if inner.holds(document, *w))
        return [p for w in islice(holding, MOST_SENTENCES) for p in inner.places(document, *w)]

    def inner(self, document: Document, low: int, high: int) -> tuple[Clause, ...]:
        """Return the clauses as they stand in the first sentence that fits, else in the nearest one."""
        window = self._first(document, low, high) or self._nearest(document, low, high)
        return (self.children[0].clause(document, *window),)

    def _nearest(self, document: Document, low: int, high: int) -> tuple[int, int]:
        """Return the sentence in which most of the parts hold."""
        inner = self.children[0]
        parts = inner.children or (inner,)
        windows = document.sentences(low, high)[:200] or [(low, high)]
        return max(windows, key=lambda w: sum(p.holds(document, *w) for p in parts))

    def necessary(self, usage: Callable[[int], int]) -> frozenset[int] | None:
        return self.children[0].necessary(usage)

    def note(self, document: Document, low: int, high: int) -> str:
        inner = self.children[0]
        if inner.holds(document, low, high):
            return "all found, but not in one sentence"
        return inner.note(document, *self._nearest(document, low, high))


class AtLeast(Node):
    """So many of the parts hold."""

    __slots__ = ("count",)

    def _possible(self, document: Document) -> bool:
        return any(c.possible(document) for c in self.children)

    def __init__(self, text: str, count: int, children: Sequence[Node]) -> None:
        super().__init__(text, children)
        self.count = count

    def _holds(self, document: Document, low: int, high: int) -> bool:
        found = 0
        for child in self.children:
            found += child.holds(document, low, high)
            if found >= self.count:
                return True
        return False

    def _places(self, document: Document, low: int, high: int) -> list[Place]:
        return sorted(
            p for c in self.children if c.holds(document, low, high) for p in c.places(document, low, high)
        )

    def necessary(self, usage: Callable[[int], int]) -> frozenset[int] | None:
        return _union(c.necessary(usage) for c in self.children)

    def note(self, document: Document, low: int, high: int) -> str:
        found = [c.text for c in self.children if c.holds(document, low, high)]
        return f"{len(found)} of {self.count} found" + (f": {', '.join(found)}" if found else "")


class Score(Node):
    """The weights of the parts that hold reach a sum."""

    __slots__ = ("least", "weights")

    def _possible(self, document: Document) -> bool:
        return any(c.possible(document) for c in self.children)

    def __init__(self, text: str, children: Sequence[Node], weights: Sequence[float], least: float) -> None:
        super().__init__(text, children)
        self.weights, self.least = tuple(weights), least

    def _holds(self, document: Document, low: int, high: int) -> bool:
        return self.score(document, low, high) >= self.least

    def score(self, document: Document, low: int, high: int) -> float:
        pairs = zip(self.children, self.weights, strict=True)
        return sum(w for c, w in pairs if c.holds(document, low, high))

    def _places(self, document: Document, low: int, high: int) -> list[Place]:
        return sorted(
            p for c in self.children if c.holds(document, low, high) for p in c.places(document, low, high)
        )

    def necessary(self, usage: Callable[[int], int]) -> frozenset[int] | None:
        return _union(c.necessary(usage) for c in self.children) if self.least > 0 else None

    def note(self, document: Document, low: int, high: int) -> str:
        return f"the score is {self.score(document, low, high):g}, less than {self.least:g}"


def _cost(node: Node) -> int:
    """Return about how many steps it takes to ask a node."""
    return node.steps + sum(map(_cost, node.children))


def _rarest(options: Iterable[frozenset[int] | None], usage: Callable[[int], int]) -> frozenset[int] | None:
    sets = [o for o in options if o is not None]
    return min(sets, key=lambda s: sum(map(usage, s)), default=None)


def _union(options: Iterable[frozenset[int] | None]) -> frozenset[int] | None:
    union: set[int] = set()
    for option in options:
        if option is None:
            return None
        union |= option
    return frozenset(union)


def _touches(a: Place, b: Place) -> bool:
    """Tell whether two places share a mark's text."""
    return any(m[0] < n[1] and n[0] < m[1] for m in a[2] for n in b[2])


def surface(document: Document, place: Place) -> str:
    """Return the text at a place."""
    return document.surface(place[0], place[1])
