"""What somebody does to stories: put together, take apart, undo. Each function is part of one transaction.

An edit keeps what it takes to undo it: of every entry concerned its story, its place in it and whether
hands had put it there; of both stories their times; the other names that led to them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from monitor.model import Change, ChangeKind, Edit, EditKind, LinkKind
from monitor.stores import _log
from monitor.stores._bulk import execute_many
from monitor.stores._codec import dump, storable
from monitor.stores._log import take
from monitor.stores._rows import AnyRow, chunks
from monitor.stores._stories import BY_HAND, JOIN_STORY, drop_empty, rename, span
from monitor.stores._tables import aliases, edits, entries, links, stories
from monitor.stores._upsert import Upsert

_INVERSE = {EditKind.MERGE: ChangeKind.SPLIT, EditKind.SPLIT: ChangeKind.MERGED}
_LOGGED = {EditKind.MERGE: ChangeKind.MERGED, EditKind.SPLIT: ChangeKind.SPLIT}


def edit(conn: Connection, upsert: Upsert, wanted: Edit) -> Edit | None:
    """Do it (see Store.edit_story)."""
    both = (wanted.story_id, wanted.other_id)
    members = _members(conn, both)
    if wanted.kind is EditKind.MERGE:
        moving = [row.id for row in members if row.story_id == wanted.other_id]
        possible = bool(moving) and any(row.story_id == wanted.story_id for row in members)
    else:
        moving = [row.id for row in members if row.id in wanted.entry_ids]
        possible = len(moving) == len(set(wanted.entry_ids)) and 0 < len(moving) < len(members)
        possible &= all(row.story_id == wanted.story_id for row in members)
    if not possible:
        return None
    before = _image(conn, members, both)
    number = take(conn, "stories", 1)
    done = replace(wanted, n=number, entry_ids=tuple(moving))
    if wanted.kind is EditKind.MERGE:
        start = 1 + max(row.story_place for row in members if row.story_id == wanted.story_id)
        _put(conn, moving, wanted.story_id, start)
        rename(conn, upsert, {wanted.other_id: wanted.story_id}, kept=[wanted.story_id])
    else:
        conn.execute(
            upsert(stories), {"id": wanted.other_id, "first_seen": wanted.at, "last_seen": wanted.at}
        )
        rename(conn, upsert, {}, kept=[wanted.other_id])
        _put(conn, moving, wanted.other_id, 0)
    _measure(conn, both)
    _pin(conn, upsert, [row.id for row in members])
    conn.execute(
        upsert(edits),
        {
            "n": number,
            "at": wanted.at,
            "who": storable(wanted.who),
            "kind": wanted.kind.value,
            "story_id": wanted.story_id,
            "other_id": wanted.other_id,
            "before": dump({**before, "moved": moving}),
        },
    )
    _log.write(conn, upsert, [_change(done, _LOGGED[done.kind], wanted.at)])
    return done


def undo(conn: Connection, upsert: Upsert, now: datetime) -> Edit | None:
    """Undo the last edit that was not undone (see Store.undo_edit)."""
    row = conn.execute(
        select(edits).where(edits.c.undone_at.is_(None)).order_by(edits.c.n.desc()).limit(1).with_for_update()
    ).first()
    if row is None:
        return None
    before = json.loads(row.before)
    done = _edit_of(row, before)
    both = (row.story_id, row.other_id)
    there = {member.id: member for member in _members(conn, both)}
    was = {
        entry_id: (story_id, place) for entry_id, story_id, place, _ in before["entries"] if entry_id in there
    }
    for member in there.values():  # what came since goes with the entry that it was likened to
        if member.id not in was:
            was[member.id] = (_followed(conn, member.id, was) or row.story_id, member.story_place)
    for story_id, first, last in before["stories"]:
        times = {"first_seen": datetime.fromisoformat(first), "last_seen": datetime.fromisoformat(last)}
        conn.execute(upsert(stories, changes={"first_seen", "last_seen"}), {"id": story_id, **times})
    execute_many(
        conn,
        JOIN_STORY,
        [{"b_id": one, "b_story": story, "b_place": place} for one, (story, place) in sorted(was.items())],
    )
    if there.keys() - {entry_id for entry_id, *_ in before["entries"]}:
        _measure(conn, both)
    conn.execute(delete(aliases).where(aliases.c.id.in_(both) | aliases.c.story_id.in_(both)))
    execute_many(
        conn,
        upsert(aliases, changes={"story_id"}),
        [{"id": old, "story_id": story_id} for old, story_id in before["aliases"]],
    )
    loose = [entry_id for entry_id, _, _, pinned in before["entries"] if not pinned]
    for chunk in chunks(loose):
        conn.execute(delete(links).where(links.c.entry_id.in_(chunk), links.c.rank == BY_HAND))
    drop_empty(conn, both)
    take(conn, "stories", 1)
    conn.execute(update(edits).where(edits.c.n == row.n).values(undone_at=now))
    _log.write(conn, upsert, [_change(done, _INVERSE[done.kind], now)])
    return replace(done, undone_at=now)


def listed(conn: Connection, limit: int) -> list[Edit]:
    """Return what was done, the last first."""
    rows = conn.execute(select(edits).order_by(edits.c.n.desc()).limit(limit))
    return [_edit_of(row, json.loads(row.before)) for row in rows]


def _edit_of(row: AnyRow, before: dict[str, Any]) -> Edit:
    return Edit(
        n=row.n,
        at=row.at,
        who=row.who,
        kind=EditKind(row.kind),
        story_id=row.story_id,
        other_id=row.other_id,
        entry_ids=tuple(before["moved"]),
        undone_at=row.undone_at,
    )


def _change(done: Edit, kind: ChangeKind, at: datetime) -> Change:
    return Change(at=at, kind=kind, story_id=done.story_id, other_id=done.other_id)


def _members(conn: Connection, both: Sequence[str]) -> Sequence[AnyRow]:
    """Return the entries of two stories, and keep them from changing until the commit."""
    return conn.execute(
        select(entries.c.id, entries.c.story_id, entries.c.story_place)
        .where(entries.c.story_id.in_(both))
        .order_by(entries.c.story_id, entries.c.story_place, entries.c.n)
        .with_for_update()
    ).all()


def _image(conn: Connection, members: Sequence[AnyRow], both: Sequence[str]) -> dict[str, Any]:
    pinned: set[str] = set()
    for chunk in chunks([row.id for row in members]):
        by_hand = select(links.c.entry_id).where(links.c.entry_id.in_(chunk), links.c.rank == BY_HAND)
        pinned.update(conn.execute(by_hand).scalars())
    heads = conn.execute(select(stories).where(stories.c.id.in_(both)).order_by(stories.c.id))
    names = conn.execute(
        select(aliases).where(aliases.c.id.in_(both) | aliases.c.story_id.in_(both)).order_by(aliases.c.id)
    )
    return {
        "entries": [[row.id, row.story_id, row.story_place, row.id in pinned] for row in members],
        "stories": [[row.id, row.first_seen.isoformat(), row.last_seen.isoformat()] for row in heads],
        "aliases": [[row.id, row.story_id] for row in names],
    }


def _put(conn: Connection, moving: Sequence[str], story_id: str, start: int) -> None:
    execute_many(
        conn,
        JOIN_STORY,
        [{"b_id": one, "b_story": story_id, "b_place": place} for place, one in enumerate(moving, start)],
    )


_SET_SPAN = (
    update(stories)
    .where(stories.c.id == bindparam("b_id"))
    .values(first_seen=bindparam("b_first"), last_seen=bindparam("b_last"))
)


def _measure(conn: Connection, both: Sequence[str]) -> None:
    """Set the times of stories by their entries; drop what has none."""
    drop_empty(conn, both)
    found = [(one, times) for one in both if (times := span(conn, one)) is not None]
    execute_many(
        conn, _SET_SPAN, [{"b_id": one, "b_first": first, "b_last": last} for one, (first, last) in found]
    )


def _pin(conn: Connection, upsert: Upsert, ids: Iterable[str]) -> None:
    """Note that somebody put these entries where they are."""
    execute_many(
        conn,
        upsert(links),
        [
            {
                "entry_id": one,
                "rank": BY_HAND,
                "other_id": "",
                "kind": LinkKind.MANUAL.value,
                "score": 1.0,
                "parts": "{}",
                "veto": "",
            }
            for one in sorted(ids)
        ],
    )


def _followed(conn: Connection, entry_id: str, was: dict[str, tuple[str, int]]) -> str:
    """Return the story of the entry that one was likened to, directly or over others."""
    seen: set[str] = set()
    while entry_id and entry_id not in seen:
        seen.add(entry_id)
        if entry_id in was:
            return was[entry_id][0]
        other = select(links.c.other_id).where(links.c.entry_id == entry_id, links.c.rank == 0)
        entry_id = conn.execute(other).scalar() or ""
    return ""
