"""What a desk configures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum

from monitor.model.signals import SignalKind


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
    websub: bool = True
    """Subscribed to at the hub it names, where the desk has WebSub on."""
    fulltext: bool = False
    """Whether the articles behind its stubs are fetched."""


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
    articles: int = 60
    """Articles an hour of one feed with `fulltext`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """Where we may go and how we introduce ourselves."""

    allow_private: tuple[str, ...] = ()
    contact: str = ""
    proxy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Where the status page is, and how the outside reaches it. Empty `host`: there is none."""

    host: str = ""
    """An address of this machine, or `localhost`."""
    port: int = 0
    """0: any that is free."""
    password: Secret | None = None
    public_url: str = ""
    """Without a slash at its end: for links in messages and for those who call us back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """Where to say that we are alive (the URL lets whoever knows it speak for us), and how often at most."""

    url: Secret | None = None
    every: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """How often an entry of our own is sent through match and outbox to nobody (0: never)."""

    every: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSettings:
    """`feeds`: of so many feeds at most, each has a line of its own."""

    feeds: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How long what was found is kept. Seen identities are kept for ever."""

    entries: timedelta = timedelta(days=400)
    bodies: timedelta = timedelta(days=30)
    copies: timedelta = timedelta(days=400)
    """Full copies of messages that had no room for all."""
    recorded: timedelta = timedelta(days=30)
    """Raw polls, where the desk keeps them (`record`)."""


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
    within: tuple[str, ...] = ()
    """Places it lies in, bodies it belongs to: Budapest in Hungary, Peskov with the Kremlin."""
    same_as: str = ""
    """The entity whose facts its own are compared with: a conversation lasts as long as the call."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAlike:
    """A wording that claims its span first, so that no entity is found in it (Trump Tower)."""

    id: str
    claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state of the event that a topic names: reached when `sources` independent sources say so.

    The query is asked of each sentence of the headline and the lead that asserts something. `official`
    are the entities whose own word, quoted by a single source, is enough. `contradicts` are the states
    that this one ends (postponed: agreed, venue set …). It is reached only while one of `after` holds,
    where some are named, and none of `before`: an offer to meet is no news once a meeting is agreed.
    While it is `open`, readers are reminded of it.
    """

    id: str
    query: str
    title: Mapping[str, str] = field(default_factory=dict)
    sources: int = 2
    official: tuple[str, ...] = ()
    contradicts: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    open: bool = False
    """Not how it ends: in doubt, postponed. Another state ends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A standing question: a query over entities and words (docs/howto/queries.md).

    `states` are those of its event (docs/howto/states.md); a sentence in which `states_unless` holds
    tells none of them. `signals` are what it is watched for as a whole (docs/howto/signals.md).
    """

    id: str
    query: str
    title: Mapping[str, str] = field(default_factory=dict)
    states: tuple[State, ...] = ()
    states_unless: str = ""
    signals: tuple[SignalKind, ...] = ()


class Send(StrEnum):
    """How a route sends."""

    DIGEST = "digest"
    IMMEDIATE = "immediate"


STORIES, TURNS = "stories", "turns"
KINDS = frozenset({STORIES, TURNS, *(one.value for one in SignalKind)})
"""What a route may tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Topics → channels: at which local times, or at once.

    `weekdays` count from Monday = 0; empty means every day. Of `at`, `every` and `cron` one is set
    for digests. `quiet` are local half-open intervals that may pass midnight. `budget` is the most
    alerts an hour for one recipient (0: no limit). Of a story that was alerted, what contradicts or
    denies is told at most once in `group_interval`, what is merely new once in `repeat_interval` (0: never).
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
    group_interval: timedelta = timedelta(minutes=5)
    repeat_interval: timedelta = timedelta(0)
    budget: int = 0
    signals: tuple[SignalKind, ...] = ()
    """What all its topics together are watched for."""
    tells: frozenset[str] = KINDS
    """What it tells: stories, turns, signals."""
    corrections: bool = True
    """Immediate: tell whoever was sent a headline that it is another now."""
    fallback: str = ""
    """The channel that stands in for one of `channels` that fails for good; empty: that one's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One address, room or URL of a channel. Empty language or zone: the route's."""

    address: str
    language: str = ""
    timezone: str = ""
