"""Notices that nobody is known to have got, as the fallback sheet lists them."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from services.notify.rules.attempts import State
from shared.database import Unit


@dataclass(frozen=True)
class Unheard:
    """A notice on its way, or failed. Times are domain time."""

    reference: str
    to: str
    at: datetime
    state: str
    respond_by: datetime | None


_NOT_THERE = (State.PLANNED, State.SENDING, State.SENT, State.FAILED)


async def not_arrived(unit: Unit, force: str, now: datetime, limit: int) -> list[Unheard]:
    """Notices about a force's referrals that still matter and that nobody is known to have got, the oldest first."""
    rows = await unit.connection.execute(
        sa.text(
            "select n.reference, n.recipient as to, n.at, n.state, n.respond_by from notify.notices n "
            "join notify.referrals r on r.id = n.referral_id where r.force = :force and n.state = any(:states) "
            "and not n.superseded and not n.exercise and n.not_after > :now order by n.at, n.id limit :limit"
        ),
        {"force": force, "states": [state.value for state in _NOT_THERE], "now": now, "limit": limit},
    )
    return [Unheard(**row) for row in rows.mappings()]
