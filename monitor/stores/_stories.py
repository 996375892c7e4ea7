"""Stories: who is in which, and why; promise 1b. Each function is part of one transaction."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, case, delete, exists, func, select, update

from monitor.model import Entry, Link, LinkKind, Story
from monitor.stores._bulk import execute_many
from monitor.stores._codec import dump
from monitor.stores._log import take
from monitor.stores._rows import AnyRow, chunks, entry_of
from monitor.stores._tables import (
    HAS_STORY,
    IS_WAITING,
    aliases,
    counters,
    entries,
    leases,
    links,
    matches,
    stories,
)
from monitor.stores._upsert import Upsert

BY_HAND = 99
"""The rank of the link that says that somebody put an entry where it is."""

_TURN = "stories"
"""The counter of changes by hand and of changes of hands, and the name of the lease."""


# whose turn ───────────────────────────────────────────────────────────────────────────────────


def claim(conn: Connection, upsert: Upsert, now: datetime, lease: timedelta, token: str) -> str | None:
    """Take or renew the right to group entries (see Store.claim_stories)."""
    conn.execute(upsert(leases), {"name": _TURN})
    held = conn.execute(select(leases).where(leases.c.name == _TURN).with_for_update()).one()
    mine = bool(token) and held.holder == token
    if not mine and held.lease_until is not None and held.lease_until > now:
        return None
    holder = str(current(conn)) if mine else str(take(conn, _TURN, 1))
    conn.execute(update(leases).where(leases.c.name == _TURN).values(holder=holder, lease_until=now + lease))
    return holder


def current(conn: Connection) -> int:
    """Return the number that a token must have to be good, and keep it from changing until the commit."""
    number: int = conn.execute(
        select(counters.c.value).where(counters.c.name == _TURN).with_for_update()
    ).scalar_one()
    return number


def void_turn(conn: Connection) -> None:
    """End the lease: whoever holds it is dead."""
    conn.execute(update(leases).values(lease_until=None))


# reading ──────────────────────────────────────────────────────────────────────────────────────


def unclustered(conn: Connection, limit: int) -> list[Entry]:
    """Return matched entries without a story, in order of first match."""
    rows = conn.execute(select(entries).where(IS_WAITING).order_by(entries.c.waiting).limit(limit))
    return [entry_of(row) for row in rows]


def filed(conn: Connection, limit: int, until: datetime) -> list[Entry]:
    """Return the latest entries that have a story, of those first seen before `until`."""
    rows = conn.execute(
        select(entries)
        .where(HAS_STORY, entries.c.first_seen < until)
        .order_by(entries.c.first_seen.desc(), entries.c.n.desc())
        .limit(limit)
    )
    return [entry_of(row) for row in rows]


def topics_of(conn: Connection, ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the topics of each of these entries that has any, by name."""
    found: dict[str, list[str]] = defaultdict(list)
    for chunk in chunks(sorted(set(ids))):
        rows = conn.execute(
            select(matches.c.entry_id, matches.c.topic)
            .where(matches.c.entry_id.in_(chunk))
            .order_by(matches.c.topic)
        )
        for row in rows:
            found[row.entry_id].append(row.topic)
    return {entry_id: tuple(topics) for entry_id, topics in found.items()}


def recent(conn: Connection, since: datetime) -> list[tuple[Story, list[Entry]]]:
    """Return stories last seen at or after `since`, with those of their entries that are as young."""
    heads = conn.execute(
        select(stories.c.id).where(stories.c.last_seen >= since).order_by(stories.c.first_seen, stories.c.id)
    )
    ids = list(heads.scalars())
    young: dict[str, list[Entry]] = defaultdict(list)
    for chunk in chunks(ids):
        rows = conn.execute(
            select(entries)
            .where(HAS_STORY, entries.c.story_id.in_(chunk), entries.c.first_seen >= since)
            .order_by(entries.c.story_place, entries.c.n)
        )
        for row in rows:
            young[row.story_id].append(entry_of(row))
    whole = {story.id: story for story in of(conn, ids)}
    return [(whole[one], young[one]) for one in ids if one in whole]


