"""What routing knows of people for a while only: the pseudonym in a referral's picture, and what it led to."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.rules.referral.state import OPEN
from services.routing.store.tables import SCHEMA

_OPEN = ", ".join(f"'{state}'" for state in sorted(OPEN))


async def forget_people(connection: AsyncConnection, before: datetime, limit: int) -> int:
    """Unlink referrals that were opened before an instant and are over from their person, at most `limit` of them.

    Returns how many. One that is still open is worked on, and keeps whom it is about until it is over.
    """
    gone = await connection.execute(
        sa.text(
            f"update {SCHEMA}.referrals set life = jsonb_set(life, '{{picture}}', "
            "life -> 'picture' || '{\"person\": null, \"earlier\": null}'::jsonb) where id in ("
            f"select id from {SCHEMA}.referrals where opened_at < :before and state not in ({_OPEN}) "
            "and coalesce(life #>> '{picture,person}', life #>> '{picture,earlier}') is not null "
            "order by id limit :limit for update skip locked)"
        ),
        {"before": before, "limit": limit},
    )
    return gone.rowcount
