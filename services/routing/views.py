"""What the pages show of a referral, in words. Pure: a referral and `now` in, frozen views out.

No view holds a risk, a need for a skill, a reason for declining, or anything else that hints why somebody asked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.routing.rules.referral.answers import asked_to_take_over
from services.routing.rules.referral.asking_the_person import asking
from services.routing.rules.referral.handing_over import duty_ends_soon
from services.routing.rules.referral.helping import helps
from services.routing.rules.referral.state import Alert, Offer, Referral
from services.routing.wording import class_colour, class_words, need_words, several, who
from shared.contracts.policy import PolicyDocument
from shared.local_time import day_and_time

STATES = {
    "accepted": "Owned, no contact yet",
    "contacted": "Owned, in contact",
    "closed": "Closed",
    "withdrawn": "Withdrawn",
    "handed_off": "Handed off",
}
_MOMENTS = timedelta(minutes=1)
MISSED = {"first_contact": "First contact", "next_update": "Update"}


@dataclass(frozen=True, slots=True)
class Due:
    """Something that waits for time."""

    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the board. `tone` is breached, due, unowned or owned."""

    reference: str
    response_class: str
    owner: str
    state: str
    missed: Due | None
    due: Due | None
    tone: str
    exercise: bool
    opened: datetime


@dataclass(frozen=True, slots=True)
class Task:
    """A card on an officer's page: what is on offer to them (`due` is when they should answer), or what they own."""

    reference: str
    response_class: str
    colour: str
    about: str
    due: Due | None
    late: bool
    exercise: bool
    news: str = ""
    """What else their owner or whoever is asked should know at once."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an officer is told after an answer."""

    headline: str
    more: str = ""
    tone: str = ""


def row(referral: Referral, tone: str) -> Row:
    """A referral as the board shows it."""
    return Row(
        reference=referral.reference,
        response_class=class_words(referral.picture.response_class),
        owner=owner(referral),
        state=state(referral),
        missed=missed(referral),
        due=next_due(referral),
        tone=tone,
        exercise=referral.exercise,
        opened=referral.opened_at,
    )


def owner(referral: Referral) -> str:
    """Who has it: an officer, else the role that has been told and not answered yet, else nobody yet."""
    if referral.holder is not None:
        return who(referral.holder.id)
    told = _told(referral)
    return _role(told) if told and referral.state == "waiting" else "Nobody yet"


def state(referral: Referral) -> str:
    """Where it stands, in a few words."""
    if referral.pause is not None:
        return "Paused"
    if referral.state == "offered":
        asked = [offer.officer for offer in referral.offers if offer.answer == "open"]
        return f"On offer to {several(asked)}"
    if referral.state == "waiting":
        return _waiting(referral)
    return STATES.get(referral.state, referral.state)


def state_for(referral: Referral, officer: str) -> str:
    """Where it stands as an officer who was asked may know it: nothing of whom else was asked."""
    offer = referral.offer_to(officer)
    if referral.holder is not None and referral.holder.id == officer and referral.held:
        return f"Yours. {'No contact yet' if referral.state == 'accepted' else 'In contact'}"
    if helps(referral, officer):
        return "You come along"
    if referral.handover is not None and referral.handover.receiver == officer:
        return "A colleague asks you to take over"
    if referral.held:
        return "A colleague has it"
    if offer is not None and offer.answer == "open" and referral.is_open:
        return "On offer to you"
    return "Somebody else is asked" if referral.is_open else STATES.get(referral.state, referral.state)


def _waiting(referral: Referral) -> str:
    if referral.awaits_receipt:
        return "Sent to a desk outside, not received yet"
    if referral.unplaced:
        return "Place to be decided"
    if asking(referral):
        return "The person is to be asked first"
    if not referral.alerts:
        return "Looking for an officer"
    return "Told, no answer yet" if _told(referral) else "Acknowledged, no officer yet"


def _told(referral: Referral) -> Alert | None:
    """The role that holds it: the one under the ladder if it was told, else whoever was told last."""
    waiting = [alert for alert in referral.alerts if not alert.acknowledged]
    return max(reversed(waiting), key=lambda alert: (alert.kind in {"floor", "place"}, alert.asked_at), default=None)


def missed(referral: Referral) -> Due | None:
    """The clock that was breached and not made good, None where there is none."""
    for name in referral.clocks.breached:
        at = referral.clocks.first_contact_due if name == "first_contact" else referral.clocks.next_update_due
        if at is not None:
            return Due(MISSED.get(name, "Deadline"), at)
    return None


def next_due(referral: Referral) -> Due | None:
    """What happens next and when; None for what is no longer open."""
    if referral.due is None:
        return None
    # The ladder counts from opening and an offer from when it was made, so the two are moments apart.
    near = (one.what for one in (*_waits(referral), *_role_waits(referral)) if abs(one.at - referral.due) < _MOMENTS)
    return Due(next(near, "Next step"), referral.due)


