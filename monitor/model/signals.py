"""What is unusual about a topic or a route as a whole: a burst, a name that is new in it, silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class SignalKind(StrEnum):
    """What may be unusual. Also what a topic asks for (`signals`) and what a route tells (`tells`)."""

    BURST = "burst"
    """Far more reports within an hour than at this hour of the week."""
    FIRST_SEEN = "first-seen"
    """An entity that never stood in the archive beside those that the topic watches."""
    NO_DATA = "no-data"
    """Nothing for longer than ever by its own rhythm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Something unusual began, or (`over`) is over again. One line of the log.

    `id` is computed from what it is about and when it began, so that it is the same whenever it is
    noticed. Of `topic` and `route` one is set: what it is about. `at` is when it was noticed, `since`
    when it began; `until` when it ended. `numbers` are what it was judged by (docs/howto/signals.md);
    `entry_ids` reports that show it, the first first.
    """

    id: str
    kind: SignalKind
    topic: str = ""
    route: str = ""
    entity: str = ""
    over: bool = False
    at: datetime
    since: datetime
    until: datetime | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)
    entry_ids: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """What it is about: `topic:NAME` or `route:NAME`."""
        return f"topic:{self.topic}" if self.topic else f"route:{self.route}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """A match as `sense` counts it: `at` is when it was published, or seen where nobody says.

    `begun` is when its feed was first polled; None where that is not known.
    """

    seq: int
    topic: str
    entry_id: str
    feed_url: str
    source: str
    at: datetime
    first_seen: datetime
    begun: datetime | None = None
    held: str = ""
    entities: tuple[str, ...] = ()
