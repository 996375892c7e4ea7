"""The nouns that flow through the pipeline: frozen, comparable, free of behaviour.

Times are aware and in UTC. `published` and `updated` are what the publisher says; `first_seen`,
`next_poll_at` and `due_at` are ours. Identities are computed from what a thing is, never drawn,
so that doing a thing twice does it once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from monitor.errors import DeliveryReason, FetchError, ParseError

# ── what a desk configures ────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Secret:
    """A password, token or URL with a token in it. Prints as `***`; `value` is for the door that needs it."""

    value: str = field(repr=False)

    def __repr__(self) -> str:
        return "***"

    def __str__(self) -> str:
        return "***"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One URL that is polled, and its publisher. `language` is BCP 47 (`und`: not known)."""

    url: str
    source: str
    language: str = "und"
    country: str = ""
    every: timedelta | None = None
    headers: Mapping[str, str | Secret] = field(default_factory=dict)
    auth: Secret | None = None
    """`user:password` for HTTP Basic (RFC 7617)."""
    proxy: str | None = None
    charset: str = ""
    tier: int = 2
    """1 agencies and papers of record, 2 the press, 3 the rest."""
    folder: str = ""
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PollSettings:
    """When and how feeds are polled. Sizes in bytes."""

    every: timedelta = timedelta(minutes=15)
    minimum: timedelta = timedelta(minutes=5)
    maximum: timedelta = timedelta(hours=6)
    backfill: timedelta = timedelta(hours=24)
    concurrency: int = 64
    per_host: int = 2
    per_host_gap: timedelta = timedelta(seconds=1)
    timeout: timedelta = timedelta(seconds=30)
    max_body: int = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """Where we may go and how we introduce ourselves."""

    allow_private: tuple[str, ...] = ()
    contact: str = ""
    proxy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How long what was found is kept. Seen identities are kept for ever."""

    entries: timedelta = timedelta(days=400)
    bodies: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A person, place, body or thing, with its names by language (BCP 47).

    `names` are base forms, which the language's endings may follow; `forms` are closed paradigms,
    taken as they stand; `typos` were seen in print; `unseen` are plausible but never seen.
    """

    id: str
    type: str = "thing"
    label: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    forms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    typos: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unseen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAlike:
    """A wording that claims its span first, so that no entity is found in it (Trump Tower)."""

    id: str
    claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A standing question: a query over entities and words (docs/howto/queries.md)."""

    id: str
    query: str
    title: Mapping[str, str] = field(default_factory=dict)


class Send(StrEnum):
    """How a route sends."""

    DIGEST = "digest"
    IMMEDIATE = "immediate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Topics → channels: at which local times, or at once.

    `weekdays` count from Monday = 0; empty means every day. Of `at`, `every` and `cron` one is set
    for digests. `quiet` are local half-open intervals that may pass midnight. `budget` is the most
    alerts an hour for one recipient (0: no limit).
    """

    name: str
    topics: tuple[str, ...]
    channels: tuple[str, ...]
    send: Send = Send.DIGEST
    at: tuple[time, ...] = ()
    every: timedelta | None = None
    cron: str = ""
    weekdays: frozenset[int] = frozenset()
    timezone: str = "UTC"
    language: str = "en"
    quiet: tuple[tuple[time, time], ...] = ()
    nothing_new: bool = False
    group_wait: timedelta = timedelta(minutes=1)
    budget: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One address, room or URL of a channel. Empty language or zone: the route's."""

    address: str
    language: str = ""
    timezone: str = ""


