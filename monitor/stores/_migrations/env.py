"""Alembic runs this file to know where to migrate; the connection comes from `Store.open`."""

from __future__ import annotations

from alembic import context

from monitor.stores import _articles
from monitor.stores._tables import metadata

assert _articles.articles.metadata is metadata  # imported for its table
context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
