"""Ranking: the same officers, request, policy and instant give the same order, whatever order they come in."""

from collections.abc import Callable, Hashable, Sequence

from services.routing.rules.matching.filters import after_force, before_force, sift
from services.routing.rules.matching.model import Candidate, Ranked, Ranking, Reach, Request, Scope
from services.routing.rules.matching.muster import Muster
from services.routing.rules.matching.points import scorer
from services.routing.rules.matching.travel import reaches

HOME, SISTER, DUE_ON = 0, 1, 2
"""Tiers: at home in time, a sister force in time, not on duty soon enough to answer in time."""

_NEVER = float("-inf")


def rank(request: Request, muster: Muster, scope: Scope = "home_first") -> Ranking:
    """Everybody at the muster: who may be asked, best first, and who not, by the rule that says so.

    Order: tier (owning force first), rested before tired, points, longest since the last task, id.
    """
    fitting, ruled_out = _fitting(request, muster, scope, muster.standing.present)
    everybody = {**muster.standing.absent, **{code: tuple(ids) for code, ids in ruled_out.items()}}
    return Ranking(scope, tuple(sorted(map(_rater(request, muster, scope), fitting))), everybody)


def why_not(request: Request, muster: Muster, officer: str) -> str | None:
    """The hard filter that rules one officer out now, whatever step of the ladder it is; None if none does."""
    if officer not in muster.standing.forces:
        return "off_roster"
    alone = [candidate for candidate in muster.standing.present if candidate.officer.id == officer]
    _, ruled_out = _fitting(request, muster, "pool", alone)
    absent = (code for code, ids in muster.standing.absent.items() if officer in ids)
    return next(absent if not alone else iter(ruled_out), None)


def anybody(request: Request, muster: Muster, scope: Scope) -> bool:
    """Whether there is anybody at all who may be asked."""
    return bool(_fitting(request, muster, scope, muster.standing.present)[0])


def _fitting(
    request: Request, muster: Muster, scope: Scope, candidates: Sequence[Candidate]
) -> tuple[list[Reach], dict[str, list[str]]]:
    """Who may be asked, and who not by the first filter that rules them out."""
    ruled_out: dict[str, list[str]] = {}
    left = sift(reaches(request, muster, candidates), before_force(request, muster.standing.matching), ruled_out)
    home = [reach for reach in left if reach.candidate.officer.force == request.force]
    away = [reach for reach in left if reach.candidate.officer.force != request.force] if len(home) < len(left) else []
    rest = after_force(request, muster)
    if scope == "sisters" and request.cross_force:
        _leave(home, "home_force", ruled_out)
        home = []
    home = sift(home, rest, ruled_out)
    code = _not_another_force(request, muster, scope, home)
    if code is not None:
        _leave(away, code, ruled_out)
        return home, ruled_out
    return home + sift(away, rest, ruled_out), ruled_out


def _not_another_force(request: Request, muster: Muster, scope: Scope, home: Sequence[Reach]) -> str | None:
    """Why no other force is asked; None where it is. `home`: who may be asked at home."""
    if not request.cross_force:
        return "person_refused_other_forces"
    in_time = _in_time(muster)
    if scope == "home" or (scope == "home_first" and any(reach.candidate.begins <= in_time for reach in home)):
        return "other_force_not_yet"
    return None


def _leave(reaches: Sequence[Reach], code: str, ruled_out: dict[str, list[str]]) -> None:
    if reaches:
        ruled_out.setdefault(code, []).extend(reach.candidate.officer.id for reach in reaches)


def _rater(request: Request, muster: Muster, scope: Scope) -> Callable[[Reach], Ranked]:
    """Rates the candidates of one ranking; what they share is worked out once."""
    matching, loads, make = muster.standing.matching, muster.loads, tuple.__new__
    rested = matching.task_minutes + matching.shift_end_margin_minutes
    home = None if scope in {"pool", "sisters"} else request.force
    in_time, score = _in_time(muster), scorer(request, matching, muster.now)
    rated = muster.rated(_asks_for(request, home))

    def rate(reach: Reach) -> Ranked:
        candidate, _, left = reach
        officer = candidate.officer
        if (known := rated.get(officer.id)) is not None:
            return known
        load, counted, since = loads.get(officer.id), 0, _NEVER
        if load is not None:
            counted = load.counted
            since = load.last_task.timestamp() if load.last_task is not None else _NEVER
        parts = score(reach, counted, since)
        tired = "shift_ends_soon" if left < rested else "short_rest" if candidate.short_rest else None
        tier = DUE_ON if candidate.begins > in_time else HOME if home is None or officer.force == home else SISTER
        row = make(Ranked, (tier, tired is not None, -sum(parts), since, officer.id, officer.force, tired, parts))
        rated[officer.id] = row
        return row

    return rate


def _asks_for(request: Request, home: str | None) -> Hashable:
    """All that a rating depends on beside the officer; requests that are equal in it are alike."""
    wishes = (request.skills, request.languages, request.gender, request.gender_required)
    return (home, request.district, request.km, request.known, request.last, wishes)


def _in_time(muster: Muster) -> float:
    """Whoever is on duty by then can answer in time, in seconds since 1970."""
    return muster.now.timestamp() + muster.standing.matching.sister_forces_first_minutes * 60
