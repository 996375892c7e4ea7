"""The rhythm of feeds and their outages. Each function is part of one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, delete, func, or_, select, update

from monitor.health import WINDOW, Deadlines
from monitor.model import Delivery, FeedState, FeedStatus, Outage, PollRecord
from monitor.stores._bulk import execute_many
from monitor.stores._codec import storable
from monitor.stores._rows import AnyRow, chunks, delivery_row, feed_state
from monitor.stores._tables import arrivals, deliveries, feeds, outages
from monitor.stores._upsert import Upsert

_KEPT = 2 * WINDOW
_NEVER = datetime.fromisoformat("9999-01-01T00:00:00+00:00")
"""When a feed is late of which nothing is expected."""


def note(conn: Connection, upsert: Upsert, records: Iterable[PollRecord]) -> None:
    """Remember the hours in which polls found something new."""
    rows = [{"feed_url": one.state.url, "hour": hour} for one in records for hour in one.arrivals]
    if rows:
        execute_many(conn, upsert(arrivals), sorted(rows, key=lambda row: (row["feed_url"], row["hour"])))


def unwatched(conn: Connection, limit: int, urls: Sequence[str]) -> dict[str, list[datetime]]:
    """Return the rhythms of feeds whose deadlines are not known since they last brought something."""
    wanted = (
        urls[:limit]
        or conn.execute(
            select(feeds.c.url)
            .where(feeds.c.configured, feeds.c.arrived_at.is_not(None), feeds.c.late_at.is_(None))
            .order_by(feeds.c.url)
            .limit(limit)
        )
        .scalars()
        .all()
    )
    found: dict[str, list[datetime]] = {url: [] for url in wanted}
    for chunk in chunks(found):
        rows = conn.execute(
            select(arrivals)
            .where(arrivals.c.feed_url.in_(chunk))
            .order_by(arrivals.c.feed_url, arrivals.c.hour)
        )
        for row in rows:
            found[row.feed_url].append(row.hour)
    return found


_WATCH = (
    update(feeds)
    .where(feeds.c.url == bindparam("b_url"))
    .values(
        late_at=bindparam("b_late", type_=feeds.c.late_at.type),
        stalled_at=bindparam("b_stalled", type_=feeds.c.stalled_at.type),
        rhythm=bindparam("b_rhythm"),
        # A feed that was silent for years when it was first read need not be read again to know.
        status=case(
            (
                and_(
                    feeds.c.failing_since.is_(None),
                    feeds.c.last_ok_at >= bindparam("b_stalled", type_=feeds.c.stalled_at.type),
                ),
                FeedStatus.STALLED.value,
            ),
            # One that was stalled has been given more time, as others rest, too.
            (feeds.c.status == FeedStatus.STALLED.value, FeedStatus.LATE.value),
            else_=feeds.c.status,
        ),
    )
)


def watch(conn: Connection, found: Mapping[str, Deadlines]) -> None:
    """Keep when feeds are late and stalled, and their rhythm. Hours are kept for twice as long as is read."""
    rows = [
        {"b_url": url, "b_late": one.late or _NEVER, "b_stalled": one.stalled, "b_rhythm": one.rhythm}
        for url, one in sorted(found.items())
    ]
    if rows:
        execute_many(conn, _WATCH, rows)
    for chunk in chunks(sorted(found)):
        last = conn.execute(
            select(arrivals.c.feed_url, func.max(arrivals.c.hour, type_=arrivals.c.hour.type).label("last"))
            .where(arrivals.c.feed_url.in_(chunk))
            .group_by(arrivals.c.feed_url)
        ).all()
        old = [{"b_url": row.feed_url, "b_before": row.last - _KEPT} for row in last]
        if old:
            execute_many(conn, _FORGET, old)


_FORGET = delete(arrivals).where(
    arrivals.c.feed_url == bindparam("b_url"),
    arrivals.c.hour < bindparam("b_before", type_=arrivals.c.hour.type),
)


def current(conn: Connection, since: datetime | None = None) -> list[Outage]:
    """Return the outages that go on, and those that ended at or after `since`, by feed and time."""
    wanted: ColumnElement[bool] = outages.c.ended_at.is_(None)
    if since is not None:
        wanted = or_(wanted, outages.c.ended_at >= since)
    rows = conn.execute(select(outages).where(wanted).order_by(outages.c.feed_url, outages.c.since))
    return [_outage(row) for row in rows]


def troubled(conn: Connection) -> list[FeedState]:
    """Return the feeds that fail, are stalled or have an outage (see Store.troubled)."""
    going = select(outages.c.feed_url).where(outages.c.ended_at.is_(None))
    wanted = or_(
        feeds.c.failing_since.is_not(None),
        feeds.c.status == FeedStatus.STALLED.value,
        feeds.c.url.in_(going),
    )
    rows = conn.execute(select(feeds).where(feeds.c.configured, wanted).order_by(feeds.c.url))
    return [feed_state(row, paused=row.paused) for row in rows]


def _outage(row: AnyRow) -> Outage:
    return Outage(
        feed_url=row.feed_url,
        since=row.since,
        status=FeedStatus(row.status),
        reason=row.reason,
        detail=row.detail,
        noticed_at=row.noticed_at,
        ended_at=row.ended_at,
    )


def record(
    conn: Connection,
    upsert: Upsert,
    begun: Sequence[Outage],
    ended: Sequence[Outage],
    queued: Sequence[Delivery],
) -> bool:
    """Write outages and the word of them (see Store.record_outages)."""
    known = {(one.feed_url, one.since) for one in current(conn)}
    silent = {url for url, _ in known}
    if any(one.feed_url in silent for one in begun) or any((o.feed_url, o.since) not in known for o in ended):
        return False
    if begun:
        conn.execute(
            upsert(outages, changes={"status", "reason", "detail", "noticed_at", "ended_at"}),
            [
                {
                    "feed_url": one.feed_url,
                    "since": one.since,
                    "status": one.status.value,
                    "reason": storable(one.reason),
                    "detail": storable(one.detail),
                    "noticed_at": one.noticed_at,
                    "ended_at": None,
                }
                for one in begun
            ],
        )
    for one in ended:
        conn.execute(
            update(outages)
            .where(outages.c.feed_url == one.feed_url, outages.c.since == one.since)
            .values(ended_at=one.ended_at)
        )
    if queued:
        conn.execute(upsert(deliveries, key=("id",)), [delivery_row(one) for one in queued])
    return True
