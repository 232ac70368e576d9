"""Attempts: which edition of the wording each was written in."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SCHEMA = "notify"


def upgrade() -> None:
    """Add it; of earlier attempts nobody knows."""
    op.add_column("attempts", sa.Column("wording", sa.Integer(), nullable=True), schema=SCHEMA)
