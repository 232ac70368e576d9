"""Hard filters that ask something of the request, in the policy's order, each with a stable code."""

from collections.abc import Callable, Mapping, Sequence

from services.routing.rules.matching.model import IDLE, Load, Officer, Request, Scope
from shared.contracts.matching import Matching

Filter = Callable[[Officer], str | None]
"""The code that rules an officer out, None where nothing does."""

NAMED = ("connected", "conflict", "excluded", "declined")
"""Filters that know officers by name; the first of them in the policy's order decides their place."""


def filters(request: Request, matching: Matching, loads: Mapping[str, Load], scope: Scope) -> Sequence[Filter]:
    """The filters that this request sets in motion. The named ones apply whatever the policy leaves out."""
    found: list[Filter] = []
    for name in (*matching.filters, *NAMED):
        made = _made(name, request, loads, matching, scope)
        if made is not None and not (name in NAMED and _named_already(found)):
            found.append(made)
    return found


def _made(name: str, request: Request, loads: Mapping[str, Load], matching: Matching, scope: Scope) -> Filter | None:
    if name in NAMED and request.named:
        return _Named(request.named)
    if name == "avoids_area" and request.sector:
        return _avoids(request.sector)
    if name == "other_force":
        return _other_force(request, scope)
    if name == "gender" and request.gender_required:
        return _gender(request.gender)
    if name == "cap" and not request.broadcast:
        return _cap(loads, matching.cap)
    return None


class _Named:
    def __init__(self, named: Mapping[str, str]) -> None:
        self.named = named

    def __call__(self, officer: Officer) -> str | None:
        return self.named.get(officer.id)


def _named_already(found: Sequence[Filter]) -> bool:
    return any(isinstance(made, _Named) for made in found)


def _avoids(sector: str) -> Filter:
    return lambda officer: "avoids_area" if sector in officer.avoid else None


def _other_force(request: Request, scope: Scope) -> Filter | None:
    home = request.force
    if scope == "sisters" and request.cross_force:
        return lambda officer: "home_force" if officer.force == home else None
    if scope == "home" or not request.cross_force:
        code = "person_refused_other_forces" if not request.cross_force else "other_force_not_yet"
        return lambda officer: code if officer.force != home else None
    return None


def _gender(wanted: str | None) -> Filter:
    return lambda officer: None if officer.gender == wanted else "gender_required"


def _cap(loads: Mapping[str, Load], cap: int) -> Filter:
    def full(officer: Officer) -> str | None:
        return "cap" if loads.get(officer.id, IDLE).counted >= (officer.cap or cap) else None

    return full