# ── polling ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server needs to say "not changed" (RFC 9110 §8.8): opaque, echoed as received.

    Header bytes are kept as Latin-1 text, so that any byte goes back as it came.
    """

    etag: str = ""
    last_modified: str = ""


class FeedStatus(StrEnum):
    """How a feed is doing. `new`, `paused`, `ok`, `quiet` and `late` are well; the others are failing."""

    NEW = "new"
    PAUSED = "paused"
    OK = "ok"
    QUIET = "quiet"
    LATE = "late"
    STALLED = "stalled"
    BLOCKED = "blocked"
    MOVED = "moved"
    GONE = "gone"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What is remembered of a feed between polls.

    `reason` is the word for the last failure (a FetchReason or ParseReason), `detail` its sentence.
    `interval` is the adaptive time between polls, `rate` the entries an hour it was derived from.
    `body_hash` is of the last body that was absorbed. `moved_to`, `moved_since` and `moved_polls`
    follow a permanent redirect until it is believed. `token` fences a claim: who no longer holds it
    changes nothing.
    """

    url: str
    status: FeedStatus = FeedStatus.NEW
    reason: str = ""
    detail: str = ""
    validators: Validators = field(default_factory=Validators)
    body_hash: str = ""
    first_poll_at: datetime | None = None
    last_poll_at: datetime | None = None
    last_ok_at: datetime | None = None
    next_poll_at: datetime | None = None
    held_until: datetime | None = None
    """Until when the publisher told us to stay away (Retry-After; 410: a week)."""
    failures: int = 0
    interval: timedelta | None = None
    rate: float | None = None
    moved_to: str = ""
    moved_since: datetime | None = None
    moved_polls: int = 0
    polls: int = 0
    entries: int = 0
    token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A body, decoded from its content codings (RFC 9110 §8.4) but not from its charset.

    `fresh_for` is how long the publisher says it stays fresh (RFC 9111 §4.2, less Age).
    """

    body: bytes
    content_type: str = ""
    validators: Validators = field(default_factory=Validators)
    fresh_for: timedelta | None = None
    body_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """304: nothing new. `validators` are those to keep from now on (RFC 9111 §4.3.4)."""

    validators: Validators = field(default_factory=Validators)
    fresh_for: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The poll came to nothing, and why."""

    error: FetchError | ParseError


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchResult:
    """What came of one fetch. `moved_to` is set when every redirect on the way was permanent."""

    feed: Feed
    fetched_at: datetime
    outcome: Fetched | NotModified | Failed
    url: str = ""
    """Where the answer came from, after redirects."""
    moved_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item as a document has it: HTML where the publisher wrote HTML, unescaped once."""

    guid: str = ""
    link: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    author: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    language: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A parsed feed. `format` is rss, rdf, atom or json; `path` the parser that read it.

    `ttl` is how long the publisher asks not to come back (RSS 2.0 ttl, RSS 1.0 syndication
    module); `skip_hours` (0–23, GMT) and `skip_days` (Monday = 0) are when not to come.
    """

    title: str = ""
    link: str = ""
    language: str = ""
    format: str = ""
    path: str = ""
    items: tuple[Item, ...] = ()
    ttl: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    self_url: str = ""
    hub: str = ""
    previous: str = ""
    """RFC 5005 `prev-archive` or `next`: where older entries are."""


# ── entries and what is found in them ─────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One published item, as plain text. `id` is its identity (see dedupe).

    `summary` and `content` keep line breaks between blocks. `fingerprint` changes with the text;
    each change is a new `revision`, counted from 1.
    """

    id: str
    url: str
    guid: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    author: str = ""
    tags: tuple[str, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    first_seen: datetime
    source: str
    feed_url: str
    language: str = "und"
    country: str = ""
    revision: int = 1
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store remembers of an identity, for ever. `fingerprints`: feed URL → last text seen there."""

    id: str
    guid: str = ""
    revision: int = 1
    length: int = 0
    """Characters of the text that is stored."""
    first_seen: datetime
    fingerprints: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """An entry was in a feed, with this text."""

    entry_id: str
    feed_url: str
    fingerprint: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """What a document brought: new entries, revised ones, and where each was seen (changes only)."""

    entries: tuple[Entry, ...] = ()
    revised: tuple[Entry, ...] = ()
    sightings: tuple[Sighting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of a field: code points `start` to `end` of `field`; `surface` is exactly that text.

    `term` is what of the query it answers (`@putin`, `বৈঠক`); `entity` the entity's id, if one.
    """

    field: str
    start: int
    end: int
    surface: str
    term: str = ""
    entity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One clause of a query and whether it held; `note` says what was nearest where it did not."""

    text: str
    matched: bool
    spans: tuple[Span, ...] = ()
    note: str = ""
    clauses: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a topic matched (or not): feeds `explain`, the marks in templates and `--json` alike."""

    matched: bool
    score: float = 0.0
    clauses: tuple[Clause, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An entry revision is about a topic. `held` says why it is sent nowhere (`before-start`)."""

    entry_id: str
    revision: int
    topic: str
    evidence: Evidence
    held: str = ""

    @property
    def score(self) -> float:
        """The evidence's score."""
        return self.evidence.score


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What match read in one entry: its topics, and the normalised text that search indexes."""

    matches: tuple[Match, ...] = ()
    key: str = ""
    entities: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRecord:
    """All that one poll found: remembered whole or not at all (promise 1)."""

    state: FeedState
    fresh: Fresh = field(default_factory=Fresh)
    readings: Mapping[str, Reading] = field(default_factory=dict)
    """Entry id → what match read, for each new and revised entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A match as compose reads it from the store: in order of `seq`, which only grows."""

    seq: int
    match: Match
    entry: Entry
    story_id: str = ""
    matched_at: datetime
    feeds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The entries that tell one piece of news. `id` comes from its first entry and never changes."""

    id: str
    entry_ids: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime


# ── what is sent ──────────────────────────────────────────────────────────────────────────────


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


# ── what is told of the work ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened, said once with everything on it; `observe` makes it a log line and counters."""

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
