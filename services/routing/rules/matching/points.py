"""Points: how well an officer fits, in parts that add up to the policy's weights (domain.md §6)."""

from collections.abc import Callable
from datetime import datetime
from math import hypot

from services.routing.rules.matching.model import Load, Officer, Request
from shared.contracts.matching import Matching

PARTS = ("continuity", "district", "shift", "skills", "caseload", "language", "travel", "fairness")

Scorer = Callable[[Officer, Load, float, float], tuple[int, ...]]
"""(officer, load, minutes of duty left after travel, kilometres to travel) → points for each of PARTS"""


def scorer(request: Request, matching: Matching, now: datetime) -> Scorer:
    """A function that gives points to the candidates for one request at `now`."""
    points, caps = matching.points, matching.cap
    needed = matching.task_minutes + matching.shift_end_margin_minutes
    fairness = points.fairness / (matching.fairness_hours * 3600)
    wanted, spoken = frozenset(request.skills), frozenset(request.languages)
    travel = _travel(request, matching)
    district, known, moment = request.district, request.known, now.timestamp()

    def score(officer: Officer, load: Load, left: float, km: float) -> tuple[int, ...]:
        last = load.last_task
        return (
            points.continuity if officer.id in known else 0,
            points.district if district in officer.districts else 0,
            points.shift if left >= needed else int(points.shift * max(left, 0.0) / needed),
            int(points.skills * len(wanted & officer.skills) / len(wanted)) if wanted else 0,
            int(points.caseload * max(1 - load.counted / (officer.cap or caps), 0.0)),
            points.language if spoken and spoken & officer.languages else 0,
            travel(officer, km) if travel else 0,
            points.fairness if last is None else min(points.fairness, int((moment - last.timestamp()) * fairness)),
        )

    return score


def kilometres(request: Request, officer: Officer) -> float:
    """As the crow flies from the officer's base to where the request is; 0 where either is unknown."""
    if request.km is None or officer.base_km is None:
        return 0.0
    return hypot(request.km[0] - officer.base_km[0], request.km[1] - officer.base_km[1])


def _travel(request: Request, matching: Matching) -> Callable[[Officer, float], int] | None:
    """Points for being near: by distance where it is known, else for a base in the same outward code."""
    if request.sector is None and request.km is None:
        return None
    weight, far = matching.points.travel, matching.far_km
    outward = (request.sector or "").split(" ")[0] + " "

    def travel(officer: Officer, km: float) -> int:
        if km:
            return int(weight * max(1 - km / far, 0.0))
        return weight if officer.base is not None and officer.base.startswith(outward) else 0

    return travel
