"""How a database of any earlier version becomes one of this version. Run by `Store.open`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from sqlalchemy import Connection, inspect

_VERSION = "alembic_version"
"""The table in which Alembic keeps what version a database has."""


def upgrade(conn: Connection) -> None:
    """Bring the tables to the current version, in the transaction of `conn`; mostly they have it.

    Raises StoreError if the database was made by a later version than this program knows, or if the
    migrations cannot be read.
    """
    if _version(conn) != newest():
        import_module("monitor.stores._migrations._alembic").upgrade(conn)


def newest() -> str:
    """Return the version that the last migration makes, "" where none can be read."""
    try:
        return max(path.name for path in Path(__file__).parent.glob("versions/[0-9]*.py")).partition("_")[0]
    except (OSError, ValueError):
        return ""


def _version(conn: Connection) -> str | None:
    """Return the version of a database, None where it is new."""
    if not inspect(conn).has_table(_VERSION):
        return None
    found: str | None = conn.exec_driver_sql(f"SELECT version_num FROM {_VERSION}").scalar()
    return found
