"""Cadence: how the hours of the week share what a feed brings, and how long its documents are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two columns. What is known of a feed's hours is computed when it brings something again."""
    op.add_column("feeds", sa.Column("rhythm", sa.LargeBinary(), nullable=True))
    op.add_column(
        "feeds",
        sa.Column(
            "window_size",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            server_default="0",
            nullable=False,
        ),
    )
