"""Attempts: under which id a message left that stood for several notices."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SCHEMA = "notify"


def upgrade() -> None:
    """Add it; earlier attempts are taken to have left under their own notice's id."""
    op.add_column("attempts", sa.Column("sent_as", sa.Uuid(), nullable=True), schema=SCHEMA)
    known = sa.text("sent_as is not null")
    op.create_index("ix_attempts_sent_as", "attempts", ["sent_as"], schema=SCHEMA, postgresql_where=known)
