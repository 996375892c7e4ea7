"""Promise 1: what a poll found is kept whole or not at all. Each function is part of one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    Update,
    bindparam,
    delete,
    select,
    update,
)

from monitor import text
from monitor.model import (
    Change,
    ChangeKind,
    Entry,
    Match,
    PollRecord,
    Reading,
    Sighting,
)
from monitor.stores import _articles, _health, _log
from monitor.stores._bulk import execute_many, rows_among
from monitor.stores._codec import encode, storable
from monitor.stores._rows import chunks, entry_row, feed_row
from monitor.stores._search import Index
from monitor.stores._tables import entries, feeds, identities, matches, sightings
from monitor.stores._upsert import Upsert


@cache
def _update_state(columns: tuple[str, ...]) -> Update:
    """Return the statement that writes these columns of a feed and ends its lease: made once for each set."""
    return (
        update(feeds)
        .where(feeds.c.url == bindparam("b_url"))
        .values(
            {name: bindparam(name) for name in columns}
            | {"lease_until": None, "recorded_at": bindparam("b_now")}
        )
    )


_REVISED = {"title", "summary", "content", "url", "guid", "author", "tags", "published", "updated"} | {
    *("source", "feed_url", "language", "country", "revision", "fingerprint", "entities", "article")
}
"""What a revision changes of an entry: all but its identity, first_seen and story."""


@dataclass(slots=True)
class _Batch:
    """What the polls of one commit found, each entry and match once, in its last revision.

    Two polls of one batch may bring the same entry, or one the entry and the other its revision.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    matches: dict[tuple[str, str], Match] = field(default_factory=dict)
    sightings: dict[tuple[str, str], Sighting] = field(default_factory=dict)

    def add(self, record: PollRecord) -> None:
        for entry in (*record.fresh.entries, *record.fresh.revised):
            self.take(entry, record.readings.get(entry.id, Reading()))
        for sighting in record.fresh.sightings:
            self.sightings[sighting.entry_id, sighting.feed_url] = sighting

    def take(self, entry: Entry, reading: Reading) -> None:
        """Add a revision of an entry with what match read in it."""
        old = self.entries.get(entry.id)
        if old is None or old.revision < entry.revision:
            self.entries[entry.id] = entry
            self.keys[entry.id] = reading.key
            if old is not None and text.key(old.title) != text.key(entry.title):
                self._withdraw(entry.id, {match.topic for match in reading.matches})
        for match in reading.matches:
            before = self.matches.get((match.entry_id, match.topic))
            if match.entry_id == entry.id and (before is None or before.revision < match.revision):
                self.matches[match.entry_id, match.topic] = match

    def _withdraw(self, entry_id: str, about: Collection[str]) -> None:
        """Forget what another headline of the same batch is about no more."""
        for key in [key for key in self.matches if key[0] == entry_id and key[1] not in about]:
            del self.matches[key]


def record(
    conn: Connection, upsert: Upsert, index: Index, records: Sequence[PollRecord], now: datetime
) -> list[bool]:
    """Promise 1 (see Store.record_polls)."""
    leases = _leases(conn, {one.state.url for one in records})
    taken = []
    changed: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for one in records:
        ok = leases.get(one.state.url) == one.state.token
        if ok:
            # A lease ends with the record that uses it: a second one in this batch finds it gone.
            del leases[one.state.url]
            row = feed_row(one.state, one.before)
            changed.setdefault(tuple(row)[1:], []).append(row | {"b_now": now})
        taken.append(ok)
    for columns, rows in changed.items():
        execute_many(conn, _update_state(columns), rows)
    good = [one for one, ok in zip(records, taken, strict=True) if ok]
    _health.note(conn, upsert, good)
    absorb(conn, upsert, index, good, now)
    _articles.note(conn, upsert, [article for one in good for article in one.wanted])
    return taken


def absorb(
    conn: Connection, upsert: Upsert, index: Index, records: Sequence[PollRecord], now: datetime
) -> None:
    """Write entries, revisions, sightings and matches of polls, whatever feeds they are of."""
    batch = _Batch()
    for one in records:
        batch.add(one)
    _write(conn, upsert, index, batch, now)


def revise(
    conn: Connection, upsert: Upsert, index: Index, entry: Entry, reading: Reading, now: datetime
) -> bool:
    """Write the next revision of one entry; False if another one came first, or it is not there any more."""
    before = select(entries.c.revision).where(entries.c.id == entry.id).with_for_update()
    if conn.execute(before).scalar() != entry.revision - 1:
        return False
    batch = _Batch()
    batch.take(entry, reading)
    _write(conn, upsert, index, batch, now)
    return True


