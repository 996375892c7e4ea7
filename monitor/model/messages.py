"""What is sent, and its fate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monitor.errors import DeliveryReason
from monitor.model.entries import Entry, Span
from monitor.model.news import Life
from monitor.model.settings import Recipient
from monitor.model.signals import Signal
from monitor.model.stories import Fact, Stance, Turn


class Kind(StrEnum):
    """What a message is."""

    DIGEST = "digest"
    ALERT = "alert"
    TURN = "turn"
    """An alert of its own: a state of the event was reached or contradicted."""
    BURST = "burst"
    FIRST_SEEN = "first-seen"
    NO_DATA = "no-data"
    """Alerts of their own: something is unusual about a topic or a route (see model.signals)."""
    FEEDS = "feeds"
    """For operators: feeds that stopped, feeds that are back."""
    CORRECTION = "correction"
    """An alert of its own: a headline that the reader was sent says something else now, or is withdrawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryEntry:
    """An entry in a digest, with what to mark in it and the topics it matched."""

    entry: Entry
    spans: tuple[Span, ...] = ()
    topics: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    """Why: the distinct terms that were found, entities by their id (`@putin`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactNote:
    """A value that is given, by whom: `item` is shown, `sources` are all publishers that give it."""

    fact: Fact
    item: StoryEntry
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """One thing with different values, side by side. `since` is when the second was given."""

    kind: str
    about: str
    sides: tuple[FactNote, ...]
    since: datetime
    story_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What somebody says, confirms or denies; `more` other reports carry it."""

    speaker: str
    stance: Stance
    span: Span
    item: StoryEntry
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadlineChange:
    """A headline that the reader was told, and what it is now. `withdrawn`: not about the topic any more."""

    before: str
    item: StoryEntry
    at: datetime
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnNote:
    """A turn of the event: `title` and what held `before` in the reader's words, and who says so.

    `item` is the entry that told it first, `item.spans` the words that do. `sources` are the
    independent ones that made it sure.
    """

    turn: Turn
    title: str
    before: tuple[str, ...] = ()
    item: StoryEntry | None = None
    quotes: tuple[Quote, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalNote:
    """Something unusual, in a reader's words: `title` is the topic's or the route's, `label` the entity's.

    `items` are reports that show it, `beside` what the topic watches, `feeds_ok` of `feeds_total` feeds
    answer.
    """

    signal: Signal
    title: str
    label: str = ""
    beside: tuple[str, ...] = ()
    items: tuple[StoryEntry, ...] = ()
    began: str = ""
    """Of one that is over: the id of the signal that it began, where that was never told by itself."""
    feeds_ok: int = 0
    feeds_total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryNews:
    """What of a story is new to its reader. Of a new story all is: then only what stands out is here.

    `sources` are independent sources that the reader had not heard of in it; `known` and `reports`
    are what they were told before: its lead and how many reports.
    """

    sources: tuple[StoryEntry, ...] = ()
    facts: tuple[FactNote, ...] = ()
    denials: tuple[Quote, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    headlines: tuple[HeadlineChange, ...] = ()
    turns: tuple[TurnNote, ...] = ()
    known: StoryEntry | None = None
    reports: int = 0

    def __bool__(self) -> bool:
        return bool(
            self.sources or self.facts or self.denials or self.contradictions or self.headlines or self.turns
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestStory:
    """A story as a digest tells it: the lead entry in full, the others named.

    `state` is `new` the first time a reader is told of it, then `developing`, with only what is new.
    `also` are further reports, `carriers` those that repeat another (an agency's copy, a late one).
    `told` are the items that this telling tells (see compose).
    """

    id: str
    state: str
    lead: StoryEntry
    also: tuple[StoryEntry, ...] = ()
    carriers: tuple[StoryEntry, ...] = ()
    topics: tuple[str, ...] = ()
    score: float = 0.0
    first_seen: datetime
    sources: int = 1
    """Distinct publishers."""
    languages: tuple[str, ...] = ()
    news: StoryNews = field(default_factory=StoryNews)
    life: Life | None = None
    silent: tuple[str, ...] = ()
    """Languages of the desk's feeds in which nothing was seen, the reader's own first."""
    told: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()
    """Ids of stories that went up in this one: it may have been told by them."""
    waited: bool = False
    """There was no room for it in the digest before: it has a place in this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The stories of one topic."""

    topic: str
    title: str
    stories: tuple[DigestStory, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A feed that fails, for the foot of a digest: `since` the first time that it brought nothing.

    The status `gap` is of one that works, but may have lost entries between two polls.
    """

    source: str
    url: str
    status: str
    reason: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Follows:
    """The first message about a story to the same reader: what comes later goes into its thread.

    `message` and `delivery` are its ids, `at` is when it was queued, `subject` what it was called.
    """

    message: str
    delivery: str
    at: datetime
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The stories for one route, recipient and slot. An alert is a digest of one story or turn.

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
    turns: tuple[TurnNote, ...] = ()
    signals: tuple[SignalNote, ...] = ()
    open: tuple[Contradiction | TurnNote, ...] = ()
    """What the reader was told before and is not settled."""
    silenced: int = 0
    """So many reports would have been in it, had nobody silenced them."""
    recovered: tuple[Trouble, ...] = ()
    """Feeds that failed and are back."""
    over_budget: int = 0
    """So many reports come in it because the hour's alerts were used up."""
    follows: Follows | None = None
    """Of an alert about a story that the reader was alerted of."""
    in_parts: bool = False
    """What has no room in its message follows in another at once: no later digest tells it."""
    continued: bool = False
    """It is such a further message."""


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
    follows: Follows | None = None
    """The first message of the thread, where this is a later one about a story."""
    published: datetime | None = None
    """Of an alert that goes out at once: when what it tells was published, the earliest of it."""


class DeliveryStatus(StrEnum):
    """Where a delivery is in the outbox.

    queued → sending → sent | retry (→ sending) | dead (→ queued, when somebody redrives it). `spare`:
    for the fallback channel; queued when the delivery that it stands in for is dead, dropped when
    that one is sent.
    """

    QUEUED = "queued"
    SENDING = "sending"
    RETRY = "retry"
    SENT = "sent"
    DEAD = "dead"
    SPARE = "spare"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrive:
    """Somebody queued a dead letter again: who, when, and what it had died of."""

    at: datetime
    by: str
    attempts: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The first message about a story as it was sent, and those about it since, oldest first.

    `handle` is what the receiver calls the first one; empty where that is not known: it was never
    taken, its answer was lost, or the receiver gives no names.
    """

    first: Message
    handle: str = ""
    later: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one recipient, with its fate. `id` is computed from message and channel.

    `instead_of` is the delivery that a fallback channel's one stands in for; `note` then says why it
    was needed, and stands on top of the message. `redriven` are the times that it was queued again.
    `handle` is what the receiver calls the message. `thread` comes with a delivery that is claimed and
    follows another.
    """

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
    instead_of: str = ""
    note: str = ""
    redriven: tuple[Redrive, ...] = ()
    handle: str = ""
    thread: Thread | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The channel took it. `receipt` is what it answered, without secrets, `handle` what it calls it."""

    receipt: str = ""
    handle: str = ""


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
    one made. `start` is the position at which it was made: what lies before was never theirs.
    """

    route: str
    channel: str
    recipient: str
    position: int
    next_slot: datetime | None = None
    last_slot: datetime | None = None
    start: int = field(default=0, compare=False)
