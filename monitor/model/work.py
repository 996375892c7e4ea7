"""What is told of the work done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


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
