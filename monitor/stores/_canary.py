"""The canary's entry: written, read back and taken back, so that nobody ever sees it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from monitor.model import CANARY, PollRecord, Rehearsal, Story
from monitor.stores import _archive, _log, _polls, _reading, _stories
from monitor.stores._search import Index
from monitor.stores._upsert import Upsert


class TakenBackError(Exception):
    """Ends the transaction so that nothing of it stays; carries what was read in it."""

    def __init__(self, read: Rehearsal) -> None:
        self.read = read
        super().__init__("taken back")


def rehearse(
    conn: Connection,
    upsert: Upsert,
    index: Index,
    record: PollRecord,
    story: Story,
    now: datetime,
    finds: str,
) -> None:
    """Do promises 1 and 1b and read what a reader would be told (see Store.rehearse).

    Always raises TakenBackError: the transaction ends as if it had never been.
    """
    after = _log.last_seq(conn)
    _polls.absorb(conn, upsert, index, [record], now)
    _stories.record(conn, upsert, [story])
    found = _archive.search(conn, index, finds, limit=5, since=None, until=None)
    ids = {entry.id for entry in record.fresh.entries}
    raise TakenBackError(
        Rehearsal(
            news=_reading.news(conn, [CANARY], after, now, CANARY),
            dossiers=tuple(_reading.dossiers(conn, (CANARY, CANARY, CANARY), [CANARY], [story.id])),
            found=ids <= {entry.id for entry in found},
        )
    )