def latest(conn: Connection, limit: int) -> list[Story]:
    """Return the stories that were seen last, the latest first."""
    wanted = select(stories.c.id).order_by(stories.c.last_seen.desc(), stories.c.id).limit(limit)
    ids = list(conn.execute(wanted).scalars())
    whole = {story.id: story for story in of(conn, ids)}
    return [whole[one] for one in ids if one in whole]


def find(conn: Connection, prefix: str) -> Story | None:
    """Return the story that has this id, or had it, or the only one whose id or former id begins so."""
    if not prefix:
        return None
    now = select(stories.c.id.label("name"), stories.c.id.label("story_id"))
    once = select(aliases.c.id.label("name"), aliases.c.story_id)
    names = now.union_all(once).subquery()
    rows = conn.execute(
        select(names)
        .where(names.c.name >= prefix, names.c.name < prefix + "\U0010ffff")
        .order_by(names.c.name)
        .limit(20)
    ).all()
    exact = {row.story_id for row in rows if row.name == prefix}
    meant = exact or {row.story_id for row in rows}
    return next(iter(of(conn, meant)), None) if len(meant) == 1 else None


def with_entry(conn: Connection, entry_id: str) -> Story | None:
    """Return the story that an entry is in."""
    story_id = conn.execute(select(entries.c.story_id).where(entries.c.id == entry_id)).scalar()
    return next(iter(of(conn, [story_id])), None) if story_id else None


def of(conn: Connection, ids: Iterable[str]) -> list[Story]:
    """Return those of the stories that there are, whole, by id."""
    found: list[Story] = []
    for chunk in chunks(sorted(set(ids))):
        members: dict[str, list[str]] = defaultdict(list)
        why: dict[str, list[Link]] = defaultdict(list)
        inside = (HAS_STORY, entries.c.story_id.in_(chunk))
        order = (entries.c.story_id, entries.c.story_place, entries.c.n)
        for row in conn.execute(select(entries.c.story_id, entries.c.id).where(*inside).order_by(*order)):
            members[row.story_id].append(row.id)
        wanted = (
            select(links, entries.c.story_id)
            .join_from(links, entries, links.c.entry_id == entries.c.id)
            .where(*inside)
            .order_by(*order, links.c.rank)
        )
        for row in conn.execute(wanted):
            why[row.story_id].append(link_of(row))
        merged: dict[str, list[str]] = defaultdict(list)
        for row in conn.execute(select(aliases).where(aliases.c.story_id.in_(chunk)).order_by(aliases.c.id)):
            merged[row.story_id].append(row.id)
        heads = conn.execute(select(stories).where(stories.c.id.in_(chunk)).order_by(stories.c.id))
        found += [
            Story(
                id=row.id,
                entry_ids=tuple(members[row.id]),
                first_seen=row.first_seen,
                last_seen=row.last_seen,
                links=tuple(why[row.id]),
                merged=tuple(merged[row.id]),
            )
            for row in heads
            if row.id in members
        ]
    return found


def link_of(row: AnyRow) -> Link:
    """Return a link from a row of `links`."""
    return Link(
        entry_id=row.entry_id,
        other_id=row.other_id,
        kind=LinkKind(row.kind),
        score=row.score,
        parts=json.loads(row.parts),
        veto=row.veto,
    )


# promise 1b ───────────────────────────────────────────────────────────────────────────────────


def record(conn: Connection, upsert: Upsert, told: Sequence[Story]) -> None:
    """Promise 1b (see Store.record_stories)."""
    if not told:
        return
    rows = [
        {"id": one.id, "first_seen": one.first_seen, "last_seen": one.last_seen}
        for one in sorted(told, key=lambda one: one.id)
    ]
    conn.execute(upsert(stories), rows)
    conn.execute(
        _WIDEN_STORY,
        [{"b_id": row["id"], "b_first": row["first_seen"], "b_last": row["last_seen"]} for row in rows],
    )
    left = _move(conn, told)
    rename(conn, upsert, {old: one.id for one in told for old in one.merged}, kept=[one.id for one in told])
    drop_empty(conn, left | {one.id for one in told} | {old for one in told for old in one.merged})
    write_links(conn, upsert, [link for one in told for link in one.links])


