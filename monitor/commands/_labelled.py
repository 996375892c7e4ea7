"""Labelled stories: lines of a file → entries, with what is known of when they were published."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.cluster import Known
from monitor.errors import ConfigError, Mistake
from monitor.facts import read
from monitor.match import Matcher
from monitor.model import Entity, Entry

Bounds = tuple[datetime, datetime]


def labelled(
    cases: Sequence[Mapping[str, Any]], matcher: Matcher, entities: Sequence[Entity], *, file: str
) -> tuple[list[Entry], dict[str, str], dict[str, Known]]:
    """Return the entries of cases, the story of each, and what the matcher found in it.

    A case is {"id", "lang", "source", "date", "title", "summary", "story"}; the date is a time, a day,
    a month, a year or null. Raises ConfigError naming each case that is none.
    """
    mistakes = [mistake for number, case in enumerate(cases, 1) for mistake in _mistakes(file, number, case)]
    if mistakes:
        raise ConfigError(*mistakes)
    bounds = {str(case["id"]): bounds_of(case.get("date")) for case in cases}
    dated = [one for one in bounds.values() if one is not None]
    whole = (min(one[0] for one in dated), max(one[1] for one in dated)) if dated else (_EPOCH, _EPOCH)
    by_id = {entity.id: entity for entity in entities}
    entries: list[Entry] = []
    known: dict[str, Known] = {}
    for case in cases:
        start, end = bounds[str(case["id"])] or whole
        entry = _entry(case, start, end)
        reading = matcher.read(entry)
        entries.append(replace(entry, entities=tuple(dict.fromkeys(s.entity for s in reading.entities))))
        known[entry.id] = Known(
            topics=[match.topic for match in reading.matches],
            facts=read(entry, reading.entities, by_id).facts,
            bounds=(start, end),
        )
    return entries, {str(case["id"]): str(case["story"]) for case in cases}, known


_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


def bounds_of(date: str | None) -> Bounds | None:
    """Return the earliest and the latest that a date may mean; None for none. Raises ValueError.

    Midnight to the second is a day whose time is not known.
    """
    if not date:
        return None
    if len(date) == len("2025"):
        year = datetime.strptime(date, "%Y").replace(tzinfo=UTC)
        return year, year.replace(year=year.year + 1)
    if len(date) == len("2025-10"):
        first = datetime.strptime(date, "%Y-%m").replace(tzinfo=UTC)
        return first, first + _DAY * monthrange(first.year, first.month)[1]
    moment = datetime.fromisoformat(date)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment.hour == moment.minute == moment.second == 0:
        return moment, moment + _DAY
    return moment, moment


def _entry(case: Mapping[str, Any], start: datetime, end: datetime) -> Entry:
    return Entry(
        id=str(case["id"]),
        url="",
        title=case.get("title") or "",
        summary=case.get("summary") or "",
        # In the middle of its day; what is dated to a month or not at all stands behind all else.
        first_seen=end if end - start > _DAY else start + (end - start) / 2,
        source=case.get("source") or "",
        feed_url="",
        language=case.get("lang") or "und",
    )


def _mistakes(file: str, number: int, case: Mapping[str, Any]) -> list[Mistake]:
    missing = [name for name in ("id", "story") if not case.get(name)]
    problems = [f"has no {name}" for name in missing]
    try:
        bounds_of(case.get("date"))
    except (ValueError, TypeError):
        problems.append(f"its date {case.get('date')!r} is no time, day, month or year")
    return [Mistake(file=file, key=f"case {number}", problem=problem) for problem in problems]
