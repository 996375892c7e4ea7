"""PostgreSQL: a server, any number of daemons. `postgresql://user:password@host/database`.

Needs psycopg 3 (the extra `postgresql`). All daemons of one database share its work by leases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    String,
    bindparam,
    cast,
    create_engine,
    delete,
    exists,
    make_url,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR, insert
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from monitor import registry
from monitor.errors import StoreError
from monitor.stores._backup import appearing
from monitor.stores._core import SqlStore
from monitor.stores._search import Wanted, tsquery, tsvector
from monitor.stores._tables import entries
from monitor.stores._tables import words as words_table

CONNECT = 10
"""Seconds that connecting may take."""

_PASSING = {
    "40001",  # serialization_failure
    "40P01",  # deadlock_detected
    "23503",  # foreign_key_violation: another process pruned what this one was about to refer to
    "57P01",  # admin_shutdown
    "57P02",  # crash_shutdown
}
"""SQLSTATEs after which the same transaction may go well."""

_MIGRATION_LOCK = 0x6D6F6E69746F72
"""`monitor` in ASCII: held while tables are brought up to date, so that the first of many daemons
that start together does it and the others wait."""


class Tsvector:
    """Words in a tsvector column, with a GIN index."""

    def put(self, conn: Connection, keys: Sequence[tuple[int, str]]) -> None:
        """Index entries by number and key, in place of what was indexed for them."""
        if keys:
            conn.execute(_PUT_WORDS, [{"n": n, "key": tsvector(key)} for n, key in sorted(keys)])

    def drop(self, conn: Connection, numbers: Sequence[int]) -> None:
        """Forget entries by number."""
        conn.execute(delete(words_table).where(words_table.c.n.in_(numbers)))

    def finds(self, wanted: Wanted) -> ColumnElement[bool]:
        """Return the condition on `entries` that an expression stands for."""
        asked = cast(tsquery(wanted), TSQUERY)
        return exists().where(words_table.c.n == entries.c.n).where(words_table.c.words.bool_op("@@")(asked))


_INSERT_WORDS = insert(words_table).values(
    n=bindparam("n"), words=cast(bindparam("key", type_=String), TSVECTOR)
)
_PUT_WORDS = _INSERT_WORDS.on_conflict_do_update(
    index_elements=["n"], set_={"words": _INSERT_WORDS.excluded.words}
)


class Store(SqlStore):
    """A store in a PostgreSQL database."""

    dialect = "postgresql"
    index = Tsvector()

    def connect(self) -> Engine:
        """Return an engine with a small pool."""
        target = self._target()
        defaults: dict[str, object] = {"connect_timeout": CONNECT, "application_name": "monitor"}
        return create_engine(
            target,
            connect_args={key: value for key, value in defaults.items() if key not in target.query},
            pool_size=2,
            max_overflow=0,
            hide_parameters=True,
        )

    def _target(self) -> URL:
        try:
            return make_url(self.url).set(drivername="postgresql+psycopg")
        except (ArgumentError, ValueError):
            raise StoreError(
                "the store's URL cannot be read; write postgresql://user:password@host/database"
            ) from None  # the cause repeats the URL, and so the password

    def prepare(self, conn: Connection) -> None:
        """Let one process at a time bring the tables up to date."""
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Let any number of daemons join: leases share the work."""
        yield

    def backup(self, target: Path) -> None:
        """Write a copy as of one moment: an SQLite store, which needs no server to be read.

        For a copy that is put back into PostgreSQL take pg_dump.
        """
        if self._engine is None:
            raise StoreError("the store is not open")
        with appearing(target) as part:
            copy: SqlStore = registry.find("stores", "sqlite")(f"sqlite:{part}")
            copy.open()
            try:
                self._snapshot(copy.receive)
            finally:
                copy.close()

    def _snapshot(self, read: Callable[[Connection], None]) -> None:
        """Read in a transaction that sees one moment."""
        if self._engine is None:
            raise StoreError("the store is not open")
        try:
            with self._engine.connect() as connection:
                read(
                    connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                )
        except SQLAlchemyError as error:
            raise StoreError(self.explain(error)) from error

    def passing(self, error: DBAPIError) -> bool:
        """Say whether trying again may help: a broken connection, or a race that was lost."""
        return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _PASSING

    def explain(self, error: Exception) -> str:
        """Say what the server said, without the password."""
        target = self._target()
        place = f"{target.host or target.query.get('host') or 'localhost'}/{target.database or ''}"
        if isinstance(error, ModuleNotFoundError):
            return (
                f"PostgreSQL needs the package {error.name}: install monitor with the extra `postgresql` "
                "(pip install 'monitor-daemon[postgresql]')"
            )
        said = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
        line = next((one for one in said.splitlines() if one.strip()), said)
        if target.password:
            line = line.replace(str(target.password), "***")
        return f"PostgreSQL at {place}: {line}"
