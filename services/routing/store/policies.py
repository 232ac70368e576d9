"""Versions of the policy."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.store.tables import SCHEMA, PolicyRow, table_of
from shared import rows
from shared.contracts.policy import PolicyDocument


async def add(connection: AsyncConnection, document: PolicyDocument) -> bool:
    """Keep a version. Whether it is new; a version once there does not change."""
    row = {
        "version": document.version,
        "effective_from": document.effective_from,
        "document": document.model_dump_json(by_alias=True),
        "proposed_by": document.proposed_by,
        "approved_by": document.approved_by,
    }
    return await rows.insert(connection, rows.Insert(table_of(PolicyRow), [row])) == 1


async def all_versions(connection: AsyncConnection) -> list[PolicyDocument]:
    """Every version, the one that is to be preferred last."""
    found = await connection.execute(
        sa.text(
            f"select cast(document as text) as document from {SCHEMA}.policies "
            "order by effective_from, published_at, version"
        )
    )
    return [PolicyDocument.model_validate_json(row.document) for row in found]


async def count(connection: AsyncConnection) -> int:
    """How many versions there are."""
    return int((await connection.execute(sa.text(f"select count(*) from {SCHEMA}.policies"))).scalar_one())
