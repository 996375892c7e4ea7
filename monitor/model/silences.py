"""What is not sent, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What a silence is about."""

    TOPIC = "topic"
    STORY = "story"
    SOURCE = "source"
    ROUTE = "route"
    ENTITY = "entity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Somebody wants not to be sent something: from `since` until `until`, or until it was expired.

    `target` is a topic's, route's or entity's name, a source's name, or the beginning of a story's id.
    """

    id: str
    scope: Scope
    target: str
    since: datetime
    until: datetime
    why: str
    by: str
    expired_at: datetime | None = None
    expired_by: str = ""

    @property
    def end(self) -> datetime:
        """When it ended, or will."""
        return min(self.until, self.expired_at or self.until)


class PassedKind(StrEnum):
    """Why an entry was not told when the reader's cursor passed it."""

    SILENCED = "silenced"
    COPY = "copy"
    """It repeats another entry: one more carrier, no news."""
    KNOWN = "nothing-new"
    """Its source and its facts were told before."""
    DEVELOPMENT = "development"
    """Immediate: its story was told before; what is merely new goes to the digests."""
    NO_ROOM = "no-room"
    """The message was full: it waits for the next digest, and the cursor stays behind it."""
    BUDGET = "over-budget"
    """Immediate: the hour's alerts were used up; in the same recipient's digest, or told later."""
    GROUPED = "grouped"
    """Immediate: its story was alerted a moment ago; told with what else happens in it."""
    NOT_ASKED = "not-asked"
    """The route tells none of this kind."""
    OVER = "over"
    """Immediate: a burst is over; told in the digests."""
    WITHDRAWN = "withdrawn"
    """It was about the topic no more when its time came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """An entry (or `turn:ID`, `signal:ID`) that one reader was not told of when their cursor passed it.

    It stays until the entry is told after all: an entry was told, or passed for one reason, never both.
    `until` is when it is looked at again.
    """

    entry_id: str
    kind: PassedKind
    detail: str
    at: datetime
    until: datetime | None = None
