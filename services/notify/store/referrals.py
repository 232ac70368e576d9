"""Referrals as notify knows them: locked before anything about them is planned or told."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from services.notify.rules.planning import Task
from shared.database import Unit

_LOCK_TASKS = sa.text("select * from notify.referrals where id = any(:ids) order by id for update")


async def lock_tasks(unit: Unit, ids: Iterable[UUID]) -> dict[UUID, Task]:
    """The tasks of these referrals, locked in id order; unknown ones are left out."""
    rows = await unit.connection.execute(
        _LOCK_TASKS,
        {"ids": sorted(set(ids))},
    )
    return {row.id: _task(row) for row in rows}


_LOCK = sa.text("select id from notify.referrals where id = any(:ids) order by id for update")


async def lock_referrals(unit: Unit, ids: Iterable[UUID]) -> None:
    """Lock these referrals in id order: their notices may be locked after that, and `deliveries` numbered."""
    wanted = sorted(set(ids))
    if wanted:
        await unit.connection.execute(_LOCK, {"ids": wanted})


async def task_of(unit: Unit, reference: str) -> Task | None:
    """The task with this reference, not locked."""
    rows = await unit.connection.execute(
        sa.text("select * from notify.referrals where reference = :reference"), {"reference": reference}
    )
    row = rows.first()
    return _task(row) if row is not None else None


_SAVE = sa.text(
    "insert into notify.referrals as r (id, reference, force, response_class, pool, exercise, holder, "
    "holder_force, asked, open, alerted, duty_until, deliveries) "
    "select id, reference, force, response_class, pool, exercise, holder, holder_force, "
    "array(select jsonb_array_elements_text(asked::jsonb)), "
    "array(select jsonb_array_elements_text(open::jsonb)), alerted::jsonb, duty_until::jsonb, 0 "
    "from unnest(cast(:ids as uuid[]), cast(:references as text[]), cast(:forces as text[]), "
    "cast(:classes as text[]), cast(:pools as text[]), cast(:exercises as boolean[]), "
    "cast(:holders as text[]), cast(:holder_forces as text[]), cast(:asked as text[]), "
    "cast(:open as text[]), cast(:alerted as text[]), cast(:duty_untils as text[])) as v(id, reference, force, "
    "response_class, pool, exercise, holder, holder_force, asked, open, alerted, duty_until) "
    "on conflict (id) do update set force = excluded.force, response_class = excluded.response_class, "
    "pool = excluded.pool, exercise = excluded.exercise, holder = excluded.holder, "
    "holder_force = excluded.holder_force, asked = excluded.asked, open = excluded.open, "
    "alerted = excluded.alerted, duty_until = excluded.duty_until"
)


async def save_tasks(unit: Unit, tasks: Iterable[Task]) -> None:
    """Write tasks back, by one statement; new ones are added."""
    changed = sorted(tasks, key=lambda task: task.referral_id)
    if not changed:
        return
    await unit.connection.execute(
        _SAVE,
        _columns(changed),
    )


def _columns(tasks: list[Task]) -> dict[str, list[Any]]:
    return {
        "ids": [task.referral_id for task in tasks],
        "references": [task.reference for task in tasks],
        "forces": [task.force for task in tasks],
        "classes": [task.response_class for task in tasks],
        "pools": [task.pool for task in tasks],
        "exercises": [task.exercise for task in tasks],
        "holders": [task.holder for task in tasks],
        "holder_forces": [task.holder_force for task in tasks],
        "asked": [orjson.dumps(task.asked).decode() for task in tasks],
        "open": [orjson.dumps(task.open).decode() for task in tasks],
        "alerted": [orjson.dumps(dict(task.alerted)).decode() for task in tasks],
        "duty_untils": [orjson.dumps(dict(task.duty_until)).decode() for task in tasks],
    }


_NUMBER = sa.text(
    "update notify.referrals r set deliveries = r.deliveries + v.count "
    "from unnest(cast(:ids as uuid[]), cast(:counts as integer[])) as v(id, count) "
    "where r.id = v.id returning r.id, r.deliveries - v.count + 1"
)


async def next_deliveries(unit: Unit, told: dict[UUID, int]) -> dict[UUID, int]:
    """Give each referral so many more numbers on `deliveries`; returns the first of each. They are locked already."""
    if not told:
        return {}
    ids = sorted(told)
    rows = await unit.connection.execute(
        _NUMBER,
        {"ids": ids, "counts": [told[referral] for referral in ids]},
    )
    return {row[0]: row[1] for row in rows}


def _task(row: Any) -> Task:
    return Task(
        referral_id=row.id,
        reference=row.reference,
        force=row.force,
        response_class=row.response_class,
        pool=row.pool,
        exercise=row.exercise,
        holder=row.holder,
        holder_force=row.holder_force,
        asked=tuple(row.asked),
        open=tuple(row.open),
        alerted={role: datetime.fromisoformat(due) for role, due in row.alerted.items()},
        duty_until={officer: datetime.fromisoformat(until) for officer, until in row.duty_until.items()},
    )
