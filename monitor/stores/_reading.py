"""What a reader is told from: hits, news behind a cursor, dossiers. Each is part of one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, and_, func, or_, select

from monitor.model import ChangeKind, Dossier, Hit, News, Story
from monitor.stores import _log, _stories
from monitor.stores._codec import storable
from monitor.stores._rows import AnyRow, chunks, entry_of, match_of
from monitor.stores._tables import (
    HAS_STORY,
    aliases,
    entries,
    log,
    matches,
    sightings,
    stories,
    told,
    told_items,
)

_AT_A_TIME = 100
"""Rows read at once where there may be many."""

_MATCH = tuple(column.name for column in matches.columns)


def hits(conn: Connection, topics: Sequence[str], after: int, until: datetime) -> list[Hit]:
    """Return what a route has still to tell (see Store.hits).

    It ends before the first hit that has no story yet, and before the first that was matched after
    `until`: processes' clocks differ, so a later seq may bear an earlier time, and a cursor that
    moved there would pass the one between.
    """
    return _hits(conn, _behind(conn, topics, after, until)[0])


def news(conn: Connection, topics: Sequence[str], after: int, until: datetime, route: str) -> News:
    """Return hits and changes behind a cursor (see Store.news)."""
    rows, stop = _behind(conn, topics, after, until)
    changes = _log.after(conn, topics, after, route)
    stops = [stop, next((change.seq for change in changes if change.at > until), None)]
    end = min((seq for seq in stops if seq is not None), default=None)
    if end is not None:
        rows = [row for row in rows if row.m_seq < end]
        changes = [change for change in changes if change.seq < end]
    seqs = [after, *(row.m_seq for row in rows), *(change.seq for change in changes)]
    return News(hits=tuple(_hits(conn, rows)), changes=tuple(changes), position=max(seqs))


_ALL = (
    select(*(matches.c[name].label(f"m_{name}") for name in _MATCH), entries)
    .join_from(matches, entries, matches.c.entry_id == entries.c.id)
    .order_by(matches.c.seq)
)
_FOUND = _ALL.where(matches.c.held == "")


def _behind(
    conn: Connection, topics: Sequence[str], after: int, until: datetime
) -> tuple[list[AnyRow], int | None]:
    """Return the rows of what a route has still to tell, and the seq at which a cursor must stop."""
    found: list[AnyRow] = []
    for row in conn.execute(_FOUND.where(matches.c.topic.in_(topics), matches.c.seq > after)):
        if row.m_matched_at > until or not row.story_id:
            return found, row.m_seq
        found.append(row)
    return found, None


def _hits(conn: Connection, found: Sequence[AnyRow]) -> list[Hit]:
    carried = _carried(conn, {row.id for row in found})
    return [_hit(row, carried) for row in found]


def _hit(row: AnyRow, carried: Mapping[str, list[str]]) -> Hit:
    return Hit(
        seq=row.m_seq,
        match=match_of({name: getattr(row, f"m_{name}") for name in _MATCH}),
        entry=entry_of(row),
        story_id=row.story_id,
        matched_at=row.m_matched_at,
        feeds=tuple(carried.get(row.id, ())),
    )


def _carried(conn: Connection, ids: set[str]) -> Mapping[str, list[str]]:
    """Return the feeds that carried each entry, the first first."""
    carried: dict[str, list[str]] = defaultdict(list)
    for chunk in chunks(sorted(ids)):
        rows = conn.execute(
            select(sightings.c.entry_id, sightings.c.feed_url)
            .where(sightings.c.entry_id.in_(chunk))
            .order_by(sightings.c.entry_id, sightings.c.first_seen, sightings.c.feed_url)
        )
        for row in rows:
            carried[row.entry_id].append(row.feed_url)
    return carried


def stories_told(
    conn: Connection, route: str, channel: str, recipient: str, since: datetime | None
) -> frozenset[str]:
    """Return what a recipient was told of by a route (see Store.told)."""
    called = func.coalesce(aliases.c.story_id, told.c.story_id)
    wanted = (
        select(called)
        .join_from(told, aliases, told.c.story_id == aliases.c.id, isouter=True)
        .where(_reader(told, (route, channel, recipient)))
    )
    if since is not None:
        wanted = wanted.join(stories, stories.c.id == called).where(stories.c.last_seen >= since)
    return frozenset(conn.execute(wanted).scalars())


def _reader(table: Table, reader: tuple[str, str, str]) -> ColumnElement[bool]:
    route, channel, recipient = reader
    return and_(table.c.route == route, table.c.channel == channel, table.c.recipient == storable(recipient))


def dossiers(
    conn: Connection, reader: tuple[str, str, str], topics: Sequence[str], story_ids: Collection[str]
) -> list[Dossier]:
    """Return stories with their hits and what was told of them (see Store.dossiers)."""
    heads = {story.id: story for story in _stories.of(conn, story_ids)}
    rows: dict[str, list[AnyRow]] = {one: [] for one in heads}
    for chunk in chunks(sorted(heads)):
        for row in conn.execute(
            _FOUND.where(HAS_STORY, entries.c.story_id.in_(chunk), matches.c.topic.in_(topics))
        ):
            rows[row.story_id].append(row)
    carried = _carried(conn, {row.id for found in rows.values() for row in found})
    known = _items(conn, reader, heads)
    return [
        Dossier(
            story=heads[one],
            hits=tuple(_hit(row, carried) for row in rows[one]),
            told=frozenset(known[one]),
        )
        for one in sorted(heads)
    ]


def _items(
    conn: Connection, reader: tuple[str, str, str], heads: Mapping[str, Story]
) -> Mapping[str, set[str]]:
    """Return what was told of each story, also under the ids that its entries had then.

    Messages from before items were noted told of the story as a whole.
    """
    before: dict[str, set[str]] = {one: {one} for one in heads}
    by_item = {f"entry:{entry}": story.id for story in heads.values() for entry in story.entry_ids}
    mine = _reader(told_items, reader)
    for chunk in chunks(sorted(by_item)):
        for row in conn.execute(
            select(told_items.c.story_id, told_items.c.item).where(mine, told_items.c.item.in_(chunk))
        ):
            before[by_item[row.item]].add(row.story_id)
    told_of: dict[str, set[str]] = defaultdict(set)
    asked = sorted({one for ids in before.values() for one in ids})
    for chunk in chunks(asked):
        for row in conn.execute(
            select(told_items.c.story_id, told_items.c.item).where(mine, told_items.c.story_id.in_(chunk))
        ):
            told_of[row.story_id].add(row.item)
        whole = select(told.c.story_id).where(_reader(told, reader), told.c.story_id.in_(chunk))
        for story_id in conn.execute(whole).scalars():
            told_of[story_id].add("story")
    return {one: set().union(*(told_of[old] for old in ids)) for one, ids in before.items()}


def heard(conn: Connection, reader: tuple[str, str, str], items: Collection[str]) -> frozenset[str]:
    """Return which items a reader was told (see Store.heard)."""
    found: set[str] = set()
    for chunk in chunks(sorted(items)):
        mine = select(told_items.c.item).where(_reader(told_items, reader), told_items.c.item.in_(chunk))
        found.update(conn.execute(mine).scalars())
    return frozenset(found)


# turns ────────────────────────────────────────────────────────────────────────────────────────


def tellers(conn: Connection, topics: Collection[str], after: int, since: datetime) -> Iterator[Hit]:
    """Yield the matches that tell a state of their topic (see Store.tellers)."""
    revised = select(log.c.entry_id).where(log.c.seq > after, log.c.kind == ChangeKind.REVISED.value)
    rows = conn.execute(
        _ALL.where(
            matches.c.topic.in_(topics),
            matches.c.held != _log.WITHDRAWN,
            entries.c.first_seen >= since,
            or_(matches.c.seq > after, matches.c.entry_id.in_(revised)),
            # As _codec writes a list that is not empty; what it finds too much is left out below.
            matches.c.evidence.like('%"states":[%'),
        ),
        execution_options={"yield_per": _AT_A_TIME},  # of a few kilobytes each
    )
    for row in rows:
        hit = _hit(row, {})
        if hit.match.states:
            yield hit
