"""Backups: a file that appears whole or not at all, and copying one store's rows into another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from sqlalchemy import Connection, delete, select, text

from monitor.errors import StoreError
from monitor.stores._bulk import execute_many
from monitor.stores._rows import chunks
from monitor.stores._search import Index, words_of
from monitor.stores._tables import metadata, words
from monitor.stores._upsert import Upsert


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """Give a path to write to; when that went well it becomes `target`, on the disk and at once.

    Raises StoreError where `target` exists or cannot be written.
    """
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if target.exists():
            raise FileExistsError
        if not target.parent.is_dir():
            raise StoreError(f"cannot write {target}: there is no folder {target.parent}")
        part.unlink(missing_ok=True)
        yield part
        _sync(part)
        os.link(part, target)  # unlike a rename, this refuses what is there
        _sync(target.parent)
    except FileExistsError as error:
        raise StoreError(f"{target} exists; a backup overwrites nothing") from error
    except OSError as error:
        raise StoreError(f"cannot write {target}: {error.strerror}") from error
    finally:
        for left in (part, *(part.with_name(part.name + end) for end in ("-wal", "-shm"))):
            with suppress(OSError):
                left.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def copy_rows(source: Connection, target: Connection, upsert: Upsert, index: Index) -> None:
    """Copy a PostgreSQL store's rows into an empty store.

    `upsert` and `index` are the target's. The words come back out of the tsvectors; a text that
    was too long for one (16,383 words) loses the order of its last words.
    """
    rows = source.execution_options(stream_results=True, yield_per=500)
    for table in metadata.sorted_tables:
        if table is words:
            continue
        target.execute(delete(table))
        for chunk in rows.execute(select(table)).mappings().partitions(500):
            execute_many(target, upsert(table), [dict(row) for row in chunk])
    lexemes = rows.execute(
        text("SELECT w.n, l.lexeme, l.positions FROM words w, unnest(w.words) l ORDER BY w.n")
    )
    keys = (
        (n, words_of([(one.lexeme, one.positions) for one in found]))
        for n, found in groupby(lexemes, key=attrgetter("n"))
    )
    for part in chunks(keys):
        index.put(target, part)
