"""What officers have sent to themselves: codes that prove addresses, how often each was got wrong, and tests."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SCHEMA = "routing"


def upgrade() -> None:
    """Add two tables."""
    _tests()
    op.create_table(
        "proofs",
        sa.Column("means_id", sa.Uuid(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("means_id", name="pk_proofs"),
        schema=SCHEMA,
    )
    op.create_index("ix_proofs_officer", "proofs", ["officer", "at"], schema=SCHEMA)


def _tests() -> None:
    op.create_table(
        "test_notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_test_notices"),
        schema=SCHEMA,
    )
    op.create_index("ix_test_notices_officer", "test_notices", ["officer", "at"], schema=SCHEMA)
