"""How good are the topics: labelled cases against what the matcher says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import sqrt
from typing import Any

from monitor.errors import ConfigError, Mistake
from monitor.match.matcher import Matcher, Query
from monitor.model import Entry
from monitor.text import plain

_LABELS = {"relevant": True, "not": False, "borderline": None}
_Z = 1.959964
"""Standard normal quantile of a 95 % interval."""


@dataclass(slots=True)
class _Tally:
    """Counts of right and wrong answers."""

    true_positive: int = 0
    false_positive: int = 0
    true_negative: int = 0
    false_negative: int = 0

    def add(self, expect: bool, got: bool) -> None:
        if expect:
            self.true_positive += got
            self.false_negative += not got
        else:
            self.false_positive += got
            self.true_negative += not got

    def figures(self) -> dict[str, Any]:
        """Return the figures; precision and recall are 1 where nothing could be wrong."""
        found = self.true_positive + self.false_positive
        wanted = self.true_positive + self.false_negative
        cases = found + self.true_negative + self.false_negative
        precision = self.true_positive / found if found else 1.0
        recall = self.true_positive / wanted if wanted else 1.0
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        return {
            "cases": cases,
            "precision": precision,
            "recall": recall,
            "f1": f1,
            "accuracy": (self.true_positive + self.true_negative) / cases if cases else 1.0,
            "ci": {
                "precision": wilson(self.true_positive, found),
                "recall": wilson(self.true_positive, wanted),
            },
        }


@dataclass(slots=True)
class _Book:
    """All tallies of one evaluation."""

    total: _Tally = field(default_factory=_Tally)
    by: dict[str, dict[str, _Tally]] = field(
        default_factory=lambda: {"lang": {}, "source": {}, "tag": {}, "topic": {}}
    )
    wrong: list[dict[str, Any]] = field(default_factory=list)
    borderline: int = 0

    def add(self, case: Mapping[str, Any], topic: str, expect: bool, got: bool) -> None:
        self.total.add(expect, got)
        keys = {
            "lang": [str(case.get("lang") or "und")],
            "source": [str(case["source"])] if case.get("source") else [],
            "tag": [str(t) for t in case.get("tags") or ()],
            "topic": [topic] if topic else [],
        }
        for kind, names in keys.items():
            for name in names:
                self.by[kind].setdefault(name, _Tally()).add(expect, got)
        if expect != got:
            self.wrong.append({"id": case.get("id", ""), "expect": expect, "got": got})


def wilson(successes: int, trials: int) -> list[float]:
    """Return Wilson's 95 % interval of a proportion (Wilson 1927); [0, 1] without trials."""
    if not trials:
        return [0.0, 1.0]
    share = successes / trials
    scale = 1 + _Z * _Z / trials
    centre = (share + _Z * _Z / (2 * trials)) / scale
    half = _Z * sqrt(share * (1 - share) / trials + _Z * _Z / (4 * trials * trials)) / scale
    return [max(0.0, centre - half), min(1.0, centre + half)]


def case_entry(case: Mapping[str, Any]) -> Entry:
    """Return the entry of a case: `title` and `summary`, or `text`; `format: html` is made plain."""
    made = plain if case.get("format") == "html" else str
    date = _date(str(case.get("date") or ""))
    return Entry(
        id=str(case.get("id", "")),
        url="",
        title=made(str(case.get("title") or "")),
        summary=made(str(case.get("summary") or case.get("text") or "")),
        content=made(str(case.get("content") or "")),
        published=date,
        first_seen=date or datetime(1970, 1, 1, tzinfo=UTC),
        source=str(case.get("source") or ""),
        feed_url="",
        language=str(case.get("lang") or "und"),
    )


def _date(text: str) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _expected(case: Mapping[str, Any], number: int) -> bool | None:
    """Return what a case expects, None for borderline. Raises ConfigError."""
    if "expect" in case and isinstance(case["expect"], bool):
        return case["expect"]
    if case.get("label") in _LABELS:
        return _LABELS[case["label"]]
    raise ConfigError(
        Mistake(
            file="cases",
            line=number,
            problem="the case says neither expect nor label",
            hint='add "expect": true or false, or "label": "relevant", "not" or "borderline"',
        )
    )


def evaluate(
    cases: Iterable[Mapping[str, Any]], matcher: Matcher, *, topic: str | None = None
) -> dict[str, Any]:
    """Return how the matcher does on labelled cases (the JSON of `monitor evaluate`).

    A case has a `query`, or a `topic`, or none with `topic` given for all. Borderline cases are
    counted and left out. Raises ConfigError for a case that cannot be judged, QueryError for a query.
    """
    book = _Book()
    queries: dict[str, Query] = {}
    for number, case in enumerate(cases, 1):
        expect = _expected(case, number)
        if expect is None:
            book.borderline += 1
            continue
        entry = case_entry(case)
        name = topic or str(case.get("topic") or "")
        query = str(case.get("query") or "")
        if query and not topic:
            if query not in queries:
                queries[query] = matcher.find(query)
            got = queries[query].evidence(entry).matched
        elif name:
            if name not in matcher.topics:
                matcher.explain(entry, topic=name)  # raises with a hint
            got = any(m.topic == name for m in matcher.read(entry).matches)
        else:
            raise ConfigError(
                Mistake(file="cases", line=number, problem="the case has no query and no topic")
            )
        book.add(case, name, expect, got)
    figures = book.total.figures()
    return {
        **figures,
        "borderline": book.borderline,
        "by": {kind: {n: t.figures() for n, t in sorted(names.items())} for kind, names in book.by.items()},
        "wrong": book.wrong,
    }
