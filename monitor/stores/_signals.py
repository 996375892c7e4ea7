"""What signals follow from: when matches came, and who ever stood beside whom. Parts of transactions."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from sys import intern

from sqlalchemy import ColumnElement, Connection, func, or_, select

from monitor.model import Appearance
from monitor.stores._log import WITHDRAWN
from monitor.stores._tables import entries, feeds, matches

_AT_A_TIME = 500
"""Rows read at once: those of weeks are asked for at a start."""


def appearances(conn: Connection, topics: Collection[str], after: int, since: datetime) -> list[Appearance]:
    """Return the matches behind a seq, in order of seq (see Store.appearances).

    They are kept for weeks, so what thousands have in common is one object each.
    """
    seen, published = entries.c.first_seen, entries.c.published
    rows = conn.execute(
        select(
            matches.c.seq,
            matches.c.topic,
            matches.c.entry_id,
            matches.c.held,
            entries.c.feed_url,
            entries.c.source,
            seen,
            published,
            entries.c.entities,
            feeds.c.first_poll_at,
        )
        .join_from(matches, entries, matches.c.entry_id == entries.c.id)
        .outerjoin(feeds, feeds.c.url == entries.c.feed_url)
        .where(matches.c.topic.in_(topics), matches.c.seq > after, matches.c.held != WITHDRAWN)
        .where(seen >= since)
        .order_by(matches.c.seq),
        execution_options={"yield_per": _AT_A_TIME},
    )
    return [
        Appearance(
            seq=row.seq,
            topic=intern(row.topic),
            entry_id=intern(row.entry_id),
            feed_url=intern(row.feed_url),
            source=intern(row.source),
            at=row.first_seen if row.published is None else min(row.published, row.first_seen),
            first_seen=row.first_seen,
            begun=row.first_poll_at,
            held=intern(row.held),
            entities=tuple(map(intern, json.loads(row.entities))),
        )
        for row in rows
    ]


def asked(conn: Connection, since: datetime) -> tuple[int, int]:
    """Return how many feeds were polled since a moment, and how many there are (see Store.asked)."""
    lately = func.count().filter(feeds.c.last_poll_at >= since)
    row = conn.execute(select(lately, func.count()).where(feeds.c.configured, ~feeds.c.paused)).one()
    return row[0], row[1]


def together(conn: Connection, entity: str, others: Collection[str], before: datetime) -> bool:
    """Whether an entity stood beside one of `others` in an entry seen before (see Store.together)."""
    found = (
        select(entries.c.id)
        .where(entries.c.first_seen <= before)
        .where(_names(entity), or_(*(_names(one) for one in sorted(others))))
        .limit(1)
    )
    return conn.execute(found).first() is not None


def _names(entity: str) -> ColumnElement[bool]:
    """Whether an entry names an entity: as _codec writes a list of texts."""
    return entries.c.entities.contains(json.dumps(entity, ensure_ascii=False), autoescape=True)


def arrivals(
    conn: Connection, spans: Sequence[tuple[datetime, datetime]], sources: Collection[str]
) -> list[int]:
    """Return how many entries were first seen in each span, the end included (see Store.arrivals)."""
    count = select(func.count()).select_from(entries)
    if sources:
        count = count.where(entries.c.source.in_(sources))
    return [
        conn.execute(count.where(entries.c.first_seen > start, entries.c.first_seen <= end)).scalar_one()
        for start, end in spans
    ]
