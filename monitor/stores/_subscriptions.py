"""Subscriptions at hubs: the table, and what is asked of it. Each function is a part of one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Table,
    Text,
    delete,
    insert,
    or_,
    select,
    update,
)

from monitor.model import FeedState, Standing, Subscription, Trust
from monitor.stores._codec import storable
from monitor.stores._contract import Hubs, Transition
from monitor.stores._rows import AnyRow, chunks, due_at, feed_state
from monitor.stores._tables import KEY, NUMBER, feeds, metadata
from monitor.stores._times import UtcTime
from monitor.stores._transactions import Transactions


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _count(name: str) -> Column[int]:
    return Column(name, NUMBER, nullable=False, server_default="0")


# Neither callbacks nor secrets are here: they are made of `id` and a key (see monitor.websub.Keys).
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("feed_url", KEY, nullable=False),
    _text("hub"),
    _text("topic"),
    Column("standing", KEY, nullable=False),
    Column("trust", KEY, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("asked_at", UtcTime),
    _count("attempts"),
    _text("reason"),
    Column("lease_until", UtcTime),
    Column("pushed_at", UtcTime),
    Column("poll_by", UtcTime),
    Column("suspect_at", UtcTime),
    _count("strikes"),
    _count("pushes"),
    _count("ignored"),
    Index(None, "feed_url"),
    Index(None, "due_at"),
    Index(None, "poll_by"),
)

_FIELDS = tuple(one.name for one in fields(Subscription))


def listed(conn: Connection, feed_urls: Sequence[str] | None) -> list[Subscription]:
    """Return the subscriptions of feeds, or all (see Hubs.subscriptions)."""
    wanted = select(subscriptions).order_by(subscriptions.c.feed_url, subscriptions.c.id)
    if feed_urls is None:
        return [_of(row) for row in conn.execute(wanted)]
    return [
        _of(row)
        for chunk in chunks(sorted(feed_urls))
        for row in conn.execute(wanted.where(subscriptions.c.feed_url.in_(chunk)))
    ]


def one(conn: Connection, subscription_id: str) -> Subscription | None:
    """Return a subscription by its id."""
    row = conn.execute(select(subscriptions).where(subscriptions.c.id == subscription_id)).one_or_none()
    return None if row is None else _of(row)


def due(conn: Connection, now: datetime, limit: int) -> list[Subscription]:
    """Return what something is due about (see Hubs.due_subscriptions)."""
    rows = conn.execute(
        select(subscriptions)
        .where(or_(subscriptions.c.due_at <= now, subscriptions.c.poll_by <= now))
        .order_by(subscriptions.c.due_at, subscriptions.c.id)
        .limit(limit)
    )
    return [_of(row) for row in rows]


def change(conn: Connection, feed_url: str, follows: Transition) -> list[Subscription] | None:
    """Write what follows from a feed's subscriptions (see Hubs.change_subscriptions)."""
    # Two who change those of one feed meet at its row, which is there before any of them.
    conn.execute(select(feeds.c.url).where(feeds.c.url == feed_url).with_for_update())
    before = listed(conn, [feed_url])
    after = sorted((_cleaned(found) for found in follows(tuple(before))), key=lambda found: found.id)
    if after == before:
        return None
    kept, there = {found.id for found in after}, {found.id: found for found in before}
    if gone := there.keys() - kept:
        conn.execute(delete(subscriptions).where(subscriptions.c.id.in_(gone)))
    for found in after:
        if found.id not in there:
            conn.execute(insert(subscriptions).values(_row(found)))
        elif found != there[found.id]:
            conn.execute(update(subscriptions).where(subscriptions.c.id == found.id).values(_row(found)))
    return after


def claim_feed(conn: Connection, url: str, now: datetime, lease: timedelta) -> FeedState | None:
    """Take one feed (see Hubs.claim_feed)."""
    row = conn.execute(_free(url, now).with_for_update(skip_locked=True)).one_or_none()
    if row is None:
        return None
    conn.execute(
        update(feeds).where(feeds.c.url == url).values(lease=feeds.c.lease + 1, lease_until=now + lease)
    )
    return feed_state(row, token=str(row.lease + 1))


def hasten(conn: Connection, url: str, now: datetime, floor: timedelta) -> bool:
    """Make a feed due (see Hubs.hasten)."""
    row = conn.execute(_free(url, now).with_for_update()).one_or_none()
    if row is None:
        return False
    state = feed_state(row)
    soon = now if state.last_poll_at is None else max(now, state.last_poll_at + floor)
    if state.next_poll_at is None or state.next_poll_at > soon:
        state = replace(state, next_poll_at=soon)
        times = {"next_poll_at": state.next_poll_at, "due_at": due_at(state)}
        conn.execute(update(feeds).where(feeds.c.url == url).values(times))
    return True


def void_pushes(conn: Connection) -> None:
    """Have feeds polled for the pushes that were not in the store yet: who had them in memory is dead."""
    waiting = subscriptions.c.poll_by.is_not(None)
    conn.execute(update(subscriptions).where(waiting).values(poll_by=datetime(1970, 1, 1, tzinfo=UTC)))


def _free(url: str, now: datetime) -> Any:
    nobodys = or_(feeds.c.lease_until.is_(None), feeds.c.lease_until <= now)
    return select(feeds).where(feeds.c.url == url, feeds.c.configured, ~feeds.c.paused, nobodys)


def _cleaned(found: Subscription) -> Subscription:
    """Return it as the database gives it back: what hubs and feeds wrote may hold anything."""
    hub, topic, reason = storable(found.hub), storable(found.topic), storable(found.reason)
    return replace(found, hub=hub, topic=topic, reason=reason)


def _row(found: Subscription) -> dict[str, Any]:
    return asdict(found) | {"standing": found.standing.value, "trust": found.trust.value}


def _of(row: AnyRow) -> Subscription:
    values = {name: getattr(row, name) for name in _FIELDS}
    return Subscription(**values | {"standing": Standing(row.standing), "trust": Trust(row.trust)})


class SqlHubs(Transactions, Hubs):
    """These questions, asked of an SQL database."""

    def subscriptions(self, feed_urls: Iterable[str] | None = None) -> list[Subscription]:
        """Return the subscriptions of feeds."""
        asked = None if feed_urls is None else sorted(set(feed_urls))
        return self._do(lambda conn: listed(conn, asked), write=False)

    def subscription(self, subscription_id: str) -> Subscription | None:
        """Return a subscription."""
        return self._do(lambda conn: one(conn, subscription_id), write=False)

    def due_subscriptions(self, now: datetime, limit: int) -> list[Subscription]:
        """Return subscriptions of which something is due."""
        return self._do(lambda conn: due(conn, now, limit), write=False)

    def change_subscriptions(self, feed_url: str, follows: Transition) -> list[Subscription] | None:
        """Write what follows from a feed's subscriptions."""
        return self._do(lambda conn: change(conn, feed_url, follows))

    def claim_feed(self, url: str, now: datetime, lease: timedelta) -> FeedState | None:
        """Take one feed."""
        return self._do(lambda conn: claim_feed(conn, url, now, lease))

    def hasten(self, url: str, now: datetime, floor: timedelta) -> bool:
        """Make a feed due."""
        return self._do(lambda conn: hasten(conn, url, now, floor))
