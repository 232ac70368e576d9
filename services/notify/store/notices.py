"""Notices: written when something is planned, read back by reference for those who may see them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.notify.rules.attempts import State
from services.notify.rules.desk import Standing
from services.notify.rules.planning import Notice
from services.notify.store.courses import COURSE, NAMES, UNNEST, Columns, course_of
from shared.database import Unit

_STANDING = sa.text(
    f"select n.id, n.referral_id, n.recipient, {COURSE} from notify.notices n "
    "where n.referral_id = any(:referrals) and (n.state = any(:states) or n.in_flight) order by n.id for update"
)


async def lock_standing(unit: Unit, referrals: Iterable[UUID], states: Iterable[State]) -> list[Standing]:
    """Notices of these referrals in these states or under way, locked in id order, behind their referrals."""
    rows = await unit.connection.execute(
        _STANDING,
        {"referrals": sorted(set(referrals)), "states": sorted(state.value for state in states)},
    )
    return [Standing(row.id, row.referral_id, row.recipient, course_of(row)) for row in rows]


_INSERT = sa.text(
    "insert into notify.notices (id, recipient, type, referral_id, reference, response_class, exercise, "
    "respond_by, not_after, at, changed_at, patience, legs, state, means, due_at, repeat, in_flight, "
    "waiting, superseded, policy_version) "
    "select id, recipient, type, referral_id, reference, response_class, exercise, respond_by, not_after, "
    "at, at, patience, legs::jsonb, state, means, due_at, tried or type = 'task.reminder', in_flight, "
    "waiting, superseded, policy_version from unnest(cast(:ids as uuid[]), cast(:recipients as text[]), "
    "cast(:types as text[]), cast(:referrals as uuid[]), cast(:references as text[]), "
    "cast(:classes as text[]), cast(:exercises as boolean[]), cast(:respond_bys as timestamptz[]), "
    "cast(:not_afters as timestamptz[]), cast(:ats as timestamptz[]), "
    f"cast(:patiences as double precision[]), cast(:policy_versions as text[]), {UNNEST}) as v(id, recipient, type, "
    f"referral_id, reference, response_class, exercise, respond_by, not_after, at, patience, policy_version, {NAMES})"
)


async def insert_notices(unit: Unit, notices: Iterable[Notice]) -> None:
    """Write new notices, by one statement."""
    rows = list(notices)
    if not rows:
        return
    await unit.connection.execute(
        _INSERT,
        _columns(rows) | Columns([row.course for row in rows]).parameters(),
    )


def _columns(rows: list[Notice]) -> dict[str, list[Any]]:
    return {
        "ids": [row.id for row in rows],
        "recipients": [row.to for row in rows],
        "types": [row.type for row in rows],
        "referrals": [row.task and row.task.referral_id for row in rows],
        "references": [row.task and row.task.reference for row in rows],
        "classes": [row.task and row.task.response_class for row in rows],
        "exercises": [row.task is not None and row.task.exercise for row in rows],
        "respond_bys": [row.respond_by for row in rows],
        "not_afters": [row.course.not_after for row in rows],
        "ats": [row.at for row in rows],
        "patiences": [row.course.patience for row in rows],
        "policy_versions": [row.policy_version for row in rows],
    }


@dataclass(frozen=True)
class Attempted:
    """One try over one means, as it is shown."""

    means: str
    at: datetime
    state: str
    reason: str | None
    wording: int | None


@dataclass(frozen=True)
class Shown:
    """A notice as it is shown to those who may see it."""

    id: UUID
    to: str
    type: str
    means: str | None
    state: str
    at: datetime
    attempts: tuple[Attempted, ...]
    policy_version: str | None


_SHOWN = (
    "select n.id, n.recipient, n.type, n.means, n.state, n.at, n.policy_version, "
    "coalesce((select jsonb_agg(jsonb_build_array(a.means, to_jsonb(a.at), a.state, a.reason, a.wording) "
    "order by a.at, a.number) from notify.attempts a where a.notice_id = n.id), '[]') as attempts "
    "from notify.notices n"
)


async def notices_of(unit: Unit, reference: str, after: UUID | None, limit: int) -> list[Shown]:
    """Notices about a reference with their attempts, oldest first, at most `limit` of those after `after`."""
    rows = await unit.connection.execute(
        sa.text(
            f"{_SHOWN} where n.referral_id in (select id from notify.referrals where reference = :reference) "
            "and (cast(:after as uuid) is null or n.id > :after) order by n.id limit :limit"
        ),
        {"reference": reference, "after": after, "limit": limit},
    )
    return [_shown(row) for row in rows]


async def tests_of(unit: Unit, officer: str, limit: int) -> list[Shown]:
    """What became of the tests an officer asked for, newest first."""
    rows = await unit.connection.execute(
        sa.text(
            f"{_SHOWN} where n.recipient = :officer and n.type = 'test' and n.referral_id is null "
            "order by n.id desc limit :limit"
        ),
        {"officer": officer, "limit": limit},
    )
    return [_shown(row) for row in rows]


def _shown(row: Any) -> Shown:
    attempts = tuple(Attempted(a[0], datetime.fromisoformat(a[1]), *a[2:]) for a in row.attempts)
    return Shown(row.id, row.recipient, row.type, row.means, row.state, row.at, attempts, row.policy_version)
