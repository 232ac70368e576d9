"""Events that wait for a control room, key by key. A key's row lock covers its events; times are real time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from shared.contracts.outbound import ServiceHeartbeat
from shared.database import Unit

HEARTBEAT = ServiceHeartbeat.ce_type()


@dataclass(frozen=True)
class Posting:
    """An event for a control room's webhook: `body` is sent as it is, under `event_id`. `at` is the event's time."""

    force: str
    key: str
    event_id: str
    type: str
    at: datetime
    body: bytes


@dataclass(frozen=True)
class Ready:
    """One event of a run."""

    id: int
    event_id: str
    body: bytes


@dataclass(frozen=True)
class Run:
    """The first events of one key, to be sent in order under a lease; `tries` counts the one that begins."""

    force: str
    key: str
    tries: int
    until: datetime
    events: tuple[Ready, ...]


# The update of a key that is there changes nothing; it locks the row, so that whoever empties it sees what follows.
_KEYS = sa.text(
    "insert into notify.outgoing_keys as k (force, key, due_at, tries) select distinct force, key, "
    "cast(:now as timestamptz), 0 from unnest(cast(:forces as text[]), cast(:keys as text[])) as v(force, key) "
    "order by force, key on conflict (force, key) do update set due_at = k.due_at"
)
_EVENTS = sa.text(
    "insert into notify.outgoing (force, key, event_id, type, at, written_at, body) "
    "select force, key, event_id, type, at, :now, body from unnest(cast(:forces as text[]), cast(:keys as text[]), "
    "cast(:ids as text[]), cast(:types as text[]), cast(:ats as timestamptz[]), cast(:bodies as bytea[])) "
    "with ordinality as v(force, key, event_id, type, at, body, place) order by place"
)
_OLDER_HEARTBEATS = sa.text(
    "delete from notify.outgoing o using notify.outgoing_keys k where k.force = o.force and k.key = o.key "
    "and o.force = any(:forces) and o.type = :heartbeat and o.id > coalesce(k.sending_to, 0)"
)


async def keep_postings(unit: Unit, postings: Sequence[Posting], now: datetime) -> None:
    """Write them down in order, behind what waits under their keys. Of a room's heartbeats only the newest is kept."""
    rows = _newest_heartbeats(postings)
    if not rows:
        return
    where = {"forces": [row.force for row in rows], "keys": [row.key for row in rows]}
    await unit.connection.execute(_KEYS, where | {"now": now})
    beating = sorted({row.force for row in rows if row.type == HEARTBEAT})
    if beating:
        await unit.connection.execute(_OLDER_HEARTBEATS, {"forces": beating, "heartbeat": HEARTBEAT})
    await unit.connection.execute(
        _EVENTS,
        where
        | {
            "now": now,
            "ids": [row.event_id for row in rows],
            "types": [row.type for row in rows],
            "ats": [row.at for row in rows],
            "bodies": [row.body for row in rows],
        },
    )


def _newest_heartbeats(postings: Iterable[Posting]) -> list[Posting]:
    every = list(postings)
    newest = {one.force: one for one in every if one.type == HEARTBEAT}
    return [one for one in every if one.type != HEARTBEAT or newest[one.force] is one]


_DUE = sa.text(
    "select key, tries + 1 as tries from notify.outgoing_keys where force = :force and due_at <= :now "
    "and (leased_until is null or leased_until <= :now) order by due_at limit :limit for update skip locked"
)
_FIRST = sa.text(
    "select v.key, e.id, e.event_id, e.body from unnest(cast(:keys as text[])) as v(key) cross join lateral "
    "(select id, event_id, body from notify.outgoing where force = :force and key = v.key order by id limit :run) e "
    "order by e.id"
)
_LEASE = sa.text(
    "update notify.outgoing_keys k set leased_until = :until, tries = v.tries, sending_to = v.last from unnest("
    "cast(:keys as text[]), cast(:tries as integer[]), cast(:lasts as bigint[])) as v(key, tries, last) "
    "where k.force = :force and k.key = v.key"
)


@dataclass(frozen=True)
class Claim:
    """What one look may take: at most `keys` of a force, at most `run` events of each, until `until`."""

    force: str
    keys: int
    run: int
    now: datetime
    until: datetime


