"""The articles behind stubs: which are wanted, which are due, who has them. Each function is part of one
transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Table,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)

from monitor.cadence import host_of
from monitor.model import Article, ArticleStatus
from monitor.stores._bulk import execute_many
from monitor.stores._codec import storable
from monitor.stores._rows import AnyRow, chunks
from monitor.stores._tables import KEY, _count, _text, entries, feeds, metadata
from monitor.stores._times import UtcTime
from monitor.stores._upsert import Upsert

articles = Table(
    "articles",
    metadata,
    Column("entry_id", KEY, ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
    Column("feed_url", KEY, nullable=False),
    Column("host", KEY, nullable=False),
    _text("url"),
    Column("wanted_at", UtcTime, nullable=False),
    # When it may be asked for; null: never again.
    Column("due_at", UtcTime),
    Column("status", KEY, nullable=False),
    _text("reason"),
    _text("detail"),
    _count("tries"),
    # The last claim: a feed has so many an hour.
    Column("tried_at", UtcTime),
    Column("lease_until", UtcTime),
    _count("lease"),
    Index(None, "feed_url", "tried_at"),
)
IS_DUE = articles.c.due_at.is_not(None)
Index("ix_articles_due_at", articles.c.due_at, sqlite_where=IS_DUE, postgresql_where=IS_DUE)

HOUR = timedelta(hours=1)
_LOOK = 500
"""Due articles that are looked at for one claim."""


def note(conn: Connection, upsert: Upsert, wanted: Sequence[Article]) -> None:
    """Remember what is wanted; what was wanted before stays as it is."""
    execute_many(
        conn,
        upsert(articles),
        [
            {
                "entry_id": one.entry_id,
                "feed_url": one.feed_url,
                "host": host_of(one.url),
                "url": storable(one.url),
                "wanted_at": one.wanted_at,
                "due_at": one.due_at,
                "status": one.status.value,
            }
            for one in sorted(wanted, key=lambda one: one.entry_id)
        ],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How many articles may be claimed (see Store.claim_articles)."""

    limit: int
    per_hour: int
    since: datetime
    busy: frozenset[str] = frozenset()


def claim(conn: Connection, now: datetime, asked: Asked, lease: timedelta) -> list[Article]:
    """Take due articles (see Store.claim_articles)."""
    if conn.execute(select(articles.c.entry_id).where(_claimable(now)).limit(1)).first() is None:
        return []
    _give_up(conn, now, asked.since)
    _put_off(conn, now, asked.per_hour)
    rows = conn.execute(
        select(articles, entries.c.title)
        .join_from(articles, entries, articles.c.entry_id == entries.c.id)
        .where(_claimable(now), articles.c.host.not_in(sorted(asked.busy)))
        # The newest first: of an hour's budget they are worth most.
        .order_by(articles.c.wanted_at.desc(), entries.c.published.desc().nulls_last(), articles.c.entry_id)
        .limit(_LOOK)
        .with_for_update(skip_locked=True, of=articles)
    ).all()
    left = _left(conn, {row.feed_url for row in rows}, now, asked.per_hour)
    hosts = set(asked.busy)
    chosen: list[AnyRow] = []
    for row in rows:
        if len(chosen) < asked.limit and row.host not in hosts and left[row.feed_url] > 0:
            hosts.add(row.host)
            left[row.feed_url] -= 1
            chosen.append(row)
    execute_many(
        conn, _TAKE, [{"b_id": row.entry_id, "b_until": now + lease, "b_now": now} for row in chosen]
    )
    return [_article(row, tries=row.tries + 1, token=str(row.lease + 1)) for row in chosen]


def _claimable(now: datetime) -> ColumnElement[bool]:
    return and_(
        IS_DUE,
        articles.c.due_at <= now,
        or_(articles.c.lease_until.is_(None), articles.c.lease_until <= now),
    )


_TAKE = (
    update(articles)
    .where(articles.c.entry_id == bindparam("b_id"))
    .values(
        lease=articles.c.lease + 1,
        lease_until=bindparam("b_until", type_=articles.c.lease_until.type),
        tries=articles.c.tries + 1,
        tried_at=bindparam("b_now", type_=articles.c.tried_at.type),
    )
)


def _give_up(conn: Connection, now: datetime, since: datetime) -> None:
    """Want no more what was wanted before `since`."""
    conn.execute(
        update(articles)
        .where(_claimable(now), articles.c.wanted_at < since)
        .values(status=ArticleStatus.REFUSED.value, reason="late", due_at=None, lease_until=None)
    )


