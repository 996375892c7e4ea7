"""Metrics: what is counted and measured, each said once: name, help, labels, and where it comes from.

Counters and histograms grow with the events that are told (see model.Event): for each a poll costs an
addition. Gauges are asked for when somebody looks, of what the store says then. Labels are words of
ours or of the desk's config, never what the world can make up, and no secret: a feed is its id, the
hash of its URL, beside its publisher's name as the desk wrote it.

Names follow the conventions of Prometheus (https://prometheus.io/docs/practices/naming/); this module
knows nothing else of it: `web/` makes its text form of the families.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from hashlib import blake2b
from threading import Lock
from typing import Any, Literal

from monitor.errors import DeliveryReason, FetchReason, ParseReason
from monitor.model import Event, Feed, FeedStatus, Vitals

Labels = tuple[str, ...]
Told = Mapping[str, Any]
"""The fields of an event."""
Amounts = Iterable[tuple[Labels, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How everything is at `now`: what gauges are read from.

    `channels` and `topics` are the names in the config. `late_since` is when the digest that is most
    overdue was due. `canary_at` and `heartbeat_at` are when the last one arrived, where none did when
    the first one was sent; None where there are none.
    """

    now: datetime
    vitals: Vitals
    feeds: Mapping[str, Feed] = field(default_factory=dict)
    channels: Sequence[str] = ()
    topics: Sequence[str] = ()
    build: Labels = ("", "", "")
    """Version, Python's version, kind of store."""
    late_since: datetime | None = None
    canary_at: datetime | None = None
    canary_every: float | None = None
    heartbeat_at: datetime | None = None
    heartbeat_every: float | None = None

    def age(self, since: datetime | None) -> float:
        """Return the seconds since a moment; 0 where there is none."""
        return max((self.now - since).total_seconds(), 0.0) if since else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Values seen, as Prometheus counts them: `counts[i]` are those in the bucket up to `bounds[i]`, the
    last those beyond."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric with its values, by its labels' values."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: Labels = ()
    values: Mapping[Labels, float | Histogram] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What one metric is. A counter takes from events of the kind `event`, a gauge from a snapshot.

    `bounds` make it a histogram. `known` are the labels that are shown before there is anything to
    count: an alert on a rate must not wait for the first failure.
    """

    name: str
    help: str
    labels: Labels = ()
    event: str = ""
    take: Callable[[Told], Amounts] | None = None
    ask: Callable[[Snapshot], Amounts] | None = None
    bounds: tuple[float, ...] = ()
    known: Callable[[Snapshot], Iterable[Labels]] = lambda snapshot: ()


def feed_id(url: str) -> str:
    """Return what a feed is called in labels: bounded, the same for ever, and without what its URL holds."""
    return blake2b(url.encode(), digest_size=6).hexdigest()


def _amount(name: str) -> Callable[[Told], Amounts]:
    return lambda told: [((), float(told[name]))] if told.get(name) is not None else []


def _word(*names: str) -> Callable[[Told], Amounts]:
    return lambda told: [(tuple([_plain(told.get(name)) for name in names]), 1.0)]


def _plain(word: Any) -> str:
    if type(word) is str:
        return word
    return str(word.value if isinstance(word, Enum) else word or "")


def _stages(told: Told) -> Amounts:
    return [((stage,), float(number)) for stage in _STAGES if (number := told.get(stage))]


def _topics(told: Told) -> Amounts:
    return [((topic,), float(number)) for topic, number in (told.get("topics") or {}).items()]


def _no_labels(snapshot: Snapshot) -> Iterable[Labels]:
    return [()]


_STAGES = ("new", "revised", "matched")
_OUTCOMES = [
    ("fetched", ""),
    ("notmodified", ""),
    *(("error", one.value) for one in (*FetchReason, *ParseReason)),
]

_FATES = [(outcome, one.value) for outcome in ("deferred", "dead") for one in DeliveryReason]

COUNTED: tuple[Metric, ...] = (
    Metric(
        name="monitor_fetches_total",
        help="Polls by what came of them; reason is why one failed.",
        labels=("outcome", "reason"),
        event="poll",
        take=_word("outcome", "reason"),
        known=lambda snapshot: _OUTCOMES,
    ),
    Metric(
        name="monitor_fetch_duration_seconds",
        help="Time of a poll's exchanges, without the wait for a turn at the host.",
        event="poll",
        take=_amount("took"),
        bounds=(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
        known=_no_labels,
    ),
    Metric(
        name="monitor_fetch_bytes_total",
        help="Bytes of feeds as they came over the wire.",
        event="poll",
        take=_amount("received"),
        known=_no_labels,
    ),
    Metric(
        name="monitor_items_total",
        help="Entries by how far they came: new, revised by their publisher, matched by a topic.",
        labels=("stage",),
        event="poll",
        take=_stages,
        known=lambda snapshot: [(stage,) for stage in _STAGES],
    ),
    Metric(
        name="monitor_matches_total",
        help="Matches of new and revised entries, by topic.",
        labels=("topic",),
        event="poll",
        take=_topics,
        known=lambda snapshot: [(topic,) for topic in snapshot.topics],
    ),
    Metric(
        name="monitor_deliveries_total",
        help="Tries to deliver by what came of them: sent, deferred or dead, and for what reason.",
        labels=("channel", "outcome", "reason"),
        event="delivery",
        take=_word("channel", "outcome", "reason"),
        known=lambda snapshot: [
            (channel, *fate) for channel in snapshot.channels for fate in (("sent", ""), *_FATES)
        ],
    ),
    Metric(
        name="monitor_publish_to_alert_seconds",
        help="From the publisher's time of a report to the moment its alert was taken by the channel.",
        event="delivery",
        take=_amount("waited"),
        bounds=(15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 21600.0, 86400.0),
        known=_no_labels,
    ),
)

_FAILED = Metric(
    name="monitor_failures_total",
    help="What our own machine or config did to us, by the event's word in the log.",
    labels=("event",),
    known=lambda snapshot: [
        (f"{what}-failed",) for what in ("canary", "heartbeat", "machine", "record", "render", "ring", "web")
    ],
)
_BELIEVED = ("started", "reloaded", "reload-refused")


def _feed_times(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    for url, when in sorted(snapshot.vitals.last_ok.items()):
        if (feed := snapshot.feeds.get(url)) is not None:
            yield (feed_id(url), feed.source), when.timestamp()


def _age_of(when: str, every: str) -> Callable[[Snapshot], Amounts]:
    def ask(snapshot: Snapshot) -> Amounts:
        since = getattr(snapshot, when)
        return [((), snapshot.age(since))] if since and getattr(snapshot, every) is not None else []

    return ask


def _set(name: str) -> Callable[[Snapshot], Amounts]:
    return lambda snapshot: [((), float(got))] if (got := getattr(snapshot, name)) is not None else []


ASKED: tuple[Metric, ...] = (
    Metric(
        name="monitor_delivery_queue_depth",
        help="Messages that are queued, under way or waiting for another try.",
        ask=lambda snapshot: [((), snapshot.vitals.queued)],
    ),
    Metric(
        name="monitor_dead_letters",
        help="Messages that were given up.",
        ask=lambda snapshot: [((), snapshot.vitals.dead)],
    ),
    Metric(
        name="monitor_oldest_undelivered_seconds",
        help="Age of the oldest message that is not delivered, whatever it waits for but its own time.",
        ask=lambda snapshot: [((), snapshot.age(snapshot.vitals.undelivered_since))],
    ),
    Metric(
        name="monitor_feeds",
        help="Feeds by how they do.",
        labels=("state",),
        ask=lambda snapshot: [
            ((status.value,), snapshot.vitals.feeds.get(status.value, 0)) for status in FeedStatus
        ],
    ),
    Metric(
        name="monitor_feed_last_success_timestamp_seconds",
        help="When a feed last answered as it should, by the id of the feed in `monitor status --json`.",
        labels=("feed", "source"),
        ask=_feed_times,
    ),
    Metric(
        name="monitor_scheduler_lag_seconds",
        help="How long the feed that waits longest for its poll has been due.",
        ask=lambda snapshot: [((), snapshot.age(snapshot.vitals.poll_due_since))],
    ),
    Metric(
        name="monitor_digest_overdue_seconds",
        help="How long the digest that is most overdue should have been made.",
        ask=lambda snapshot: [((), snapshot.age(snapshot.late_since))],
    ),
    Metric(
        name="monitor_canary_age_seconds",
        help="Time since the last canary arrived; where none did, since the first was let go.",
        ask=_age_of("canary_at", "canary_every"),
    ),
    Metric(
        name="monitor_canary_interval_seconds",
        help="Time between two canaries.",
        ask=_set("canary_every"),
    ),
    Metric(
        name="monitor_heartbeat_age_seconds",
        help="Time since the heartbeat's URL last answered; where it never did, since the start.",
        ask=_age_of("heartbeat_at", "heartbeat_every"),
    ),
    Metric(
        name="monitor_heartbeat_interval_seconds",
        help="Least time between two heartbeats.",
        ask=_set("heartbeat_every"),
    ),
    Metric(
        name="monitor_build_info",
        help="What runs here.",
        labels=("version", "python", "store"),
        ask=lambda snapshot: [(snapshot.build, 1)],
    ),
)


class Metrics:
    """Counts what it is told. Safe to tell from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_event: dict[str, list[Metric]] = {}
        for metric in COUNTED:
            self._by_event.setdefault(metric.event, []).append(metric)
        self._numbers: defaultdict[tuple[str, Labels], float] = defaultdict(float)
        self._seen: dict[tuple[str, Labels], list[float]] = {}
        """Of each histogram the counts of its buckets and, last, the sum."""
        self._loaded: tuple[bool, datetime | None] | None = None
        """Whether the last config that was read was right, and when one last was."""

    def tell(self, event: Event) -> None:
        """Count one event."""
        with self._lock:
            for metric in self._by_event.get(event.kind, ()):
                assert metric.take is not None
                for labels, amount in metric.take(event.fields):
                    self._add(metric, labels, amount)
            if event.kind.endswith(("-failed", "-refused")):
                self._numbers[_FAILED.name, (event.kind,)] += 1
            if event.kind in _BELIEVED:
                right = event.kind != "reload-refused"
                before = self._loaded[1] if self._loaded else None
                self._loaded = (right, event.at if right else before)

    def _add(self, metric: Metric, labels: Labels, amount: float) -> None:
        key = (metric.name, labels)
        if not metric.bounds:
            self._numbers[key] += amount
            return
        seen = self._seen.setdefault(key, [0.0] * (len(metric.bounds) + 2))
        seen[bisect_left(metric.bounds, amount)] += 1
        seen[-1] += amount

    def families(self, snapshot: Snapshot) -> list[Family]:
        """Return all metrics with their values."""
        with self._lock:
            numbers, loaded = dict(self._numbers), self._loaded
            seen = {key: tuple(one) for key, one in self._seen.items()}
        counted = [
            _histogram(one, seen, snapshot) if one.bounds else _counter(one, numbers, snapshot)
            for one in (*COUNTED, _FAILED)
        ]
        return [*counted, *(_gauge(one, snapshot) for one in ASKED), *_config(loaded)]


