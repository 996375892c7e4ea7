"""Stories, and what is said in them: links, facts, statements, turns of the event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monitor.model.entries import Span


class LinkKind(StrEnum):
    """How an entry came into its story."""

    FIRST = "first"
    """It began the story."""
    COPY = "copy"
    """The same text, or an agency's copy: no independent source."""
    LIKE = "like"
    """The same news in other words."""
    ACROSS = "across"
    """The same news in another language."""
    MANUAL = "manual"
    """Somebody said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Why an entry is in its story, or was kept out: the pair, the parts of the score, the veto.

    `parts` maps the name of a part (`title`, `text`, `entities`, `numbers`, `time` …) to what it
    added to `score`. A `veto` names what forbade the link (`date: 2025-10-17 ≠ 2025-10-20`).
    """

    entry_id: str
    other_id: str = ""
    kind: LinkKind
    score: float = 1.0
    parts: Mapping[str, float] = field(default_factory=dict)
    veto: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The entries that tell one piece of news. `id` comes from its first entry and never changes.

    `links` say of its entries why they are here, as far as that is known.
    """

    id: str
    entry_ids: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A value that an entry gives: how long, how many, when, where.

    `kind` is duration (seconds), number, share (percent), money (units of `about`'s currency), date
    (days since 0001-01-01) or place; `about` says what of, so that two facts of one kind and about
    can be compared: an entity id (`phone_call`), a unit's name (`missile`), or "". `low` and `high`
    bound the value (equal where it is exact; "nearly two and a half hours" is 8,100 to 9,000 s).
    `value` is its canonical form (`PT2H30M`, `2025-10-17`, `budapest`), the same in every language.
    """

    kind: str
    about: str
    value: str
    low: float = 0.0
    high: float = 0.0
    span: Span


class Stance(StrEnum):
    """What a speaker does with what is said."""

    SAYS = "says"
    CONFIRMS = "confirms"
    DENIES = "denies"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Who is quoted: the speaker's entity id (`peskov`, `white_house`), the sentence, the stance."""

    speaker: str
    stance: Stance
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an entry says beyond its words. Computed from its text, so it is never stored."""

    facts: tuple[Fact, ...] = ()
    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A state of a topic was reached, or the one that held was contradicted.

    `id` is computed from topic, state and the story that told it first. `entry_ids` are the
    entries that made it sure, one of each independent source; `spans` the words of the first;
    `before` the states that held until then and that this one contradicts.
    """

    id: str
    topic: str
    state: str
    story_id: str
    reached_at: datetime
    entry_ids: tuple[str, ...]
    statements: tuple[Statement, ...] = ()
    spans: tuple[Span, ...] = ()
    before: tuple[str, ...] = ()
