"""Rows ⇄ values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from operator import attrgetter, itemgetter
from typing import Any, Final, TypeVar

from sqlalchemy import Row

from monitor.model import (
    Cursor,
    Delivery,
    DeliveryStatus,
    Entry,
    Evidence,
    FeedState,
    FeedStatus,
    Match,
    Message,
    Redrive,
    Validators,
)
from monitor.stores._codec import decode, decode_all, dump, encode, storable
from monitor.stores._tables import feeds

T = TypeVar("T")

AnyRow = Row[*tuple[Any, ...]]


def chunks(items: Iterable[T], size: int = 500) -> Iterator[Sequence[T]]:
    """Cut into lists of at most `size`: a statement's parameters are limited (SQLite: 32,766)."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


# feeds ────────────────────────────────────────────────────────────────────────────────────────


def due_at(state: FeedState) -> datetime | None:
    """When a feed may be claimed: its time, but never while its publisher told us to stay away."""
    if state.next_poll_at is None or state.held_until is None:
        return state.next_poll_at
    return max(state.next_poll_at, state.held_until)


def _listed(numbers: frozenset[int]) -> str:
    return ",".join(map(str, sorted(numbers)))


_Convert = Callable[[Any], Any]
_STATE: Final[Mapping[str, tuple[str, _Convert | None]]] = {
    "status": ("status", attrgetter("value")),
    "reason": ("reason", storable),
    "detail": ("detail", storable),
    "validators.etag": ("etag", storable),
    "validators.last_modified": ("last_modified", storable),
    "validators.url": ("validators_url", storable),
    "moved_to": ("moved_to", storable),
    "window": ("window_size", None),
    "skip_hours": ("skip_hours", _listed),
    "skip_days": ("skip_days", _listed),
    **{
        name: (name, None)
        for name in (
            *("body_hash", "first_poll_at", "last_poll_at", "last_ok_at", "next_poll_at", "held_until"),
            *("failures", "interval", "rate", "moved_since", "moved_polls", "polls", "entries", "fresh_for"),
            *("ttl", "arrived_at", "late_at", "stalled_at", "failing_since", "gap_at"),
        )
    },
}
"""What of a state a poll may change → its column, and what makes a value storable. Not the lease and
not the rhythm, which no poll changes."""
_STATUS: Final = {one.value: one for one in FeedStatus}
_USUAL: Final = (
    *("last_poll_at", "last_ok_at", "next_poll_at", "polls", "interval", "rate", "fresh_for"),
    # What health may have written while the feed was leased: of that the poll has the last word.
    *("status", "late_at", "stalled_at"),
)
"""What is written of a poll that found nothing new, as nearly all polls go: a third of a state."""
_ALL: Final = tuple(_STATE)
_READ: Final = {names: attrgetter(*names) for names in (_USUAL, _ALL)}
_COLUMNS: Final = {names: [_STATE[name] for name in names] for names in (_USUAL, _ALL)}
_rest: Final = attrgetter(*(name for name in _ALL if name not in _USUAL))


def feed_row(state: FeedState, before: FeedState | None = None) -> dict[str, Any]:
    """Return the columns of a state to be written where `before` is, all of them if that is not known.

    The key is `b_url`. There are two sets of columns only, so that many rows are one statement.
    """
    usual = before is not None and _rest(state) == _rest(before)
    names = _USUAL if usual else _ALL
    row: dict[str, Any] = {"b_url": state.url, "due_at": due_at(state)}
    for (column, convert), value in zip(_COLUMNS[names], _READ[names](state), strict=True):
        row[column] = value if convert is None else convert(value)
    return row


_PLACES: Final = {column.name: place for place, column in enumerate(feeds.c)}
_PLAIN: Final = {"url": "url", "rhythm": "rhythm"} | {
    name: column for name, (column, convert) in _STATE.items() if convert is None
}
"""Field of a state → column of which it is the value."""
_READ_PLAIN: Final = itemgetter(*map(_PLACES.__getitem__, _PLAIN.values()))
_ODD: Final = ("status", "reason", "detail", "etag", "last_modified", "validators_url", "moved_to")
_READ_ODD: Final = itemgetter(*map(_PLACES.__getitem__, (*_ODD, "skip_hours", "skip_days")))


