"""Bars: whoever is in conflict about a person or a referral is kept from everything that belongs to it, for good."""

from uuid import UUID

from services.routing.rules.referral.state import Referral


def kept_under(referral: Referral) -> tuple[str, ...]:
    """Under what a conflict about this referral is remembered: itself, and its person's pseudonym."""
    return (_about(str(referral.id)), *_person(referral))


def looked_under(referral: Referral) -> tuple[str, ...]:
    """Under what conflicts are remembered that hold for this referral too: its person, and what it is linked with."""
    return (*_person(referral), *(_about(str(link.id)) for link in referral.links))


def declined_under(referral: Referral) -> tuple[str, ...]:
    """Under what declines are known that hold for this referral too: those of what it is linked with.

    Only conflicts bar for good; but were they alone to travel over a link, a link would tell them from other declines.
    """
    return tuple(declines_of(link.id) for link in referral.links)


def declines_of(id_: UUID) -> str:
    """Under what the declines of a referral are known."""
    return f"declined:{id_}"


def declined_by(referral: Referral) -> frozenset[str]:
    """Officers who declined a referral, whatever their reason."""
    return frozenset(offer.officer for offer in referral.offers if offer.answer == "declined")


def _about(id_: str) -> str:
    return f"referral:{id_}"


def _person(referral: Referral) -> tuple[str, ...]:
    return (referral.picture.person,) if referral.picture.person else ()
