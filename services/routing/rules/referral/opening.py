"""How a referral begins: ladder, clocks and terms frozen from the policy, risks told to a human at once."""

from datetime import datetime

from services.routing.rules.referral.clocks import class_of, frozen_clocks, frozen_ladder, frozen_terms
from services.routing.rules.referral.draft import Draft, Transition
from services.routing.rules.referral.roles import alert_role, new_alert
from services.routing.rules.referral.state import Referral
from shared.contracts.policy import PolicyDocument
from shared.contracts.referrals import ReferralOpened, ReferralWaiting
from shared.contracts.reports import ReportPicture, ReportReceived

UNDER_18 = "under_18"


def open_referral(received: ReportReceived, policy: PolicyDocument, now: datetime) -> Transition:
    """A new referral, due at once so that somebody is asked; waiting for a human where its place is not ours."""
    draft = Draft(_new(received, policy, now), now)
    referral = draft.referral
    draft.say(
        ReferralOpened,
        grade=referral.picture.grade,
        district=referral.picture.district,
        need=referral.picture.need,
        policy_version=referral.policy_version,
        contact_route=referral.picture.contact_route,
        ack_due=referral.clocks.ack_due,
        first_contact_due=referral.clocks.first_contact_due,
    )
    tell_of_risks(draft, policy, frozenset())
    if referral.picture.complaint_against_police:
        alert_role(draft, "complaint", policy.complaints_role, "complaint", referral.terms.floor.ack_minutes)
    if referral.unplaced:
        wait_for_place(draft)
    return draft.done()


def tell_of_risks(draft: Draft, policy: PolicyDocument, known: frozenset[str]) -> None:
    """Alert a human supervisor if the picture holds one of the policy's raising risks that is not `known` yet.

    That somebody is under 18 counts as one: safeguarding comes before any call home (domain.md §6).
    """
    new = risks_of(draft.referral.picture) & {*policy.raising.risks, UNDER_18} - known
    if new:
        why = "safeguarding" if new == {UNDER_18} else "risk"
        alert_role(draft, "risk", policy.raising.role, why, policy.raising.ack_minutes)


def risks_of(picture: ReportPicture) -> frozenset[str]:
    """The risks a picture holds."""
    return frozenset(picture.risks) | ({UNDER_18} if picture.under_18 else frozenset())


def wait_for_place(draft: Draft) -> None:
    """A coordinator of the source's force decides where it belongs, within the policy's time."""
    draft.put(looking=False, recheck_at=None)
    why = "hand_off" if draft.referral.picture.desk is not None else "unresolved_place"
    alert = new_alert(draft, "place", "coordinator", why, draft.referral.terms.place_minutes)
    draft.say(ReferralWaiting, role=alert.role, due=alert.due, why=why)


def picture_of(event: ReportPicture) -> ReportPicture:
    """The picture that an event about a report carries, without the event around it."""
    return ReportPicture.model_construct(**{name: getattr(event, name) for name in ReportPicture.model_fields})


def _new(received: ReportReceived, policy: PolicyDocument, now: datetime) -> Referral:
    picture = picture_of(received)
    its = class_of(policy, picture.response_class)
    return Referral(
        id=received.referral_id,
        reference=received.reference,
        pool=policy.pool_of(picture.force) or min(policy.pools),
        exercise=received.exercise,
        picture=picture,
        policy_version=policy.version,
        terms=frozen_terms(its, policy),
        ladder=frozen_ladder(its, policy, now),
        clocks=frozen_clocks(picture, its, policy, now),
        opened_at=now,
        changed_at=now,
    )
