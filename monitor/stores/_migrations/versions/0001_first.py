"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# A migration says what was true when it was written, so it borrows nothing from _tables.
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")
WORDS = sa.LargeBinary().with_variant(TSVECTOR(), "postgresql")


def upgrade() -> None:
    """Make all tables and the index for full-text search."""
    _feeds()
    _identities()
    _entries()
    _found()
    _telling()
    _facts()


def _feeds() -> None:
    """What is polled."""
    op.create_table(
        "feeds",
        sa.Column("url", KEY, nullable=False),
        sa.Column("configured", sa.Boolean(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("etag", sa.Text(), server_default="", nullable=False),
        sa.Column("last_modified", sa.Text(), server_default="", nullable=False),
        sa.Column("validators_url", sa.Text(), server_default="", nullable=False),
        sa.Column("body_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("first_poll_at", TIME, nullable=True),
        sa.Column("last_poll_at", TIME, nullable=True),
        sa.Column("last_ok_at", TIME, nullable=True),
        sa.Column("next_poll_at", TIME, nullable=True),
        sa.Column("held_until", TIME, nullable=True),
        sa.Column("failures", NUMBER, server_default="0", nullable=False),
        sa.Column("interval", sa.BigInteger(), nullable=True),
        sa.Column("rate", sa.Double(), nullable=True),
        sa.Column("moved_to", sa.Text(), server_default="", nullable=False),
        sa.Column("moved_since", TIME, nullable=True),
        sa.Column("moved_polls", NUMBER, server_default="0", nullable=False),
        sa.Column("polls", NUMBER, server_default="0", nullable=False),
        sa.Column("entries", NUMBER, server_default="0", nullable=False),
        sa.Column("fresh_for", sa.BigInteger(), nullable=True),
        sa.Column("ttl", sa.BigInteger(), nullable=True),
        sa.Column("skip_hours", sa.Text(), server_default="", nullable=False),
        sa.Column("skip_days", sa.Text(), server_default="", nullable=False),
        sa.Column("due_at", TIME, nullable=True),
        sa.Column("lease_until", TIME, nullable=True),
        sa.Column("lease", NUMBER, server_default="0", nullable=False),
        sa.Column("recorded_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_feeds")),
    )
    op.create_index(op.f("ix_feeds_due_at"), "feeds", ["due_at"], unique=False)


def _identities() -> None:
    """What was ever seen, and where."""
    op.create_table(
        "identities",
        sa.Column("id", KEY, nullable=False),
        sa.Column("guid", sa.Text(), server_default="", nullable=False),
        sa.Column("revision", NUMBER, nullable=False),
        sa.Column("length", NUMBER, nullable=False),
        sa.Column("first_seen", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sightings",
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("feed_url", KEY, nullable=False),
        sa.Column("fingerprint", sa.Text(), server_default="", nullable=False),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("last_seen", TIME, nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "feed_url", name=op.f("pk_sightings")),
        sqlite_with_rowid=False,
    )


def _entries() -> None:
    """What was published."""
    op.create_table(
        "entries",
        sa.Column("n", NUMBER, sa.Identity(always=False), nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("revision", NUMBER, nullable=False),
        sa.Column("story_id", KEY, server_default="", nullable=False),
        sa.Column("story_place", NUMBER, server_default="0", nullable=False),
        sa.Column("waiting", NUMBER, nullable=True),
        sa.Column("published", TIME, nullable=True),
        sa.Column("updated", TIME, nullable=True),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("country", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("feed_url", sa.Text(), server_default="", nullable=False),
        sa.Column("fingerprint", sa.Text(), server_default="", nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("guid", sa.Text(), server_default="", nullable=False),
        sa.Column("author", sa.Text(), server_default="", nullable=False),
        sa.Column("tags", sa.Text(), server_default="[]", nullable=False),
        sa.Column("entities", sa.Text(), server_default="[]", nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("summary", sa.Text(), server_default="", nullable=False),
        sa.Column("content", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_entries")),
        sa.UniqueConstraint("id", name=op.f("uq_entries_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_entries_bodies",
        "entries",
        ["first_seen"],
        unique=False,
        sqlite_where=sa.text("content != ''"),
        postgresql_where=sa.text("content != ''"),
    )
    op.create_index(op.f("ix_entries_first_seen"), "entries", ["first_seen"], unique=False)
    op.create_index(
        "ix_entries_story_id",
        "entries",
        ["story_id"],
        unique=False,
        sqlite_where=sa.text("story_id != ''"),
        postgresql_where=sa.text("story_id != ''"),
    )
    op.create_index(
        "ix_entries_waiting",
        "entries",
        ["waiting"],
        unique=False,
        sqlite_where=sa.text("waiting IS NOT NULL"),
        postgresql_where=sa.text("waiting IS NOT NULL"),
    )


def _found() -> None:
    """What was found in it."""
    op.create_table(
        "words",
        sa.Column("n", NUMBER, autoincrement=False, nullable=False),
        sa.Column("words", WORDS, nullable=False),
        sa.ForeignKeyConstraint(["n"], ["entries.n"], name=op.f("fk_words_n"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_words")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_words_words", "words", ["words"], unique=False, postgresql_using="gin")
    else:
        # Words come cut and folded, one space between them; `ascii` takes all else for letters.
        op.execute("CREATE VIRTUAL TABLE search USING fts5 (words, content='', tokenize='ascii')")
    op.create_table(
        "matches",
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("topic", KEY, nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("revision", NUMBER, nullable=False),
        sa.Column("held", sa.Text(), server_default="", nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("matched_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name=op.f("fk_matches_entry_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_id", "topic", name=op.f("pk_matches")),
        sa.UniqueConstraint("seq", name=op.f("uq_matches_seq")),
    )
    op.create_index(op.f("ix_matches_matched_at"), "matches", ["matched_at"], unique=False)
    op.create_index(op.f("ix_matches_topic_seq"), "matches", ["topic", "seq"], unique=False)
    op.create_table(
        "stories",
        sa.Column("id", KEY, nullable=False),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("last_seen", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stories")),
    )
    op.create_index(op.f("ix_stories_last_seen"), "stories", ["last_seen"], unique=False)


def _telling() -> None:
    """What was told to whom."""
    op.create_table(
        "cursors",
        sa.Column("route", KEY, nullable=False),
        sa.Column("channel", KEY, nullable=False),
        sa.Column("recipient", KEY, nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("next_slot", TIME, nullable=True),
        sa.Column("last_slot", TIME, nullable=True),
        sa.PrimaryKeyConstraint("route", "channel", "recipient", name=op.f("pk_cursors")),
    )
    op.create_table(
        "deliveries",
        sa.Column("n", NUMBER, sa.Identity(always=False), nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("route", sa.Text(), server_default="", nullable=False),
        sa.Column("channel", KEY, nullable=False),
        sa.Column("recipient", sa.Text(), server_default="", nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("attempts", NUMBER, server_default="0", nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("queued_at", TIME, nullable=False),
        sa.Column("sent_at", TIME, nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("lease_until", TIME, nullable=True),
        sa.Column("lease", NUMBER, server_default="0", nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("id", name=op.f("uq_deliveries_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_deliveries_recorded_at"), "deliveries", ["recorded_at"], unique=False)
    op.create_index(op.f("ix_deliveries_status_due_at"), "deliveries", ["status", "due_at"], unique=False)
    op.create_table(
        "told",
        sa.Column("route", KEY, nullable=False),
        sa.Column("channel", KEY, nullable=False),
        sa.Column("recipient", KEY, nullable=False),
        sa.Column("story_id", KEY, nullable=False),
        sa.Column("delivery_id", KEY, nullable=False),
        sa.PrimaryKeyConstraint(
            "route", "channel", "recipient", "story_id", "delivery_id", name=op.f("pk_told")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_told_delivery_id"), "told", ["delivery_id"], unique=False)


def _facts() -> None:
    """What else is remembered."""
    op.create_table(
        "counters",
        sa.Column("name", KEY, nullable=False),
        sa.Column("value", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "meta",
        sa.Column("key", KEY, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )
    op.execute("INSERT INTO counters (name, value) VALUES ('seq', 0)")
