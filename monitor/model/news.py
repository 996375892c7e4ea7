"""What changed, as a log that only grows, and what of it a reader has not been told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.model.entries import Entry, Hit
from monitor.model.signals import Signal
from monitor.model.stories import Story, Turn


class ChangeKind(StrEnum):
    """What happened to what had been found before."""

    REVISED = "revised"
    """The publisher changed the text, often the headline."""
    WITHDRAWN = "withdrawn"
    """A revision is about the topic no more."""
    TURN = "turn"
    """A state of the topic was reached or contradicted."""
    SIGNAL = "signal"
    """Something is unusual about a topic or a route, or is so no more."""
    MERGED = "merged"
    """Somebody put another story into this one."""
    SPLIT = "split"
    """Somebody took this story out of another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the log. `seq` is from the counter of the hits, so one cursor passes both.

    `before` and `after` are headlines. `story_id` is the entry's story as it is now, the story that
    told a turn, or the one that goes on after `other_id` was put into it or from which it was taken.
    """

    seq: int = 0
    at: datetime
    kind: ChangeKind
    topic: str = ""
    story_id: str = ""
    other_id: str = ""
    entry_id: str = ""
    revision: int = 0
    before: str = ""
    after: str = ""
    entry: Entry | None = None
    """The entry as it is now, where there is one and it was not dropped."""
    turn: Turn | None = None
    signal: Signal | None = None


class EditKind(StrEnum):
    """What somebody may do to stories."""

    MERGE = "merge"
    SPLIT = "split"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What somebody did to stories. `n` grows.

    Merge: `other_id` was put into `story_id`. Split: `entry_ids` were taken out of `story_id` and are
    `other_id` now. `entry_ids` are those that changed their story.
    """

    n: int = 0
    at: datetime
    who: str = ""
    kind: EditKind
    story_id: str
    other_id: str
    entry_ids: tuple[str, ...] = ()
    undone_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What lies behind a cursor: new hits, and changes to what was there. The cursor goes to `position`."""

    hits: tuple[Hit, ...] = ()
    changes: tuple[Change, ...] = ()
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A story as one reader's digest needs it: all hits of the route's topics, and what was told of it.

    `told` are the items of messages to this reader (see compose): `entry:…`, `fact:…`, `turn:…`; it is
    empty for a story that the reader was never told of.
    """

    story: Story
    hits: tuple[Hit, ...] = ()
    told: frozenset[str] = frozenset()


class Phase(StrEnum):
    """Where a story is in its life (see docs/howto/stories.md)."""

    BREAKING = "breaking"
    DEVELOPING = "developing"
    SUSTAINED = "sustained"
    FADING = "fading"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """When a story first appeared in one language of one country, and where."""

    language: str
    country: str
    first: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """How a story is doing at a moment.

    `importance` is 0 to 100, the sum of `parts`. `independent` are sources that speak for themselves,
    `sources` publishers. `growth` counts the reports of the last hours (life.GROWTH) that are no copies.
    """

    phase: Phase
    importance: float
    parts: Mapping[str, float]
    coverage: tuple[Coverage, ...]
    independent: int
    sources: int
    growth: int
    first: datetime
    last: datetime
