"""Whom a change of the roster concerns: referrals in hand of officers whose lines changed, who left, or are away."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.rules.referral.state import Referral
from services.routing.store.referrals import Taken
from services.routing.store.tables import SCHEMA


@dataclass(frozen=True)
class Wanted:
    """A pool, the roster's version it follows now, everybody on it, and who of them is away for long."""

    pool: str
    version: int
    on_roster: tuple[str, ...]
    away: tuple[str, ...]


_CHANGED = (
    f"select officer from {SCHEMA}.duties where since_version > pool.roster_seen or until_version > pool.roster_seen "
    f"union select id from {SCHEMA}.officers where since_version > pool.roster_seen or until_version > pool.roster_seen"
)


async def take_engaged(connection: AsyncConnection, wanted: Wanted) -> list[Referral]:
    """Referrals of a pool that the roster's change may concern, locked in id order; the pool has followed it then."""
    found = await connection.execute(
        sa.text(
            f"select r.id, cast(r.life as text) as life from {SCHEMA}.referrals r where r.pool = :pool and r.id in "
            f"(select e.referral_id from {SCHEMA}.engagements e where e.officer <> all(cast(:on_roster as text[])) "
            f"or e.officer = any(cast(:away as text[])) or exists (select 1 from {SCHEMA}.pools pool "
            f"where pool.pool = :pool and pool.roster_seen < :version and e.officer in ({_CHANGED}))) "
            "order by r.id for update of r"
        ),
        {
            "pool": wanted.pool,
            "version": wanted.version,
            "on_roster": list(wanted.on_roster),
            "away": list(wanted.away),
        },
    )
    taken = Taken()
    taken.read(found)
    await connection.execute(
        sa.text(f"update {SCHEMA}.pools set roster_seen = :version where pool = :pool and roster_seen < :version"),
        {"pool": wanted.pool, "version": wanted.version},
    )
    return taken.referrals
