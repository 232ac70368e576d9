"""Hard filters that ask something of the request, in one fixed order, each with a stable code.

What holds for any request (training, leave, duty) has been settled by the muster before these. A policy may leave
out `shift_left` and `cap`; everything else applies whatever a policy says.
"""

from collections.abc import Callable, Iterable, Mapping

from services.routing.rules.matching.model import IDLE, Load, Reach, Request
from services.routing.rules.matching.muster import Muster
from shared.contracts.matching import Matching

Filter = Callable[[Reach], str | None]
"""The code that rules an officer out, None where nothing does."""


def before_force(request: Request, matching: Matching) -> list[Filter]:
    """Filters that come before the question of whose officer it is; those that this request sets in motion."""
    found: list[Filter] = []
    if "shift_left" in matching.filters:
        found.append(_ends_too_soon(matching.least_left_minutes))
    if request.named:
        found.append(_named(request.named))
    if request.sector:
        found.append(_avoids(request.sector))
    return found


def after_force(request: Request, muster: Muster) -> list[Filter]:
    """Filters that come after the question of whose officer it is."""
    found: list[Filter] = []
    if request.gender_required:
        found.append(_gender(request.gender))
    if request.required_languages:
        found.append(_language(frozenset(request.required_languages)))
    if request.required_skills:
        found.append(_skill(frozenset(request.required_skills)))
    matching = muster.standing.matching
    if "cap" in matching.filters and not request.broadcast:
        found.append(_cap(muster.loads, matching.cap))
    return found


def sift(reaches: Iterable[Reach], rules: Iterable[Filter], ruled_out: dict[str, list[str]]) -> list[Reach]:
    """Those whom no filter rules out; the others go into `ruled_out` under the code of the first that does."""
    for rule in rules:
        fitting = []
        for reach in reaches:
            code = rule(reach)
            if code is None:
                fitting.append(reach)
            else:
                ruled_out.setdefault(code, []).append(reach.candidate.officer.id)
        reaches = fitting
    return list(reaches)


def _ends_too_soon(least: int) -> Filter:
    return lambda reach: "shift_ends_too_soon" if reach.left < least else None


def _named(named: Mapping[str, str]) -> Filter:
    return lambda reach: named.get(reach.candidate.officer.id)


def _avoids(sector: str) -> Filter:
    return lambda reach: "avoids_area" if sector in reach.candidate.officer.avoid else None


def _gender(wanted: str | None) -> Filter:
    return lambda reach: None if reach.candidate.officer.gender == wanted else "gender_required"


def _language(wanted: frozenset[str]) -> Filter:
    return lambda reach: "language_required" if wanted.isdisjoint(reach.candidate.officer.languages) else None


def _skill(wanted: frozenset[str]) -> Filter:
    return lambda reach: None if wanted <= reach.candidate.officer.skills else "skill_required"


def _cap(loads: Mapping[str, Load], cap: int) -> Filter:
    def full(reach: Reach) -> str | None:
        officer = reach.candidate.officer
        return "cap" if loads.get(officer.id, IDLE).counted >= (officer.cap or cap) else None

    return full
