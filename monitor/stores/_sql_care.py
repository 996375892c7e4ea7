"""How an SQL database is kept: `_contract.Care`, in one transaction each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from monitor.model import Counts, Keep, PollRecord, Rehearsal, Story, Vitals
from monitor.stores import _archive, _articles, _canary, _feeds, _silences, _telling, _vitals
from monitor.stores._contract import Care
from monitor.stores._transactions import Transactions


class SqlCare(Transactions, Care):
    """What keeps an SQL store."""

    def next_due(self) -> datetime | None:
        """Return the earliest moment at which something will be due."""

        def ask(conn: Connection) -> datetime | None:
            times = (part.next_due(conn) for part in (_feeds, _articles, _telling, _silences))
            return min((time for time in times if time is not None), default=None)

        return self._ask(ask)

    def last_time(self) -> datetime | None:
        """Return the latest time that was recorded."""
        return self._ask(_telling.last_time)

    def prune(self, now: datetime, keep: Keep, *, batch: int = 500) -> int:
        """Drop up to `batch` entries, bodies and old messages."""
        return self._do(lambda conn: _archive.prune(conn, self.index, now, keep, batch))

    def counts(self) -> Counts:
        """Return the totals."""
        return self._ask(_archive.counts)

    def meta(self, values: Mapping[str, str] | None = None) -> dict[str, str]:
        """Write small facts and return them all."""
        return self._do(lambda conn: _telling.facts(conn, self._upsert, values), write=bool(values))

    def vitals(self, now: datetime, *, feeds: int) -> Vitals:
        """Return how the outbox and the feeds do."""
        return self._ask(lambda conn: _vitals.vitals(conn, now, feeds))

    def rehearse(self, record: PollRecord, story: Story, now: datetime, *, finds: str) -> Rehearsal:
        """Write the canary's entry, read it back, and take it back."""
        try:
            self._do(lambda conn: _canary.rehearse(conn, self._upsert, self.index, record, story, now, finds))
        except _canary.TakenBackError as taken_back:
            return taken_back.read
        raise AssertionError("a rehearsal was kept")

    def delays(self, since: datetime) -> list[timedelta]:
        """Return how long alerts took from their publication."""
        return self._ask(lambda conn: _vitals.delays(conn, since))