def _write(conn: Connection, upsert: Upsert, index: Index, batch: _Batch, now: datetime) -> None:
    """Write entries, sightings, matches, and what the log has to say of them."""
    revised = _write_entries(conn, upsert, index, batch) if batch.entries else {}
    if batch.sightings:
        _write_sightings(conn, upsert, batch)
    changes = _changes(conn, batch, revised, now)
    if batch.matches:
        _write_matches(conn, upsert, batch, now)
    _log.write(conn, upsert, changes)


def _leases(conn: Connection, urls: Iterable[str]) -> dict[str, str]:
    """Return the tokens of the leases that are held, and keep them from changing until the commit."""
    return {url: str(lease) for url, lease in rows_among(conn, _held, sorted(urls))}


def _held(urls: Sequence[BindParameter[str]]) -> Select[tuple[str, int]]:
    return (
        select(feeds.c.url, feeds.c.lease)
        .where(feeds.c.url.in_(urls), feeds.c.lease_until.is_not(None))
        .order_by(feeds.c.url)
        .with_for_update()
    )


def _write_entries(conn: Connection, upsert: Upsert, index: Index, batch: _Batch) -> dict[str, str]:
    """Insert what is new, move what is revised forward, and never back.

    Returns the headline that each revised entry had before. Rows are written in order of id: two
    processes that bring the same entries then wait for one another instead of locking each other out.
    """
    ids = sorted(batch.entries)
    before: dict[str, tuple[int, str]] = {}
    for chunk in chunks(ids):
        rows = conn.execute(_BEFORE, {"ids": chunk})
        before.update((row.id, (row.revision, row.title)) for row in rows)
    going = [batch.entries[one] for one in ids if before.get(one, (0, ""))[0] < batch.entries[one].revision]
    if not going:
        return {}
    execute_many(
        conn,
        upsert(identities, changes={"guid", "revision", "length"}, forward="revision"),
        [
            {
                "id": entry.id,
                "guid": storable(entry.guid),
                "revision": entry.revision,
                "length": len(entry.title) + len(entry.summary) + len(entry.content),
                "first_seen": entry.first_seen,
            }
            for entry in going
        ],
    )
    execute_many(
        conn,
        upsert(entries, key=("id",), changes=_REVISED, forward="revision"),
        [entry_row(entry) for entry in going],
    )
    keyed = [entry for entry in going if batch.keys[entry.id] or entry.id in before]
    for part in chunks(keyed):
        revisions = {entry.id: entry.revision for entry in part}
        rows = conn.execute(_NUMBERED, {"ids": list(revisions)})
        # Where another process went further in between, its words stand.
        index.put(conn, [(row.n, batch.keys[row.id]) for row in rows if revisions[row.id] == row.revision])
    return {entry.id: before[entry.id][1] for entry in going if entry.id in before}


def _changes(conn: Connection, batch: _Batch, revised: Mapping[str, str], now: datetime) -> list[Change]:
    """Return what the log has to say of revised entries that were about a topic; hold what is so no more.

    A match that its revision has not is held as withdrawn: whoever was not told of it never is. Where
    the headline says what it said, a text that matches no more was cut by its feed rather than taken
    back by its author (7 of 26 edits in a week of one paper, for common words): the match stands.
    """
    about: dict[str, list[tuple[str, str]]] = {}
    for chunk in chunks(sorted(revised)):
        rows = conn.execute(
            select(matches.c.entry_id, matches.c.topic, matches.c.held)
            .where(matches.c.entry_id.in_(chunk), matches.c.revision < entries.c.revision)
            .join_from(matches, entries, matches.c.entry_id == entries.c.id)
            .order_by(matches.c.entry_id, matches.c.seq)
        )
        for row in rows:
            about.setdefault(row.entry_id, []).append((row.topic, row.held))
    changes: list[Change] = []
    for entry_id in (one for one in batch.entries if one in about):
        line = Change(
            at=now,
            kind=ChangeKind.REVISED,
            entry_id=entry_id,
            revision=batch.entries[entry_id].revision,
            before=revised[entry_id],
            after=batch.entries[entry_id].title,
        )
        changes.append(line)
        if text.key(line.before) == text.key(line.after):
            continue
        changes += [
            replace(line, kind=ChangeKind.WITHDRAWN, topic=topic)
            for topic, held in about[entry_id]
            if not held and (entry_id, topic) not in batch.matches
        ]
    for one in changes:
        if one.kind is ChangeKind.WITHDRAWN:
            conn.execute(
                update(matches)
                .where(matches.c.entry_id == one.entry_id, matches.c.topic == one.topic)
                .values(held=_log.WITHDRAWN, revision=one.revision)
            )
    return changes


