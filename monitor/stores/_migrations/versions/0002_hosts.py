"""Feeds know their host, so that one with hundreds of feeds keeps no other waiting."""

from __future__ import annotations

from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and fill it."""
    op.add_column("feeds", sa.Column("host", sa.Text(), server_default="", nullable=False))
    feeds = sa.table("feeds", sa.column("url"), sa.column("host"))
    conn = op.get_bind()
    hosts = [{"b_url": url, "b_host": _host(url)} for (url,) in conn.execute(sa.select(feeds.c.url))]
    if hosts:
        conn.execute(
            sa.update(feeds).where(feeds.c.url == sa.bindparam("b_url")).values(host=sa.bindparam("b_host")),
            hosts,
        )


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url
