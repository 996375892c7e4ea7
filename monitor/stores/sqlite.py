"""SQLite: one file, one daemon. `sqlite:monitor.db`, `sqlite:/var/lib/monitor/monitor.db`, `sqlite::memory:`.

One connection does all the writing and the checkpoints: versions before 3.51.3 can corrupt a WAL
when two connections do (the WAL-reset bug). `synchronous=FULL` because an acknowledged commit must
survive a power cut: with NORMAL 265 of 628 simulated ones lost it, with FULL none of 752.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from zlib import compress, decompress

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    StaticPool,
    bindparam,
    create_engine,
    event,
    select,
    text,
)

from monitor.errors import StoreError
from monitor.stores._backup import appearing
from monitor.stores._core import SqlStore
from monitor.stores._search import Wanted, fts5, spaced
from monitor.stores._subscriptions import void_pushes
from monitor.stores._tables import entries
from monitor.stores._tables import words as words_table
from monitor.stores._telling import void_leases

BUSY = 10.0
"""Seconds that a write waits for another process's (a CLI command beside the daemon)."""

_TURNS = 100
"""How often a new file's opener lets others go first."""

_PRAGMAS = (
    # Two entries of the usual 2.6 KB in a page: 3.1 KB of disk each, not 4.5 as with 4 KB pages.
    "PRAGMA page_size=8192",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-8000",
)
_FLEETING = ("PRAGMA page_size=8192", "PRAGMA journal_mode=MEMORY", "PRAGMA synchronous=OFF", *_PRAGMAS[3:])


_WORDS_OF = select(words_table).where(words_table.c.n.in_(bindparam("numbers", expanding=True)))


class Fts5:
    """An FTS5 table without content of its own.

    SQLite before 3.43 forgets a row of such a table only when told its words again, so they are
    kept, compressed, in `words`.
    """

    def put(self, conn: Connection, keys: Sequence[tuple[int, str]]) -> None:
        """Index entries by number and key, in place of what was indexed for them."""
        self.drop(conn, [number for number, _ in keys])
        cut = [(number, spaced(key)) for number, key in keys]
        cut = [(number, found) for number, found in cut if found.strip()]
        if not cut:
            return
        conn.exec_driver_sql(
            "INSERT INTO words (n, words) VALUES (?, ?)", [(n, compress(w.encode(), 1)) for n, w in cut]
        )
        conn.exec_driver_sql("INSERT INTO search (rowid, words) VALUES (?, ?)", cut)

    def drop(self, conn: Connection, numbers: Sequence[int]) -> None:
        """Forget entries by number."""
        rows = conn.execute(_WORDS_OF, {"numbers": numbers}).all()
        if rows:
            conn.exec_driver_sql(
                "INSERT INTO search (search, rowid, words) VALUES ('delete', ?, ?)",
                [(row.n, decompress(row.words).decode()) for row in rows],
            )
            conn.exec_driver_sql("DELETE FROM words WHERE n = ?", [(row.n,) for row in rows])

    def finds(self, wanted: Wanted) -> ColumnElement[bool]:
        """Return the condition on `entries` that an expression stands for."""
        found = text("SELECT rowid FROM search WHERE search MATCH :expression")
        return entries.c.n.in_(found.bindparams(expression=fts5(wanted)).columns(entries.c.n))


