"""How each control room stands, where it is reached, and what waits for it. Times are real time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from services.notify.rules.control_rooms import ROLE, Room
from services.notify.rules.planning import Recipient
from services.notify.store.recipients import recipients
from shared.database import Unit


@dataclass(frozen=True)
class Waiting:
    """How many events wait for a room, and the oldest of them: since when it waits here, and its own time."""

    number: int = 0
    since: datetime | None = None
    oldest: datetime | None = None


def address_of(force: str) -> str:
    """How the roster names a force's control room: `control_room:herts`."""
    return f"{ROLE}:{force}"


async def reached_by_webhook(unit: Unit, forces: Iterable[str]) -> dict[str, Recipient]:
    """The control rooms of these forces that have a webhook, now or later, by force."""
    wanted = {address_of(force): force for force in forces}
    found = await recipients(unit, wanted)
    return {wanted[address]: one for address, one in found.items() if any(way.kind == "webhook" for way in one.ways)}


_COLUMNS = "force, state, since, paused_by as by, failures, refusals, failing_since, next_at, reason, dropped"
_ROOM = sa.text(f"select {_COLUMNS} from notify.control_rooms where force = :force")
_LOCKED = sa.text(f"select {_COLUMNS} from notify.control_rooms where force = :force for update")
_BEGIN = sa.text(
    "insert into notify.control_rooms (force, state, failures, refusals, dropped) "
    "values (:force, 'open', 0, 0, 0) on conflict do nothing"
)


async def room_of(unit: Unit, force: str) -> Room:
    """How a room stands; one that nothing was written of yet is open."""
    row = (await unit.connection.execute(_ROOM, {"force": force})).mappings().one_or_none()
    return Room(force) if row is None else Room(**row)


async def lock_room(unit: Unit, force: str) -> Room:
    """The same, its row locked; always before any of its keys."""
    row = (await unit.connection.execute(_LOCKED, {"force": force})).mappings().one_or_none()
    if row is None:
        await unit.connection.execute(_BEGIN, {"force": force})
        row = (await unit.connection.execute(_LOCKED, {"force": force})).mappings().one()
    return Room(**row)


_SAVE = sa.text(
    "update notify.control_rooms set state = :state, since = :since, paused_by = :by, failures = :failures, "
    "refusals = :refusals, failing_since = :failing_since, next_at = :next_at, reason = :reason, dropped = :dropped "
    "where force = :force"
)


async def save_room(unit: Unit, room: Room) -> None:
    """Write a locked room."""
    await unit.connection.execute(_SAVE, vars(room))


_WAITING = sa.text(
    "select count(*) as number, min(written_at) as since, "
    "(select at from notify.outgoing where force = :force order by id limit 1) as oldest "
    "from notify.outgoing where force = :force"
)


async def waiting_for(unit: Unit, force: str) -> Waiting:
    """What waits for a room."""
    row = (await unit.connection.execute(_WAITING, {"force": force})).one()
    return Waiting(*row)


async def forget_room(unit: Unit, force: str) -> None:
    """It has no webhook any more: nothing is kept for it."""
    for table in ("outgoing_keys", "outgoing", "control_rooms"):
        await unit.connection.execute(sa.text(f"delete from notify.{table} where force = :force"), {"force": force})
