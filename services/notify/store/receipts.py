"""Which attempts a provider's receipt is about, and what it makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from services.notify.rules.attempts import Leg, Outcome
from services.notify.rules.planning import Subject
from shared.database import Unit


@dataclass(frozen=True)
class Told:
    """An attempt that a receipt is about."""

    subject: Subject
    leg: Leg


_COLUMNS = (
    "select n.id, n.recipient, n.type, n.referral_id, n.reference, n.exercise, a.means, a.nth, a.number "
    "from notify.attempts a join notify.notices n on n.id = a.notice_id where "
)
_BY_PROVIDER = sa.text(_COLUMNS + "a.provider_id = :provider_id order by n.id")
# Before the provider's name for it is known (its receipt overtook its answer, or we died in between), the newest
# attempt without one is meant, as long as there is no doubt over which of several addresses. Between the two looks
# the name may just have been written down. One message may have stood for several notices, over one address.
_BY_NOTICE = sa.text(
    _COLUMNS + "(a.notice_id = :notice_id and a.sent_as is null or a.sent_as = :notice_id) and a.means = :means "
    "and (a.provider_id is null or a.provider_id = :provider_id) and a.number = "
    "(select max(b.number) from notify.attempts b where b.notice_id = a.notice_id and b.means = a.means "
    "and b.nth = a.nth)"
)


async def attempts_told_of(unit: Unit, provider_id: str, notice_id: UUID | None, means: str) -> list[Told]:
    """The attempts a provider means: several where one message stood for several notices; none where unknown."""
    found = list(await unit.connection.execute(_BY_PROVIDER, {"provider_id": provider_id}))
    if not found and notice_id is not None:
        given = {"notice_id": notice_id, "means": means, "provider_id": provider_id}
        found = list(await unit.connection.execute(_BY_NOTICE, given))
        found = found if len({row.nth for row in found}) == 1 else []
    return [Told(Subject(*row[:6]), Leg(row.means, row.nth, tries=row.number)) for row in found]


_CORRECT = sa.text(
    "update notify.attempts a set state = :state, reason = :reason, provider_id = :provider_id from unnest("
    "cast(:ids as uuid[]), cast(:means as text[]), cast(:nths as integer[]), cast(:numbers as integer[])) "
    "as v(notice_id, means, nth, number) where a.notice_id = v.notice_id and a.means = v.means and a.nth = v.nth "
    "and a.number = v.number and a.state <> 'delivered'"
)


async def correct_attempts(unit: Unit, told: Sequence[Told], state: str, outcome: Outcome) -> None:
    """Write down what a receipt says; an attempt known to have been delivered stays so."""
    await unit.connection.execute(
        _CORRECT,
        {
            "state": state,
            "reason": outcome.reason,
            "provider_id": outcome.provider_id,
            "ids": [one.subject.notice_id for one in told],
            "means": [one.leg.means for one in told],
            "nths": [one.leg.nth for one in told],
            "numbers": [one.leg.tries for one in told],
        },
    )
