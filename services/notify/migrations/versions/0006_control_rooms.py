"""Control rooms' webhooks: what waits to be sent there, key by key, and how each room stands."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SCHEMA = "notify"


def upgrade() -> None:
    """Create the three tables."""
    _outgoing()
    _outgoing_keys()
    _control_rooms()


def _outgoing() -> None:
    op.create_table(
        "outgoing",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("force", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        _moment("at"),
        _moment("written_at"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outgoing"),
        schema=SCHEMA,
    )
    op.create_index("ix_outgoing_key", "outgoing", ["force", "key", "id"], schema=SCHEMA)
    op.create_index("ix_outgoing_force", "outgoing", ["force", "id"], schema=SCHEMA)


def _outgoing_keys() -> None:
    op.create_table(
        "outgoing_keys",
        sa.Column("force", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        _moment("due_at"),
        sa.Column("tries", sa.Integer(), nullable=False),
        _moment("leased_until", nullable=True),
        sa.Column("sending_to", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("force", "key", name="pk_outgoing_keys"),
        schema=SCHEMA,
        # Each row is written at least three times within a second and then deleted.
        postgresql_with={"fillfactor": "70", "autovacuum_vacuum_scale_factor": "0.05"},
    )
    op.create_index("ix_outgoing_keys_due", "outgoing_keys", ["force", "due_at"], schema=SCHEMA)


def _control_rooms() -> None:
    op.create_table(
        "control_rooms",
        sa.Column("force", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        _moment("since", nullable=True),
        sa.Column("paused_by", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        _moment("failing_since", nullable=True),
        _moment("next_at", nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("dropped", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("force", name="pk_control_rooms"),
        schema=SCHEMA,
    )


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
