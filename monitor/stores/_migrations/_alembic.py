"""The one door to Alembic. Loaded only where there is something to migrate: it is 5 MB."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Connection

from monitor.errors import StoreError


def configuration(conn: Connection) -> Config:
    """Return Alembic's settings for a connection that has begun its transaction. No file is read."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = conn
    return config


def upgrade(conn: Connection) -> None:
    """Bring the tables to the current version, in the transaction of `conn`.

    Raises StoreError if the database was made by a later version than this program knows, or if the
    migrations cannot be read: Alembic takes a folder that cannot be listed for an empty one.
    """
    try:
        command.upgrade(configuration(conn), "head")
        known = MigrationContext.configure(conn).get_current_revision()
    except CommandError as error:
        raise StoreError(
            f"the database was made by a later version of monitor ({error}); install that version again"
        ) from error
    except OSError as error:
        raise StoreError(f"{_UNREADABLE}: {error.strerror}") from error
    if known is None:
        raise StoreError(f"{_UNREADABLE}: there are no migrations")


_UNREADABLE = "the program's own files cannot be read"
