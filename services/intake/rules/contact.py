"""What routing may know about how a person can be reached: never who, never where exactly, never in words."""

from collections.abc import Iterator
from typing import Literal

from services.intake.rules.geography import Confidence, Place
from shared.contracts.contact import ContactDetails, Window
from shared.contracts.model import Flag, Part
from shared.contracts.reports import Area, ContactRules

Route = Literal["person", "referrer", "none"]


class ContactFacts(Part):
    """The pseudonymous side of contact details, kept beside the sealed ones so that nothing need be opened."""

    reachable: Flag = False
    """The person gave a phone or an e-mail address and did not say not to be contacted."""
    referrer_reachable: Flag = False
    rules: ContactRules = ContactRules()
    windows: tuple[Window, ...] = ()
    home_district: str | None = None
    home_confidence: Confidence = "none"
    home_area: Area | None = None

    @property
    def home(self) -> Place:
        """Where the person lives, as far as it was looked up."""
        return Place(self.home_district, self.home_confidence, self.home_area)


def facts_of(details: ContactDetails, home: Place) -> ContactFacts:
    """The facts of some details; `home` is what their home's postcode comes to."""
    referrer = details.referrer
    return ContactFacts(
        reachable=bool(details.phone or details.email) and not details.do_not_contact,
        referrer_reachable=referrer is not None and bool(referrer.phone or referrer.email),
        rules=ContactRules(
            means=tuple(_safe_means(details)), voicemail_ok=details.voicemail_ok, refused=details.do_not_contact
        ),
        windows=tuple(Window(days=w.days, start=w.start, end=w.end) for w in details.windows),
        home_district=home.district,
        home_confidence=home.confidence,
        home_area=home.area,
    )


def _safe_means(details: ContactDetails) -> Iterator[Literal["call", "text", "email"]]:
    # Nothing said is not a yes: a means counts as safe only where the person said so.
    if details.do_not_contact:
        return
    if details.phone and details.safe_to_call:
        yield "call"
    if details.phone and details.safe_to_text:
        yield "text"
    if details.email and details.safe_to_email:
        yield "email"


def contact_rules(contact: ContactFacts | None, *, consents: bool) -> ContactRules:
    """What routing is told of what is safe. Who has not agreed to contact is reached by nobody, whatever is known."""
    rules = contact.rules if contact else ContactRules()
    return rules if consents else rules.model_copy(update={"refused": True})


def contact_route(contact: ContactFacts | None, *, consents: bool) -> Route:
    """Whom an officer may call: the person if they agreed, else whoever spoke for them, else nobody."""
    if contact is None:
        return "none"
    if contact.reachable and consents:
        return "person"
    return "referrer" if contact.referrer_reachable else "none"
