"""The clauses that ask about a field: within one, about its value, a day, a pattern."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date
from typing import Any

from monitor.match.decide import Node, Place, surface
from monitor.match.document import Document
from monitor.model import Clause, Entry
from monitor.text import key

_MOST_FOUND = 100
"""Places in one field that a pattern is followed up at."""


class Within(Node):
    """The part holds within a field; `entry:` is asked of all of them, whatever sentence is looked at."""

    __slots__ = ("field",)

    def _possible(self, document: Document) -> bool:
        return self.children[0].possible(document)

    def __init__(self, text: str, field: str, child: Node) -> None:
        super().__init__(text, (child,))
        self.field = field

    def _window(self, document: Document, low: int, high: int) -> tuple[int, int]:
        first, last = document.window(self.field)
        if self.field == "entry":
            return first, last
        return max(first, low), min(last, high)

    def _holds(self, document: Document, low: int, high: int) -> bool:
        low, high = self._window(document, low, high)
        return low <= high and self.children[0].holds(document, low, high)

    def _places(self, document: Document, low: int, high: int) -> list[Place]:
        low, high = self._window(document, low, high)
        return self.children[0].places(document, low, high) if low <= high else []

    def necessary(self, usage: Callable[[int], int]) -> frozenset[int] | None:
        return self.children[0].necessary(usage)

    def inner(self, document: Document, low: int, high: int) -> tuple[Clause, ...]:
        return (self.children[0].clause(document, *self._window(document, low, high)),)

    def note(self, document: Document, low: int, high: int) -> str:
        found = self.children[0].places(document, 0, document.end)
        if found:
            return f"{surface(document, found[0])} found, but not in the {self.field}"
        return self.children[0].note(document, *self._window(document, low, high))


class About(Node):
    """What is known about the entry beside its text."""

    __slots__ = ("field", "value")

    def __init__(self, text: str, field: str, value: str) -> None:
        super().__init__(text)
        self.field = field
        self.value = f" {key(value)} " if field in ("author", "source", "tag") else value.lower()

    def _holds(self, document: Document, low: int, high: int) -> bool:
        return any(self._fits(v, document) for v in self._values(document.entry))

    def _values(self, entry: Entry) -> tuple[str, ...]:
        match self.field:
            case "author":
                return (entry.author,)
            case "source":
                return (entry.source,)
            case "feed":
                return (entry.feed_url,)
            case "country":
                return (entry.country,)
            case "tag":
                return entry.tags
            case "url":
                return (entry.url,)
        return (entry.language,)

    def _fits(self, value: str, document: Document) -> bool:
        match self.field:
            case "author" | "source" | "tag":
                return self.value in f" {key(value)} "
            case "feed" | "url":
                return self.value in value.lower()
            case "country":
                return self.value == value.lower()
        return self.value in (value.lower(), value.partition("-")[0].lower(), document.language)

    def note(self, document: Document, low: int, high: int) -> str:
        values = ", ".join(v for v in self._values(document.entry) if v)
        return f"the {self.field} is {values}" if values else f"no {self.field} is given"


class Dated(Node):
    """Published (else first seen) on one of these days in UTC."""

    __slots__ = ("first", "last")

    def __init__(self, text: str, first: date | None, last: date | None) -> None:
        super().__init__(text)
        self.first, self.last = first, last

    def _holds(self, document: Document, low: int, high: int) -> bool:
        day = self._day(document)
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def _day(self, document: Document) -> date:
        entry = document.entry
        return (entry.published or entry.first_seen).astimezone(UTC).date()

    def note(self, document: Document, low: int, high: int) -> str:
        return f"the day is {self._day(document)}"


class Pattern(Node):
    """A regular expression (RE2: linear time) finds something in the fields' own text, in NFC."""

    __slots__ = ("_expression",)
    steps = 30

    def __init__(self, text: str, expression: Any) -> None:
        super().__init__(text)
        self._expression = expression

    def _holds(self, document: Document, low: int, high: int) -> bool:
        return bool(self.places(document, low, high))

    def _places(self, document: Document, low: int, high: int) -> list[Place]:
        """Return what it finds: the texts are gone through once, however many windows are asked about."""
        if low > 0 or high < document.end:
            every = self.places(document, 0, document.end)
            return [p for p in every if low <= p[0] and p[1] <= max(high, p[0])]
        return [
            (start, end, ((start, end, self.text, ""),) if end > start else ())
            for start, end in document.search(self._expression.finditer, _MOST_FOUND)
        ]

    def note(self, document: Document, low: int, high: int) -> str:
        return "nothing fits it"
