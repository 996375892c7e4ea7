"""Life: how a story is doing: its first reports, its sources, its growth, its phase, its weight.

All of it follows from the story's entries and a moment; docs/howto/stories.md has the rules and the
formula in words, docs/decisions/0003-stories.md why they are so. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from monitor.model import Coverage, Entry, Life, Phase

GROWTH = timedelta(hours=6)
"""So far back a report counts as growth."""

STALE = timedelta(hours=72)
"""A date that lies further before our first sight of an entry is not when its news was told: no story
can be joined after that time."""

_BREAKING = timedelta(hours=3)
_DAY = timedelta(hours=24)
_QUIET = timedelta(hours=6)

WEIGHTS: Mapping[str, float] = {"sources": 40, "languages": 20, "tier": 15, "growth": 15, "match": 10}
"""The most that each part adds to the importance: 100 together."""

_TIERS = {1: 1.0, 2: 0.5}

Tier = Callable[[Entry], int]
"""Says how good an entry's source is: 1 agencies and papers of record, 2 the press, 3 the rest."""


def life(
    entries: Sequence[Entry],
    groups: Sequence[Sequence[str]],
    *,
    copies: Collection[str],
    tier: Tier,
    score: float,
    at: datetime,
) -> Life:
    """Return how the story of `entries` is doing at a moment; there is at least one entry.

    `groups` are the ids of the entries by independent source (see sources.independent), `copies`
    those of entries that repeat another, `score` is the best score of their matches.
    """
    own = sorted(appeared(entry) for entry in entries if entry.id not in copies)
    own = own or [min(appeared(entry) for entry in entries)]
    growth = sum(at - moment < GROWTH for moment in own)
    coverage = _coverage(entries)
    parts = {
        "sources": _saturated(len(groups)),
        "languages": _spread(len({one.language for one in coverage})),
        "tier": max(_TIERS.get(tier(entry), 0.0) for entry in entries),
        "growth": _saturated(growth),
        "match": max(score, 0.0) / (max(score, 0.0) + 10),
    }
    added = {name: round(WEIGHTS[name] * value, 1) for name, value in parts.items()}
    return Life(
        phase=_phase(own, at),
        importance=round(sum(added.values()), 1),
        parts=added,
        coverage=coverage,
        independent=len(groups),
        sources=len({entry.source for entry in entries}),
        growth=growth,
        first=own[0],
        last=own[-1],
    )


def appeared(entry: Entry) -> datetime:
    """Return when an entry was out: the publisher's time, but never later than we saw it.

    Publishers re-stamp their dates at each poll, always to later ones.
    """
    published = entry.published
    if published is None or not timedelta() <= entry.first_seen - published <= STALE:
        return entry.first_seen
    return published


def lead_rank(entry: Entry, language: str, tier: int) -> tuple[bool, int, bool, datetime, str]:
    """Order entries by who should tell the story: the least leads.

    The reader's language first, then the better source, then one with a text, then the earliest.
    """
    return (
        short(entry.language) != short(language),
        tier,
        not (entry.summary or entry.content),
        appeared(entry),
        entry.id,
    )


def short(language: str) -> str:
    """Return a language without its region or script: bn-IN is Bengali."""
    return language.partition("-")[0].lower()


def _saturated(count: int) -> float:
    """0, ¼, ⅖, ½, 4/7 …: the fourth source says less than the second."""
    return count / (count + 3)


def _spread(languages: int) -> float:
    """0 for one language, ⅓ for two, ½ for three."""
    return (languages - 1) / (languages + 1) if languages else 0.0


def _coverage(entries: Sequence[Entry]) -> tuple[Coverage, ...]:
    first: dict[tuple[str, str], Entry] = {}
    for entry in sorted(entries, key=lambda one: (appeared(one), one.id)):
        first.setdefault((short(entry.language), entry.country), entry)
    return tuple(
        Coverage(language=language, country=country, first=appeared(entry), source=entry.source)
        for (language, country), entry in first.items()
        if language not in ("", "und")
    )


def _phase(own: Sequence[datetime], at: datetime) -> Phase:
    """Return the phase, given when each report of its own came, the first first.

    A story fades when nobody has added to it for half its age, but not before 6 h and after 24 h at
    the latest: what broke in the evening is not stale at breakfast because nobody wrote at night.
    """
    age, quiet = at - own[0], at - own[-1]
    if age <= _BREAKING:
        return Phase.BREAKING
    if quiet > min(max(_QUIET, age / 2), _DAY):
        return Phase.FADING
    return Phase.DEVELOPING if age <= _DAY else Phase.SUSTAINED
