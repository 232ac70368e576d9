"""Referrals as rows and back, and the questions the driver, the consumers and the pages ask."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.rules.referral.bars import declined_by, declines_of, looked_under
from services.routing.rules.referral.state import Referral
from services.routing.store.tables import SCHEMA

_LIFE = "cast(life as text) as life"
"""As text it goes straight into its model."""


@dataclass(frozen=True)
class Page:
    """Which referrals to list: those a force owns or holds, by state or view, `limit` of them after a place."""

    force: str
    states: tuple[str, ...] = ()
    view: str | None = None
    due_before: datetime | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = 50


@dataclass
class Taken:
    """Referrals that were locked, in order, and ids of those whose document cannot be read by this code."""

    referrals: list[Referral] = field(default_factory=list)
    unreadable: list[UUID] = field(default_factory=list)

    def read(self, rows: Iterable[Any]) -> None:
        """Add rows of (id, life). One that cannot be read must not hold up the others."""
        for row in rows:
            try:
                self.referrals.append(_referral(row.life))
            except ValidationError:
                self.unreadable.append(row.id)


async def lock(connection: AsyncConnection, ids: Iterable[UUID]) -> list[Referral]:
    """The referrals with these ids, locked in id order; those that are not there are left out."""
    found = await connection.execute(
        sa.text(f"select {_LIFE} from {SCHEMA}.referrals where id = any(cast(:ids as uuid[])) order by id for update"),
        {"ids": sorted(set(ids))},
    )
    return [_referral(row.life) for row in found]


async def lock_one(connection: AsyncConnection, reference: str) -> Referral | None:
    """The referral with this reference, locked."""
    found = await connection.execute(
        sa.text(f"select {_LIFE} from {SCHEMA}.referrals where reference = :reference for update"),
        {"reference": reference},
    )
    life = found.scalar_one_or_none()
    return None if life is None else _referral(life)


async def one(connection: AsyncConnection, reference: str) -> Referral | None:
    """The referral with this reference."""
    found = await connection.execute(
        sa.text(f"select {_LIFE} from {SCHEMA}.referrals where reference = :reference"), {"reference": reference}
    )
    life = found.scalar_one_or_none()
    return None if life is None else _referral(life)


async def several(connection: AsyncConnection, ids: Iterable[UUID]) -> list[Referral]:
    """The referrals with these ids, the longest open first."""
    found = await connection.execute(
        sa.text(f"select {_LIFE} from {SCHEMA}.referrals where id = any(cast(:ids as uuid[])) order by opened_at, id"),
        {"ids": sorted(set(ids))},
    )
    return [_referral(row.life) for row in found]


async def lock_pool(connection: AsyncConnection, pool: str) -> bool:
    """Whether the pool is ours to decide for until this transaction ends; another replica's lock is not waited for."""
    found = await connection.execute(
        sa.text(f"select 1 from {SCHEMA}.pools where pool = :pool for update skip locked"), {"pool": pool}
    )
    return found.first() is not None


async def ensure_pools(connection: AsyncConnection, pools: Iterable[str]) -> None:
    """Have a row for each pool."""
    await connection.execute(
        sa.text(
            f"insert into {SCHEMA}.pools (pool) select * from unnest(cast(:pools as text[])) on conflict do nothing"
        ),
        {"pools": sorted(set(pools))},
    )


async def lock_due(connection: AsyncConnection, pool: str, now: datetime, limit: int) -> Taken:
    """Referrals of a pool that are due, longest due first. One that somebody is at work on comes next time."""
    found = await connection.execute(
        sa.text(
            f"select id, {_LIFE} from {SCHEMA}.referrals where pool = :pool and wakes_at <= :now "
            "order by wakes_at, id limit :limit for update skip locked"
        ),
        {"pool": pool, "now": now, "limit": limit},
    )
    taken = Taken()
    taken.read(found)
    return taken


async def lock_looking(connection: AsyncConnection, pool: str, version: int, limit: int) -> list[Referral]:
    """Referrals of a pool with nobody left to hope for that have not seen this version of the roster."""
    found = await connection.execute(
        sa.text(
            f"select id, {_LIFE} from {SCHEMA}.referrals where pool = :pool and looking "
            "and looked_at_roster < :version order by opened_at, id limit :limit for update skip locked"
        ),
        {"pool": pool, "version": version, "limit": limit},
    )
    taken = Taken()
    taken.read(found)
    return taken.referrals


