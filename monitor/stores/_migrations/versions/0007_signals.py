"""Signals: what is unusual about a topic or a route, as lines of the log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# A migration says what was true when it was written, so it borrows nothing from _tables.
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the two columns that a signal needs, and remember from when on reasons are kept of turns."""
    op.add_column("log", sa.Column("signal", sa.Text(), server_default="", nullable=False))
    op.add_column("log", sa.Column("route", KEY, server_default="", nullable=False))
    op.execute(
        "INSERT INTO meta (key, value) "
        "SELECT 'turn-reasons-from', CAST(value AS TEXT) FROM counters WHERE name = 'seq' AND value > 0"
    )
