"""The first tables: reports, the vault and its keys, contacts, what control rooms were told, policies, looks."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from services.intake.store.tables import TransactionId
from shared.tables import create_kernel_0001

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "intake"


def upgrade() -> None:
    """Create them, beside the kernel's."""
    create_kernel_0001(op, SCHEMA)
    _reports()
    _report_indexes()
    _sealed()
    _contacts()
    _told()
    _policies()
    _access_log()
    _between_replicas()


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _written(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()"))


def _json(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, JSONB(), nullable=nullable)


def _reports() -> None:
    op.create_table(
        "reports",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        _text("reference"),
        _text("principal"),
        _text("idempotency_key"),
        _text("source_force"),
        _text("system"),
        _text("incident_ref", nullable=True),
        sa.Column("incident_date", sa.Date(), nullable=True),
        _json("source"),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _text("record_key", nullable=True),
        _text("in_reply_to", nullable=True),
        _moment("at"),
        _moment("received_at"),
        _moment("ack_due"),
        _moment("held_until", nullable=True),
        _json("picture"),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        _json("contact", nullable=True),
        sa.Column("consents", sa.Boolean(), nullable=False),
        _text("place_desk", nullable=True),
        _text("strand_desk", nullable=True),
        *_standing(),
        sa.PrimaryKeyConstraint("referral_id", name="pk_reports"),
        sa.UniqueConstraint("reference", name="uq_reports_reference"),
        sa.UniqueConstraint("principal", "idempotency_key", name="uq_reports_principal_idempotency_key"),
        schema=SCHEMA,
    )


def _report_indexes() -> None:
    op.create_index("ix_reports_incident", "reports", ["system", "incident_ref", "incident_date"], schema=SCHEMA)
    op.create_index(
        "ix_reports_held_until",
        "reports",
        ["held_until"],
        schema=SCHEMA,
        postgresql_where=sa.text("held_until is not null"),
    )
    op.create_index(
        "ix_reports_without_deadline",
        "reports",
        ["state"],
        schema=SCHEMA,
        postgresql_where=sa.text("held_until is null and next_due is null"),
    )


def _standing() -> list[sa.Column[Any]]:
    """Where a report stands."""
    return [
        _text("force"),
        _text("state"),
        _json("holder", nullable=True),
        _moment("next_due", nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("outbound_sequence", sa.Integer(), nullable=False),
        _moment("changed_at", nullable=True),
        _moment("unrouted_at", nullable=True),
        _moment("withdrawn_at", nullable=True),
        _text("amended_by", nullable=True),
        _text("withdrawn_by", nullable=True),
        sa.Column("transferred", sa.Boolean(), nullable=False),
    ]


def _sealed() -> None:
    op.create_table(
        "subject_keys",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        _written("created_at"),
        sa.PrimaryKeyConstraint("referral_id", name="pk_subject_keys"),
        schema=SCHEMA,
    )
    op.create_table(
        "vault",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        _text("name"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _written("kept_at"),
        sa.PrimaryKeyConstraint("referral_id", "name", name="pk_vault"),
        schema=SCHEMA,
    )


def _contacts() -> None:
    op.create_table(
        "contacts",
        _text("handle"),
        _text("owner"),
        _json("facts"),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        _written("left_at"),
        sa.Column("claimed_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("handle", name="pk_contacts"),
        schema=SCHEMA,
    )


def _told() -> None:
    op.create_table(
        "told",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("xid", TransactionId(), nullable=False, server_default=sa.text("pg_current_xact_id()")),
        _text("force"),
        _text("name"),
        _json("event"),
        _written("told_at"),
        sa.PrimaryKeyConstraint("position", name="pk_told"),
        schema=SCHEMA,
    )
    op.create_index("ix_told_force_xid_position", "told", ["force", "xid", "position"], schema=SCHEMA)


def _policies() -> None:
    op.create_table(
        "policies",
        _text("version"),
        _moment("effective_from"),
        _json("document"),
        _written("seen_at"),
        sa.PrimaryKeyConstraint("version", name="pk_policies"),
        schema=SCHEMA,
    )


def _access_log() -> None:
    op.create_table(
        "access_log",
        sa.Column("id", sa.Uuid(), nullable=False),
        _text("actor"),
        _text("role"),
        _text("force", nullable=True),
        _text("reference", nullable=True),
        _text("what"),
        _moment("at"),
        sa.PrimaryKeyConstraint("id", name="pk_access_log"),
        schema=SCHEMA,
    )
    op.create_index("ix_access_log_reference_at", "access_log", ["reference", "at"], schema=SCHEMA)
    op.create_index("ix_access_log_actor_at", "access_log", ["actor", "at"], schema=SCHEMA)


def _between_replicas() -> None:
    op.create_table(
        "beats", _text("name"), _moment("at"), sa.PrimaryKeyConstraint("name", name="pk_beats"), schema=SCHEMA
    )
    op.create_table(
        "degraded", _text("part"), _moment("since"), sa.PrimaryKeyConstraint("part", name="pk_degraded"), schema=SCHEMA
    )
