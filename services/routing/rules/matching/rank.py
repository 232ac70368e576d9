"""Ranking: the same officers, request, policy and instant give the same order, whatever order they come in."""

from collections.abc import Callable
from datetime import datetime

from services.routing.rules.matching.filters import filters
from services.routing.rules.matching.model import IDLE, Candidate, Load, Ranked, Ranking, Request, Scope
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
    fitting: list[Ranked] = []
    rules = filters(request, muster.standing.matching, muster.loads, scope)
    rate = _rater(request, muster, scope)
    for candidate in muster.standing.present:
        for rule in rules:
            code = rule(candidate)
            if code is not None:
                ruled_out.setdefault(code, []).append(candidate.officer.id)
                break
        else:
            fitting.append(rate(candidate))
    fitting.sort(key=_order)
    if scope == "home_first":
        fitting = _home_first(fitting, ruled_out)
    return Ranking(scope, tuple(fitting), {code: tuple(ids) for code, ids in ruled_out.items()})


def why_not(request: Request, muster: Muster, officer: str) -> str | None:
    """The hard filter that rules one officer out now, whatever step of the ladder it is; None if none does."""
    return next(
        (code for code, ids in rank(request, muster, "pool").ruled_out.items() if officer in ids),
        None if officer in muster.standing.forces else "off_roster",
    )


def _rater(request: Request, muster: Muster, scope: Scope) -> Callable[[Candidate], Ranked]:
    """Rates the candidates of one ranking; what they share is worked out once."""
    matching, loads = muster.standing.matching, muster.loads
    rested = matching.task_minutes + matching.shift_end_margin_minutes
    home = None if scope in {"pool", "sisters"} else request.force
    moment = muster.now.timestamp()
    in_time = moment + matching.sister_forces_first_minutes * 60
    score = scorer(request, matching, muster.now)

    def rate(candidate: Candidate) -> Ranked:
        officer = candidate.officer
        load = loads.get(officer.id, IDLE)
        km = kilometres(request, candidate)
        left = (candidate.ends - max(candidate.begins, moment)) / 60 - km
        parts = score(candidate, load, left, km)
        tired = "short_rest" if candidate.short_rest else None
        if left < rested:
            tired = "shift_ends_soon"
        tier = HOME if home is None or officer.force == home else SISTER
        if candidate.begins > in_time:
            tier = DUE_ON
        return Ranked(officer.id, officer.force, tier, tired, sum(parts), parts, load)

    return rate


def _order(ranked: Ranked) -> tuple[int, bool, int, float, str]:
    return (ranked.tier, ranked.tired is not None, -ranked.total, _since(ranked.load), ranked.officer)


def _since(load: Load) -> float:
    last: datetime | None = load.last_task
    return _NEVER if last is None else last.timestamp()


def _home_first(fitting: list[Ranked], ruled_out: dict[str, list[str]]) -> list[Ranked]:
    """Leave the sister forces alone while somebody at home can answer in time."""
    if not fitting or fitting[0].tier != HOME:
        return fitting
    home = fitting[0].force
    away = sorted(ranked.officer for ranked in fitting if ranked.force != home)
    if away:
        ruled_out.setdefault("other_force_not_yet", []).extend(away)
    return [ranked for ranked in fitting if ranked.force == home]
