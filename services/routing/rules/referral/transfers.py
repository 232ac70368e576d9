"""Transfer: another of our forces owns it from here on. Whoever holds it keeps it until somebody there decides."""

from datetime import datetime

from services.routing.rules.referral.answers import Refused
from services.routing.rules.referral.draft import Draft, Transition
from services.routing.rules.referral.holding import Misgiven
from services.routing.rules.referral.placing import decide_ours
from services.routing.rules.referral.roles import alert_role
from services.routing.rules.referral.state import Alert, Referral
from shared.contracts.policy import PolicyDocument
from shared.contracts.referrals import ReferralTransferred


def transfer(referral: Referral, force: str, by: str, policy: PolicyDocument, now: datetime) -> Transition:
    """The new force owns it and its coordinator is told; roles that have not answered yet are those of that force.

    An officer who holds it goes on holding it; where none does, somebody is looked for there at once. To the force
    that has it already it changes nothing. Raises Refused and Misgiven.
    """
    if force not in policy.forces:
        raise Misgiven("force", "unknown_code")
    if force == referral.force:
        return Transition(referral)
    if not referral.is_open or referral.awaits_receipt:
        raise Refused("not_open")
    draft = Draft(referral, now)
    _move(draft, force, policy)
    decide_ours(draft)
    if not draft.referral.held and draft.referral.choice is None and draft.referral.ladder.taken:
        draft.ladder(vacancies=draft.referral.ladder.vacancies + 1)
    draft.say(ReferralTransferred, from_force=referral.force, to_force=force, by=by)
    alert_role(draft, "transfer", "coordinator", "transferred", draft.referral.terms.floor.ack_minutes)
    return draft.done()


def _move(draft: Draft, force: str, policy: PolicyDocument) -> None:
    referral = draft.referral
    draft.put(
        picture=referral.picture.model_copy(update={"force": force}),
        pool=policy.pool_of(force) or referral.pool,
        alerts=tuple(_addressed_to(alert, force) for alert in referral.alerts),
        transferred=True,
    )


def _addressed_to(alert: Alert, force: str) -> Alert:
    """What was acknowledged stays with those who did; the rest is for the same role of the new force."""
    if alert.acknowledged and alert.due is None:
        return alert
    return alert.model_copy(update={"role": f"{alert.role.partition(':')[0]}:{force}"})
