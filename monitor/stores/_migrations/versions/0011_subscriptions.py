"""Subscriptions of feeds at hubs (WebSub)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# A migration says what was true when it was written, so it borrows nothing from _tables.
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "subscriptions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("feed_url", KEY, nullable=False),
        sa.Column("hub", sa.Text(), server_default="", nullable=False),
        sa.Column("topic", sa.Text(), server_default="", nullable=False),
        sa.Column("standing", KEY, nullable=False),
        sa.Column("trust", KEY, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("asked_at", TIME, nullable=True),
        sa.Column("attempts", NUMBER, server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("lease_until", TIME, nullable=True),
        sa.Column("pushed_at", TIME, nullable=True),
        sa.Column("poll_by", TIME, nullable=True),
        sa.Column("suspect_at", TIME, nullable=True),
        sa.Column("strikes", NUMBER, server_default="0", nullable=False),
        sa.Column("pushes", NUMBER, server_default="0", nullable=False),
        sa.Column("ignored", NUMBER, server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
    )
    for name in ("feed_url", "due_at", "poll_by"):
        op.create_index(f"ix_subscriptions_{name}", "subscriptions", [name], unique=False)
