"""What is told of the work done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from monitor.model.news import Dossier, News

CANARY = "(canary)"
"""The route and the channel of the canary: no name that a config can have. Its deliveries are nobody's:
no list shows and no total counts them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened, said once with everything on it (see observe)."""

    kind: str
    at: datetime
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one tick did. `deliveries`: channel name → {"sent": n, "failed": n}."""

    polls: int = 0
    entries: int = 0
    updated: int = 0
    matches: int = 0
    stories: int = 0
    deliveries: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Totals of the store for `status`."""

    entries: int = 0
    matches: int = 0
    stories: int = 0
    queued: int = 0
    sent: int = 0
    dead: int = 0
    oldest_queued_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What was read of the canary's entry while it was in the store. `found`: by its words, too."""

    news: News
    dossiers: tuple[Dossier, ...] = ()
    found: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """How the outbox and the feeds do now, in what can be asked for often.

    `undelivered_since` is when the oldest message was queued that is not delivered; one that waits for
    its own time (quiet hours) does not count until that has come. `feeds` are numbers by status,
    `last_ok` says when each feed last answered well, `poll_due_since` when the poll that is most
    overdue was due.
    """

    queued: int = 0
    dead: int = 0
    undelivered_since: datetime | None = None
    feeds: Mapping[str, int] = field(default_factory=dict)
    last_ok: Mapping[str, datetime] = field(default_factory=dict)
    poll_due_since: datetime | None = None
