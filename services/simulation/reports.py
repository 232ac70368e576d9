"""Writes one plausible report in the contract's words: who asks, for what, where, when and how urgently.

Shares are those of domain knowledge where there are any (channels, needs, repeats, strands) and guesses where
there are none. Pure: every choice comes from the generator of random numbers it is given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from services.simulation.counties import FORCE_NAMES, districts_of
from services.simulation.people import ORGANISATIONS, Json, Person, details_of, no_contact
from services.simulation.places import Places

LONDON = ZoneInfo("Europe/London")

Weights = Mapping[str, float]

ASKS: Weights = {"crime": 30, "support": 20, "advice": 20, "officer_advice": 18, "community": 12}
"""What requests are about, in per cent of all."""

CHANNELS: Mapping[str, Weights] = {
    "crime": {"101": 47, "online": 17, "999": 32, "third_party": 4},
    "support": {"101": 52, "online": 25, "999": 10, "third_party": 10, "front_counter": 3},
    "advice": {"101": 52, "online": 40, "third_party": 6, "front_counter": 2},
    "officer_advice": {"officer": 35, "control_room": 40, "999": 25},
    "community": {"101": 38, "online": 50, "third_party": 12},
}
_GRADES: Mapping[str, Weights] = {
    "999": {"immediate": 55, "priority": 40, "scheduled": 5},
    "101": {"immediate": 3, "priority": 35, "scheduled": 45, "resolved_without_deployment": 12, "": 5},
    "other": {"priority": 10, "scheduled": 45, "resolved_without_deployment": 20, "": 25},
}
_KINDS: Weights = {"non_crime": 35, "support_only": 45, "undetermined": 15, "intelligence": 5}
_PERCEIVED: Weights = {"victim": 80, "witness": 10, "officer": 7, "other": 3}
_OUTSIDE_STRANDS = ("race", "religion", "disability")
_SKILLS = ("trans", "youth", "same_sex_domestic_abuse", "chemsex")
_LANGUAGES = ("pl", "ro", "ur", "bn", "pa", "pt", "bfi")


@dataclass(frozen=True)
class Subject:
    """What a report is about before it is put in words. `officers` are ids that exist, by force."""

    number: int
    at: datetime
    force: str
    ask: str
    channel: str
    person: Person
    repeat: bool
    officers: Mapping[str, Sequence[str]]


def pick(draw: Random, weights: Weights) -> str:
    """One of the names, by weight."""
    return draw.choices(list(weights), list(weights.values()))[0]


def write(subject: Subject, places: Places, draw: Random) -> tuple[Json, Json | None]:
    """The report without source, key and contact, and the contact details to leave with it, if any."""
    no_contact_wanted = subject.channel == "third_party" and draw.random() < 0.4
    requester = _requester(subject, no_contact_wanted, draw)
    strands = _strands(draw)
    grade = _grade(subject, draw)
    body: Json = {
        "received_at": subject.at.isoformat(),
        "channel": subject.channel,
        "need": _need(subject, grade, draw),
        "requester": requester,
        "incident_kind": "crime" if subject.ask == "crime" else pick(draw, _KINDS),
        "strands": [{"strand": strand, "perceived_by": pick(draw, _PERCEIVED)} for strand in strands],
        "risks": _risks(subject, draw),
        "locations": _locations(subject, places, draw),
        "preferences": _preferences(subject, strands, draw),
    }
    _add_times(body, subject, draw)
    _add_rest(body, subject, grade, draw)
    return body, _contact(subject, no_contact_wanted, draw)


def _requester(subject: Subject, no_contact_wanted: bool, draw: Random) -> Json:
    if subject.ask == "officer_advice":
        return {"role": "officer", "consents_to_contact": True}
    if subject.channel == "third_party":
        return {
            "role": "third_party",
            "consents_to_contact": not no_contact_wanted,
            "organisation": draw.choice(ORGANISATIONS),
            "person_knows": draw.random() < 0.9,
            "basis": "asked us to pass it on",
        }
    if subject.ask == "community":
        return {"role": "public", "consents_to_contact": True, "organisation": draw.choice(ORGANISATIONS)}
    roles = {"victim": 68, "witness": 12, "friend_or_family": 12, "public": 8}
    return {"role": pick(draw, roles), "consents_to_contact": draw.random() < 0.95}


def _grade(subject: Subject, draw: Random) -> str:
    if subject.ask not in {"crime", "support"}:
        return ""
    return pick(draw, _GRADES.get(subject.channel, _GRADES["other"]))


def _need(subject: Subject, grade: str, draw: Random) -> str:
    if subject.ask == "crime" and subject.channel == "999" and grade == "immediate":
        return "attend_now"
    if subject.ask == "community":
        return draw.choice(("community_event", "awareness_session"))
    return {"crime": "support"}.get(subject.ask, subject.ask)


def _strands(draw: Random) -> list[str]:
    roll = draw.random()
    if roll < 0.05:
        return ["transgender" if draw.random() < 0.3 else "sexual_orientation", draw.choice(_OUTSIDE_STRANDS)]
    if roll < 0.10:
        return [draw.choice(_OUTSIDE_STRANDS)]
    if roll < 0.18:
        return []
    return ["transgender" if draw.random() < 0.18 else "sexual_orientation"]


def _risks(subject: Subject, draw: Random) -> list[str]:
    if subject.ask not in {"crime", "support"}:
        return []
    chances = {
        "suicide_or_self_harm": 0.03,
        "child": 0.03,
        "domestic_abuse": 0.06,
        "honour_based": 0.02,
        "offender_nearby": 0.08 if subject.channel == "999" else 0.005,
        "weapon": 0.03 if subject.channel == "999" else 0.002,
        "repeat": 0.6 if subject.repeat else 0.0,
    }
    return [risk for risk, chance in chances.items() if draw.random() < chance]


def _locations(subject: Subject, places: Places, draw: Random) -> list[Json]:
    roll = draw.random()
    if roll < 0.03:
        return []
    if roll < 0.05:
        return [{"kind": "rail", "low_detail": True}]
    found = [_incident(subject, places, draw)]
    if draw.random() < 0.1:
        found.append({"kind": "meeting", "postcode": _inside(subject.force, places, draw)})
    if draw.random() < 0.05:
        found.append({"kind": "home", "district": draw.choice(districts_of(subject.force)).code})
    return found


def _incident(subject: Subject, places: Places, draw: Random) -> Json:
    roll = draw.random()
    if roll < 0.04:
        return {"kind": "incident", "postcode": draw.choice(places.outside)}
    if roll < 0.12:
        return {"kind": "incident", "postcode": draw.choice(places.on_the_line[subject.force])[0]}
    if roll < 0.17:
        return {"kind": "incident", "postcode": draw.choice(places.straddling), "low_detail": True}
    if roll < 0.25:
        return {"kind": "incident", "district": draw.choice(districts_of(subject.force)).code, "low_detail": True}
    return {"kind": "incident", "postcode": _as_typed(_inside(subject.force, places, draw), draw)}


def _inside(force: str, places: Places, draw: Random) -> str:
    return draw.choice(places.inside[force])[0]


def _as_typed(postcode: str, draw: Random) -> str:
    roll = draw.random()
    return postcode.lower() if roll < 0.1 else postcode.replace(" ", "") if roll < 0.25 else postcode


def _preferences(subject: Subject, strands: Sequence[str], draw: Random) -> Json:
    wanted: Json = {}
    if draw.random() < (0.5 if "transgender" in strands else 0.12):
        wanted["skills"] = ["trans" if "transgender" in strands else draw.choice(_SKILLS)]
    if draw.random() < 0.06:
        wanted["languages"] = [draw.choice(_LANGUAGES)]
    if draw.random() < 0.1:
        wanted["officer_gender"] = {"value": draw.choice(("female", "male")), "required": draw.random() < 0.3}
    if draw.random() < 0.3:
        wanted["how"] = draw.choice(("face_to_face", "phone", "video"))
    if draw.random() < 0.05:
        wanted["cross_force"] = False
    officers = subject.officers.get(subject.force, ())
    if subject.repeat and officers and draw.random() < 0.3:
        wanted["known_officers"] = [draw.choice(officers)]
    if officers and draw.random() < 0.01:
        wanted["excluded_officers"] = [draw.choice(officers)]
    return wanted


def _add_times(body: Json, subject: Subject, draw: Random) -> None:
    if subject.ask == "community":
        starts = subject.at + timedelta(days=draw.randint(7, 60))
        body["event"] = {
            "starts_at": starts.isoformat(),
            "ends_at": (starts + timedelta(hours=draw.choice((1, 2, 5)))).isoformat(),
            "venue_district": draw.choice(districts_of(subject.force)).code,
            "audience": draw.choice(("sixth form", "town festival", "staff network", "parents' evening")),
            "officers_wanted": draw.choice((1, 1, 2, 3)),
            "organiser": draw.choice(ORGANISATIONS),
        }
    elif subject.ask in {"crime", "support"}:
        occurred = _occurred(subject, draw)
        body["occurred_from"] = occurred.isoformat()
        body["occurred_to"] = min(subject.at, occurred + timedelta(minutes=draw.choice((5, 15, 60)))).isoformat()


def _occurred(subject: Subject, draw: Random) -> datetime:
    """Minutes ago for a 999 call; else mostly on the last evenings from Friday to Sunday, 18:00 to 02:00."""
    if subject.channel == "999":
        return subject.at - timedelta(minutes=draw.randint(2, 40))
    if draw.random() < 0.4:
        return subject.at - timedelta(minutes=draw.randint(60, 72 * 60))
    local = subject.at.astimezone(LONDON)
    back = (local.weekday() - draw.choice((4, 5, 6))) % 7 or 7
    evening = local.replace(hour=18, minute=0, second=0, microsecond=0) - timedelta(days=back)
    return min(subject.at, evening + timedelta(minutes=draw.randint(0, 8 * 60)))


def _add_rest(body: Json, subject: Subject, grade: str, draw: Random) -> None:
    if grade:
        word = "prompt" if subject.force == "cambs" and grade == "priority" and draw.random() < 0.5 else grade
        body["grade"] = {"value": word, "by": f"{FORCE_NAMES[subject.force]} desk 4", "at": subject.at.isoformat()}
    if draw.random() < 0.04 or "child" in body["risks"]:
        body["under_18"] = True
    if draw.random() < 0.01:
        body["complaint_against_police"] = True
    if subject.channel == "online" and draw.random() < 0.5:
        body["wants_recording"] = draw.random() < 0.6
    if subject.repeat or draw.random() < 0.3:
        body["person_hint"] = subject.person.hint
    officers = subject.officers.get(subject.force, ())
    if officers and draw.random() < 0.01:
        body["connected_officers"] = [draw.choice(officers)]
    if subject.ask == "crime" and officers and draw.random() < 0.3:
        body["officers_in_case"] = {"attending": draw.choice(officers)}


def _contact(subject: Subject, no_contact_wanted: bool, draw: Random) -> Json | None:
    if no_contact_wanted:
        return no_contact(subject.number, draw)
    if subject.ask == "officer_advice" or draw.random() < 0.12:
        return None
    return details_of(subject.person, draw)


def source_of(subject: Subject, run: str) -> Json:
    """`source` of a report. Incident numbers start again every day; `run` tells two runs of a day apart."""
    local = subject.at.astimezone(LONDON)
    source: Json = {
        "system": f"cad-{subject.force}",
        "force": subject.force,
        "operator": f"op{subject.number % 37:02d}",
        "incident_ref": f"{run}/{subject.number:04d}",
        "incident_date": local.date().isoformat(),
    }
    if subject.ask == "crime":
        prefix = {"herts": 41, "beds": 40, "cambs": 35}.get(subject.force, 99)
        source["crime_ref"] = f"{prefix}/{subject.number % 100_000:05d}/{local:%y}"
    return source
