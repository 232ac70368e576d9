"""Bars: whoever is in conflict about a person or a referral is kept from everything that belongs to it, for good."""

from services.routing.rules.referral.state import Referral


def kept_under(referral: Referral) -> tuple[str, ...]:
    """Under what a conflict about this referral is remembered: itself, and its person's pseudonym."""
    return (_about(str(referral.id)), *_person(referral))


def looked_under(referral: Referral) -> tuple[str, ...]:
    """Under what conflicts are remembered that hold for this referral too: its person, and what it is linked with."""
    return (*_person(referral), *(_about(str(link.id)) for link in referral.links))


def _about(id_: str) -> str:
    return f"referral:{id_}"


def _person(referral: Referral) -> tuple[str, ...]:
    return (referral.picture.person,) if referral.picture.person else ()
