"""Threads: which message a later one about the same story follows, and what receivers call messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None

# A migration says what was true when it was written, so it borrows nothing from _tables.
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the two columns. What was queued before follows nothing, and nobody knows its name."""
    op.add_column("deliveries", sa.Column("root", KEY, server_default="", nullable=False))
    op.add_column("deliveries", sa.Column("handle", sa.Text(), server_default="", nullable=False))
    follows = sa.text("root != ''")
    op.create_index(
        "ix_deliveries_root",
        "deliveries",
        ["root"],
        unique=False,
        sqlite_where=follows,
        postgresql_where=follows,
    )
