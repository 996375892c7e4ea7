"""Dead letters can be queued again, and a fallback channel stands in for one that fails."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# A migration says what was true when it was written, so it borrows nothing from _tables.
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the columns, and the index that finds who stands in for whom."""
    op.add_column("deliveries", sa.Column("instead_of", KEY, server_default="", nullable=False))
    op.add_column("deliveries", sa.Column("note", sa.Text(), server_default="", nullable=False))
    op.add_column("deliveries", sa.Column("redriven", sa.Text(), server_default="[]", nullable=False))
    is_spare = sa.text("instead_of != ''")
    op.create_index(
        "ix_deliveries_instead_of",
        "deliveries",
        ["instead_of"],
        unique=False,
        sqlite_where=is_spare,
        postgresql_where=is_spare,
    )
