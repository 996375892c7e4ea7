"""The articles behind stubs, and which entries have their text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# A migration says what was true when it was written, so it borrows nothing from _tables.
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the table. Of entries that were seen before no article is wanted."""
    op.add_column("entries", sa.Column("article", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "articles",
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("feed_url", KEY, nullable=False),
        sa.Column("host", KEY, nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("wanted_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=True),
        sa.Column("status", KEY, nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("tries", NUMBER, server_default="0", nullable=False),
        sa.Column("tried_at", TIME, nullable=True),
        sa.Column("lease_until", TIME, nullable=True),
        sa.Column("lease", NUMBER, server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name=op.f("fk_articles_entry_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_articles")),
    )
    op.create_index("ix_articles_feed_url_tried_at", "articles", ["feed_url", "tried_at"], unique=False)
    due = sa.text("due_at IS NOT NULL")
    op.create_index(
        "ix_articles_due_at", "articles", ["due_at"], unique=False, sqlite_where=due, postgresql_where=due
    )
