"""Finding what a path names, and who may see it. Another force's referral looks like one that is not there."""

import base64
import binascii
from datetime import datetime
from uuid import UUID

from services.routing.rules.referral.placing import TAKEN_BACK
from services.routing.rules.referral.state import Referral
from shared.contracts.access import AccessRecorded
from shared.database import Unit
from shared.errors import FieldError, Forbidden, Invalid, NotFound
from shared.identifiers import normalise_reference
from shared.identity import Principal
from shared.journal import Outgoing


def reference_of(text: str) -> str:
    """The reference in a path, however it is written; NotFound for what is none."""
    reference = normalise_reference(text)
    if reference is None:
        raise NotFound
    return reference


def visible(principal: Principal, referral: Referral | None) -> Referral:
    """The referral, if this principal sees it: owning and holding force, officers who were asked, nobody connected.

    NotFound where it is not theirs to know of, Forbidden for an officer to whom it was never offered.
    """
    seen = actionable(principal, referral)
    offer = seen.offer_to(principal.id or "") if principal.role == "officer" else None
    if offer is not None and (offer.code == "conflict" or (offer.answer == "retracted" and offer.code != TAKEN_BACK)):
        raise Forbidden("never_offered")
    return seen


def actionable(principal: Principal, referral: Referral | None) -> Referral:
    """Like `visible`, leaving it to the rules what an officer's earlier answer means for this one."""
    if referral is None:
        raise NotFound
    if principal.role == "officer":
        return _asked(principal.id or "", referral)
    holding = referral.holder.force if referral.holder else None
    if principal.force not in (referral.force, holding):
        raise NotFound
    if principal.role == "psd" and not referral.picture.complaint_against_police:
        raise NotFound
    return referral


def _asked(officer: str, referral: Referral) -> Referral:
    if officer in referral.picture.connected_officers:
        raise NotFound
    if referral.offer_to(officer) is None:
        raise Forbidden("never_offered")
    return referral


async def looked(unit: Unit, principal: Principal, what: str, referral: Referral) -> None:
    """Have intake write down that somebody looked, before it is shown."""
    at = await unit.now()
    event = AccessRecorded(
        actor=str(principal),
        role=principal.role,
        force=principal.force,
        reference=referral.reference,
        what=what,
        at=at,
    )
    await unit.append([Outgoing("access", referral.reference, event, at)])


def next_after(at: datetime, id_: UUID) -> str:
    """A place in a list, to be given back as `after`."""
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{id_}".encode()).decode()


def read_after(text: str | None) -> tuple[datetime, UUID] | None:
    """A place in a list; Invalid for what `next_after` did not make."""
    if text is None:
        return None
    try:
        at, _, id_ = base64.urlsafe_b64decode(text).decode().partition("|")
        return datetime.fromisoformat(at), UUID(id_)
    except (ValueError, binascii.Error):
        raise Invalid(errors=[FieldError("after", "not_allowed_value")]) from None