def feed_state(row: AnyRow, *, token: str = "", paused: bool = False) -> FeedState:
    """Return a state from a whole row of `feeds`, by place: by name that takes twice as long."""
    cells = tuple(row)
    status, reason, detail, etag, last_modified, validators_url, moved_to, hours, days = _READ_ODD(cells)
    values = dict(zip(_PLAIN, _READ_PLAIN(cells), strict=True))
    values["rhythm"] = values["rhythm"] or b""
    values["status"] = FeedStatus.PAUSED if paused else _STATUS[status]
    values["reason"], values["detail"], values["moved_to"] = reason, detail, moved_to
    values["validators"] = Validators(etag=etag, last_modified=last_modified, url=validators_url)
    values["skip_hours"], values["skip_days"] = _numbers(hours), _numbers(days)
    values["token"] = token
    return FeedState.of(values)


def _numbers(listed: str) -> frozenset[int]:
    return frozenset(map(int, listed.split(","))) if listed else frozenset()


# archive ──────────────────────────────────────────────────────────────────────────────────────


def entry_row(entry: Entry) -> dict[str, Any]:
    """Return an entry's columns."""
    return {
        "id": entry.id,
        "url": storable(entry.url),
        "guid": storable(entry.guid),
        "title": storable(entry.title),
        "summary": storable(entry.summary),
        "content": storable(entry.content),
        "author": storable(entry.author),
        "tags": dump(entry.tags) if entry.tags else "[]",
        "entities": dump(entry.entities) if entry.entities else "[]",
        "published": entry.published,
        "updated": entry.updated,
        "first_seen": entry.first_seen,
        "source": entry.source,
        "feed_url": entry.feed_url,
        "language": storable(entry.language),
        "country": entry.country,
        "revision": entry.revision,
        "fingerprint": entry.fingerprint,
        "article": entry.article,
    }


def entry_of(row: AnyRow) -> Entry:
    """Return an entry from a row of `entries`."""
    return Entry(
        id=row.id,
        url=row.url,
        guid=row.guid,
        title=row.title,
        summary=row.summary,
        content=row.content,
        author=row.author,
        tags=() if row.tags == "[]" else tuple(json.loads(row.tags)),
        entities=() if row.entities == "[]" else tuple(json.loads(row.entities)),
        published=row.published,
        updated=row.updated,
        first_seen=row.first_seen,
        source=row.source,
        feed_url=row.feed_url,
        language=row.language,
        country=row.country,
        revision=row.revision,
        fingerprint=row.fingerprint,
        article=row.article,
    )


def match_of(row: Mapping[Any, Any]) -> Match:
    """Return a match from the columns of `matches`."""
    return Match(
        entry_id=row["entry_id"],
        revision=row["revision"],
        topic=row["topic"],
        evidence=decode(Evidence, row["evidence"]),
        held=row["held"],
    )


# telling ──────────────────────────────────────────────────────────────────────────────────────


def cursor_of(row: AnyRow) -> Cursor:
    """Return a cursor from a row of `cursors`."""
    return Cursor(
        route=row.route,
        channel=row.channel,
        recipient=row.recipient,
        position=row.position,
        next_slot=row.next_slot,
        last_slot=row.last_slot,
        start=row.start,
    )


def delivery_row(delivery: Delivery) -> dict[str, Any]:
    """Return a new delivery's columns."""
    message = delivery.message
    return {
        "id": delivery.id,
        "route": message.route,
        "channel": delivery.channel,
        "recipient": storable(message.recipient.address),
        "status": delivery.status.value,
        "attempts": delivery.attempts,
        "due_at": delivery.due_at,
        "queued_at": delivery.queued_at,
        "sent_at": delivery.sent_at,
        "reason": delivery.reason,
        "detail": storable(delivery.detail),
        "message": encode(message),
        "recorded_at": delivery.queued_at,
        "instead_of": delivery.instead_of,
        "note": storable(delivery.note),
        "redriven": encode(delivery.redriven),
        "root": message.follows.delivery if message.follows else "",
        "handle": storable(delivery.handle),
    }


def delivery_of(row: AnyRow, *, token: str = "") -> Delivery:
    """Return a delivery from a row of `deliveries`."""
    return Delivery(
        id=row.id,
        message=decode(Message, row.message),
        channel=row.channel,
        status=DeliveryStatus(row.status),
        attempts=row.attempts,
        due_at=row.due_at,
        queued_at=row.queued_at,
        sent_at=row.sent_at,
        reason=row.reason,
        detail=row.detail,
        token=token,
        instead_of=row.instead_of,
        note=row.note,
        redriven=redrives_of(row),
        handle=row.handle,
    )


def redrives_of(row: AnyRow) -> tuple[Redrive, ...]:
    """Return how often a delivery was queued again, from a row of `deliveries`."""
    return () if row.redriven == "[]" else tuple(decode_all(Redrive, row.redriven))
