"""Labelled entries for `evaluate --stories`: lines of a file through the real matcher and clusterer."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor import service
from monitor.cluster import Clusterer, Known
from monitor.cluster.evaluate import bcubed
from monitor.cluster.prints import Bounds
from monitor.config import Config
from monitor.errors import ConfigError, Mistake
from monitor.model import Entry, Story

_DAY = timedelta(days=1)


def evaluate_stories(cases: Sequence[Mapping[str, Any]], config: Config, *, file: str) -> dict[str, Any]:
    """Return how well stories are found, over all and across languages, beside what does nothing.

    A case is {"id", "lang", "source", "date", "title", "summary", "story"}; `date` is a time, a day, a
    month or null. Raises ConfigError naming each case that is none.
    """
    gold = _labels(cases, file)
    kind = {str(case["id"]): str(case.get("lang") or "und") for case in cases}
    found = _stories(cases, config)
    return {
        "cases": len(gold),
        "stories": {"labelled": len(set(gold.values())), "found": len(set(found.values()))},
        "bcubed": bcubed(gold, found),
        "across_languages": bcubed(gold, found, kind=kind),
        "singletons": bcubed(gold, {one: one for one in gold}),
    }


def _labels(cases: Sequence[Mapping[str, Any]], file: str) -> dict[str, str]:
    mistakes = [
        Mistake(
            file=file,
            line=number,
            column=1,
            problem=f"no {missing[0]!r}: a labelled entry needs id and story",
        )
        for number, case in enumerate(cases, 1)
        if (missing := [name for name in ("id", "story") if not case.get(name)])
    ]
    if mistakes:
        raise ConfigError(*mistakes)
    return {str(case["id"]): str(case["story"]) for case in cases}


def _stories(cases: Sequence[Mapping[str, Any]], config: Config) -> dict[str, str]:
    """Return entry id → story id, as the daemon would group them."""
    matcher, clusterer = service.matcher(config), Clusterer(config.entities)
    entries: list[Entry] = []
    known: dict[str, Known] = {}
    for entry, bounds in dated(cases):
        reading = matcher.read(entry)
        named = replace(entry, entities=tuple(dict.fromkeys(span.entity for span in reading.entities)))
        entries.append(named)
        known[entry.id] = Known(
            topics=tuple(match.topic for match in reading.matches),
            facts=matcher.said(named).facts,
            bounds=bounds,
        )
    found: dict[str, str] = {}
    for story in clusterer.add(entries, known):
        found.update(_places(story))
    return found


def _places(story: Story) -> dict[str, str]:
    return dict.fromkeys(story.entry_ids, story.id)


def dated(cases: Iterable[Mapping[str, Any]]) -> list[tuple[Entry, Bounds | None]]:
    """Return cases as entries, and between which moments each was published where that is vague.

    A day or month was published at some time in it; without a date, at some time of all the others.
    """
    spans = [(case, _span(str(case.get("date") or ""))) for case in cases]
    moments = [moment for _, span in spans if span for moment in span] or [datetime(1970, 1, 1, tzinfo=UTC)]
    entries = []
    for case, span in spans:
        start, end = span or (min(moments), max(moments))
        exact = start == end
        day = end - start == _DAY
        entry = Entry(
            id=str(case["id"]),
            url="",
            title=str(case.get("title") or ""),
            summary=str(case.get("summary") or ""),
            published=start if exact or day else None,
            first_seen=start if exact or day else end,
            source=str(case.get("source") or ""),
            feed_url="",
            language=str(case.get("lang") or "und"),
        )
        entries.append((entry, None if exact else (start, end)))
    return entries


def _span(date: str) -> Bounds | None:
    """Return the earliest and latest moment of a date as it is written; None: not known."""
    try:
        if len(date) == 7:
            start = datetime.fromisoformat(f"{date}-01").replace(tzinfo=UTC)
            return start, start + timedelta(days=monthrange(start.year, start.month)[1])
        moment = datetime.fromisoformat(date)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    # Midnight to the second is a day whose time nobody wrote down.
    vague = not (moment.hour or moment.minute or moment.second)
    return (moment, moment + _DAY) if vague else (moment, moment)
