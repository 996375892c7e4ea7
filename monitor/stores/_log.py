"""The log: what happened to what had been found, and the counter that it shares with the matches.

Each function is part of one transaction, that of the thing it tells of.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update

from monitor.model import Change, ChangeKind, Entry, Signal, Turn
from monitor.stores._bulk import execute_many
from monitor.stores._codec import decode, encode, storable
from monitor.stores._rows import AnyRow, chunks, entry_of
from monitor.stores._tables import counters, entries, log, matches, passed
from monitor.stores._upsert import Upsert

WITHDRAWN = "withdrawn"
"""Why a match is held whose entry is about the topic no more."""

_BY_HAND = (ChangeKind.MERGED.value, ChangeKind.SPLIT.value)


# the counter ──────────────────────────────────────────────────────────────────────────────────


def take(conn: Connection, name: str, amount: int) -> int:
    """Take `amount` numbers from a counter; return the last of them.

    On PostgreSQL the counter's row stays locked until the commit, so transactions that give
    numbers commit in the order of the numbers.
    """
    taken: int = conn.execute(
        update(counters)
        .where(counters.c.name == name)
        .values(value=counters.c.value + amount)
        .returning(counters.c.value)
    ).scalar_one()
    return taken


def last_seq(conn: Connection) -> int:
    """Return the greatest seq that was ever given."""
    last: int = conn.execute(select(counters.c.value).where(counters.c.name == "seq")).scalar_one()
    return last


# writing ──────────────────────────────────────────────────────────────────────────────────────


def write(conn: Connection, upsert: Upsert, changes: Sequence[Change]) -> None:
    """Add lines in their order; one that is there already changes nothing."""
    by_key = {_key(change): change for change in changes}
    there: set[str] = set()
    for chunk in chunks(by_key):
        there.update(conn.execute(select(log.c.key).where(log.c.key.in_(chunk))).scalars())
    new = [(key, change) for key, change in by_key.items() if key not in there]
    if not new:
        return
    last = take(conn, "seq", len(new))
    numbered = enumerate(new, last - len(new) + 1)
    execute_many(
        conn,
        upsert(log, key=("key",)),
        [
            {
                "seq": seq,
                "key": key,
                "at": change.at,
                "kind": change.kind.value,
                "topic": change.topic,
                "story_id": change.story_id,
                "other_id": change.other_id,
                "entry_id": change.entry_id,
                "revision": change.revision,
                "before": storable(change.before),
                "after": storable(change.after),
                "turn": encode(change.turn) if change.turn else "",
                "signal": encode(change.signal) if change.signal else "",
                "route": change.signal.route if change.signal else "",
            }
            for seq, (key, change) in numbered
        ],
    )


def _key(change: Change) -> str:
    """Say which thing it is that happened: told twice it happened once."""
    match change.kind:
        case ChangeKind.REVISED:
            parts: tuple[object, ...] = (change.entry_id, change.revision)
        case ChangeKind.WITHDRAWN:
            parts = (change.entry_id, change.topic, change.revision)
        case ChangeKind.TURN:
            parts = (change.turn.id if change.turn else "",)
        case ChangeKind.SIGNAL:
            parts = (change.signal.id if change.signal else "",)
        case ChangeKind.MERGED | ChangeKind.SPLIT:
            parts = (change.story_id, change.other_id, change.at.isoformat())
    return ":".join(map(str, (change.kind.value, *parts)))


def turned(turns: Iterable[Turn]) -> list[Change]:
    """Return turns as lines of the log."""
    return [
        Change(at=turn.reached_at, kind=ChangeKind.TURN, topic=turn.topic, story_id=turn.story_id, turn=turn)
        for turn in turns
    ]


def signalled(signals: Iterable[Signal]) -> list[Change]:
    """Return signals as lines of the log."""
    return [Change(at=one.at, kind=ChangeKind.SIGNAL, topic=one.topic, signal=one) for one in signals]


# reading ──────────────────────────────────────────────────────────────────────────────────────


def after(conn: Connection, topics: Collection[str], position: int, route: str) -> list[Change]:
    """Return the lines with seq > `position` that are of `topics` or of the route as a whole, in order.

    A revision is of the topics that the entry was ever about and that were not held from the start;
    what somebody did by hand is of every topic.
    """
    about = (
        select(matches.c.entry_id)
        .where(matches.c.entry_id == log.c.entry_id, matches.c.topic.in_(topics))
        .where(matches.c.held.in_(("", WITHDRAWN)))
        .exists()
    )
    mine: ColumnElement[bool] = or_(
        and_(log.c.kind == ChangeKind.REVISED.value, about),
        log.c.kind.in_(_BY_HAND),
        and_(log.c.kind != ChangeKind.REVISED.value, log.c.topic.in_(topics)),
        and_(log.c.kind == ChangeKind.SIGNAL.value, log.c.route == route, log.c.topic == ""),
    )
    rows = conn.execute(select(log).where(log.c.seq > position, mine).order_by(log.c.seq)).all()
    found: dict[str, tuple[Entry, str]] = {}
    for chunk in chunks(sorted({row.entry_id for row in rows} - {""})):
        for row in conn.execute(select(entries).where(entries.c.id.in_(chunk))):
            found[row.id] = entry_of(row), row.story_id
    return [_change(row, found.get(row.entry_id)) for row in rows]


def _change(row: AnyRow, found: tuple[Entry, str] | None = None) -> Change:
    entry, story_id = found or (None, row.story_id)
    return Change(
        seq=row.seq,
        at=row.at,
        kind=ChangeKind(row.kind),
        topic=row.topic,
        story_id=story_id or row.story_id,
        other_id=row.other_id,
        entry_id=row.entry_id,
        revision=row.revision,
        before=row.before,
        after=row.after,
        entry=entry,
        turn=decode(Turn, row.turn) if row.turn else None,
        signal=decode(Signal, row.signal) if row.signal else None,
    )


def turns(conn: Connection, topics: Collection[str]) -> list[Turn]:
    """Return the turns of topics, in the order in which they were noted."""
    rows = conn.execute(
        select(log.c.turn)
        .where(log.c.kind == ChangeKind.TURN.value, log.c.topic.in_(topics))
        .order_by(log.c.seq)
    )
    return [decode(Turn, turn) for turn in rows.scalars()]


def signals(
    conn: Connection, topics: Collection[str] | None = None, routes: Collection[str] = ()
) -> list[Signal]:
    """Return the signals of topics and routes, or all, in the order in which they were noted."""
    wanted = select(log.c.signal).where(log.c.kind == ChangeKind.SIGNAL.value).order_by(log.c.seq)
    if topics is not None:
        of_route = and_(log.c.topic == "", log.c.route.in_(routes))
        wanted = wanted.where(or_(log.c.topic.in_(topics), of_route))
    return [decode(Signal, one) for one in conn.execute(wanted).scalars()]


def first_at(conn: Connection, since: datetime) -> int | None:
    """Return the least seq of what was logged at or after `since`."""
    return conn.execute(select(func.min(log.c.seq)).where(log.c.at >= since)).scalar()


def prune(conn: Connection, before: datetime, batch: int) -> int:
    """Drop lines that were written long ago, and why readers were not told of them."""
    rows = conn.execute(
        select(log.c.seq, log.c.key)
        .where(log.c.at < before)
        .order_by(log.c.at)
        .limit(batch)
        .with_for_update(skip_locked=True)
    ).all()
    gone = 0
    for chunk in chunks(rows):
        conn.execute(delete(log).where(log.c.seq.in_([row.seq for row in chunk])))
        # The key of a turn or signal is the item that a reader was not told.
        conn.execute(delete(passed).where(passed.c.entry_id.in_([row.key for row in chunk])))
        gone += len(chunk)
    return gone
