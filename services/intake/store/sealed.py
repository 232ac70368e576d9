"""Sealed things: referrals' keys, texts in the vault, and contact details that wait for their report."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.rules.contact import ContactFacts
from services.intake.rules.desk import Handle
from services.intake.rules.people import Mark
from services.intake.store.tables import SCHEMA, ContactRow, SubjectKeyRow, VaultRow, table_of
from shared import rows

HANDLE_HOURS = 24
"""Real hours in which contact details can be claimed by a report (contract §1)."""


@dataclass(frozen=True)
class LeftContact:
    """Contact details left beforehand: what may be known of them, and the sealed rest until somebody claims it."""

    handle: Handle
    sealed: bytes | None


def new_keys(wrapped: Mapping[UUID, bytes]) -> rows.Insert:
    """The wrapped keys of new referrals, to be written."""
    return rows.Insert(table_of(SubjectKeyRow), [{"referral_id": id_, "wrapped": key} for id_, key in wrapped.items()])


async def keys(connection: AsyncConnection, referral_ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """The wrapped keys of referrals; an erased one has none."""
    found = await connection.execute(
        sa.text(
            f"select referral_id, wrapped from {SCHEMA}.subject_keys where referral_id = any(cast(:ids as uuid[]))"
        ),
        {"ids": list(referral_ids)},
    )
    return {row.referral_id: bytes(row.wrapped) for row in found}


def new_texts(texts: Iterable[tuple[UUID, str, bytes]]) -> rows.Insert:
    """Sealed texts, each under its referral and name, to be written."""
    return rows.Insert(
        table_of(VaultRow), [{"referral_id": id_, "name": name, "sealed": sealed} for id_, name, sealed in texts]
    )


async def text(connection: AsyncConnection, referral_id: UUID, name: str) -> bytes | None:
    """A sealed text."""
    found = await connection.execute(
        sa.text(f"select sealed from {SCHEMA}.vault where referral_id = :id and name = :name"),
        {"id": referral_id, "name": name},
    )
    sealed = found.scalar_one_or_none()
    return None if sealed is None else bytes(sealed)


async def leave_contact(connection: AsyncConnection, handle: str, left: Handle, sealed: bytes) -> datetime:
    """Keep contact details until a report claims them. Returns until when, in real time."""
    found = await connection.execute(
        sa.text(
            f"insert into {SCHEMA}.contacts (handle, owner, facts, marks, sealed) "
            "values (:handle, :owner, cast(:facts as jsonb), cast(:marks as jsonb), :sealed) "
            f"returning left_at + interval '{HANDLE_HOURS} hours'"
        ),
        {
            "handle": handle,
            "owner": left.owner,
            "facts": left.facts.model_dump_json(by_alias=True),
            "marks": orjson.dumps(_packed(left.marks)).decode(),
            "sealed": sealed,
        },
    )
    until: datetime = found.scalar_one()
    return until


async def lock_contacts(connection: AsyncConnection, handles: Iterable[str]) -> dict[str, LeftContact]:
    """The contacts with these handles, locked in order; unknown ones are left out."""
    wanted = sorted(set(handles))
    if not wanted:
        return {}
    found = await connection.execute(
        sa.text(
            f"select handle, owner, facts, marks, sealed, claimed_by is not null as claimed, "
            f"left_at > clock_timestamp() - interval '{HANDLE_HOURS} hours' as fresh from {SCHEMA}.contacts "
            "where handle = any(cast(:handles as text[])) order by handle for update"
        ),
        {"handles": wanted},
    )
    return {
        row.handle: LeftContact(
            Handle(row.owner, ContactFacts.model_validate(row.facts), row.fresh, row.claimed, _unpacked(row.marks)),
            None if row.sealed is None else bytes(row.sealed),
        )
        for row in found
    }


async def claim_contacts(connection: AsyncConnection, claimed: Mapping[str, UUID]) -> None:
    """Mark contacts as claimed; their details are in the referrals' own keeping from here on."""
    await rows.update(
        connection,
        table_of(ContactRow),
        [
            {"handle": handle, "claimed_by": id_, "sealed": None, "marks": None}
            for handle, id_ in sorted(claimed.items())
        ],
    )


async def drop_stale_contacts(connection: AsyncConnection, limit: int) -> int:
    """Drop what was left too long ago to be claimed, at most `limit`; what was claimed is in its report's keeping."""
    gone = await connection.execute(
        sa.text(
            f"delete from {SCHEMA}.contacts where handle in (select handle from {SCHEMA}.contacts "
            f"where left_at <= clock_timestamp() - interval '{HANDLE_HOURS} hours' limit :limit for update skip locked)"
        ),
        {"limit": limit},
    )
    return gone.rowcount


def _packed(marks: Iterable[Mark]) -> dict[str, list[str]]:
    return {mark.kind: [digest.hex() for digest in mark.digests] for mark in marks}


def _unpacked(kept: Mapping[Any, list[str]] | None) -> tuple[Mark, ...]:
    return tuple(Mark(kind, tuple(map(bytes.fromhex, digests))) for kind, digests in (kept or {}).items())
