"""What the person requires that nobody can meet just now: they are asked about it, never overridden."""

from dataclasses import replace

from services.routing.rules.matching.model import Request, Scope
from services.routing.rules.matching.muster import Muster
from services.routing.rules.matching.rank import anybody


def unmet(request: Request, muster: Muster, scope: Scope) -> tuple[str, ...]:
    """Wishes (gender, language, skill, other_force) that alone keep everybody out: without one somebody could be asked.

    Where only all of them together do, all are named. Empty where somebody may be asked, or would not be without them.
    """
    wishes = _given_up(request)
    if not wishes or anybody(request, muster, scope):
        return ()
    alone = tuple(name for name, without in wishes.items() if anybody(without, muster, scope))
    return alone or (tuple(wishes) if anybody(without_any(request), muster, scope) else ())


def _given_up(request: Request) -> dict[str, Request]:
    """For each wish that the person requires, the request without it."""
    found: dict[str, Request] = {}
    if request.gender_required:
        found["gender"] = replace(request, gender_required=False)
    if request.required_languages:
        found["language"] = replace(request, required_languages=())
    if request.required_skills:
        found["skill"] = replace(request, required_skills=())
    if not request.cross_force:
        found["other_force"] = replace(request, cross_force=True)
    return found


def without_any(request: Request) -> Request:
    """The request without anything that the person requires."""
    return replace(request, gender_required=False, required_languages=(), required_skills=(), cross_force=True)
