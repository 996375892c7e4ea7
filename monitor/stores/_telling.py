"""Cursors, hits and the outbox: promises 2 and 3. Each function is part of one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, union, update

from monitor.model import (
    Cursor,
    Dead,
    Deferred,
    Delivery,
    DeliveryStatus,
    Passed,
    Redrive,
    Sent,
)
from monitor.stores import _log, _silences, _threads
from monitor.stores._articles import articles
from monitor.stores._bulk import execute_many
from monitor.stores._codec import encode, storable
from monitor.stores._rows import chunks, cursor_of, delivery_of, delivery_row, redrives_of
from monitor.stores._stories import void_turn
from monitor.stores._tables import (
    IS_SPARE,
    cursors,
    deliveries,
    feeds,
    matches,
    meta,
    told,
    told_items,
)
from monitor.stores._threads import FOR_SOMEBODY
from monitor.stores._upsert import Upsert

_MATCH = tuple(column.name for column in matches.columns)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_WAITING = (DeliveryStatus.QUEUED.value, DeliveryStatus.RETRY.value)


def all_cursors(conn: Connection) -> list[Cursor]:
    """Return all cursors, by route, channel and recipient."""
    rows = conn.execute(select(cursors).order_by(cursors.c.route, cursors.c.channel, cursors.c.recipient))
    return [cursor_of(row) for row in rows]


def _is(cursor: Cursor) -> ColumnElement[bool]:
    return and_(
        cursors.c.route == cursor.route,
        cursors.c.channel == cursor.channel,
        cursors.c.recipient == cursor.recipient,
    )


def start_cursor(conn: Connection, upsert: Upsert, cursor: Cursor, since: datetime) -> None:
    """Create a cursor in front of the first hit matched at or after `since` (see Store.start_cursor)."""
    hit = conn.execute(select(func.min(matches.c.seq)).where(matches.c.matched_at >= since)).scalar()
    first = min((seq for seq in (hit, _log.first_at(conn, since)) if seq is not None), default=None)
    position = _log.last_seq(conn) if first is None else first - 1
    conn.execute(
        upsert(cursors),
        {
            "route": cursor.route,
            "channel": cursor.channel,
            "recipient": cursor.recipient,
            "position": position,
            "start": position,
            "next_slot": cursor.next_slot,
            "last_slot": cursor.last_slot,
        },
    )


def enqueue(
    conn: Connection,
    upsert: Upsert,
    cursor: Cursor,
    queued: Sequence[Delivery],
    expected: int,
    passed: Sequence[Passed],
) -> bool:
    """Promise 2 (see Store.enqueue).

    Besides the position the last slot fences: a digest with nothing new moves only the slot, and a
    process that slept through it must not set the slot back.
    """
    stands = and_(_is(cursor), cursors.c.position == expected)
    if cursor.last_slot is not None:
        stands &= or_(cursors.c.last_slot.is_(None), cursors.c.last_slot <= cursor.last_slot)
    moved = conn.execute(
        update(cursors)
        .where(stands)
        .values(position=cursor.position, next_slot=cursor.next_slot, last_slot=cursor.last_slot)
    )
    if moved.rowcount == 0:
        return False
    if queued:
        conn.execute(upsert(deliveries, key=("id",)), [delivery_row(one) for one in queued])
    # What a spare tells is told once, by the delivery that it stands in for.
    telling = [one for one in queued if one.status is not DeliveryStatus.SPARE]
    _note_told(conn, upsert, telling)
    _silences.note(conn, upsert, cursor, passed, telling)
    return True


def _note_told(conn: Connection, upsert: Upsert, queued: Sequence[Delivery]) -> None:
    """Remember for each recipient which stories the messages tell, and what of them."""
    tellings = [
        (
            {
                "route": one.message.route,
                "channel": one.channel,
                "recipient": storable(one.message.recipient.address),
                "story_id": story_id,
            },
            one,
        )
        for one in queued
        for story_id in dict.fromkeys((*one.message.stories, *one.message.told))
    ]
    execute_many(conn, upsert(told), [{**telling, "delivery_id": one.id} for telling, one in tellings])
    execute_many(
        conn,
        upsert(told_items),
        [
            {**telling, "item": storable(item)}
            for telling, one in tellings
            for item in one.message.told.get(telling["story_id"], ())
        ],
    )


# outbox ───────────────────────────────────────────────────────────────────────────────────────


def claim(
    conn: Connection, now: datetime, limit: int, lease: timedelta, busy: Mapping[str, int]
) -> list[Delivery]:
    """Take due deliveries (see Store.claim_deliveries). A claim counts as an attempt from the start:
    who dies over it has tried.
    """
    due = or_(
        and_(deliveries.c.status.in_(_WAITING), deliveries.c.due_at <= now),
        and_(deliveries.c.status == DeliveryStatus.SENDING.value, deliveries.c.lease_until <= now),
    )
    due = and_(due, _threads.ready())
    rows: list[Any] = []
    for channel in conn.execute(select(deliveries.c.channel).where(due).distinct()).scalars().all():
        if (room := limit - busy.get(channel, 0)) > 0:
            rows += conn.execute(
                select(deliveries)
                .where(due, deliveries.c.channel == channel)
                .order_by(deliveries.c.queued_at, deliveries.c.n)
                .limit(room)
                .with_for_update(skip_locked=True)
            ).all()
    rows.sort(key=lambda row: (row.queued_at, row.n))
    for chunk in chunks(row.n for row in rows):
        conn.execute(
            update(deliveries)
            .where(deliveries.c.n.in_(chunk))
            .values(
                status=DeliveryStatus.SENDING.value,
                attempts=deliveries.c.attempts + 1,
                lease=deliveries.c.lease + 1,
                lease_until=now + lease,
            )
        )
    claimed = [_claimed(delivery_of(row, token=str(row.lease + 1))) for row in rows]
    return _threads.with_threads(conn, claimed)


def _claimed(delivery: Delivery) -> Delivery:
    return replace(delivery, status=DeliveryStatus.SENDING, attempts=delivery.attempts + 1)


def record_try(conn: Connection, delivery: Delivery, outcome: Sent | Deferred | Dead, now: datetime) -> bool:
    """Promise 3 (see Store.record_try)."""
    if not delivery.token.isdecimal():
        return False
    changed = conn.execute(
        update(deliveries)
        .where(
            deliveries.c.id == delivery.id,
            deliveries.c.status == DeliveryStatus.SENDING.value,
            deliveries.c.lease == int(delivery.token),
        )
        .values(lease_until=None, recorded_at=now, **_fate(outcome, now))
    )
    if changed.rowcount != 1:
        return False
    if not isinstance(outcome, Deferred):
        _settle_spares(conn, delivery, outcome, now)
    return True


def _settle_spares(conn: Connection, delivery: Delivery, outcome: Sent | Dead, now: datetime) -> None:
    """Queue what stands in for a delivery that is dead; drop it where the delivery was sent."""
    spares = and_(
        IS_SPARE,
        deliveries.c.instead_of == delivery.id,
        deliveries.c.status == DeliveryStatus.SPARE.value,
    )
    match outcome:
        case Sent():
            conn.execute(delete(deliveries).where(spares))
        case Dead(detail=detail):
            address = delivery.message.recipient.address
            note = f"{delivery.channel} could not reach {address}: {detail}"
            queued = DeliveryStatus.QUEUED.value
            values = {"status": queued, "due_at": now, "recorded_at": now, "note": storable(note)}
            conn.execute(update(deliveries).where(spares).values(**values))


def redrive(conn: Connection, ids: Sequence[str], now: datetime, by: str) -> list[str]:
    """Queue dead letters again (see Store.redrive)."""
    done = []
    for chunk in chunks(ids):
        dead = (deliveries.c.id.in_(chunk), deliveries.c.status == DeliveryStatus.DEAD.value)
        for row in conn.execute(select(deliveries).where(*dead).order_by(deliveries.c.n).with_for_update()):
            one = Redrive(at=now, by=by, attempts=row.attempts, reason=row.reason, detail=row.detail)
            values = {"status": DeliveryStatus.QUEUED.value, "attempts": 0, "reason": "", "detail": ""}
            conn.execute(
                update(deliveries)
                .where(deliveries.c.n == row.n)
                .values(due_at=now, recorded_at=now, redriven=encode((*redrives_of(row), one)), **values)
            )
            done.append(row.id)
    return done


def _fate(outcome: Sent | Deferred | Dead, now: datetime) -> dict[str, Any]:
    match outcome:
        case Sent(receipt=receipt, handle=handle):
            status = DeliveryStatus.SENT.value
            taken = {"detail": storable(receipt), "handle": storable(handle)}
            return {"status": status, "sent_at": now, "reason": "", **taken}
        case Deferred(reason=reason, detail=detail, retry_at=retry_at):
            status = DeliveryStatus.RETRY.value
            return {"status": status, "due_at": retry_at, "reason": reason.value, "detail": storable(detail)}
        case Dead(reason=reason, detail=detail):
            status = DeliveryStatus.DEAD.value
            return {"status": status, "reason": reason.value, "detail": storable(detail)}


def queued_since(conn: Connection, route: str, channel: str, recipient: str, since: datetime) -> int:
    """Return how many messages a route queued for a recipient after `since`."""
    mine = (
        deliveries.c.route == route,
        deliveries.c.channel == channel,
        deliveries.c.recipient == recipient,
        deliveries.c.instead_of == "",
    )
    count = select(func.count()).select_from(deliveries).where(*mine, deliveries.c.queued_at > since)
    return conn.execute(count).scalar_one()


def void_leases(conn: Connection) -> None:
    """End every lease: whoever asks knows that those who hold them are dead."""
    sending = deliveries.c.status == DeliveryStatus.SENDING.value
    conn.execute(update(feeds).where(feeds.c.lease_until.is_not(None)).values(lease_until=None))
    conn.execute(update(deliveries).where(sending).values(lease_until=_LONG_AGO))
    conn.execute(update(articles).where(articles.c.lease_until.is_not(None)).values(lease_until=None))
    void_turn(conn)


def listed(
    conn: Connection, status: DeliveryStatus | None, limit: int | None, telling: frozenset[str] = frozenset()
) -> list[Delivery]:
    """Return deliveries, newest first."""
    newest = (deliveries.c.queued_at.desc(), deliveries.c.n.desc())
    wanted = select(deliveries).where(FOR_SOMEBODY).order_by(*newest).limit(limit)
    if status is not None:
        wanted = wanted.where(deliveries.c.status == status.value)
    else:
        wanted = wanted.where(deliveries.c.status != DeliveryStatus.SPARE.value)
    if telling:
        same = [told_items.c[name] == told.c[name] for name in ("route", "channel", "recipient", "story_id")]
        with_items = select(told.c.delivery_id).join(told_items, and_(*same))
        with_items = with_items.where(told_items.c.item.in_(telling))
        about = select(told.c.delivery_id).where(told.c.story_id.in_(telling))
        wanted = wanted.where(deliveries.c.id.in_(union(with_items, about)))
    return [delivery_of(row) for row in conn.execute(wanted)]


def delivery(conn: Connection, delivery_id: str) -> Delivery | None:
    """Return the only delivery whose id begins so."""
    begins = deliveries.c.id.startswith(delivery_id, autoescape=True)
    rows = conn.execute(select(deliveries).where(begins).order_by(deliveries.c.id).limit(2)).all()
    exact = [row for row in rows if row.id == delivery_id]
    found = exact or (rows if len(rows) == 1 else [])
    return delivery_of(found[0]) if found else None


# care ─────────────────────────────────────────────────────────────────────────────────────────


def next_due(conn: Connection) -> datetime | None:
    """Return when the next slot or delivery is due."""
    waiting = and_(deliveries.c.status.in_(_WAITING), _threads.ready())
    sending = deliveries.c.status == DeliveryStatus.SENDING.value
    times = [
        conn.execute(select(column).where(where).order_by(column).limit(1)).scalar()
        for column, where in (
            (cursors.c.next_slot, cursors.c.next_slot.is_not(None)),
            (deliveries.c.due_at, waiting),
            (deliveries.c.lease_until, sending),
        )
    ]
    return min((time for time in times if time is not None), default=None)


def last_time(conn: Connection) -> datetime | None:
    """Return the latest time at which a poll, a slot, a queueing or a try was recorded."""
    times = [
        conn.execute(select(column).where(column.is_not(None)).order_by(column.desc()).limit(1)).scalar()
        for column in (feeds.c.recorded_at, cursors.c.last_slot, deliveries.c.recorded_at)
    ]
    return max((time for time in times if time is not None), default=None)


def facts(conn: Connection, upsert: Upsert, values: Mapping[str, str] | None) -> dict[str, str]:
    """Write small facts and return them all."""
    if values:
        conn.execute(
            upsert(meta, changes={"value"}),
            [{"key": key, "value": storable(value)} for key, value in sorted(values.items())],
        )
    return {row.key: row.value for row in conn.execute(select(meta).order_by(meta.c.key))}
