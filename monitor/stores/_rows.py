"""Rows ⇄ values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

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


def feed_row(state: FeedState) -> dict[str, Any]:
    """Return a state's columns, without those of its lease and its rhythm, which no poll changes.

    The key is `b_url`.
    """
    return {
        "b_url": state.url,
        "status": state.status.value,
        "reason": storable(state.reason),
        "detail": storable(state.detail),
        "etag": storable(state.validators.etag),
        "last_modified": storable(state.validators.last_modified),
        "validators_url": storable(state.validators.url),
        "body_hash": state.body_hash,
        "first_poll_at": state.first_poll_at,
        "last_poll_at": state.last_poll_at,
        "last_ok_at": state.last_ok_at,
        "next_poll_at": state.next_poll_at,
        "held_until": state.held_until,
        "failures": state.failures,
        "interval": state.interval,
        "rate": state.rate,
        "window_size": state.window,
        "moved_to": storable(state.moved_to),
        "moved_since": state.moved_since,
        "moved_polls": state.moved_polls,
        "polls": state.polls,
        "entries": state.entries,
        "fresh_for": state.fresh_for,
        "ttl": state.ttl,
        "skip_hours": _listed(state.skip_hours),
        "skip_days": _listed(state.skip_days),
        "due_at": due_at(state),
        "arrived_at": state.arrived_at,
        "late_at": state.late_at,
        "stalled_at": state.stalled_at,
        "failing_since": state.failing_since,
        "gap_at": state.gap_at,
    }


def feed_state(row: AnyRow, *, token: str = "", paused: bool = False) -> FeedState:
    """Return a state from a row of `feeds`."""
    return FeedState(
        url=row.url,
        status=FeedStatus.PAUSED if paused else FeedStatus(row.status),
        reason=row.reason,
        detail=row.detail,
        validators=Validators(etag=row.etag, last_modified=row.last_modified, url=row.validators_url),
        body_hash=row.body_hash,
        first_poll_at=row.first_poll_at,
        last_poll_at=row.last_poll_at,
        last_ok_at=row.last_ok_at,
        next_poll_at=row.next_poll_at,
        held_until=row.held_until,
        failures=row.failures,
        interval=row.interval,
        rate=row.rate,
        rhythm=row.rhythm or b"",
        window=row.window_size,
        moved_to=row.moved_to,
        moved_since=row.moved_since,
        moved_polls=row.moved_polls,
        polls=row.polls,
        entries=row.entries,
        token=token,
        fresh_for=row.fresh_for,
        ttl=row.ttl,
        skip_hours=_numbers(row.skip_hours),
        skip_days=_numbers(row.skip_days),
        arrived_at=row.arrived_at,
        late_at=row.late_at,
        stalled_at=row.stalled_at,
        failing_since=row.failing_since,
        gap_at=row.gap_at,
    )


def _listed(numbers: frozenset[int]) -> str:
    return ",".join(map(str, sorted(numbers)))


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
