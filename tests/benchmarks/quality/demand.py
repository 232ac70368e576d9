"""A year of referrals to find officers for: about six requests a day, in season. The same seed, the same year.

Bodies are those the simulation writes. Only what ranking decides is kept: requests whose place or strand sends
them to a human first are left out, and so is advice to officers, which goes to everybody on duty at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from services.routing.rules.matching.model import Request
from services.simulation.people import Person, somebody
from services.simulation.places import Places
from services.simulation.reports import ASKS, CHANNELS, Subject, pick, write
from services.simulation.roster import officer_ids
from services.simulation.traffic import LONDON, PER_DAY, PRIDE, busyness
from shared.contracts.policy import PolicyDocument, response_class
from shared.contracts.postcode import parse_postcode
from shared.gazetteer import PostcodeIndex

REPEATS = 0.22
"""Of all requests, those of somebody who asked before."""
SEASON = (0.85, 0.85, 0.85, 0.85, 1.25, 1.25, 1.25, 1.25, 0.9, 0.9, 0.9, 0.9)
"""By month; half as many again from May to August. The mean is 1."""
LASTS: Mapping[str, tuple[float, float]] = {
    "immediate": (3, 21),
    "priority": (3, 21),
    "scheduled": (2, 14),
    "public_advice": (1, 5),
    "community_event": (7, 60),
}
"""Days from the accept until it is closed, at least and at most (our guess)."""

_FORCES: Mapping[str, float] = {"herts": 45, "beds": 25, "cambs": 30}
_BUSIEST = 1.45 * 1.2 * 1.6 * max(SEASON) * PRIDE


@dataclass(frozen=True)
class Referral:
    """One that needs an officer from `at` on, who then has it for `lasts`. `person`: whose it is."""

    at: datetime
    person: int
    request: Request
    lasts: timedelta


@dataclass(frozen=True)
class World:
    """What requests are made of: real places, and the policy that reads them."""

    policy: PolicyDocument
    places: Places
    index: PostcodeIndex


@dataclass(frozen=True)
class Plan:
    """How long a stream lasts from `start` (aware) on, and how many times as many as usual it brings."""

    start: datetime
    days: int = 365
    seed: int = 1
    times: float = 1.0


def a_year(world: World, plan: Plan) -> Iterator[Referral]:
    """The referrals of the days planned, in order."""
    draw = Random(plan.seed)
    known: dict[str, list[Person]] = {force: [] for force in _FORCES}
    officers = {force: officer_ids(force) for force in _FORCES}
    for number, at in enumerate(_arrivals(plan, draw)):
        force = pick(draw, _FORCES)
        repeat = bool(known[force]) and draw.random() < REPEATS
        if not repeat:
            known[force].append(somebody(number, draw.choice(world.places.inside[force])[0], draw))
        person = draw.choice(known[force]) if repeat else known[force][-1]
        ask = pick(draw, ASKS)
        subject = Subject(number, at, force, ask, pick(draw, CHANNELS[ask]), person, repeat, officers)
        body, _contact = write(subject, world.places, draw)
        request = request_of(body, force, world)
        if request is not None:
            lasts = timedelta(days=draw.uniform(*LASTS[request.response_class]))
            yield Referral(at, person.number, request, lasts)


def _arrivals(plan: Plan, draw: Random) -> Iterator[datetime]:
    pride, end = _pride(plan.start), plan.start + timedelta(days=plan.days)
    at = plan.start
    while (at := at + timedelta(days=draw.expovariate(PER_DAY * plan.times * _BUSIEST))) < end:
        if draw.random() * _BUSIEST < busyness(at, pride) * SEASON[at.astimezone(LONDON).month - 1]:
            yield at


def _pride(start: datetime) -> date:
    """The last Saturday of the first August from `start` on: that weekend brings ten times as many."""
    year = start.year + (start.month > 8)
    return next(day for back in range(7) if (day := date(year, 8, 31 - back)).weekday() == 5)


def request_of(body: Mapping[str, Any], force: str, world: World) -> Request | None:
    """What a report asks of an officer; None where a human decides first, or everybody is asked at once."""
    grade = body.get("grade", {}).get("value")
    its_class = response_class(world.policy, body["need"], grade, body["risks"], force)
    strands = [one["strand"] for one in body["strands"]]
    placed = _placed(body["locations"], world)
    if its_class not in LASTS or placed is None or (strands and not set(strands) & set(world.policy.scheme.strands)):
        return None
    wanted = body["preferences"]
    gender = wanted.get("officer_gender", {})
    implied = [
        skill for code in (*strands, *body["risks"]) for skill in world.policy.codes.implied_skills.get(code, ())
    ]
    return Request(
        force=world.policy.force_of_district(placed.get("district", "")) or force,
        response_class=its_class,
        skills=tuple(dict.fromkeys([*wanted.get("skills", ()), *implied])),
        languages=tuple(wanted.get("languages", ())),
        gender=gender.get("value"),
        gender_required=gender.get("required", False),
        cross_force=wanted.get("cross_force", True),
        known=frozenset(wanted.get("known_officers", ())),
        named=dict.fromkeys(body.get("connected_officers", ()), "connected")
        | dict.fromkeys(wanted.get("excluded_officers", ()), "excluded"),
        **placed,
    )


def _placed(locations: Sequence[Mapping[str, Any]], world: World) -> dict[str, Any] | None:
    """District, sector and kilometres as far as they are known; None where a human looks at the place first."""
    if not locations:
        return {}
    first = locations[0]
    found: dict[str, Any] = {"district": first.get("district")}
    postcode = parse_postcode(first.get("postcode", ""))
    place = world.index.find(postcode) if postcode is not None else None
    if postcode is not None and place is not None:
        kilometres = (place.easting // 1000, place.northing // 1000)
        found = {"district": place.district, "sector": postcode.sector, "km": kilometres}
    return found if world.policy.force_of_district(found["district"] or "") else None
