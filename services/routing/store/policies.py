"""Versions of the policy: proposals, what was approved, and what an approval must not break."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.rules.policy.house import OpenReferrals
from services.routing.rules.policy.proposal import Version
from services.routing.store.tables import SCHEMA
from shared.contracts.policy import PolicyDocument

_VERSION = "cast(document as text) as document, proposed_at, approved_at, on_approval"


async def lock_all(connection: AsyncConnection) -> None:
    """One change to the policy at a time; who only reads does not wait."""
    await connection.execute(sa.text(f"lock table {SCHEMA}.policies in share row exclusive mode"))


async def keep(connection: AsyncConnection, version: Version) -> bool:
    """Write a version over what stands under its name. Whether anything changed: what was approved never does."""
    document = version.document
    written = await connection.execute(
        sa.text(
            f"insert into {SCHEMA}.policies as kept (version, effective_from, document, proposed_by, approved_by, "
            "proposed_at, approved_at, on_approval) values (:version, :effective_from, cast(:document as json), "
            ":proposed_by, :approved_by, :proposed_at, :approved_at, :on_approval) on conflict (version) do update set "
            "effective_from = excluded.effective_from, document = excluded.document, "
            "proposed_by = excluded.proposed_by, approved_by = excluded.approved_by, "
            "proposed_at = excluded.proposed_at, approved_at = excluded.approved_at, "
            "on_approval = excluded.on_approval, published_at = clock_timestamp() "
            "where kept.approved_at is null returning 1"
        ),
        {
            "version": document.version,
            "effective_from": document.effective_from,
            "document": document.model_dump_json(by_alias=True),
            "proposed_by": document.proposed_by,
            "approved_by": document.approved_by,
            "proposed_at": version.proposed_at,
            "approved_at": version.approved_at,
            "on_approval": version.on_approval,
        },
    )
    return written.first() is not None


async def all_versions(connection: AsyncConnection) -> list[Version]:
    """Every version, proposals included, the one that takes effect last first."""
    found = await connection.execute(
        sa.text(f"select {_VERSION} from {SCHEMA}.policies order by effective_from desc, approved_at desc, version")
    )
    return [_version(row) for row in found]


async def approved(connection: AsyncConnection) -> list[PolicyDocument]:
    """The documents of every approved version."""
    found = await connection.execute(
        sa.text(f"select {_VERSION} from {SCHEMA}.policies where approved_at is not null order by version")
    )
    return [_version(row).document for row in found]


async def one(connection: AsyncConnection, name: str) -> Version | None:
    """The version of this name."""
    found = await connection.execute(
        sa.text(f"select {_VERSION} from {SCHEMA}.policies where version = :name"), {"name": name}
    )
    row = found.first()
    return None if row is None else _version(row)


async def count_approved(connection: AsyncConnection) -> int:
    """How many versions are approved. Those never change and never go, so that counting tells whether there is more."""
    found = await connection.execute(sa.text(f"select count(*) from {SCHEMA}.policies where approved_at is not null"))
    return int(found.scalar_one())


async def open_referrals(connection: AsyncConnection) -> tuple[OpenReferrals, ...]:
    """What is open, by what a policy could take from under it."""
    found = await connection.execute(
        sa.text(
            "select force, pool, response_class, life -> 'picture' ->> 'desk' as desk, "
            "life -> 'picture' ->> 'district' as district, count(*) as number "
            f"from {SCHEMA}.referrals where state in ('waiting', 'offered', 'accepted', 'contacted') "
            "group by 1, 2, 3, 4, 5"
        )
    )
    return tuple(
        OpenReferrals(row.force, row.pool, row.response_class, row.desk, row.district, row.number) for row in found
    )


async def staffed(connection: AsyncConnection, now: datetime) -> frozenset[tuple[str, str]]:
    """(force, role) of every post that is on the rota now or later."""
    found = await connection.execute(
        sa.text(
            f"select distinct force, role from {SCHEMA}.roles "
            "where until_version is null and (ends is null or ends > :now)"
        ),
        {"now": now},
    )
    return frozenset((row.force, row.role) for row in found)


async def take_up(connection: AsyncConnection, pool: str, version: str) -> bool:
    """Note by which version a pool decides from now on. If it is another, whoever has nobody is looked at again."""
    changed = await connection.execute(
        sa.text(
            f"update {SCHEMA}.pools set policy_version = :version "
            "where pool = :pool and policy_version is distinct from :version returning 1"
        ),
        {"pool": pool, "version": version},
    )
    if changed.first() is None:
        return False
    await connection.execute(
        sa.text(
            f"update {SCHEMA}.referrals set looked_at_roster = -1 where id in "
            f"(select id from {SCHEMA}.referrals where pool = :pool and looking order by id for update)"
        ),
        {"pool": pool},
    )
    return True


def _version(row: Any) -> Version:
    document = PolicyDocument.model_validate_json(row.document)
    return Version(document, row.proposed_at, row.approved_at, row.on_approval)
