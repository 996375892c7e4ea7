"""Silences, and why each reader was not told what they were not told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# A migration says what was true when it was written, so it borrows nothing from _tables.
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the two tables, and remember from which match on reasons are kept."""
    op.create_table(
        "silences",
        sa.Column("id", KEY, nullable=False),
        sa.Column("scope", KEY, nullable=False),
        sa.Column("target", KEY, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("expired_at", TIME, nullable=True),
        sa.Column("expired_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silences")),
    )
    op.create_table(
        "passed",
        sa.Column("route", KEY, nullable=False),
        sa.Column("channel", KEY, nullable=False),
        sa.Column("recipient", KEY, nullable=False),
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("until", TIME, nullable=True),
        sa.PrimaryKeyConstraint("route", "channel", "recipient", "entry_id", name=op.f("pk_passed")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_passed_entry_id"), "passed", ["entry_id"], unique=False)
    is_held_back = sa.text("until IS NOT NULL")
    op.create_index(
        "ix_passed_held_back",
        "passed",
        ["route", "channel", "recipient", "until"],
        unique=False,
        sqlite_where=is_held_back,
        postgresql_where=is_held_back,
    )
    op.add_column(
        "cursors",
        sa.Column(
            "start",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            server_default="0",
            nullable=False,
        ),
    )
    op.execute(
        "INSERT INTO meta (key, value) "
        "SELECT 'reasons-from', CAST(value AS TEXT) FROM counters WHERE name = 'seq' AND value > 0"
    )