async def claim(unit: Unit, wanted: Claim) -> list[Run]:
    """Runs of keys that are due, longest due first; what others hold is passed over, and nobody else takes these."""
    limits = {"force": wanted.force, "now": wanted.now, "limit": wanted.keys}
    tries = {row.key: row.tries for row in await unit.connection.execute(_DUE, limits)}
    if not tries:
        return []
    events: dict[str, list[Ready]] = {key: [] for key in tries}
    first = {"force": wanted.force, "keys": list(tries), "run": wanted.run}
    for row in await unit.connection.execute(_FIRST, first):
        events[row.key].append(Ready(row.id, row.event_id, bytes(row.body)))
    await _drop_keys(unit, wanted.force, [key for key, found in events.items() if not found])
    runs = [Run(wanted.force, key, tries[key], wanted.until, tuple(found)) for key, found in events.items() if found]
    leases = {
        "force": wanted.force,
        "until": wanted.until,
        "keys": [run.key for run in runs],
        "tries": [run.tries for run in runs],
        "lasts": [run.events[-1].id for run in runs],
    }
    await unit.connection.execute(_LEASE, leases)
    return runs


_TAKEN = sa.text("delete from notify.outgoing where id = any(cast(:ids as bigint[]))")
_LOCK = sa.text("select leased_until from notify.outgoing_keys where force = :force and key = :key for update")
_REST = sa.text("select exists(select from notify.outgoing where force = :force and key = :key)")
_AGAIN = sa.text(
    "update notify.outgoing_keys set due_at = :due, tries = :tries, leased_until = null, sending_to = null "
    "where force = :force and key = :key"
)


async def settle(unit: Unit, run: Run, taken: int, due: datetime, tries: int) -> None:
    """The first `taken` events are there; what is left of the key is due at `due`, its first event tried `tries` times.

    Where the lease ran out and somebody else is at the key, only what arrived is taken off.
    """
    place = {"force": run.force, "key": run.key}
    lease = (await unit.connection.execute(_LOCK, place)).scalar_one_or_none()
    await unit.connection.execute(_TAKEN, {"ids": [event.id for event in run.events[:taken]]})
    if lease != run.until:
        return
    if (await unit.connection.execute(_REST, place)).scalar_one():
        await unit.connection.execute(_AGAIN, place | {"due": due, "tries": tries})
    else:
        await _drop_keys(unit, run.force, [run.key])


_DROP_KEYS = sa.text("delete from notify.outgoing_keys where force = :force and key = any(cast(:keys as text[]))")


async def _drop_keys(unit: Unit, force: str, keys: Sequence[str]) -> None:
    if keys:
        await unit.connection.execute(_DROP_KEYS, {"force": force, "keys": list(keys)})


_HURRY = sa.text(
    "update notify.outgoing_keys set due_at = :now where (force, key) in (select force, key from notify.outgoing_keys "
    "where force = :force and due_at > :now and leased_until is null for update skip locked)"
)


async def hurry(unit: Unit, force: str, now: datetime) -> None:
    """Everything that waits for a room to recover is due now. What others hold is passed over."""
    await unit.connection.execute(_HURRY, {"force": force, "now": now})


_NEXT = sa.text(
    "select min(due_at) from notify.outgoing_keys where force = :force "
    "and (leased_until is null or leased_until <= :now)"
)


async def next_due(unit: Unit, force: str, now: datetime) -> datetime | None:
    """When the next key that nobody is at may be taken; None where there is none."""
    found: datetime | None = (await unit.connection.execute(_NEXT, {"force": force, "now": now})).scalar_one()
    return found


_TOO_OLD = sa.text(
    "delete from notify.outgoing where id = any(array(select id from notify.outgoing "
    "where force = :force and written_at < :before order by id limit :limit))"
)


async def drop_older(unit: Unit, force: str, before: datetime, limit: int) -> int:
    """Give up events that have waited since before then, at most so many; gives how many. Empty keys go when due."""
    gone = await unit.connection.execute(_TOO_OLD, {"force": force, "before": before, "limit": limit})
    return gone.rowcount
