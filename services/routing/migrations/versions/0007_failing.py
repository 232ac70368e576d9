"""Which means each instance of notify finds failing, for the boards."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SCHEMA = "routing"


def upgrade() -> None:
    """Add a column."""
    op.add_column(
        "notify_health",
        sa.Column("failing", ARRAY(sa.Text()), nullable=False, server_default="{}"),
        schema=SCHEMA,
    )
