"""Likeness: how sure it is that two entries tell one piece of news, in parts that can be shown.

The score is a sum of parts, each in the same unit (the logarithm of odds); at 0 or more two entries
belong together. docs/decisions/0003-stories.md has the formula, where its numbers come from and what
they were tried on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log, log1p, sqrt

from monitor.cluster.copies import title_likeness
from monitor.cluster.prints import FIRST_NAMES, IMPLIED, Print
from monitor.cluster.rarity import Rarity

REACH = 72.0
"""Hours between two entries after which they are not compared any more."""

_START = -1.1
"""What any two entries begin with: most pairs do not belong together …"""
_CROWD, _FEW = -1.5, 25.0
"""… and the fewer do, the more entries there are to choose from: per factor e above so many."""
_COSINE = 5.0
_LITTLE = 2.0
"""Two entries that share all they have, when that is next to nothing, are not alike for it."""
_NAMES = 0.25
_WORDS = 0.28
_TITLE = 3.5
_TITLE_WORDS = 2
"""Words that entries share before their titles are compared letter by letter."""
_TITLE_FULL = 5.0
"""Weight of the words that titles share from which it counts in full that they are alike: a form with
other words filled in is none."""
_ACTOR = 2.4
_ACTOR_LEAST, _ACTOR_FULL = 1.0, 2.0
"""Weights from which an actor counts, and counts in full: who is in every entry leads none."""
_PER_DAY = -3.0
_AT_ONCE = -0.5
_AT_ONCE_HOURS = 6.0
_VAGUE_HOURS = 4.0
"""Added to the distance where a publisher gives a day and no time."""
_UNKNOWN = -3.7
"""The part of time where it is hardly known: a month, or nothing."""
_COMMENT = -12.0
"""Comment on a story is not part of it, however much of it is told again."""
_PHASE = -1.8
_ACROSS = 0.85
"""In another language no words can be shared: what was not asked speaks against nothing."""
_ACROSS_FULL = 2.5
"""… where the names that both have weigh so much; those of every entry of a topic say nothing in any."""
_SAME_SOURCE = -1.2
"""A publisher seldom tells one piece of news twice."""
_LATER_NAME = 0.5
_LEAD_WORD = 0.5


@dataclass(slots=True)
class Sight:
    """An entry as it looks at others: what its names and words weigh now."""

    one: Print
    topic: str
    """The widest of its topics, in which it is compared."""
    names: dict[int, tuple[float, float]] = field(default_factory=dict)
    """Number → how much it counts here, its weight."""
    full: dict[int, float] = field(default_factory=dict)
    """Word → what it adds where the other has it in its title."""
    half: dict[int, float] = field(default_factory=dict)
    """… in its lead."""
    names_weigh: float = 0.0
    words_weigh: float = 0.0
    actor: int = -1
    crowd: float = 0.0
    """What it adds that there are so many entries of its topic …"""
    crowd_apart: float = 0.0
    """… and of all, for those that share no topic with it."""

    def note(self) -> None:
        """Write on the print what its parts weigh now that it is filed."""
        one = self.one
        one.names_weigh, one.words_weigh, one.actor = self.names_weigh, self.words_weigh, self.actor


def look(one: Print, rarity: Rarity, light: dict[int, float], crowds: tuple[int, int]) -> Sight:
    """Return how an entry sees others now; `crowds`: how many of its topic the window has, and of all."""
    topic = rarity.widest(one.topics)
    near, far = (_CROWD * log(max(crowd, _FEW) / _FEW) for crowd in crowds)
    sight = Sight(one, topic, crowd=near, crowd_apart=far)
    language = one.language
    total = 0.0
    for place, name in enumerate(one.names):
        part = 1.0 if place < FIRST_NAMES else _LATER_NAME
        part = (part if place < one.named else IMPLIED) * light.get(name, 1.0)
        weight = rarity.name(name, language, topic)
        sight.names[name] = (part, weight)
        if place < one.named:
            total += (part * weight) ** 2
    sight.names_weigh = total
    sight.actor = next((a for a in one.actors if sight.names[a][1] >= _ACTOR_LEAST), -1)
    total = 0.0
    full, half = sight.full, sight.half
    for word, weight in zip(one.head, rarity.words(one.head, language, topic), strict=True):
        full[word] = weight
        half[word] = weight * _LEAD_WORD
        total += weight**2
    for word, weight in zip(one.lead, rarity.words(one.lead, language, topic), strict=True):
        full[word] = half[word] = weight = weight * _LEAD_WORD
        total += weight**2
    sight.words_weigh = total
    return sight


def gap(one: Print, other: Print) -> float:
    """Return the hours between two entries, at least."""
    return max(one.start - other.end, other.start - one.end, 0.0)


def score(sight: Sight, other: Print, hours: float, rarity: Rarity, light: dict[int, float]) -> float:
    """Return how sure it is that two entries, `hours` apart, tell one piece of news; at 0 or more they do."""
    return sum(_parts(sight, other, hours, rarity, light))


def parts(sight: Sight, other: Print, rarity: Rarity, light: dict[int, float]) -> dict[str, float]:
    """Return the parts of the score that are not nothing, by name."""
    found = _parts(sight, other, gap(sight.one, other), rarity, light)
    return {name: part for name, part in zip(_NAMED, found, strict=True) if part}


_NAMED = (
    "start",
    "crowd",
    "likeness",
    "entities",
    "words",
    "title",
    "actor",
    "time",
    "comment",
    "phase",
    "source",
    "language",
)


def _parts(
    sight: Sight, other: Print, hours: float, rarity: Rarity, light: dict[int, float]
) -> tuple[float, ...]:
    one = sight.one
    names = _shared_names(sight, other, rarity, light)
    words = title = 0.0
    whole = sight.names_weigh * other.names_weigh
    same = one.language == other.language
    both = names
    if same:
        shared = _shared_words(sight, other)
        words = _WORDS * sum(shared)
        both += sum([weight * weight for weight in shared])
        whole = (sight.names_weigh + sight.words_weigh) * (other.names_weigh + other.words_weigh)
        if len(shared) >= _TITLE_WORDS:
            title = _TITLE * title_likeness(one.title, other.title) * min(sum(shared) / _TITLE_FULL, 1.0)
    actor = 0.0
    if sight.actor >= 0 and sight.actor == other.actor:
        actor = _ACTOR * min(sight.names[sight.actor][1] / _ACTOR_FULL, 1.0)
    return (
        _START,
        sight.crowd if _related(one, other) else sight.crowd_apart,
        _COSINE * min(both / sqrt(whole), 1.0) * both / (both + _LITTLE) if both else 0.0,
        _NAMES * sqrt(names),
        words,
        title,
        actor,
        _time(one, other, hours),
        _COMMENT if one.comment or other.comment else 0.0,
        _PHASE if (_before(one) and _over(other)) or (_over(one) and _before(other)) else 0.0,
        _SAME_SOURCE if one.source == other.source else 0.0,
        0.0 if same else _ACROSS * min(names / _ACROSS_FULL, 1.0),
    )


def _related(one: Print, other: Print) -> bool:
    """Say whether two entries share a topic, or have none both."""
    return one.topics == other.topics or not set(one.topics).isdisjoint(other.topics)


def _before(one: Print) -> bool:
    return one.coming and not one.past


def _over(one: Print) -> bool:
    return one.past and not one.coming


def _shared_names(sight: Sight, other: Print, rarity: Rarity, light: dict[int, float]) -> float:
    """Return what shared names weigh. One that follows from others counts where the other side has it
    in so many words: two who both write Budapest do not share Hungary besides."""
    one, named = sight.one, other.named
    same = one.language == other.language
    total = 0.0
    for place, name in enumerate(other.names):
        mine = sight.names.get(name)
        if mine is None:
            continue
        if place < named:
            part = 1.0 if place < FIRST_NAMES else _LATER_NAME
        elif name in one.names[one.named :]:
            continue
        else:
            part = IMPLIED
        part = min(mine[0], part * light.get(name, 1.0))
        weight = mine[1] if same else min(mine[1], rarity.name(name, other.language, sight.topic))
        total += (part * weight) ** 2
    return total


def _shared_words(sight: Sight, other: Print) -> list[float]:
    full, half = sight.full, sight.half
    return [full[w] for w in other.head if w in full] + [half[w] for w in other.lead if w in half]


def _time(one: Print, other: Print, hours: float) -> float:
    if one.end - one.start > REACH or other.end - other.start > REACH:
        return _UNKNOWN
    if one.end > one.start or other.end > other.start:
        hours += _VAGUE_HOURS
    return _PER_DAY * hours / 24 + _AT_ONCE * log1p(hours / _AT_ONCE_HOURS)
