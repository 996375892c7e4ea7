"""What is asked of a desk, by a command or by a page: facts of the archive and the outbox, as JSON has them.

One file a question, one function that returns what there is to say; whoever asked finds the words.
Everything here only reads. Below `commands` and `web`, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from monitor.model import (
    Article,
    Canary,
    Counts,
    Cursor,
    Delivery,
    DeliveryStatus,
    Dossier,
    Entry,
    Feed,
    FeedState,
    Heartbeat,
    Match,
    Passed,
    Route,
    Secret,
    Signal,
    Silence,
    Story,
    Subscription,
    Topic,
    Turn,
    Vitals,
)


class Settings(Protocol):
    """What of a desk's settings answers depend on: a Config has it, a Site has it."""

    @property
    def feeds(self) -> Sequence[Feed]: ...
    @property
    def topics(self) -> Sequence[Topic]: ...
    @property
    def routes(self) -> Sequence[Route]: ...
    @property
    def language(self) -> str: ...
    @property
    def canary(self) -> Canary: ...
    @property
    def heartbeat(self) -> Heartbeat: ...


class Reads(Protocol):
    """What may be asked of a store (monitor.stores.Store says what each returns): nothing that writes."""

    def feed_states(self) -> list[FeedState]: ...
    def counts(self) -> Counts: ...
    def vitals(self, now: datetime, *, feeds: int) -> Vitals: ...
    def delays(self, since: datetime) -> list[timedelta]: ...
    def subscriptions(self) -> list[Subscription]: ...
    def meta(self) -> dict[str, str]: ...
    def cursors(self) -> list[Cursor]: ...
    def silences(self) -> list[Silence]: ...
    def last_time(self) -> datetime | None: ...
    def deliveries(
        self, *, status: DeliveryStatus | None = None, limit: int | None = 100, telling: Iterable[str] = ()
    ) -> list[Delivery]: ...
    def delivery(self, delivery_id: str) -> Delivery | None: ...
    def entry(self, entry_id: str) -> tuple[Entry, list[Match]] | None: ...
    def article(self, entry_id: str) -> Article | None: ...
    def article_counts(self) -> Mapping[str, int]: ...
    def entries(self, ids: Iterable[str]) -> list[Entry]: ...
    def topics(self, entry_ids: Iterable[str]) -> dict[str, tuple[str, ...]]: ...
    def latest_stories(self, limit: int) -> list[Story]: ...
    def find_story(self, story_id: str) -> Story | None: ...
    def story_with(self, entry_id: str) -> Story | None: ...
    def turns(self, topics: Iterable[str]) -> list[Turn]: ...
    def signals(self, topics: Iterable[str] | None = None, routes: Iterable[str] = ()) -> list[Signal]: ...
    def heard(self, route: str, channel: str, recipient: str, items: Iterable[str]) -> frozenset[str]: ...
    def search(
        self, expression: str, *, limit: int, since: datetime | None = None, until: datetime | None = None
    ) -> list[Entry]: ...
    def dossiers(
        self, route: str, channel: str, recipient: str, topics: Sequence[str], story_ids: Iterable[str]
    ) -> list[Dossier]: ...
    def passed(
        self, route: str, channel: str, recipient: str, entry_ids: Iterable[str] | None = None
    ) -> list[Passed]: ...


def plain(value: Any) -> Any:
    """Return a value as JSON has it: dataclasses as objects, times as RFC 3339, secrets as `***`."""
    if isinstance(value, Secret):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (set, frozenset)):
        return sorted(plain(v) for v in value)
    return str(value) if isinstance(value, Path) else value
