"""INSERT … ON CONFLICT, which both databases have and SQLAlchemy spells twice."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache
from typing import Any, Protocol

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import postgresql, sqlite


class Upsert(Protocol):
    """Makes an insert that does no harm to a row that is there."""

    def __call__(
        self,
        table: Table,
        *,
        key: tuple[str, ...] = (),
        changes: Collection[str] = (),
        forward: str = "",
    ) -> Insert:
        """Return the insert.

        `key`: the columns that may clash (the primary key); `changes`: the columns that a clash
        updates (none: nothing happens); `forward`: the column that must be greater for that.
        """
        ...


def upsert_for(dialect: str) -> Upsert:
    """Return the database's way of saying it. Statements are made once and kept."""
    insert: Callable[[Table], Any] = {
        "postgresql": postgresql.insert,
        "sqlite": sqlite.insert,
    }[dialect]

    @cache
    def make(table: Table, key: tuple[str, ...], changes: frozenset[str], forward: str) -> Insert:
        columns = key or tuple(column.name for column in table.primary_key)
        statement = insert(table)
        if not changes:
            quiet: Insert = statement.on_conflict_do_nothing(index_elements=columns)
            return quiet
        new = statement.excluded
        changing: Insert = statement.on_conflict_do_update(
            index_elements=columns,
            set_={name: new[name] for name in sorted(changes)},
            where=table.c[forward] < new[forward] if forward else None,
        )
        return changing

    def upsert(
        table: Table,
        *,
        key: tuple[str, ...] = (),
        changes: Collection[str] = (),
        forward: str = "",
    ) -> Insert:
        return make(table, key, frozenset(changes), forward)

    return upsert
