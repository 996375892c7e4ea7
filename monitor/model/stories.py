"""Stories, and what is said in them: links, facts, statements, turns of the event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monitor.model.entries import Span, StateEvidence


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
    merged: tuple[str, ...] = ()
    """Ids of stories that went up in this one."""


class FactKind(StrEnum):
    """What kind of value a fact is, and in which unit `low` and `high` are."""

    DURATION = "duration"
    """Seconds. Value: ISO 8601, `PT2H30M`."""
    NUMBER = "number"
    """How many. Value: the plain number."""
    SHARE = "share"
    """Percent."""
    MONEY = "money"
    """Units of the currency: the first part of `about`. Value: `USD 2000000`."""
    DATE = "date"
    """Days since 0001-01-01 (date.toordinal). Value: `2025-10-17`, or `2025-10-20/2025-10-26`."""
    PLACE = "place"
    """No bounds. Value: the place's entity id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A value that an entry gives: how long, how many, when, where.

    `about` says what of, so that two facts of one kind and about can be compared: an entity id
    (`phone_call`, `missile`), a counted thing's name (`killed`), for money the currency and what it is
    for (`usd:sanctions`), or "" where the text does not say: such facts are never compared. `who` are
    the persons of the sentence (else of the headline): a call between two is not that of two others.
    `low` and `high` bound the value (equal where it is exact; "nearly two and a half hours" is 8,100 to
    9,000 s). `value` is its canonical form, the same in every language. `within` are the places that a
    place lies in (Budapest: hungary), which do not contradict it.
    """

    kind: FactKind
    about: str
    value: str
    low: float = 0.0
    high: float = 0.0
    span: Span
    who: tuple[str, ...] = ()
    within: tuple[str, ...] = ()


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
class Mention:
    """A matched entry that tells states of its topic, as `follow` takes it.

    `source` is the same for entries that are not independent of each other (an agency's copies).
    `at` is when it was told: the publisher's time, never later than our first sight of it. `held` is
    that of its match: what a held entry tells is known, and nobody is alerted.
    """

    entry_id: str
    story_id: str
    source: str
    at: datetime
    states: tuple[StateEvidence, ...]
    statements: tuple[Statement, ...] = ()
    held: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A state of a topic was reached; the states in `before` held until then and are contradicted by it.

    `id` is computed from topic, state and the turn that last ended this state, so that the order in
    which entries come makes no difference. `entry_ids` are the entries that made it sure, one of each
    independent source, and `story_id` the story of the last of them: that of the first may have been
    told days ago. `spans` are the words of the first, `statements` who says so, where the texts name
    somebody. `held` says why nobody is told of it (`before-start`): it was known when the daemon began.
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
    held: str = ""
