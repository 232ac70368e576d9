"""How far an officer has to go and how much duty is left after it.

The reckoning: the straight line between two squares of the National Grid, one kilometre each (the officer's base and
the place), is made a road by the policy's `road_percent` and a time by its `road_kmh`, there but not back. It is a
weight among others and never decides which force a report belongs to. Where base or place is unknown, or nobody has
to go anywhere, there is no road and no time is taken off.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from math import hypot

from services.routing.rules.matching.model import Candidate, Reach, Request
from services.routing.rules.matching.muster import Muster

LONGEST = timedelta(days=7) / timedelta(minutes=1)
"""Minutes of duty beyond which more makes no difference: a roster is known further ahead than this, always."""


def reaches(request: Request, muster: Muster, candidates: Sequence[Candidate]) -> list[Reach]:
    """The candidates with their way to where the request is."""
    reach = _reacher(request, muster)
    if candidates is muster.standing.present:
        return muster.reached(request.km, reach)
    return [reach(candidate) for candidate in candidates]


def _reacher(request: Request, muster: Muster) -> Callable[[Candidate], Reach]:
    matching, moment = muster.standing.matching, muster.now.timestamp()
    longer, pace = matching.road_percent / 100, 60 / matching.road_kmh
    place, make = request.km, tuple.__new__

    def stay(candidate: Candidate) -> Reach:
        begins = candidate.begins
        left = (candidate.ends - (begins if begins > moment else moment)) / 60
        return make(Reach, (candidate, None, left if left < LONGEST else LONGEST))

    def go(candidate: Candidate) -> Reach:
        base = candidate.officer.base_km
        if base is None or place is None:
            return stay(candidate)
        road = hypot(place[0] - base[0], place[1] - base[1]) * longer
        begins = candidate.begins
        left = (candidate.ends - (begins if begins > moment else moment)) / 60
        return make(Reach, (candidate, road, (left if left < LONGEST else LONGEST) - road * pace))

    return stay if place is None else go
