"""Which events of a batch are new: the inbox, by one insert, ids in order so that replicas never deadlock."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from shared.database import Unit
from shared.errors import FieldError
from shared.inbox import Fault, Received

Identity = tuple[str, str, str]


async def register(unit: Unit, batch: Sequence[Received], *, door: bool) -> list[Received]:
    """The events of `batch` that have not had their effect yet, in its order.

    At a door an id used again with another body comes back too, once, with the fault `id_reused`.
    """
    firsts: dict[Identity, Received] = {}
    again: list[Received] = []
    for item in batch:
        first = firsts.setdefault(item.identity, item)
        if first is not item:
            again.append(item)
    new = await _insert(unit, {identity: item.digest for identity, item in firsts.items()})
    reused: set[int] = set()
    if door:
        again += [item for identity, item in firsts.items() if identity not in new]
        reused = await _reused(unit, again) if again else set()
    return [
        replace(item, event=None, fault=_ID_REUSED, repeat=True) if id(item) in reused else item
        for item in batch
        if id(item) in reused or (item.identity in new and firsts[item.identity] is item)
    ]


_ID_REUSED = Fault("id_reused", (FieldError("ce_id", "used_with_another_body"),))


async def _insert(unit: Unit, wanted: dict[Identity, bytes]) -> set[Identity]:
    ids = sorted(wanted)
    rows = await unit.connection.execute(
        sa.text(
            f"insert into {unit.schema}.inbox (principal, source, event_id, digest) "
            "select * from unnest(cast(:principals as text[]), cast(:sources as text[]), "
            "cast(:ids as text[]), cast(:digests as bytea[])) "
            "on conflict do nothing returning principal, source, event_id"
        ),
        {
            "principals": [identity[0] for identity in ids],
            "sources": [identity[1] for identity in ids],
            "ids": [identity[2] for identity in ids],
            "digests": [wanted[identity] for identity in ids],
        },
    )
    return {(row[0], row[1], row[2]) for row in rows}


async def _reused(unit: Unit, again: Sequence[Received]) -> set[int]:
    """Which of these came with another body than the one first seen under their id, and were not answered yet."""
    known = await _digests(unit, {item.identity for item in again})
    others = {
        (item.identity[0], item.identity[1], f"{item.identity[2]}#{item.digest.hex()[:32]}"): item
        for item in again
        if known.get(item.identity) != item.digest
    }
    if not others:
        return set()
    fresh = await _insert(unit, {identity: item.digest for identity, item in others.items()})
    return {id(item) for identity, item in others.items() if identity in fresh}


async def _digests(unit: Unit, identities: set[Identity]) -> dict[Identity, bytes]:
    ids = sorted(identities)
    rows = await unit.connection.execute(
        sa.text(
            f"select i.principal, i.source, i.event_id, i.digest from {unit.schema}.inbox i join unnest("
            "cast(:principals as text[]), cast(:sources as text[]), cast(:ids as text[])) "
            "as wanted(principal, source, event_id) using (principal, source, event_id)"
        ),
        {
            "principals": [identity[0] for identity in ids],
            "sources": [identity[1] for identity in ids],
            "ids": [identity[2] for identity in ids],
        },
    )
    return {(row[0], row[1], row[2]): bytes(row[3]) for row in rows}
