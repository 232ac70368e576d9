"""Points: how well an officer fits, in parts that add up to the policy's weights (domain.md §6).

Rest is no part of them: whoever is tired comes after everybody who is not, whatever their points. What the person
requires is no part either, it is a filter; what they would like counts here.
"""

from collections.abc import Callable
from datetime import datetime

from services.routing.rules.matching.model import Officer, Reach, Request
from shared.contracts.matching import Matching

PARTS = ("continuity", "district", "shift", "skills", "caseload", "language", "travel", "fairness")

Scorer = Callable[[Reach, int, float], tuple[int, ...]]
"""(an officer's reach, what they have in hand, their last task in seconds since 1970) → points for each of PARTS"""


def scorer(request: Request, matching: Matching, now: datetime) -> Scorer:
    """A function that gives points to the candidates for one request at `now`. A part is rounded down.

    continuity: the person asked for this officer, or had them before.
    district: the place lies in one of the officer's districts.
    shift: duty left after travel, in full where task and margin fit into it.
    skills: the share of what is wished for that the officer brings, each skill and a wished gender alike.
    caseload: the share of the officer's cap that is free.
    language: the officer speaks a language of the person's.
    travel: in full at the door, nothing from `far_km` of road on, nothing where the road is unknown.
    fairness: the longer since the last task, in full after `fairness_hours`.
    """
    points, caps, far = matching.points, matching.cap, matching.far_km
    needed = matching.task_minutes + matching.shift_end_margin_minutes
    fairness = points.fairness / (matching.fairness_hours * 3600)
    known = request.known if request.last is None else request.known | {request.last}
    spoken, brought = frozenset(request.languages), _needs(request, points.skills)
    district, moment = request.district, now.timestamp()

    def score(reach: Reach, counted: int, since: float) -> tuple[int, ...]:
        candidate, road, left = reach
        officer = candidate.officer
        # Minus infinity for whoever never had a task.
        waited = int(max(moment - since, 0.0) * fairness) if since > 0 else points.fairness
        cap = officer.cap or caps
        return (
            points.continuity if officer.id in known else 0,
            points.district if district in officer.districts else 0,
            points.shift if left >= needed else int(points.shift * left / needed) if left > 0 else 0,
            brought(officer) if brought else 0,
            points.caseload * max(cap - counted, 0) // cap,
            points.language if spoken and not spoken.isdisjoint(officer.languages) else 0,
            int(points.travel * (1 - road / far)) if road is not None and road < far else 0,
            waited if waited < points.fairness else points.fairness,
        )

    return score


def _needs(request: Request, weight: int) -> Callable[[Officer], int] | None:
    """Points for the share of skills and of a wished gender that an officer brings; None where nothing is wished."""
    skills = frozenset(request.skills)
    gender = None if request.gender_required else request.gender
    wishes = len(skills) + (gender is not None)
    if not wishes:
        return None

    def brought(officer: Officer) -> int:
        met = len(skills & officer.skills) + (gender is not None and officer.gender == gender)
        return weight * met // wishes

    return brought
