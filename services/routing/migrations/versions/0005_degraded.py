"""What control rooms have been told is away, so that each change is said once, whatever restarts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SCHEMA = "routing"


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "degraded",
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("part", name="pk_degraded"),
        schema=SCHEMA,
    )
