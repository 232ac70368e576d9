"""Notices are found by their referral, whose reference is known: an index less to write at each of their steps."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SCHEMA = "notify"


def upgrade() -> None:
    """Drop it; a release before this one reads notices more slowly, and just as well."""
    op.drop_index("ix_notices_reference", "notices", schema=SCHEMA)
