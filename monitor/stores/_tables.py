"""The tables, once, for every database. `_migrations/` brings a database to exactly these.

Times are `timestamptz` on PostgreSQL and `2025-10-16 12:30:00.000000` (UTC, fixed width, so that
text sorts as time) on SQLite: both can be read by a person with the database's own shell. Keys
compare byte by byte on both (PostgreSQL: collation "C"), so that order never depends on a locale.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    false,
    literal_column,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from monitor.stores._times import Duration, UtcTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

KEY = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is compared or ordered."""
NUMBER = BigInteger().with_variant(Integer(), "sqlite")
"""A whole number. SQLite's INTEGER has 64 bits, and only INTEGER PRIMARY KEY is the row's own number."""

INDEXED = LargeBinary().with_variant(TSVECTOR(), "postgresql")
"""The words of an entry: what PostgreSQL searches; compressed, what SQLite's FTS5 is told to forget it."""


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _count(name: str) -> Column[int]:
    return Column(name, NUMBER, nullable=False, server_default="0")


feeds = Table(
    "feeds",
    metadata,
    Column("url", KEY, primary_key=True),
    Column("configured", Boolean, nullable=False),
    Column("paused", Boolean, nullable=False),
    _text("status"),
    _text("reason"),
    _text("detail"),
    _text("etag"),
    _text("last_modified"),
    _text("validators_url"),
    _text("body_hash"),
    Column("first_poll_at", UtcTime),
    Column("last_poll_at", UtcTime),
    Column("last_ok_at", UtcTime),
    Column("next_poll_at", UtcTime),
    Column("held_until", UtcTime),
    _count("failures"),
    Column("interval", Duration),
    Column("rate", Double),
    _text("moved_to"),
    Column("moved_since", UtcTime),
    _count("moved_polls"),
    _count("polls"),
    _count("entries"),
    Column("fresh_for", Duration),
    Column("ttl", Duration),
    _text("skip_hours"),  # whole numbers with commas between
    _text("skip_days"),
    # The later of next_poll_at and held_until; null: never due by itself.
    Column("due_at", UtcTime),
    # A lease is held while lease_until is not null; `lease` counts the claims and is the fencing
    # token: it only grows, so no claim can be taken for another.
    Column("lease_until", UtcTime),
    _count("lease"),
    Column("recorded_at", UtcTime),
    _text("host"),  # of the configured URL: its feeds must not keep all others waiting
    Column("arrived_at", UtcTime),
    Column("late_at", UtcTime),
    Column("stalled_at", UtcTime),
    Column("failing_since", UtcTime),
    Column("gap_at", UtcTime),
    Column("rhythm", LargeBinary),  # a byte for each hour of the week (see health); no poll writes it
    _count("window_size"),
    Index(None, "due_at"),
)

# The hours in which a feed brought something new: its rhythm.
arrivals = Table(
    "arrivals",
    metadata,
    Column("feed_url", KEY, nullable=False),
    Column("hour", UtcTime, nullable=False),
    PrimaryKeyConstraint("feed_url", "hour"),
    sqlite_with_rowid=False,
)

