"""Ranking: the same officers, request, policy and instant give the same order, whatever order they come in."""

from collections.abc import Callable

from services.routing.rules.matching.filters import filters
from services.routing.rules.matching.model import IDLE, Candidate, Ranked, Ranking, Request, Scope
from services.routing.rules.matching.muster import Muster
from services.routing.rules.matching.points import kilometres, scorer

HOME, SISTER, DUE_ON = 0, 1, 2
"""Tiers: at home in time, a sister force in time, not on duty soon enough to answer in time."""

_NEVER = float("-inf")


def rank(request: Request, muster: Muster, scope: Scope = "home_first") -> Ranking:
    """Everybody at the muster: who may be asked, best first, and who not, by the rule that says so.

    Order: tier (owning force first), rested before tired, points, longest since the last task, id.
    """
    ruled_out = {code: list(ids) for code, ids in muster.standing.absent.items()}
    fitting = _filtered(request, muster, scope, ruled_out)
    if scope == "home_first":
        fitting = _home_first(request, muster, fitting, ruled_out)
    ranked = sorted(map(_rater(request, muster, scope), fitting))
    return Ranking(scope, tuple(ranked), {code: tuple(ids) for code, ids in ruled_out.items()})


def why_not(request: Request, muster: Muster, officer: str) -> str | None:
    """The hard filter that rules one officer out now, whatever step of the ladder it is; None if none does."""
    return next(
        (code for code, ids in rank(request, muster, "pool").ruled_out.items() if officer in ids),
        None if officer in muster.standing.forces else "off_roster",
    )


def _filtered(request: Request, muster: Muster, scope: Scope, ruled_out: dict[str, list[str]]) -> list[Candidate]:
    rules = filters(request, muster.standing.matching, muster.loads, scope)
    fitting: list[Candidate] = []
    for candidate in muster.standing.present:
        for rule in rules:
            code = rule(candidate.officer)
            if code is not None:
                ruled_out.setdefault(code, []).append(candidate.officer.id)
                break
        else:
            fitting.append(candidate)
    return fitting


def _home_first(
    request: Request, muster: Muster, fitting: list[Candidate], ruled_out: dict[str, list[str]]
) -> list[Candidate]:
    """Leave the sister forces alone while somebody at home can answer in time."""
    in_time = _in_time(muster)
    home = [candidate for candidate in fitting if candidate.officer.force == request.force]
    if not any(candidate.begins <= in_time for candidate in home):
        return fitting
    if len(home) < len(fitting):
        away = (candidate.officer.id for candidate in fitting if candidate.officer.force != request.force)
        ruled_out.setdefault("other_force_not_yet", []).extend(away)
    return home


def _rater(request: Request, muster: Muster, scope: Scope) -> Callable[[Candidate], Ranked]:
    """Rates the candidates of one ranking; what they share is worked out once."""
    matching, loads = muster.standing.matching, muster.loads
    rested = matching.task_minutes + matching.shift_end_margin_minutes
    home = None if scope in {"pool", "sisters"} else request.force
    moment, in_time = muster.now.timestamp(), _in_time(muster)
    score = scorer(request, matching, muster.now)

    def rate(candidate: Candidate) -> Ranked:
        officer, begins = candidate.officer, candidate.begins
        load = loads.get(officer.id, IDLE)
        km = kilometres(request, officer)
        left = (candidate.ends - (begins if begins > moment else moment)) / 60 - km
        parts = score(officer, load, left, km)
        tired = "shift_ends_soon" if left < rested else "short_rest" if candidate.short_rest else None
        tier = DUE_ON if begins > in_time else HOME if home is None or officer.force == home else SISTER
        last = load.last_task
        since = _NEVER if last is None else last.timestamp()
        return Ranked(tier, tired is not None, -sum(parts), since, officer.id, officer.force, tired, parts)

    return rate


def _in_time(muster: Muster) -> float:
    """Whoever is on duty by then can answer in time, in seconds since 1970."""
    return muster.now.timestamp() + muster.standing.matching.sister_forces_first_minutes * 60