_BEFORE = select(entries.c.id, entries.c.revision, entries.c.title).where(
    entries.c.id.in_(bindparam("ids", expanding=True))
)

_NUMBERED = select(entries.c.id, entries.c.n, entries.c.revision).where(
    entries.c.id.in_(bindparam("ids", expanding=True))
)


def _write_sightings(conn: Connection, upsert: Upsert, batch: _Batch) -> None:
    execute_many(
        conn,
        upsert(sightings, changes={"fingerprint", "last_seen"}),
        [
            {
                "entry_id": sighting.entry_id,
                "feed_url": sighting.feed_url,
                "fingerprint": sighting.fingerprint,
                "first_seen": sighting.seen_at,
                "last_seen": sighting.seen_at,
            }
            for _, sighting in sorted(batch.sightings.items())
        ],
    )


def _write_matches(conn: Connection, upsert: Upsert, batch: _Batch, now: datetime) -> None:
    """Give new matches their seq; let those of a revised entry keep theirs.

    A reader that has seen seq 8 must never find 7 later, or a cursor would pass it unseen. SQLite
    has one writer. On PostgreSQL the counter's row is locked by the first statement that takes
    from it until the commit, so transactions that give numbers commit in the order of the numbers
    (an identity column or a sequence would not wait). It is taken last and held shortly, and only
    by polls that found something.
    """
    known: dict[tuple[str, str], int] = {}
    for chunk in chunks(sorted({entry_id for entry_id, _ in batch.matches})):
        _drop_withdrawn(conn, batch, chunk)
        rows = conn.execute(_MATCHED, {"ids": chunk})
        known.update(((row.entry_id, row.topic), row.seq) for row in rows)
    new = len(batch.matches.keys() - known.keys())
    last = _log.take(conn, "seq", new) if new else 0
    numbers = iter(range(last - new + 1, last + 1))
    # In the order in which the polls came, not of their ids: the reader sees the first first.
    given = {key: known.get(key) or next(numbers) for key in batch.matches}
    ordered = sorted(batch.matches.items())
    evidence = {key: encode(match.evidence) for key, match in ordered}
    if new:
        execute_many(
            conn,
            upsert(matches),
            [
                {
                    "entry_id": match.entry_id,
                    "topic": match.topic,
                    "seq": given[key],
                    "revision": match.revision,
                    "held": match.held,
                    "evidence": evidence[key],
                    "matched_at": now,
                }
                for key, match in ordered
                if key not in known
            ],
        )
    execute_many(
        conn,
        _REVISE_MATCH,
        [
            {"b_id": key[0], "b_topic": key[1], "b_revision": match.revision, "b_evidence": evidence[key]}
            for key, match in ordered
        ],
    )
    first: dict[str, int] = {}
    for (entry_id, _), seq in given.items():
        first[entry_id] = min(seq, first.get(entry_id, seq))
    execute_many(conn, _SET_WAITING, [{"b_id": one, "b_seq": seq} for one, seq in sorted(first.items())])


_MATCHED = select(matches.c.entry_id, matches.c.topic, matches.c.seq).where(
    matches.c.entry_id.in_(bindparam("ids", expanding=True))
)


def _drop_withdrawn(conn: Connection, batch: _Batch, ids: Sequence[str]) -> None:
    """Forget matches that had been withdrawn and hold again: their cursors have passed, they come anew."""
    rows = conn.execute(
        select(matches.c.entry_id, matches.c.topic, matches.c.revision).where(
            matches.c.entry_id.in_(ids), matches.c.held == _log.WITHDRAWN
        )
    ).all()
    for row in rows:
        again = batch.matches.get((row.entry_id, row.topic))
        if again is not None and again.revision > row.revision:
            conn.execute(
                delete(matches).where(matches.c.entry_id == row.entry_id, matches.c.topic == row.topic)
            )


_REVISE_MATCH = (
    update(matches)
    .where(
        matches.c.entry_id == bindparam("b_id"),
        matches.c.topic == bindparam("b_topic"),
        matches.c.revision < bindparam("b_revision"),
    )
    .values(revision=bindparam("b_revision"), evidence=bindparam("b_evidence"))
)

_SET_WAITING = (
    update(entries)
    .where(entries.c.id == bindparam("b_id"), entries.c.story_id == "", entries.c.waiting.is_(None))
    .values(waiting=bindparam("b_seq"))
)