def _move(conn: Connection, told: Sequence[Story]) -> set[str]:
    """Put each entry where its story says; return the stories that lost one."""
    where = {entry_id: (one.id, place) for one in told for place, entry_id in enumerate(one.entry_ids)}
    moving: list[dict[str, object]] = []
    left: set[str] = set()
    for chunk in chunks(sorted(where)):
        for row in conn.execute(select(entries.c.id, entries.c.story_id).where(entries.c.id.in_(chunk))):
            story_id, place = where[row.id]
            if row.story_id != story_id:
                left.add(row.story_id)
                moving.append({"b_id": row.id, "b_story": story_id, "b_place": place})
    execute_many(conn, JOIN_STORY, moving)
    return left - {""}


JOIN_STORY = (
    update(entries)
    .where(entries.c.id == bindparam("b_id"))
    .values(story_id=bindparam("b_story"), story_place=bindparam("b_place"), waiting=None)
)

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


def names_of(conn: Connection, ids: Iterable[str]) -> dict[str, str]:
    """Return each id by which messages may have called these stories → the story it is now."""
    now = {one: one for one in ids}
    for chunk in chunks(sorted(now)):
        for row in conn.execute(select(aliases).where(aliases.c.story_id.in_(chunk))):
            now[row.id] = row.story_id
    return now


def rename(conn: Connection, upsert: Upsert, names: dict[str, str], *, kept: Sequence[str]) -> None:
    """Let old ids lead to the stories that took them in; what is a story is no other name of one."""
    for chunk in chunks(sorted(kept)):
        conn.execute(delete(aliases).where(aliases.c.id.in_(chunk)))
    for old, new in sorted(names.items()):
        conn.execute(update(aliases).where(aliases.c.story_id == old).values(story_id=new))
    execute_many(
        conn,
        upsert(aliases, changes={"story_id"}),
        [{"id": old, "story_id": new} for old, new in sorted(names.items())],
    )


def write_links(conn: Connection, upsert: Upsert, told: Sequence[Link]) -> None:
    """Write why entries are where they are, in place of what was said before; hands' word stays."""
    by_entry: dict[str, list[Link]] = defaultdict(list)
    for link in told:
        if link.kind is not LinkKind.MANUAL:
            by_entry[link.entry_id].append(link)
    for chunk in chunks(sorted(by_entry)):
        conn.execute(delete(links).where(links.c.entry_id.in_(chunk), links.c.rank != BY_HAND))
    there: set[str] = set()
    for chunk in chunks(sorted(by_entry)):
        there.update(conn.execute(select(entries.c.id).where(entries.c.id.in_(chunk))).scalars())
    execute_many(
        conn,
        upsert(links),
        [
            {
                "entry_id": entry_id,
                "rank": rank,
                "other_id": link.other_id,
                "kind": link.kind.value,
                "score": link.score,
                "parts": dump(dict(link.parts)),
                "veto": link.veto,
            }
            for entry_id, why in sorted(by_entry.items())
            if entry_id in there
            for rank, link in enumerate(sorted(why, key=lambda one: one.veto != ""))
        ],
    )


def drop_empty(conn: Connection, ids: Iterable[str]) -> None:
    """Drop those of the stories that have no entries."""
    has_entries = exists().where(HAS_STORY, entries.c.story_id == stories.c.id)
    for chunk in chunks(sorted(ids)):
        conn.execute(delete(stories).where(stories.c.id.in_(chunk), ~has_entries))


def span(conn: Connection, story_id: str) -> tuple[datetime, datetime] | None:
    """Return when the first and the last entry of a story were seen."""
    row = conn.execute(
        select(
            func.min(entries.c.first_seen, type_=entries.c.first_seen.type),
            func.max(entries.c.first_seen, type_=entries.c.first_seen.type),
        ).where(HAS_STORY, entries.c.story_id == story_id)
    ).one()
    return None if row[0] is None else (row[0], row[1])
