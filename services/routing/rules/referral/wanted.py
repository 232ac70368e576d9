"""What a referral asks of an officer now, and who may not be asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.routing.rules.matching.model import Request
from services.routing.rules.matching.muster import Muster
from services.routing.rules.matching.rank import why_not
from services.routing.rules.referral.bars import declined_under, looked_under
from services.routing.rules.referral.state import IN_HAND, Answer, Offer, Referral
from shared.contracts.policy import PolicyDocument
from shared.contracts.reports import Area, ReportPicture

GAVE_UP: frozenset[Answer] = frozenset({"declined", "released"})
"""Answers after which an officer is not asked again for this referral, and may take it late only after a while."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a transition may know of the world: officers at `now`, the policy in force, bars from elsewhere."""

    muster: Muster
    policy: PolicyDocument
    barred: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Officers in conflict (`bars.looked_under`), or who declined (`bars.declined_under`), by what it was about."""


def request_of(referral: Referral, facts: Facts, chosen: Sequence[str] = ()) -> Request:
    """The request for the next rung: whoever was asked before, or is among `chosen`, is not asked again."""
    # However long ago: a decline that turned into something else with time would tell a conflict, which does not.
    asked = {offer.officer: "declined" if offer.answer in GAVE_UP else "already_asked" for offer in referral.offers}
    asked |= dict.fromkeys(chosen, "already_asked")
    return _request(referral, facts, asked)


def request_anew(referral: Referral, facts: Facts) -> Request:
    """The request as if nobody had been asked before."""
    return _request(referral, facts, {})


def ruled_out(referral: Referral, officer: str, facts: Facts) -> str | None:
    """The hard filter that rules an officer out now, having been asked before or not; None if none does.

    An offer still in hand takes no more room when it is accepted, so it does not count against the cap here.
    """
    without = Muster(facts.muster.standing, facts.muster.now, dict(facts.muster.loads))
    offer = referral.offer_to(officer)
    if offer is not None and offer.answer in IN_HAND and not referral.terms.broadcast:
        without.discharge(officer)
    return why_not(_request(referral, facts, {}), without, officer)


def _request(referral: Referral, facts: Facts, asked: Mapping[str, str]) -> Request:
    picture = referral.picture
    gender = picture.officer_gender
    last = picture.earlier.last_officer if picture.earlier and referral.earlier_confirmed is not False else None
    return Request(
        force=referral.force,
        response_class=picture.response_class,
        district=picture.district,
        sector=picture.area.sector if picture.area else None,
        km=_kilometres(picture.area) if _somebody_goes(picture) else None,
        skills=_as_rostered(picture.needs),
        languages=_as_rostered(picture.languages),
        required_skills=_as_rostered(picture.required_skills),
        required_languages=_as_rostered(picture.required_languages),
        gender=gender.value.lower() if gender else None,
        gender_required=gender is not None and gender.required,
        cross_force=picture.cross_force,
        known=frozenset(picture.known_officers) | ({referral.last_holder} if referral.last_holder else frozenset()),
        last=last,
        named=dict(asked) | _named(referral, facts),
        broadcast=referral.terms.broadcast,
    )


def _named(referral: Referral, facts: Facts) -> dict[str, str]:
    """Officers by the rule that names them; where several do, the gravest wins."""
    picture = referral.picture
    cool_off = facts.policy.matching.cool_off_minutes
    now = facts.muster.now
    declined = (offer.officer for offer in referral.offers if _cooling(offer, cool_off, now))
    return {
        **_all(declined, "declined"),
        **_all(_from_elsewhere(facts, declined_under(referral)), "declined"),
        **_all(picture.excluded_officers, "excluded"),
        **_all(barred_from(referral, facts), "conflict"),
        **_all(picture.connected_officers, "connected"),
    }


def barred_from(referral: Referral, facts: Facts) -> frozenset[str]:
    """Officers in conflict about the referral, its person, or what it is linked with."""
    own = (offer.officer for offer in referral.offers if offer.code == "conflict")
    return _from_elsewhere(facts, looked_under(referral)).union(own)


def _from_elsewhere(facts: Facts, known_under: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*(facts.barred.get(about, frozenset()) for about in known_under))


def _cooling(offer: Offer, cool_off: Mapping[str, int], now: datetime) -> bool:
    if offer.answer not in GAVE_UP or offer.answered_at is None:
        return False
    return now < offer.answered_at + timedelta(minutes=cool_off.get(offer.code or "", 0))


def _all(officers: Iterable[str], code: str) -> dict[str, str]:
    return dict.fromkeys(officers, code)


def _as_rostered(words: Iterable[str]) -> tuple[str, ...]:
    """Skills and languages as the roster writes them."""
    return tuple(word.lower() for word in words)


def _somebody_goes(picture: ReportPicture) -> bool:
    """Whether an officer has to travel: not to a telephone, and a colleague who wants advice is rung back."""
    return picture.how not in {"phone", "video"} and picture.need != "officer_advice"


def _kilometres(area: Area | None) -> tuple[int, int] | None:
    if area is None or area.easting_km is None or area.northing_km is None:
        return None
    return area.easting_km, area.northing_km
