"""Silences, and what each reader was not told. Each function is part of one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, update

from monitor.model import Cursor, Delivery, Passed, PassedKind, Scope, Silence
from monitor.stores import _stories
from monitor.stores._bulk import execute_many
from monitor.stores._codec import storable
from monitor.stores._rows import AnyRow, chunks
from monitor.stores._tables import IS_HELD_BACK, deliveries, entries, passed, silences, told
from monitor.stores._times import UtcTime
from monitor.stores._upsert import Upsert

Reader = tuple[str, str, str]
"""Route, channel, recipient."""


def add(conn: Connection, upsert: Upsert, silence: Silence) -> None:
    """Keep a silence (see Store.add_silence)."""
    row = {
        "id": silence.id,
        "scope": silence.scope.value,
        "target": storable(silence.target),
        "since": silence.since,
        "until": silence.until,
        "why": storable(silence.why),
        "by": storable(silence.by),
        "expired_at": silence.expired_at,
        "expired_by": storable(silence.expired_by),
    }
    conn.execute(upsert(silences), row)


def every(conn: Connection) -> list[Silence]:
    """Return all silences, newest first."""
    rows = conn.execute(select(silences).order_by(silences.c.since.desc(), silences.c.id))
    return [_silence(row) for row in rows]


def expire(conn: Connection, silence_id: str, now: datetime, by: str) -> Silence | None:
    """End a silence (see Store.expire_silence)."""
    begins = silences.c.id.startswith(silence_id, autoescape=True)
    rows = conn.execute(select(silences).where(begins).limit(2)).all()
    if len(rows) != 1:
        return None
    found = _silence(rows[0])
    if found.end > now:
        values = {"expired_at": now, "expired_by": storable(by)}
        conn.execute(update(silences).where(silences.c.id == found.id).values(**values))
    return _silence(conn.execute(select(silences).where(silences.c.id == found.id)).one())


def note(
    conn: Connection, upsert: Upsert, cursor: Cursor, notes: Sequence[Passed], queued: Iterable[Delivery]
) -> None:
    """Keep why entries were not told; forget it of those that are told after all."""
    now_told = {
        item.removeprefix("entry:")
        for one in queued
        for items in one.message.told.values()
        for item in items
        if item.startswith(("entry:", "turn:", "signal:"))
    }
    place = _is((cursor.route, cursor.channel, cursor.recipient))
    for chunk in chunks(sorted(now_told)):
        conn.execute(delete(passed).where(place, passed.c.entry_id.in_(chunk)))
    execute_many(
        conn,
        upsert(passed, changes={"kind", "detail", "at", "until"}),
        [
            {
                "route": cursor.route,
                "channel": cursor.channel,
                "recipient": storable(cursor.recipient),
                "entry_id": one.entry_id,
                "kind": one.kind.value,
                "detail": storable(one.detail),
                "at": one.at,
                "until": one.until,
            }
            for one in notes
        ],
    )


def of_reader(conn: Connection, reader: Reader, entry_ids: Iterable[str] | None) -> list[Passed]:
    """Return what one reader was not told (see Store.passed)."""
    wanted = select(passed).where(_is(reader)).order_by(passed.c.entry_id)
    if entry_ids is None:
        return [_passed(row) for row in conn.execute(wanted)]
    return [
        _passed(row)
        for chunk in chunks(sorted(set(entry_ids)))
        for row in conn.execute(wanted.where(passed.c.entry_id.in_(chunk)))
    ]


def waiting(conn: Connection, reader: Reader, now: datetime) -> frozenset[str]:
    """Return the stories of what was passed until now (see Store.waiting)."""
    wanted = select(entries.c.story_id).join_from(passed, entries, passed.c.entry_id == entries.c.id)
    return frozenset(conn.execute(wanted.where(_is(reader), IS_HELD_BACK, passed.c.until <= now)).scalars())


def next_due(conn: Connection) -> datetime | None:
    """Return when something that was passed is looked at again."""
    return conn.execute(select(func.min(passed.c.until)).where(IS_HELD_BACK)).scalar()


def lasts(conn: Connection, reader: Reader, story_ids: Iterable[str]) -> dict[str, datetime]:
    """Return when a reader was last sent something of stories (see Store.lasts)."""
    route, channel, recipient = reader
    wanted = (
        select(told.c.story_id, func.max(deliveries.c.queued_at, type_=UtcTime).label("last"))
        .join_from(told, deliveries, told.c.delivery_id == deliveries.c.id)
        .where(told.c.route == route, told.c.channel == channel, told.c.recipient == storable(recipient))
        .group_by(told.c.story_id)
    )
    now = _stories.names_of(conn, story_ids)
    found: dict[str, datetime] = {}
    for chunk in chunks(sorted(now)):
        for row in conn.execute(wanted.where(told.c.story_id.in_(chunk))):
            story = now[row.story_id]
            found[story] = max(found.get(story, row.last), row.last)
    return found


def _is(reader: Reader) -> ColumnElement[bool]:
    route, channel, recipient = reader
    return and_(
        passed.c.route == route, passed.c.channel == channel, passed.c.recipient == storable(recipient)
    )


def _silence(row: AnyRow) -> Silence:
    return Silence(
        id=row.id,
        scope=Scope(row.scope),
        target=row.target,
        since=row.since,
        until=row.until,
        why=row.why,
        by=row.by,
        expired_at=row.expired_at,
        expired_by=row.expired_by,
    )


def _passed(row: AnyRow) -> Passed:
    return Passed(
        entry_id=row.entry_id, kind=PassedKind(row.kind), detail=row.detail, at=row.at, until=row.until
    )
