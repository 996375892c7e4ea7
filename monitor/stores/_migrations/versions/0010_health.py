"""The rhythm of feeds, when they are late and stalled, and their outages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# A migration says what was true when it was written, so it borrows nothing from _tables.
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the tables; what was seen so far is the rhythm to begin with."""
    for name in ("arrived_at", "late_at", "stalled_at", "failing_since", "gap_at"):
        op.add_column("feeds", sa.Column(name, TIME, nullable=True))
    op.create_table(
        "arrivals",
        sa.Column("feed_url", KEY, nullable=False),
        sa.Column("hour", TIME, nullable=False),
        sa.PrimaryKeyConstraint("feed_url", "hour", name=op.f("pk_arrivals")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outages",
        sa.Column("feed_url", KEY, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("noticed_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("feed_url", "since", name=op.f("pk_outages")),
    )
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    hour = (
        "date_trunc('hour', s.first_seen)"
        if is_postgresql
        else "substr(s.first_seen, 1, 13) || ':00:00.000000'"
    )
    # What a first poll brought says nothing of when it came.
    op.execute(
        f"INSERT INTO arrivals (feed_url, hour) SELECT DISTINCT s.feed_url, {hour} FROM sightings s "
        "JOIN feeds f ON f.url = s.feed_url WHERE s.first_seen > f.first_poll_at"
    )
    op.execute(
        "UPDATE feeds SET arrived_at = (SELECT max(hour) FROM arrivals WHERE arrivals.feed_url = feeds.url)"
    )
