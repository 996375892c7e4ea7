"""Feeds: who is polled when, and who has them. Each function is part of one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, or_, select, update

from monitor.cadence import host_of
from monitor.model import Feed, FeedState, FeedStatus
from monitor.stores._bulk import execute_many
from monitor.stores._rows import AnyRow, chunks, feed_state
from monitor.stores._tables import feeds
from monitor.stores._upsert import Upsert


def sync(
    conn: Connection, upsert: Upsert, configured: Iterable[Feed], now: datetime, spread: timedelta
) -> None:
    """Make the configured feeds the polled ones (see Store.sync_feeds).

    Only what changes is written: rows that stay as they are must not wait for those who poll them.
    """
    wanted = {feed.url: feed for feed in configured}
    before = {
        row.url: (row.configured, row.paused)
        for row in conn.execute(select(feeds.c.url, feeds.c.configured, feeds.c.paused))
    }
    for chunk in chunks(sorted(url for url, (polled, _) in before.items() if polled and url not in wanted)):
        conn.execute(update(feeds).where(feeds.c.url.in_(chunk)).values(configured=False))
    execute_many(
        conn,
        upsert(feeds, changes={"configured", "paused"}),
        [
            {
                "url": url,
                "host": host_of(url),
                "configured": True,
                "paused": feed.paused,
                "status": FeedStatus.NEW.value,
                "next_poll_at": (due := now + spread * _place(url)),
                "due_at": due,
            }
            for url, feed in sorted(wanted.items())
            if before.get(url) != (True, feed.paused)
        ],
    )


def _place(url: str) -> float:
    """Where in the spread a feed's first poll falls: 0 to 1, the same for ever."""
    return int.from_bytes(blake2b(url.encode("utf-8", "replace"), digest_size=6).digest(), "big") / 2**48


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many feeds may be claimed at once: in all, and of one host (see Store.claim_feeds)."""

    limit: int
    per_host: int = 0
    busy: frozenset[str] = frozenset()

    def choose(self, rows: Sequence[AnyRow]) -> list[AnyRow]:
        """Return those of due feeds that there is room for."""
        if not self.per_host:
            return list(rows)
        taken: Counter[str] = Counter()
        chosen: list[AnyRow] = []
        for row in rows:
            taken[row.host] += 1
            if taken[row.host] <= self.per_host and len(chosen) < self.limit:
                chosen.append(row)
        return chosen


def claim(
    conn: Connection, now: datetime, room: Room, lease: timedelta, *, everything: bool
) -> list[FeedState]:
    """Take due feeds (see Store.claim_feeds).

    On PostgreSQL rows that another process is claiming right now are stepped over.
    """
    wanted = _ANY if everything else _DUE
    asked = {"now": now, "limit": room.limit, "busy": sorted(room.busy)}
    rows = room.choose(conn.execute(wanted, asked).all())
    execute_many(conn, _LEASE, [{"b_url": row.url, "b_until": now + lease} for row in rows])
    return [feed_state(row, token=str(row.lease + 1)) for row in rows]


def _claimable(condition: ColumnElement[bool]) -> Select[Any]:
    now = bindparam("now", type_=feeds.c.due_at.type)
    return (
        select(feeds)
        .where(feeds.c.configured, ~feeds.c.paused, condition)
        .where(or_(feeds.c.lease_until.is_(None), feeds.c.lease_until <= now))
        .where(feeds.c.host.not_in(bindparam("busy", expanding=True)))
        .order_by(feeds.c.due_at.asc().nulls_last(), feeds.c.url)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True)
    )


# Statements that every poll needs are made once: making one costs as much as running it.
_NOW = bindparam("now", type_=feeds.c.due_at.type)
_DUE = _claimable(feeds.c.due_at <= _NOW)
_ANY = _claimable(
    and_(
        or_(feeds.c.held_until.is_(None), feeds.c.held_until <= _NOW),
        or_(feeds.c.last_poll_at.is_(None), feeds.c.last_poll_at < _NOW),
    )
)
_LEASE = (
    update(feeds)
    .where(feeds.c.url == bindparam("b_url"))
    .values(lease=feeds.c.lease + 1, lease_until=bindparam("b_until"))
)


def states(conn: Connection) -> list[FeedState]:
    """Return the states of all configured feeds. A paused one says so."""
    rows = conn.execute(select(feeds).where(feeds.c.configured).order_by(feeds.c.url))
    return [feed_state(row, paused=row.paused) for row in rows]


def next_due(conn: Connection) -> datetime | None:
    """Return when the first feed can be claimed: when due, or when the lease on it ends if later."""
    polled = feeds.c.configured & ~feeds.c.paused
    free = conn.execute(
        select(func.min(feeds.c.due_at, type_=feeds.c.due_at.type)).where(
            polled, feeds.c.lease_until.is_(None)
        )
    ).scalar()
    leased = conn.execute(
        select(feeds.c.due_at, feeds.c.lease_until).where(
            polled, feeds.c.lease_until.is_not(None), feeds.c.due_at.is_not(None)
        )
    )
    times = [max(row.due_at, row.lease_until) for row in leased]
    return min(times if free is None else [*times, free], default=None)
