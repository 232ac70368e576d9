"""Points: how well an officer fits, in parts that add up to the policy's weights (domain.md §6)."""

from collections.abc import Callable
from datetime import datetime
from math import hypot

from services.routing.rules.matching.model import Candidate, Load, Request
from shared.contracts.matching import Matching

PARTS = ("continuity", "district", "shift", "skills", "caseload", "language", "travel", "fairness")

Scorer = Callable[[Candidate, Load, float, float], tuple[int, ...]]
"""(candidate, load, minutes of duty left after travel, kilometres to travel) → points for each of PARTS"""


def scorer(request: Request, matching: Matching, now: datetime) -> Scorer:
    """A function that gives points to the candidates for one request at `now`."""
    points = matching.points
    needed = matching.task_minutes + matching.shift_end_margin_minutes
    fairness = points.fairness / (matching.fairness_hours * 3600)
    wanted, spoken = frozenset(request.skills), frozenset(request.languages)
    outward = request.sector.split(" ")[0] if request.sector else None
    district, known, moment = request.district, request.known, now.timestamp()

    def score(candidate: Candidate, load: Load, left: float, km: float) -> tuple[int, ...]:
        officer = candidate.officer
        last = load.last_task
        return (
            points.continuity if officer.id in known else 0,
            points.district if district in officer.districts else 0,
            points.shift if left >= needed else int(points.shift * max(left, 0.0) / needed),
            int(points.skills * len(wanted & officer.skills) / len(wanted)) if wanted else 0,
            int(points.caseload * max(1 - load.counted / (officer.cap or matching.cap), 0.0)),
            points.language if spoken and spoken & officer.languages else 0,
            _travel(points.travel, officer.base, outward, 1 - km / matching.far_km if km else None),
            points.fairness if last is None else min(points.fairness, int((moment - last.timestamp()) * fairness)),
        )

    return score


def kilometres(request: Request, candidate: Candidate) -> float:
    """As the crow flies from the officer's base to where the request is; 0 where either is unknown."""
    base = candidate.officer.base_km
    if request.km is None or base is None:
        return 0.0
    return hypot(request.km[0] - base[0], request.km[1] - base[1])


def _travel(weight: int, base: str | None, outward: str | None, nearness: float | None) -> int:
    if nearness is not None:
        return int(weight * max(nearness, 0.0))
    return weight if outward is not None and base is not None and base.split(" ")[0] == outward else 0
