"""Words for people: what our codes are called on a page. Pure; nothing here decides anything."""

from collections.abc import Sequence

CLASSES = {
    "immediate": "Immediate",
    "priority": "Priority",
    "scheduled": "Scheduled",
    "public_advice": "Public advice",
    "officer_advice": "Officer advice",
    "community_event": "Community event",
}
COLOURS = {"immediate": "red", "priority": "orange", "officer_advice": "yellow"}
"""A class's tag; the word beside it says the same."""

NEEDS = {
    "support": "Support for a person",
    "advice": "Advice for a person",
    "officer_advice": "Advice for a colleague. Ring back.",
    "attend_now": "Attend now. A unit has been sent.",
    "community_event": "A community event",
    "awareness_session": "An awareness session",
}

ROLES = {
    "coordinator": "the coordinator",
    "sergeant": "the sergeant",
    "inspector": "the inspector",
    "fim": "the force incident manager",
    "psd": "professional standards",
    "control_room": "the control room",
    "ops": "operations",
}

DECLINES = (
    ("busy", "I am busy with something else", ""),
    ("too_far", "I am too far away", ""),
    ("unfit", "I am not fit for it just now", ""),
    ("conflict", "I should not take this one", "You need not say why. Nobody is told, and you are not asked again."),
)
"""Code, words, small print."""


def class_words(code: str | None) -> str:
    """`Officer advice`; a class that a policy added reads as its code."""
    return CLASSES.get(code or "") or plain(code or "not known").capitalize()


def class_colour(code: str | None) -> str:
    """The colour of a class's tag."""
    return COLOURS.get(code or "", "blue")


def need_words(code: str | None) -> str:
    """What is wanted, in a sentence; nothing that tells why."""
    return NEEDS.get(code or "") or plain(code or "").capitalize()


def plain(code: str) -> str:
    """`too_far` → `too far`."""
    return code.replace("_", " ")


def who(name: str) -> str:
    """An officer, a role or a signed-in person: `H1042`, `the sergeant (herts)`, `the inspector (beds)`."""
    role, _, rest = name.partition(":")
    if role in ("officer", "police", "partner") and rest:
        return rest.rpartition(":")[2]
    if role not in ROLES:
        return name
    return f"{ROLES[role]} ({rest.capitalize()})" if rest else ROLES[role]


def several(names: Sequence[str], most: int = 3) -> str:
    """`H1042`, `H1042 and H1077`, `14 officers`."""
    if len(names) > most:
        return f"{len(names)} officers"
    if len(names) < 2:
        return "".join(who(name) for name in names) or "nobody"
    return ", ".join(who(name) for name in names[:-1]) + f" and {who(names[-1])}"


def signed_in_as(role: str, force: str | None, name: str | None) -> str:
    """`Officer H1042`, `Sergeant, Herts`."""
    title = ROLES.get(role, role).removeprefix("the ")
    title = title[:1].upper() + title[1:]
    if name:
        return f"{title} {name}"
    return f"{title}, {force.capitalize()}" if force else title
