"""What is sent, and its fate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monitor.errors import DeliveryReason
from monitor.model.entries import Entry, Span
from monitor.model.settings import Recipient


class Kind(StrEnum):
    """What a message is."""

    DIGEST = "digest"
    ALERT = "alert"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryEntry:
    """An entry in a digest, with what to mark in it and the topics it matched."""

    entry: Entry
    spans: tuple[Span, ...] = ()
    topics: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    """Why: the distinct terms that were found, entities by their id (`@putin`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestStory:
    """A story as a digest tells it: the lead entry in full, the others named.

    `state` is `new` the first time a reader is told of it, then `developing`.
    """

    id: str
    state: str
    lead: StoryEntry
    also: tuple[StoryEntry, ...] = ()
    topics: tuple[str, ...] = ()
    score: float = 0.0
    first_seen: datetime
    sources: int = 1
    """Distinct publishers."""
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The stories of one topic."""

    topic: str
    title: str
    stories: tuple[DigestStory, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A feed that fails, for the foot of a digest."""

    source: str
    url: str
    status: str
    reason: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The stories for one route, recipient and slot. An alert is a digest of one story.

    `id` is computed from route, channel, recipient and slot (alerts: story and revision), so the
    same digest made twice is the same digest. `late` marks a slot that was slept over.
    """

    id: str
    kind: Kind
    route: str
    channel: str
    recipient: Recipient
    language: str
    timezone: str
    slot: datetime
    since: datetime | None
    until: datetime
    sections: tuple[Section, ...]
    late: bool = False
    entries: int = 0
    sources: int = 0
    languages: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    feeds_ok: int = 0
    feeds_total: int = 0
    topics: Mapping[str, str] = field(default_factory=dict)
    """Topic id → its title in the reader's language."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Entity id → its label in the reader's language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A rendered digest for one channel: frozen when it is queued.

    `parts` are named as the channel's templates (`subject.txt`, `html`, `txt`, `json`). `id` goes
    to the wire: as Message-ID, webhook-id or file name.
    """

    id: str
    kind: Kind
    route: str
    channel: str
    recipient: Recipient
    slot: datetime
    language: str
    subject: str
    parts: Mapping[str, str]
    stories: tuple[str, ...] = ()
    told: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Story id → what of it the reader is told (see compose)."""
    thread: str = ""
    """Messages of one thread (a route's day, a story) share it."""


class DeliveryStatus(StrEnum):
    """Where a delivery is in the outbox."""

    QUEUED = "queued"
    SENDING = "sending"
    RETRY = "retry"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one recipient, with its fate. `id` is computed from message and channel."""

    id: str
    message: Message
    channel: str
    status: DeliveryStatus = DeliveryStatus.QUEUED
    attempts: int = 0
    due_at: datetime
    queued_at: datetime
    sent_at: datetime | None = None
    reason: str = ""
    detail: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The channel took it. `receipt` is what it answered, without secrets."""

    receipt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Not now: try again at `retry_at`."""

    reason: DeliveryReason
    detail: str
    retry_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """Given up: a dead letter, listed and redriven by hand."""

    reason: DeliveryReason
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a route has told one recipient: all hits up to `position` are taken.

    `next_slot` is when the next digest is due (None for immediate routes), `last_slot` the last
    one made.
    """

    route: str
    channel: str
    recipient: str
    position: int
    next_slot: datetime | None = None
    last_slot: datetime | None = None