outages = Table(
    "outages",
    metadata,
    Column("feed_url", KEY, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("status", KEY, nullable=False),
    _text("reason"),
    _text("detail"),
    Column("noticed_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    PrimaryKeyConstraint("feed_url", "since"),
)

identities = Table(
    "identities",
    metadata,
    Column("id", KEY, primary_key=True),
    _text("guid"),
    Column("revision", NUMBER, nullable=False),
    Column("length", NUMBER, nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)

sightings = Table(
    "sightings",
    metadata,
    Column("entry_id", KEY, nullable=False),
    Column("feed_url", KEY, nullable=False),
    _text("fingerprint"),
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    PrimaryKeyConstraint("entry_id", "feed_url"),
    sqlite_with_rowid=False,
)

entries = Table(
    "entries",
    metadata,
    # The number is for full-text search, which knows rows by number alone. It is never used again
    # (AUTOINCREMENT), so an index row can never come to stand for another entry.
    Column("n", NUMBER, Identity(always=False), primary_key=True),
    Column("id", KEY, nullable=False, unique=True),
    # Long texts stand last: SQLite reads a row from its beginning, through all its pages.
    Column("first_seen", UtcTime, nullable=False),
    Column("revision", NUMBER, nullable=False),
    Column("story_id", KEY, nullable=False, server_default=""),
    # The place in its story's entry_ids.
    _count("story_place"),
    # The seq of its first match while it has no story: what clustering has still to do.
    Column("waiting", NUMBER),
    Column("published", UtcTime),
    Column("updated", UtcTime),
    _text("language"),
    _text("country"),
    _text("source"),
    _text("feed_url"),
    _text("fingerprint"),
    _text("url"),
    _text("guid"),
    _text("author"),
    Column("tags", Text, nullable=False, server_default="[]"),
    Column("entities", Text, nullable=False, server_default="[]"),
    _text("title"),
    _text("summary"),
    _text("content"),
    Column("article", Boolean, nullable=False, server_default=false()),
    Index(None, "first_seen"),
    sqlite_autoincrement=True,
)


def _partial(name: str, column: Column[Any], where: ColumnElement[bool]) -> None:
    Index(name, column, sqlite_where=where, postgresql_where=where)


# A planner takes a partial index only where the query's condition is the same text, so conditions
# that are meant for one are named here.
IS_WAITING = entries.c.waiting.is_not(None)
HAS_STORY = entries.c.story_id != literal_column("''")
HAS_BODY = entries.c.content != literal_column("''")
_partial("ix_entries_waiting", entries.c.waiting, IS_WAITING)
_partial("ix_entries_story_id", entries.c.story_id, HAS_STORY)
_partial("ix_entries_bodies", entries.c.first_seen, HAS_BODY)

words = Table(
    "words",
    metadata,
    Column("n", NUMBER, ForeignKey("entries.n", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("words", INDEXED, nullable=False),
)
Index("ix_words_words", words.c.words, postgresql_using="gin").ddl_if(dialect="postgresql")

matches = Table(
    "matches",
    metadata,
    Column("entry_id", KEY, ForeignKey("entries.id", ondelete="CASCADE"), nullable=False),
    Column("topic", KEY, nullable=False),
    Column("seq", NUMBER, nullable=False, unique=True),
    Column("revision", NUMBER, nullable=False),
    _text("held"),
    Column("evidence", Text, nullable=False),
    Column("matched_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("entry_id", "topic"),
    Index(None, "topic", "seq"),
    Index(None, "matched_at"),
)

stories = Table(
    "stories",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    Index(None, "last_seen"),
)

# Why an entry is in its story (rank 0), why it is not in others (1 …), and that somebody put it here.
links = Table(
    "links",
    metadata,
    Column("entry_id", KEY, ForeignKey("entries.id", ondelete="CASCADE"), nullable=False),
    Column("rank", NUMBER, nullable=False),
    Column("other_id", KEY, nullable=False, server_default=""),
    Column("kind", KEY, nullable=False),
    Column("score", Double, nullable=False),
    Column("parts", Text, nullable=False, server_default="{}"),
    _text("veto"),
    PrimaryKeyConstraint("entry_id", "rank"),
    sqlite_with_rowid=False,
)

# Ids of stories that went up in others.
aliases = Table(
    "aliases",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("story_id", KEY, nullable=False),
    Index(None, "story_id"),
    sqlite_with_rowid=False,
)

# What somebody did to stories; `before` is what it takes to undo it.
edits = Table(
    "edits",
    metadata,
    Column("n", NUMBER, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    _text("who"),
    Column("kind", KEY, nullable=False),
    Column("story_id", KEY, nullable=False),
    Column("other_id", KEY, nullable=False),
    Column("before", Text, nullable=False),
    Column("undone_at", UtcTime),
)

# Work that one process does for all.
leases = Table(
    "leases",
    metadata,
    Column("name", KEY, primary_key=True),
    Column("holder", KEY, nullable=False, server_default=""),
    Column("lease_until", UtcTime),
)

cursors = Table(
    "cursors",
    metadata,
    Column("route", KEY, nullable=False),
    Column("channel", KEY, nullable=False),
    Column("recipient", KEY, nullable=False),
    Column("position", NUMBER, nullable=False),
    Column("next_slot", UtcTime),
    Column("last_slot", UtcTime),
    _count("start"),
    PrimaryKeyConstraint("route", "channel", "recipient"),
)

deliveries = Table(
    "deliveries",
    metadata,
    # In order of queueing.
    Column("n", NUMBER, Identity(always=False), primary_key=True),
    Column("id", KEY, nullable=False, unique=True),
    _text("route"),
    Column("channel", KEY, nullable=False),
    _text("recipient"),
    Column("status", KEY, nullable=False),
    _count("attempts"),
    Column("due_at", UtcTime, nullable=False),
    Column("queued_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    _text("reason"),
    _text("detail"),
    Column("message", Text, nullable=False),
    Column("lease_until", UtcTime),
    _count("lease"),
    Column("recorded_at", UtcTime, nullable=False),
    # The id of the delivery that this one stands in for, and why it is needed.
    Column("instead_of", KEY, nullable=False, server_default=""),
    _text("note"),
    # A JSON list of model.Redrive.
    Column("redriven", Text, nullable=False, server_default="[]"),
    # The delivery of the first message about the story to the same reader; empty: this is it.
    Column("root", KEY, nullable=False, server_default=""),
    # What the receiver calls the message.
    _text("handle"),
    Index(None, "status", "due_at"),
    Index(None, "recorded_at"),
    sqlite_autoincrement=True,
)

IS_SPARE = deliveries.c.instead_of != literal_column("''")
_partial("ix_deliveries_instead_of", deliveries.c.instead_of, IS_SPARE)

FOLLOWS = deliveries.c.root != literal_column("''")
_partial("ix_deliveries_root", deliveries.c.root, FOLLOWS)

told = Table(
    "told",
    metadata,
    Column("route", KEY, nullable=False),
    Column("channel", KEY, nullable=False),
    Column("recipient", KEY, nullable=False),
    Column("story_id", KEY, nullable=False),
    Column("delivery_id", KEY, nullable=False),
    PrimaryKeyConstraint("route", "channel", "recipient", "story_id", "delivery_id"),
    Index(None, "delivery_id"),
    sqlite_with_rowid=False,
)

# What of a story was told to whom: `entry:ID`, `fact:KIND|ABOUT|VALUE`, `turn:ID` … (see compose).
told_items = Table(
    "told_items",
    metadata,
    Column("route", KEY, nullable=False),
    Column("channel", KEY, nullable=False),
    Column("recipient", KEY, nullable=False),
    Column("story_id", KEY, nullable=False),
    Column("item", KEY, nullable=False),
    PrimaryKeyConstraint("route", "channel", "recipient", "story_id", "item"),
    Index(None, "item"),
    sqlite_with_rowid=False,
)

# Why an entry was not told to a reader when their cursor passed it.
passed = Table(
    "passed",
    metadata,
    Column("route", KEY, nullable=False),
    Column("channel", KEY, nullable=False),
    Column("recipient", KEY, nullable=False),
    Column("entry_id", KEY, nullable=False),
    Column("kind", KEY, nullable=False),
    _text("detail"),
    Column("at", UtcTime, nullable=False),
    Column("until", UtcTime),
    PrimaryKeyConstraint("route", "channel", "recipient", "entry_id"),
    Index(None, "entry_id"),
    sqlite_with_rowid=False,
)

# Asked each second for each reader of alerts, while what was passed for good only grows.
IS_HELD_BACK = passed.c.until.is_not(None)
Index(
    "ix_passed_held_back",
    passed.c.route,
    passed.c.channel,
    passed.c.recipient,
    passed.c.until,
    sqlite_where=IS_HELD_BACK,
    postgresql_where=IS_HELD_BACK,
)

silences = Table(
    "silences",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("scope", KEY, nullable=False),
    Column("target", KEY, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    _text("why"),
    _text("by"),
    Column("expired_at", UtcTime),
    _text("expired_by"),
)

# What happened to what had been found; `seq` is from the counter of the matches.
log = Table(
    "log",
    metadata,
    Column("seq", NUMBER, primary_key=True, autoincrement=False),
    Column("key", KEY, nullable=False, unique=True),
    Column("at", UtcTime, nullable=False),
    Column("kind", KEY, nullable=False),
    Column("topic", KEY, nullable=False, server_default=""),
    Column("story_id", KEY, nullable=False, server_default=""),
    Column("other_id", KEY, nullable=False, server_default=""),
    Column("entry_id", KEY, nullable=False, server_default=""),
    _count("revision"),
    _text("before"),
    _text("after"),
    _text("turn"),
    _text("signal"),
    # The route that a signal is about, where it is about no topic.
    Column("route", KEY, nullable=False, server_default=""),
    Index(None, "at"),
    Index(None, "kind", "topic"),
)

counters = Table(
    "counters", metadata, Column("name", KEY, primary_key=True), Column("value", NUMBER, nullable=False)
)

meta = Table("meta", metadata, Column("key", KEY, primary_key=True), Column("value", Text, nullable=False))
