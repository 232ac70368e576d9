"""What somebody signed in may do to a referral now: what applies by the rules, and is granted to their role."""

from collections.abc import Mapping

from services.routing.rules.referral.actions import Viewer, actions_for
from services.routing.rules.referral.state import Referral
from shared.identity import Principal, may

GRANTED_BY: Mapping[str, str] = {
    "accept": "referrals.accept",
    "handover/accept": "referrals.accept",
    "decline": "referrals.decline",
    "keep": "referrals.keep",
    "acknowledge": "referrals.acknowledge",
    "plan": "referrals.plan",
    "contact-attempts": "referrals.contact",
    "updates": "referrals.update",
    "handover": "referrals.hand_over",
    "release": "referrals.release",
    "close": "referrals.close",
    "override": "referrals.override",
    "hand-off": "referrals.hand_off",
    "hand-off/receipt": "referrals.hand_off",
    "hand-off/recall": "referrals.hand_off",
    "earlier": "referrals.confirm_repeat",
    "pause": "referrals.pause",
    "resume": "referrals.pause",
    "transfer": "referrals.transfer",
    "link": "referrals.link",
    "unlink": "referrals.link",
    "reopen": "referrals.reopen",
}
"""Route of an action → the line of `GRANTS` that allows it."""


def viewer_of(principal: Principal) -> Viewer:
    """Somebody signed in, as the rules know them."""
    return Viewer(principal.role, principal.force, principal.id if principal.role == "officer" else None)


def open_to(principal: Principal, referral: Referral) -> tuple[str, ...]:
    """The actions open to them, by the names of their routes."""
    applying = actions_for(referral, viewer_of(principal))
    return tuple(name for name in applying if may(principal, GRANTED_BY[name]))
