"""Entries, their stories and what is dropped of them. Each function is part of one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, case, delete, exists, func, or_, select, update

from monitor.model import Counts, DeliveryStatus, Entry, Keep, Known, Match, Story
from monitor.stores import _log
from monitor.stores._rows import chunks, entry_of, match_of
from monitor.stores._search import Index, parse
from monitor.stores._tables import (
    HAS_BODY,
    HAS_STORY,
    IS_WAITING,
    deliveries,
    entries,
    identities,
    matches,
    sightings,
    stories,
    told,
)
from monitor.stores._upsert import Upsert

UNSENT = (DeliveryStatus.QUEUED.value, DeliveryStatus.RETRY.value, DeliveryStatus.SENDING.value)
"""Statuses of deliveries that are still on their way."""


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


# stories ──────────────────────────────────────────────────────────────────────────────────────


def unclustered(conn: Connection, limit: int) -> list[Entry]:
    """Return matched entries without a story, in order of first match."""
    rows = conn.execute(select(entries).where(IS_WAITING).order_by(entries.c.waiting).limit(limit))
    return [entry_of(row) for row in rows]


def recent_stories(conn: Connection, since: datetime) -> list[tuple[Story, list[Entry]]]:
    """Return stories last seen at or after `since`, each with its entries in their order."""
    heads = conn.execute(
        select(stories).where(stories.c.last_seen >= since).order_by(stories.c.first_seen, stories.c.id)
    ).all()
    told_in: dict[str, list[Entry]] = defaultdict(list)
    for chunk in chunks(row.id for row in heads):
        rows = conn.execute(
            select(entries)
            .where(HAS_STORY, entries.c.story_id.in_(chunk))
            .order_by(entries.c.story_place, entries.c.n)
        )
        for row in rows:
            told_in[row.story_id].append(entry_of(row))
    return [
        (
            Story(
                id=row.id,
                entry_ids=tuple(one.id for one in told_in[row.id]),
                first_seen=row.first_seen,
                last_seen=row.last_seen,
            ),
            told_in[row.id],
        )
        for row in heads
        if row.id in told_in
    ]


def stories_of(conn: Connection, ids: Iterable[str]) -> list[Story]:
    """Return those of the stories that there are, whole, by id."""
    found: list[Story] = []
    for chunk in chunks(sorted(set(ids))):
        members: dict[str, list[str]] = defaultdict(list)
        rows = conn.execute(
            select(entries.c.story_id, entries.c.id)
            .where(HAS_STORY, entries.c.story_id.in_(chunk))
            .order_by(entries.c.story_id, entries.c.story_place, entries.c.n)
        )
        for row in rows:
            members[row.story_id].append(row.id)
        heads = conn.execute(select(stories).where(stories.c.id.in_(chunk)).order_by(stories.c.id))
        found += [
            Story(
                id=row.id,
                entry_ids=tuple(members[row.id]),
                first_seen=row.first_seen,
                last_seen=row.last_seen,
            )
            for row in heads
            if row.id in members
        ]
    return found


_JOIN_STORY = (
    update(entries)
    .where(entries.c.id == bindparam("b_id"), entries.c.story_id == "")
    .values(story_id=bindparam("b_story"), story_place=bindparam("b_place"), waiting=None)
)


def record_stories(conn: Connection, upsert: Upsert, told_by: Sequence[Story]) -> None:
    """Promise 1b (see Store.record_stories)."""
    if not told_by:
        return
    rows = [
        {"id": one.id, "first_seen": one.first_seen, "last_seen": one.last_seen}
        for one in sorted(told_by, key=lambda one: one.id)
    ]
    conn.execute(upsert(stories), rows)
    conn.execute(
        _WIDEN_STORY,
        [{"b_id": row["id"], "b_first": row["first_seen"], "b_last": row["last_seen"]} for row in rows],
    )
    members = [
        {"b_id": entry_id, "b_story": one.id, "b_place": place}
        for one in told_by
        for place, entry_id in enumerate(one.entry_ids)
    ]
    if members:
        conn.execute(_JOIN_STORY, sorted(members, key=lambda row: (row["b_id"], row["b_story"])))
    # A story all of whose entries had another already is none.
    _drop_empty(conn, {one.id for one in told_by})


_WIDEN_STORY = (
    update(stories)
    .where(stories.c.id == bindparam("b_id"))
    .values(
        first_seen=case(
            (stories.c.first_seen > bindparam("b_first"), bindparam("b_first")), else_=stories.c.first_seen
        ),
        last_seen=case(
            (stories.c.last_seen < bindparam("b_last"), bindparam("b_last")), else_=stories.c.last_seen
        ),
    )
)


def _drop_empty(conn: Connection, ids: Iterable[str]) -> None:
    has_entries = exists().where(HAS_STORY, entries.c.story_id == stories.c.id)
    for chunk in chunks(sorted(ids)):
        conn.execute(delete(stories).where(stories.c.id.in_(chunk), ~has_entries))


# care ─────────────────────────────────────────────────────────────────────────────────────────


def prune(conn: Connection, index: Index, now: datetime, keep: Keep, batch: int) -> int:
    """Drop a batch of what is kept no longer (see Store.prune); return how many rows that were."""
    gone = _prune_entries(conn, index, now - keep.entries, batch)
    if gone < batch:
        gone += _prune_bodies(conn, now - keep.bodies, batch - gone)
    if gone < batch:
        gone += _prune_deliveries(conn, now - keep.entries, batch - gone)
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
        select(entries.c.n, entries.c.story_id)
        .where(entries.c.first_seen < before, or_(~HAS_STORY, ~undelivered))
        .order_by(entries.c.first_seen)
        .limit(batch)
        .with_for_update(skip_locked=True)
    ).all()
    for chunk in chunks(row.n for row in rows):
        index.drop(conn, chunk)
        conn.execute(delete(entries).where(entries.c.n.in_(chunk)))
    _drop_empty(conn, {row.story_id for row in rows} - {""})
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


def _prune_deliveries(conn: Connection, before: datetime, batch: int) -> int:
    """Drop messages whose fate was decided long ago. What was told to whom stays known."""
    numbers = conn.execute(
        select(deliveries.c.n)
        .where(deliveries.c.recorded_at < before, deliveries.c.status.not_in(UNSENT))
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
            select(deliveries.c.status, func.count().label("number")).group_by(deliveries.c.status)
        )
    }
    oldest = conn.execute(
        select(deliveries.c.queued_at)
        .where(deliveries.c.status.in_(UNSENT))
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