def _waits(referral: Referral) -> Iterator[Due]:
    clocks = referral.clocks
    if referral.pause is not None:
        yield Due("Clocks run again", referral.pause.until)
    if referral.handover is not None:
        yield Due("Answer to a hand-over", referral.handover.respond_by)
    for offer in referral.offers:
        if offer.answer == "open" and not referral.held:
            yield Due("Answer", offer.respond_by)
    if clocks.first_contact_due is not None:
        yield Due("First contact", clocks.first_contact_due)
    if clocks.next_update_due is not None:
        yield Due("Update", clocks.next_update_due)


def _role_waits(referral: Referral) -> Iterator[Due]:
    for alert in referral.alerts:
        if alert.due is not None:
            yield Due(f"{_role(alert)} to answer", alert.due)


def owners_due(referral: Referral) -> Due | None:
    """What its owner is to do next and by when, whoever else is waited for; None for what is no longer open."""
    theirs = sorted(_waits(referral), key=lambda one: one.at)
    return theirs[0] if theirs and referral.is_open and referral.pause is None else next_due(referral)


Places = Mapping[str, str]
"""Districts by ONS code."""


def places(policy: PolicyDocument) -> Places:
    """The names of every district of the policy's forces."""
    return {code: its.name for force in policy.forces.values() for code, its in force.districts.items()}


def forces_of(policy: PolicyDocument) -> Places:
    """The force each district of the policy lies in: a referral given to another force does not move the place."""
    return {ons: force for force, its in policy.forces.items() for ons in its.districts}


def offered(referral: Referral, offer: Offer, now: datetime, names: Places) -> Task:
    """An offer as the officer sees it."""
    asked = referral.handover if asked_to_take_over(referral, offer.officer) else None
    news = f"{who(asked.giver)} asks you to take over." if asked else ""
    return replace(_task(referral, Due("Answer", offer.respond_by), now, names), news=news)


def owned(referral: Referral, now: datetime, names: Places) -> Task:
    """A referral as its holder sees it: a missed clock before the next one."""
    ends = referral.duty.ends_at if referral.duty and duty_ends_soon(referral) else None
    news = f"Your duty ends at {day_and_time(ends, now)}. Keep it, hand it over, or give it back." if ends else ""
    return replace(_task(referral, missed(referral) or owners_due(referral), now, names), news=news)


def _task(referral: Referral, due: Due | None, now: datetime, names: Places) -> Task:
    code = referral.picture.response_class
    return Task(
        reference=referral.reference,
        response_class=class_words(code),
        colour=class_colour(code),
        about=about(referral, names),
        due=due,
        late=due is not None and due.at < now,
        exercise=referral.exercise,
    )


def about(referral: Referral, names: Places) -> str:
    """`Support for a person. Watford.`"""
    need = need_words(referral.picture.need).removesuffix(".")
    place = _place(referral, names)
    return f"{need}. {place}." if place else f"{need}."


def _place(referral: Referral, names: Places) -> str:
    district = referral.picture.district or ""
    return names.get(district, district)


def answered(referral: Referral, officer: str, refused: bool, now: datetime) -> Said | None:
    """What an officer is told of a referral they have just answered, as it stands now; None if never asked."""
    offer = referral.offer_to(officer)
    if offer is None:
        return None
    if offer.answer == "declined":
        return Said(f"You declined {referral.reference}.", "Somebody else is asked. Nothing more is needed.", "done")
    if referral.held:
        return _has_owner(referral, officer, now)
    if not referral.is_open:
        return Said(f"{referral.reference} is closed.", "Nothing more is needed from you.")
    more = "You may be off duty, or have as many tasks as you can. Somebody else is asked."
    return Said(f"{referral.reference} did not go to you.", more, "warning") if refused else None


def _has_owner(referral: Referral, officer: str, now: datetime) -> Said:
    due = next_due(referral)
    if referral.holder is not None and referral.holder.id == officer:
        return Said(
            f"You have {referral.reference}.", f"{due.what} by {day_and_time(due.at, now)}." if due else "", "done"
        )
    if helps(referral, officer):
        return Said(f"You come along to {referral.reference}.", f"{owner(referral)} has it.", "done")
    thanks = "Nothing more is needed from you. Thank you for answering."
    return Said(f"A colleague already has {referral.reference}.", thanks)


def facts(referral: Referral, names: Places, forces: Places) -> list[tuple[str, str]]:
    """The referral page's list: what it is, without a word of why. `forces` are those of the districts."""
    picture = referral.picture
    place = _place(referral, names) or "Not known yet"
    force = forces.get(picture.district or "", referral.force)
    return [
        ("Owner", owner(referral)),
        ("Wanted", need_words(picture.need)),
        ("Class", class_words(picture.response_class)),
        ("Grade", (picture.grade or "none").replace("_", " ").capitalize()),
        ("Place", f"{place}, {force.capitalize()}"),
    ]


def deadlines(referral: Referral) -> list[Due]:
    """What was missed and what is due next."""
    return [due for due in (missed(referral), next_due(referral)) if due is not None]


def _role(alert: Alert) -> str:
    """`The sergeant`: the force is the page's own."""
    words = who(alert.role.partition(":")[0])
    return words[:1].upper() + words[1:]