class Store(SqlStore):
    """A store in an SQLite file. `durable=False`: it need not outlive the process, so nothing is synced."""

    dialect = "sqlite"
    index = Fts5()

    def __init__(self, url: str, *, durable: bool = True) -> None:
        super().__init__(url)
        self._pragmas = _PRAGMAS if durable else _FLEETING
        path = url.removeprefix("sqlite:")
        if path.startswith("///"):
            path = path[2:]
        if not path or path.startswith("//"):
            raise StoreError(f"{url!r} names no file; write sqlite:monitor.db or sqlite:/path/to/monitor.db")
        self.path = path
        self._alone = False

    def connect(self) -> Engine:
        """Return an engine with one connection."""
        engine = create_engine(
            "sqlite://", creator=self._connection, poolclass=StaticPool, hide_parameters=True
        )
        event.listen(engine, "begin", _begin)
        return engine

    def _connection(self) -> sqlite3.Connection:
        # isolation_level=None: the driver leaves transactions to us. Threads take turns (_core).
        connection = sqlite3.connect(self.path, timeout=BUSY, isolation_level=None, check_same_thread=False)
        try:
            for pragma in self._pragmas:
                _set(connection, pragma)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def open(self) -> None:
        """Connect and bring the tables up to date; who is alone here voids the leases of the dead."""
        super().open()
        if self._alone:
            self._do(void_leases)
            self._do(void_pushes)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the database's lock file while the daemon runs.

        The lock is the kernel's and ends with the process however that ends; the pid inside only
        says who has it.
        """
        if self.path == ":memory:":
            yield
            return
        try:
            descriptor = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(f"cannot make {self.path}.lock: {error.strerror}") from error
        try:
            self._lock(descriptor)
            self._alone = True
            yield
        finally:
            self._alone = False
            os.close(descriptor)

    def _lock(self, descriptor: int) -> None:
        """Take the lock and write who has it. Raises StoreError, naming the holder if there is one."""
        try:
            flock(descriptor, LOCK_EX | LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            raise StoreError(f"another monitor (pid {holder}) is running on {self.path}") from error
        except OSError as error:
            raise StoreError(f"cannot lock {self.path}.lock: {error.strerror}") from error

    def backup(self, target: Path) -> None:
        """Write a copy as of one moment, whole or not at all; it is a store by itself.

        VACUUM INTO reads in one snapshot, so a daemon that writes on is neither waited for nor
        disturbed.
        """
        if self._engine is None:
            raise StoreError("the store is not open")
        with appearing(target) as part, self._turn, closing(self._engine.raw_connection()) as connection:
            try:
                connection.cursor().execute("VACUUM INTO ?", (str(part),))
            except sqlite3.Error as error:
                raise StoreError(f"cannot write {target}: {self._why(error)}") from error

    def explain(self, error: Exception) -> str:
        """Say what is wrong with the file."""
        cause = getattr(error, "orig", None) or error
        if isinstance(cause, sqlite3.Error):
            return f"{self.path}: {self._why(cause)}"
        return f"{self.path}: {str(cause).splitlines()[0]}"

    def _why(self, error: sqlite3.Error) -> str:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_CANTOPEN:
            return _cannot_open(self.path)
        return _REASONS.get(code, str(error))


_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_BUSY: f"another process has held the database for {BUSY:.0f} seconds",
    sqlite3.SQLITE_LOCKED: "another process holds the database",
    # SQLite says the same of a disk that failed for a moment while the file was opened (seen with EIO).
    sqlite3.SQLITE_CORRUPT: "the database is damaged, or its disk could not be read or written for a moment; "
    "start again, and if it is still so, put a backup in its place",
    sqlite3.SQLITE_NOTADB: "this is not an SQLite database",
    sqlite3.SQLITE_READONLY: "no permission to write the file or its folder",
    sqlite3.SQLITE_PERM: "no permission to write the file or its folder",
    sqlite3.SQLITE_IOERR: "the disk could not be read or written",
}


def _cannot_open(path: str) -> str:
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        return f"there is no folder {folder}"
    if Path(path).is_dir():
        return "this is a folder, not a file"
    file = path if Path(path).exists() else folder
    if os.access(file, os.R_OK | os.W_OK) and os.access(folder, os.W_OK | os.X_OK):
        # SQLite keeps to itself what the system said.
        return "cannot be opened: too many files are open, or the disk is full or cannot be read"
    return "no permission to open the file or to write in its folder"


def _set(connection: sqlite3.Connection, pragma: str) -> None:
    """Execute a PRAGMA. Where several open a new file at once, SQLite refuses the change to WAL to all but
    one of them, without waiting: then wait as a writer waits, and ask again.
    """
    for _ in range(_TURNS):
        try:
            connection.execute(pragma)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        else:
            return
    connection.execute(pragma)


def _begin(conn: Connection) -> None:
    """Start a transaction. Writers take their place at once: a read that turned into a write could
    find that another process wrote in between, which SQLite answers with an error (SQLITE_BUSY_SNAPSHOT).
    """
    writes = conn.get_execution_options().get("monitor_write", True)
    conn.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