def _counter(metric: Metric, numbers: Mapping[tuple[str, Labels], float], snapshot: Snapshot) -> Family:
    values: dict[Labels, float | Histogram] = dict.fromkeys(metric.known(snapshot), 0)
    values.update({labels: n for (name, labels), n in numbers.items() if name == metric.name})
    return _family(metric, "counter", values)


def _histogram(
    metric: Metric, seen: Mapping[tuple[str, Labels], tuple[float, ...]], snapshot: Snapshot
) -> Family:
    empty = (0.0,) * (len(metric.bounds) + 2)
    found = dict.fromkeys(metric.known(snapshot), empty)
    found.update({labels: one for (name, labels), one in seen.items() if name == metric.name})
    values: dict[Labels, float | Histogram] = {
        labels: Histogram(bounds=metric.bounds, counts=tuple(int(n) for n in one[:-1]), total=one[-1])
        for labels, one in found.items()
    }
    return _family(metric, "histogram", values)


def _gauge(metric: Metric, snapshot: Snapshot) -> Family:
    assert metric.ask is not None
    return _family(metric, "gauge", dict(metric.ask(snapshot)))


def _family(
    metric: Metric, kind: Literal["counter", "gauge", "histogram"], values: Mapping[Labels, float | Histogram]
) -> Family:
    return Family(name=metric.name, kind=kind, help=metric.help, labels=metric.labels, values=values)


def _config(loaded: tuple[bool, datetime | None] | None) -> Iterator[Family]:
    """Yield how the last config was that was read, by the names that Prometheus has for its own."""
    if loaded is None:
        return
    right, when = loaded
    yield Family(
        name="monitor_config_last_reload_successful",
        kind="gauge",
        help="Whether the config that was read last was right.",
        values={(): float(right)},
    )
    if when is not None:
        yield Family(
            name="monitor_config_last_reload_success_timestamp_seconds",
            kind="gauge",
            help="When a config was last taken.",
            values={(): when.timestamp()},
        )