def _put_off(conn: Connection, now: datetime, per_hour: int) -> None:
    """Let due articles wait whose feed has had its hour's, or whose publisher told us to stay away."""
    due = set(conn.execute(select(articles.c.feed_url).where(_claimable(now)).distinct()).scalars())
    later: dict[str, datetime] = {}
    for url, left in _left(conn, due, now, per_hour).items():
        if left <= 0:
            nth = (
                select(articles.c.tried_at)
                .where(articles.c.feed_url == url, articles.c.tried_at > now - HOUR)
                .order_by(articles.c.tried_at.desc())
                .offset(per_hour - 1)
                .limit(1)
            )
            later[url] = conn.execute(nth).scalar_one() + HOUR
    for chunk in chunks(sorted(due)):
        held = select(feeds.c.url, feeds.c.held_until).where(feeds.c.url.in_(chunk), feeds.c.held_until > now)
        for row in conn.execute(held):
            later[row.url] = max(row.held_until, later.get(row.url, now))
    for url, until in sorted(later.items()):
        conn.execute(update(articles).where(_claimable(now), articles.c.feed_url == url).values(due_at=until))


def _left(conn: Connection, urls: Collection[str], now: datetime, per_hour: int) -> Counter[str]:
    """Return how many articles each feed may still have in this hour."""
    left = Counter(dict.fromkeys(urls, per_hour))
    for chunk in chunks(sorted(urls)):
        tried = (
            select(articles.c.feed_url, func.count().label("number"))
            .where(articles.c.feed_url.in_(chunk), articles.c.tried_at > now - HOUR)
            .group_by(articles.c.feed_url)
        )
        left.subtract({row.feed_url: row.number for row in conn.execute(tried)})
    return left


def holds(conn: Connection, article: Article) -> bool:
    """Whether the article is still in the hands of whoever claimed it under this token."""
    held = (
        select(articles.c.lease)
        .where(articles.c.entry_id == article.entry_id, articles.c.lease_until.is_not(None))
        .with_for_update()
    )
    return str(conn.execute(held).scalar()) == article.token


def settle(conn: Connection, article: Article, rest_until: datetime | None) -> None:
    """Write where an article stands, and let its host rest."""
    conn.execute(
        update(articles)
        .where(articles.c.entry_id == article.entry_id)
        .values(
            status=article.status.value,
            reason=storable(article.reason),
            detail=storable(article.detail),
            due_at=article.due_at,
            tries=article.tries,
            lease_until=None,
        )
    )
    if rest_until is not None:
        conn.execute(
            update(articles)
            .where(articles.c.host == host_of(article.url), IS_DUE, articles.c.due_at < rest_until)
            .values(due_at=rest_until)
        )


def texts(conn: Connection, ids: Iterable[str]) -> dict[str, str]:
    """Return the texts of those of the entries that have one from their article."""
    found: dict[str, str] = {}
    for chunk in chunks(sorted(ids)):
        rows = conn.execute(
            select(entries.c.id, entries.c.content).where(
                entries.c.id.in_(chunk), entries.c.article, entries.c.content != ""
            )
        )
        found.update((row.id, row.content) for row in rows)
    return found


def of_entry(conn: Connection, entry_id: str) -> Article | None:
    """Return how far we are with an entry's article."""
    row = conn.execute(
        select(articles, entries.c.title)
        .join_from(articles, entries, articles.c.entry_id == entries.c.id)
        .where(articles.c.entry_id == entry_id)
    ).first()
    return _article(row, tries=row.tries) if row is not None else None


def counts(conn: Connection) -> Mapping[str, int]:
    """Return how many articles there are of each status."""
    rows = conn.execute(select(articles.c.status, func.count().label("number")).group_by(articles.c.status))
    return {row.status: row.number for row in rows}


def next_due(conn: Connection) -> datetime | None:
    """Return when the first article can be claimed."""
    free = conn.execute(
        select(func.min(articles.c.due_at, type_=articles.c.due_at.type)).where(
            IS_DUE, articles.c.lease_until.is_(None)
        )
    ).scalar()
    leased = conn.execute(
        select(articles.c.due_at, articles.c.lease_until).where(IS_DUE, articles.c.lease_until.is_not(None))
    )
    times = [max(row.due_at, row.lease_until) for row in leased]
    return min(times if free is None else [*times, free], default=None)


def _article(row: AnyRow, *, tries: int, token: str = "") -> Article:
    return Article(
        entry_id=row.entry_id,
        feed_url=row.feed_url,
        url=row.url,
        title=row.title,
        wanted_at=row.wanted_at,
        due_at=row.due_at,
        status=ArticleStatus(row.status),
        reason=row.reason,
        detail=row.detail,
        tries=tries,
        token=token,
    )
