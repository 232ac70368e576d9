"""What the codes of a referral's forms are called, and what is said of an entry that cannot stand. Pure."""

from collections.abc import Mapping, Sequence

from services.routing.wording import plain

Word = tuple[str, str]
"""A code and how it reads."""

MEANS = {
    "call": "Phone call",
    "text": "Text message",
    "email": "E-mail",
    "video": "Video call",
    "face_to_face": "In person",
}
OUTCOMES = (
    ("spoke", "I spoke to them"),
    ("no_answer", "No answer"),
    ("message_left", "I left a message"),
    ("wrong_person", "Somebody else answered"),
    ("unsafe", "It was not safe to talk"),
)
NEXT_STEPS = (
    ("", "Nothing yet"),
    ("try_again", "Try again"),
    ("other_means", "Try another way"),
    ("visit", "Visit"),
    ("meet", "Meet as agreed"),
    ("await_reply", "Wait for their reply"),
    ("ask_supervisor", "Ask my supervisor"),
)
RELEASES = {
    "duty_ends": "My duty ends",
    "abstracted": "I was called to other work",
    "unfit": "I am not fit for it just now",
    "conflict": "I should not have this one",
    "other_task": "Another task comes first",
}
ACKNOWLEDGEMENTS = (
    ("taken_on", "I am dealing with it"),
    ("passed_on", "I have asked somebody who can"),
    ("unit_sent", "A unit has been sent"),
    ("safeguarding_told", "Safeguarding has been told"),
    ("nothing_more", "Nothing more is needed"),
)
CLOSINGS = {
    "supported": "They were supported",
    "advised": "Advice was given",
    "signposted": "They were shown where else to turn",
    "declined_by_person": "They want nothing more from us",
    "unable_to_contact": "We could not reach them",
    "event_held": "The event took place",
    "duplicate": "It is in another referral already",
}
REOPENINGS = (
    ("came_back", "They came back"),
    ("closed_too_soon", "It was closed too soon"),
    ("new_information", "Something new is known"),
)
TOLD = (
    ("person", "The person"),
    ("referrer", "Whoever asked for them"),
    ("not_safe_until", "Nobody: it is not safe before the next contact"),
)

_WRONG: Mapping[str, str] = {
    "voicemail_not_allowed": "No message may be left on the phone: they have not agreed to it",
    "not_agreed": "They have not agreed to this way of being reached",
    "in_the_past": "This time has passed. Enter one that is still to come",
    "in_the_future": "This time is still to come. Enter when it was",
    "too_far_ahead": "This is too far ahead",
    "required": "Fill this in",
    "unknown_code": "Choose one of these",
    "not_allowed_value": "Choose one of these",
    "not_a_code": "Choose one of these",
    "not_an_id": "Choose one of these",
    "not_a_reference": "Enter the reference as the board shows it",
    "the_same": "This is the referral itself. Enter the other one",
    "not_there": "There is no such referral that you can see",
    "holds_it_already": "They have it already",
    "not_a_time": "Enter a date and a time",
    "no_such_local_time": "There is no such time: the clocks go forward then",
    "not_a_plausible_year": "Look at the year again",
}
_WRONG_THERE: Mapping[tuple[str, str], str] = {
    ("means", "required"): "Choose how you tried",
    ("outcome", "required"): "Choose an outcome",
    ("code", "required"): "Choose why",
    ("reason", "required"): "Choose why",
    ("to", "required"): "Choose a colleague",
    ("force", "required"): "Choose a force",
    ("reference", "required"): "Enter the reference as the board shows it",
    ("told", "required"): "Choose who has been told",
    ("told", "not_allowed_value"): "The person must not be contacted: tell whoever asked for them",
    ("told_at", "required"): "Enter when they were told",
    ("told_by", "required"): "Choose who told them",
    ("next_contact_by", "required"): "Enter when the next contact is due",
    ("until", "required"): "Enter until when",
}


def wrong_words(field: str, reason: str) -> str:
    """Why an entry cannot stand, in a sentence to be read beside it."""
    return _WRONG_THERE.get((field, reason)) or _WRONG.get(reason) or "Look at this again"


def named(codes: Sequence[str], words: Mapping[str, str]) -> tuple[Word, ...]:
    """Codes of the policy with their words; one that has none reads as itself."""
    return tuple((code, words.get(code) or plain(code).capitalize()) for code in codes)
