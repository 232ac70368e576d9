"""Earlier reports for what may be the same person: scored at once, shown only once a human has confirmed it."""

from datetime import datetime

from services.routing.rules.referral.answers import Refused
from services.routing.rules.referral.draft import Draft, Transition
from services.routing.rules.referral.state import Referral
from shared.contracts.referrals import ReferralRepeatConfirmed
from shared.contracts.reports import Earlier


def confirm_repeat(referral: Referral, confirmed: bool, by: str, now: datetime) -> Transition:
    """A supervisor says whether the earlier reports are of the same person.

    Said again it changes nothing. A yes may be taken back; after a no nothing of it shows any more and the earlier
    officer no longer counts for continuity, for good. Raises Refused: nothing_to_confirm, already_answered, not_open.
    """
    if not has_earlier(referral):
        raise Refused("nothing_to_confirm")
    if referral.earlier_confirmed is confirmed:
        return Transition(referral)
    if not referral.is_open:
        raise Refused("not_open")
    if referral.earlier_confirmed is False:
        raise Refused("already_answered")
    draft = Draft(referral, now)
    draft.put(earlier_confirmed=confirmed)
    draft.say(ReferralRepeatConfirmed, confirmed=confirmed, by=by)
    return draft.done()


def has_earlier(referral: Referral) -> bool:
    """Whether intake found earlier reports."""
    return referral.picture.earlier is not None and referral.picture.earlier.count > 0


def shown_earlier(referral: Referral) -> Earlier | None:
    """The earlier reports as they may be shown: None until a human has confirmed them."""
    return referral.picture.earlier if has_earlier(referral) and referral.earlier_confirmed else None


def keep_confirmation(draft: Draft, before: Referral) -> None:
    """An amendment that changes what intake found asks the human anew."""
    if draft.referral.picture.earlier != before.picture.earlier:
        draft.put(earlier_confirmed=None)
