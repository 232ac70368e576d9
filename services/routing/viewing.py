"""An officer opens a task: noted once, so that *read* means that somebody looked (design §1.6)."""

from collections.abc import Sequence

from services.routing.rules.referral.answers import unseen, view
from services.routing.rules.referral.state import Referral
from services.routing.store import referrals as store
from services.routing.store.work import Work, save
from shared.database import Unit


async def opened_by(unit: Unit, officer: str, found: Sequence[Referral]) -> list[Referral]:
    """Note that an officer has opened these referrals; gives them back in the same order, as they stand then."""
    new = [referral.id for referral in found if _unseen(referral, officer)]
    if not new:
        return list(found)
    locked = await store.lock(unit.connection, new)
    work = Work.on(locked)
    for referral in locked:
        work.put(view(referral, officer, await unit.now(referral.changed_at)))
    await save(unit, work, {})
    return [work.referrals.get(referral.id, referral) for referral in found]


def _unseen(referral: Referral, officer: str) -> bool:
    offer = referral.offer_to(officer)
    return offer is not None and unseen(referral, offer)