async def next_wake(connection: AsyncConnection, pool: str) -> datetime | None:
    """When the next referral of a pool is due."""
    found = await connection.execute(
        sa.text(f"select min(wakes_at) from {SCHEMA}.referrals where pool = :pool and wakes_at is not null"),
        {"pool": pool},
    )
    wakes_at: datetime | None = found.scalar_one()
    return wakes_at


async def put_off(connection: AsyncConnection, ids: Iterable[UUID], until: datetime) -> None:
    """Leave referrals alone until then: deciding about them failed, and the others must not wait for that."""
    if not (ids := sorted(ids)):
        return
    await connection.execute(
        sa.text(f"update {SCHEMA}.referrals set wakes_at = :until where id = any(cast(:ids as uuid[]))"),
        {"ids": ids, "until": until},
    )


async def page(connection: AsyncConnection, wanted: Page) -> list[Referral]:
    """A page of referrals, the longest open first, or the soonest due for the view `due`."""
    order = "due" if wanted.view == "due" else "opened_at"
    conditions = ["(force = :force or holder_force = :force)", *_conditions(wanted)]
    if wanted.after is not None:
        conditions.append(f"({order}, id) > (:after_at, :after_id)")
    after_at, after_id = wanted.after or (None, None)
    parameters: dict[str, Any] = {
        "force": wanted.force,
        "states": list(wanted.states),
        "due_before": wanted.due_before,
        "after_at": after_at,
        "after_id": after_id,
        "limit": wanted.limit,
    }
    statement = sa.text(
        f"select {_LIFE} from {SCHEMA}.referrals where {' and '.join(conditions)} order by {order}, id limit :limit"
    )
    used = {name: value for name, value in parameters.items() if f":{name}" in statement.text}
    return [_referral(row.life) for row in await connection.execute(statement, used)]


def _conditions(wanted: Page) -> list[str]:
    found = ["state = any(cast(:states as text[]))"] if wanted.states else []
    if wanted.view == "unowned":
        found.append("state in ('waiting', 'offered')")
    elif wanted.view == "due":
        found.append("due <= :due_before")
    elif wanted.view == "breached":
        found.append("breached")
    return found


async def of_officer(connection: AsyncConnection, officer: str) -> list[Referral]:
    """What an officer has in hand: open offers and what they hold, the longest open first."""
    found = await connection.execute(
        sa.text(
            f"select {_LIFE} from {SCHEMA}.referrals where id in "
            f"(select referral_id from {SCHEMA}.engagements where officer = :officer) order by opened_at, id limit 200"
        ),
        {"officer": officer},
    )
    return [_referral(row.life) for row in found]


async def bars(connection: AsyncConnection, referrals: Iterable[Referral]) -> dict[str, frozenset[str]]:
    """Officers whose conflict, or decline of something linked, holds for these referrals, by what it was about."""
    referrals = list(referrals)
    return await _conflicts(connection, referrals) | await _declines(connection, referrals)


async def _conflicts(connection: AsyncConnection, referrals: Iterable[Referral]) -> dict[str, frozenset[str]]:
    persons = sorted({about for referral in referrals for about in looked_under(referral)})
    if not persons:
        return {}
    found = await connection.execute(
        sa.text(f"select person, officer from {SCHEMA}.bars where person = any(cast(:persons as text[]))"),
        {"persons": persons},
    )
    barred: dict[str, set[str]] = {}
    for row in found:
        barred.setdefault(row.person, set()).add(row.officer)
    return {person: frozenset(officers) for person, officers in barred.items()}


async def _declines(connection: AsyncConnection, referrals: Iterable[Referral]) -> dict[str, frozenset[str]]:
    ids = sorted({link.id for referral in referrals for link in referral.links})
    if not ids:
        return {}
    found = await connection.execute(
        sa.text(f"select {_LIFE} from {SCHEMA}.referrals where id = any(cast(:ids as uuid[]))"), {"ids": ids}
    )
    linked = [_referral(row.life) for row in found]
    return {declines_of(referral.id): declined_by(referral) for referral in linked}


def _referral(life: str) -> Referral:
    return Referral.model_validate_json(life)
