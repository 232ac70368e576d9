"""How officers and roles are reached, as notify is told: their means sealed, and for a role its rota."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from services.routing.roster_change import RosterChange
from services.routing.rules.roster.rota import ALWAYS, FOR_EVER, Turn, in_force
from services.routing.sealed_means import Sealed, to_try
from services.routing.store import roster as store
from services.routing.store.roster_tables import OwnMeansRow
from services.routing.store.tables import OfficerRow, RoleRow
from shared.contracts.officers import OfficerPublished, SealedMeans

MOST_MEANS = 1500
"""Of one role on the topic: about four months of three shifts a day with four ways to reach each person."""

Said = tuple[str, OfficerPublished | None]
"""A key of the topic and what is said under it; None: gone."""


async def publish_officers(change: RosterChange, ids: Iterable[str]) -> None:
    """Tell how these officers are reached now; who is not on the roster is gone."""
    wanted = sorted(set(ids))
    connection = change.unit.connection
    rows = await store.current(connection, OfficerRow, "id = any(cast(:ids as text[]))", ids=wanted)
    theirs = await store.current(connection, OwnMeansRow, "officer = any(cast(:ids as text[]))", ids=wanted)
    own: dict[str, list[Sealed]] = {}
    for row in theirs:
        own.setdefault(row.officer, []).append({"kind": row.kind, "verified": row.verified, "sealed": row.sealed})
    known = {row.id: _officer(row, own.get(row.id, []), change.version) for row in rows}
    await change.publish([(id_, known.get(id_)) for id_ in wanted])


def _officer(row: Any, own: Iterable[Sealed], version: int) -> OfficerPublished:
    means = to_try(store.json_of(row.means), own)
    return OfficerPublished(
        id=row.id,
        kind="officer",
        force=row.force,
        title=store.json_of(row.details)["title"] or None,
        means=tuple(SealedMeans.model_validate(one) for one in means),
        version=version,
    )


async def publish_roles(change: RosterChange, addresses: Iterable[str]) -> None:
    """Tell who staffs these roles (`fim:herts`), by the means of everybody who does, and when they do."""
    rows = await store.current(change.unit.connection, RoleRow)
    said: list[Said] = []
    for address in sorted(set(addresses)):
        role, _, force = address.partition(":")
        mine = [row for row in rows if (row.role, row.force) == (role, force)]
        # What is over reaches nobody, and what is furthest off (months) is told when the rota is next changed.
        means = _rota(mine, change.now)[:MOST_MEANS]
        event = OfficerPublished(id=address, kind="role", force=force, title=role, means=means, version=change.version)
        said.append((address, event if mine else None))
    await change.publish(said)


def turn(row: Any) -> Turn:
    """A line of a rota as a turn."""
    return Turn(row.id, row.source, row.starts or ALWAYS, row.ends or FOR_EVER)


def _rota(rows: Iterable[Any], now: datetime) -> tuple[SealedMeans, ...]:
    given: dict[UUID, list[Sealed]] = {row.id: store.json_of(row.means) for row in rows}
    return tuple(
        SealedMeans.model_validate(one | {"from": bound(mine.starts), "until": bound(mine.ends)})
        for mine in in_force(turn(row) for row in rows)
        if mine.ends > now
        for one in given[mine.row]
    )


def bound(at: datetime) -> datetime | None:
    """An end of a turn as people know it: None where there is none."""
    return None if at in (ALWAYS, FOR_EVER) else at
