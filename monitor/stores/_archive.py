"""Entries, and what is dropped of them. Each function is part of one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    func,
    not_,
    or_,
    select,
    update,
)

from monitor.model import Counts, DeliveryStatus, Entry, Keep, Known, Match
from monitor.stores import _log
from monitor.stores._rows import chunks, entry_of, match_of
from monitor.stores._search import Index, parse
from monitor.stores._stories import drop_empty
from monitor.stores._tables import (
    HAS_BODY,
    HAS_STORY,
    deliveries,
    entries,
    identities,
    matches,
    passed,
    sightings,
    stories,
    told,
)
from monitor.stores._threads import FOR_SOMEBODY

UNSENT = (DeliveryStatus.QUEUED.value, DeliveryStatus.RETRY.value, DeliveryStatus.SENDING.value)
"""Statuses of deliveries that are still on their way."""

_LATELY = timedelta(days=1)


# Made once: making a statement costs as much as running it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_IDENTITIES = select(identities).where(identities.c.id.in_(_IDS))
_SIGHTINGS = select(sightings.c.entry_id, sightings.c.feed_url, sightings.c.fingerprint).where(
    sightings.c.entry_id.in_(_IDS)
)


def known(conn: Connection, ids: Iterable[str]) -> dict[str, Known]:
    """Return what is remembered of identities (see Store.known)."""
    found: dict[str, Known] = {}
    for chunk in chunks(set(ids)):
        rows = conn.execute(_IDENTITIES, {"ids": chunk}).all()
        if not rows:
            continue
        prints: dict[str, dict[str, str]] = defaultdict(dict)
        for seen in conn.execute(_SIGHTINGS, {"ids": [row.id for row in rows]}):
            prints[seen.entry_id][seen.feed_url] = seen.fingerprint
        for row in rows:
            found[row.id] = Known(
                id=row.id,
                guid=row.guid,
                revision=row.revision,
                length=row.length,
                first_seen=row.first_seen,
                fingerprints=prints[row.id],
            )
    return found


def entry(conn: Connection, prefix: str) -> tuple[Entry, list[Match]] | None:
    """Return the entry that has this id, or the only one whose id begins so."""
    if not prefix:
        return None
    rows = conn.execute(
        select(entries)
        .where(entries.c.id >= prefix, entries.c.id < prefix + "\U0010ffff")
        .order_by(entries.c.id)
        .limit(2)
    ).all()
    if not rows or (len(rows) > 1 and rows[0].id != prefix):
        return None
    found = entry_of(rows[0])
    matched = conn.execute(select(matches).where(matches.c.entry_id == found.id).order_by(matches.c.seq))
    return found, [match_of(row) for row in matched.mappings()]


def read(conn: Connection, ids: Iterable[str]) -> list[Entry]:
    """Return those of the entries that there are, in order of their first sight."""
    found: list[Entry] = []
    for chunk in chunks(sorted(ids)):
        found += [entry_of(row) for row in conn.execute(select(entries).where(entries.c.id.in_(chunk)))]
    return sorted(found, key=lambda one: (one.first_seen, one.id))


def search(
    conn: Connection,
    index: Index,
    expression: str,
    *,
    limit: int,
    since: datetime | None,
    until: datetime | None,
) -> list[Entry]:
    """Return candidates, newest first (see Store.search)."""
    newest = (entries.c.first_seen.desc(), entries.c.n.desc())
    # Rows are chosen and sorted by number; only those that are wanted are read whole.
    chosen = select(entries.c.n).order_by(*newest).limit(limit)
    if since is not None:
        chosen = chosen.where(entries.c.first_seen >= since)
    if until is not None:
        chosen = chosen.where(entries.c.first_seen < until)
    asked = parse(expression)
    if asked is not None:
        chosen = chosen.where(index.finds(asked))
    wanted = select(entries).where(entries.c.n.in_(chosen.correlate(None))).order_by(*newest)
    return [entry_of(row) for row in conn.execute(wanted)]


# care ─────────────────────────────────────────────────────────────────────────────────────────


def prune(conn: Connection, index: Index, now: datetime, keep: Keep, batch: int) -> int:
    """Drop a batch of what is kept no longer (see Store.prune); return how many rows that were."""
    gone = _prune_entries(conn, index, now - keep.entries, batch)
    if gone < batch:
        gone += _prune_bodies(conn, now - keep.bodies, batch - gone)
    if gone < batch:
        gone += _prune_deliveries(conn, now, now - keep.entries, batch - gone)
    if gone < batch:
        gone += _log.prune(conn, now - keep.entries, batch - gone)
    return gone


def _prune_entries(conn: Connection, index: Index, before: datetime, batch: int) -> int:
    undelivered = (
        exists()
        .where(told.c.story_id == entries.c.story_id, told.c.delivery_id == deliveries.c.id)
        .where(deliveries.c.status.in_(UNSENT))
    )
    rows = conn.execute(
        select(entries.c.n, entries.c.id, entries.c.story_id)
        .where(entries.c.first_seen < before, or_(~HAS_STORY, ~undelivered))
        .order_by(entries.c.first_seen)
        .limit(batch)
        .with_for_update(skip_locked=True)
    ).all()
    for chunk in chunks(row.n for row in rows):
        index.drop(conn, chunk)
        conn.execute(delete(entries).where(entries.c.n.in_(chunk)))
    for chunk in chunks(row.id for row in rows):
        conn.execute(delete(passed).where(passed.c.entry_id.in_(chunk)))
    drop_empty(conn, {row.story_id for row in rows} - {""})
    return len(rows)


def _prune_bodies(conn: Connection, before: datetime, batch: int) -> int:
    """Drop long texts. They stay findable by their words: candidates are decided by what is left."""
    numbers = conn.execute(
        select(entries.c.n)
        .where(HAS_BODY, entries.c.first_seen < before)
        .order_by(entries.c.first_seen)
        .limit(batch)
        .with_for_update(skip_locked=True)
    ).scalars()
    gone = 0
    for chunk in chunks(numbers.all()):
        conn.execute(update(entries).where(entries.c.n.in_(chunk)).values(content=""))
        gone += len(chunk)
    return gone


def _prune_deliveries(conn: Connection, now: datetime, before: datetime, batch: int) -> int:
    """Drop messages whose fate was decided long ago, and the canary's. What was told to whom stays known."""
    # Asked each hour: of those of the last day alone it needs to be looked whose they are.
    birds = and_(deliveries.c.recorded_at >= now - _LATELY, not_(FOR_SOMEBODY))
    numbers = conn.execute(
        select(deliveries.c.n)
        .where(deliveries.c.status.not_in(UNSENT))
        .where(or_(deliveries.c.recorded_at < before, birds))
        .order_by(deliveries.c.recorded_at)
        .limit(batch)
        .with_for_update(skip_locked=True)
    ).scalars()
    gone = 0
    for chunk in chunks(numbers.all()):
        conn.execute(delete(deliveries).where(deliveries.c.n.in_(chunk)))
        gone += len(chunk)
    return gone


def counts(conn: Connection) -> Counts:
    """Return the totals."""
    by_status: dict[str, int] = {
        row.status: row.number
        for row in conn.execute(
            select(deliveries.c.status, func.count().label("number"))
            .where(FOR_SOMEBODY)
            .group_by(deliveries.c.status)
        )
    }
    oldest = conn.execute(
        select(deliveries.c.queued_at)
        .where(FOR_SOMEBODY, deliveries.c.status.in_(UNSENT))
        .order_by(deliveries.c.queued_at)
        .limit(1)
    ).scalar()
    return Counts(
        entries=conn.execute(select(func.count()).select_from(entries)).scalar_one(),
        matches=conn.execute(select(func.count()).select_from(matches)).scalar_one(),
        stories=conn.execute(select(func.count()).select_from(stories)).scalar_one(),
        queued=sum(by_status.get(status, 0) for status in UNSENT),
        sent=by_status.get(DeliveryStatus.SENT.value, 0),
        dead=by_status.get(DeliveryStatus.DEAD.value, 0),
        oldest_queued_at=oldest,
    )
