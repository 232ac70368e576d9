"""Links: a human says that two referrals are about one thing. Bars carry over; contact rules never merge."""

from datetime import datetime

from services.routing.rules.referral.answers import give_back, has_part, keep_out
from services.routing.rules.referral.bars import declined_by
from services.routing.rules.referral.draft import Draft, Transition
from services.routing.rules.referral.records import Link
from services.routing.rules.referral.state import Referral
from shared.contracts.referrals import ReferralLinked


def link(referral: Referral, other: Referral, by: str, now: datetime) -> Transition:
    """This side of a link; the other side is the same call the other way round. Linked already, nothing changes."""
    if is_linked(referral, other):
        return Transition(referral)
    draft = Draft(referral, now)
    draft.put(links=(*referral.links, Link(id=other.id, reference=other.reference)))
    draft.say(ReferralLinked, other=other.reference, linked=True, by=by)
    _keep_apart(draft, barred_by(other), declined_by(other))
    return draft.done()


def unlink(referral: Referral, other: Referral, by: str, now: datetime) -> Transition:
    """This side of parting two referrals; not linked, nothing changes."""
    if not is_linked(referral, other):
        return Transition(referral)
    draft = Draft(referral, now)
    draft.put(links=tuple(known for known in referral.links if known.id != other.id))
    draft.say(ReferralLinked, other=other.reference, linked=False, by=by)
    return draft.done()


def is_linked(referral: Referral, other: Referral) -> bool:
    """Whether a human has linked these two."""
    return any(known.id == other.id for known in referral.links)


def barred_by(referral: Referral) -> frozenset[str]:
    """Officers who declared a conflict about a referral."""
    return frozenset(offer.officer for offer in referral.offers if offer.code == "conflict")


def _keep_apart(draft: Draft, barred: frozenset[str], declined: frozenset[str]) -> None:
    """Whoever is in conflict with the other one loses what they were asked or hold here, without a word of why.

    So that this tells nobody who is, whoever declined the other one is not asked here any more either; what they hold
    already they keep.
    """
    if not draft.referral.is_open:
        return
    if draft.referral.holder is not None and draft.referral.holder.id in barred:
        give_back(draft, "unfit")
    keep_out(draft, barred | {officer for officer in declined if not has_part(draft.referral, officer)})
