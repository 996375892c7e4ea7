"""The log of what changed, and what of each story was told to whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# A migration says what was true when it was written, so it borrows nothing from _tables.
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "told_items",
        sa.Column("route", KEY, nullable=False),
        sa.Column("channel", KEY, nullable=False),
        sa.Column("recipient", KEY, nullable=False),
        sa.Column("story_id", KEY, nullable=False),
        sa.Column("item", KEY, nullable=False),
        sa.PrimaryKeyConstraint(
            "route", "channel", "recipient", "story_id", "item", name=op.f("pk_told_items")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_told_items_item"), "told_items", ["item"], unique=False)
    op.create_table(
        "log",
        sa.Column("seq", NUMBER, autoincrement=False, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("topic", KEY, server_default="", nullable=False),
        sa.Column("story_id", KEY, server_default="", nullable=False),
        sa.Column("other_id", KEY, server_default="", nullable=False),
        sa.Column("entry_id", KEY, server_default="", nullable=False),
        sa.Column("revision", NUMBER, server_default="0", nullable=False),
        sa.Column("before", sa.Text(), server_default="", nullable=False),
        sa.Column("after", sa.Text(), server_default="", nullable=False),
        sa.Column("turn", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_log")),
        sa.UniqueConstraint("key", name=op.f("uq_log_key")),
    )
    op.create_index(op.f("ix_log_at"), "log", ["at"], unique=False)
    op.create_index(op.f("ix_log_kind_topic"), "log", ["kind", "topic"], unique=False)
