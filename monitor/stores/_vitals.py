"""How the outbox and the feeds do. Each function is part of one transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import JSON, ColumnElement, Connection, and_, cast, func, not_, select

from monitor.model import DeliveryStatus, FeedStatus, Vitals
from monitor.stores._archive import UNSENT
from monitor.stores._tables import deliveries, feeds
from monitor.stores._threads import FOR_SOMEBODY

_LONGEST = timedelta(days=7)
"""No message is tried for longer: the index by due time leaves out what is older."""


def vitals(conn: Connection, now: datetime, most: int) -> Vitals:
    """Return how the outbox and the feeds do (see Store.vitals)."""
    by_status = {
        row.status: row.number
        for row in conn.execute(
            select(deliveries.c.status, func.count().label("number"))
            .where(FOR_SOMEBODY, deliveries.c.status.in_((*UNSENT, DeliveryStatus.DEAD.value)))
            .group_by(deliveries.c.status)
        )
    }
    held = and_(deliveries.c.attempts == 0, deliveries.c.due_at > now)
    oldest = select(func.min(deliveries.c.queued_at, type_=deliveries.c.queued_at.type)).where(
        FOR_SOMEBODY, deliveries.c.status.in_(UNSENT), not_(held)
    )
    polled = and_(feeds.c.configured, ~feeds.c.paused)
    due = select(func.min(feeds.c.due_at, type_=feeds.c.due_at.type)).where(polled)
    since = conn.execute(due).scalar()
    states = conn.execute(
        select(feeds.c.status, feeds.c.paused, func.count().label("number"))
        .where(feeds.c.configured)
        .group_by(feeds.c.status, feeds.c.paused)
    ).all()
    by_state: dict[str, int] = {}
    for row in states:
        name = FeedStatus.PAUSED.value if row.paused else row.status
        by_state[name] = by_state.get(name, 0) + row.number
    few = sum(by_state.values()) <= most
    last = select(feeds.c.url, feeds.c.last_ok_at).where(feeds.c.configured, feeds.c.last_ok_at.is_not(None))
    return Vitals(
        queued=sum(by_status.get(status, 0) for status in UNSENT),
        dead=by_status.get(DeliveryStatus.DEAD.value, 0),
        undelivered_since=conn.execute(oldest).scalar(),
        feeds=by_state,
        last_ok={row.url: row.last_ok_at for row in conn.execute(last)} if few else {},
        poll_due_since=since if since is not None and since <= now else None,
    )


def delays(conn: Connection, since: datetime) -> list[timedelta]:
    """Return how long alerts took (see Store.delays)."""
    published: ColumnElement[str] = func.json_extract(deliveries.c.message, "$.published")
    if conn.dialect.name == "postgresql":
        published = cast(deliveries.c.message, JSON)["published"].as_string()
    rows = conn.execute(
        select(published.label("published"), deliveries.c.sent_at)
        .where(deliveries.c.status == DeliveryStatus.SENT.value, deliveries.c.due_at >= since - _LONGEST)
        .where(deliveries.c.sent_at >= since, published.is_not(None))
        .order_by(deliveries.c.n)
    )
    return [row.sent_at - datetime.fromisoformat(row.published) for row in rows]
