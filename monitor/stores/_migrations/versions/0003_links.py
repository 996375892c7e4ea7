"""Why each entry is in its story, other names of stories, and what was done to stories by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# A migration says what was true when it was written, so it borrows nothing from _tables.
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the four tables, and the counter of changes by hand."""
    op.create_table(
        "links",
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("rank", NUMBER, nullable=False),
        sa.Column("other_id", KEY, server_default="", nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("parts", sa.Text(), server_default="{}", nullable=False),
        sa.Column("veto", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "rank", name=op.f("pk_links")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name=op.f("fk_links_entry_id"), ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "aliases",
        sa.Column("id", KEY, nullable=False),
        sa.Column("story_id", KEY, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_aliases")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_aliases_story_id"), "aliases", ["story_id"], unique=False)
    op.create_table(
        "edits",
        sa.Column("n", NUMBER, autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("who", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("story_id", KEY, nullable=False),
        sa.Column("other_id", KEY, nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("undone_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_edits")),
    )
    op.create_table(
        "leases",
        sa.Column("name", KEY, nullable=False),
        sa.Column("holder", KEY, server_default="", nullable=False),
        sa.Column("lease_until", TIME, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.execute("INSERT INTO counters (name, value) VALUES ('stories', 0)")
