"""A decision told officer by officer: the points in parts, or the rule that ruled them out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.routing.rules.matching.muster import PRESENT, ROLL
from services.routing.rules.matching.points import PARTS

LETTERS = {letter: code for code, letter in ROLL.items()}
ORDER = (
    *ROLL,
    *("shift_ends_too_soon", "connected", "conflict", "excluded", "declined", "already_asked", "avoids_area"),
    *("person_refused_other_forces", "other_force_not_yet", "home_force"),
    *("gender_required", "language_required", "skill_required", "cap"),
)
"""Every rule that rules an officer out, in the order in which they are asked."""
NOT_TO_BE_ASKED = "not_to_be_asked"
UNTOLD = dict.fromkeys(("connected", "conflict", "excluded", "declined", "already_asked"), NOT_TO_BE_ASKED)
"""Every rule that names an officer is shown as one: told apart, they would tell who is connected or in conflict."""
_PLACES = {UNTOLD.get(code, code): place for place, code in enumerate(ORDER)}


@dataclass(frozen=True, slots=True)
class Line:
    """One officer of the pool: a rank with points for each of PARTS, or the code of the rule that rules them out."""

    officer: str
    force: str | None
    rank: int | None = None
    points: Mapping[str, int] | None = None
    tired: str | None = None
    ruled_out: str | None = None
    chosen: bool = False
    """Whether they were asked; a supervisor may choose one whom a rule rules out."""

    @property
    def total(self) -> int | None:
        """All points together."""
        return None if self.points is None else sum(self.points.values())


def explained(decision: Mapping[str, Any], members: Mapping[str, str], *, confirmed: bool) -> list[Line]:
    """A line for every officer of the pool: those who could be asked, best first, then the others by rule.

    `members` are the officers of the decision's forces at its version of the roster, by id. What continuity with an
    earlier referral gave is left out until a human has `confirmed` that it is the same person's.
    """
    earlier = None if confirmed else withheld(decision)
    chosen = frozenset(decision["chosen"])
    ranked = [
        Line(officer, members.get(officer), rank, _points(officer, parts, earlier), tired, chosen=officer in chosen)
        for rank, (officer, tired, parts) in enumerate(_ranked(decision), 1)
    ]
    others = [(UNTOLD.get(code, code), officer) for officer, code in _ruled_out(decision, members)]
    others.sort(key=lambda other: (_PLACES[other[0]], other[1]))
    return ranked + [
        Line(officer, members.get(officer), ruled_out=code, chosen=officer in chosen) for code, officer in others
    ]


def withheld(decision: Mapping[str, Any]) -> str | None:
    """The officer of what may be an earlier referral, unless the person named them too; None where there is none."""
    request = decision["request"]
    last: str | None = request.get("last")
    return None if last in request["known"] else last


def _points(officer: str, parts: Sequence[int], earlier: str | None) -> dict[str, int]:
    points = dict(zip(PARTS, parts, strict=True))
    return points | {"continuity": 0} if officer == earlier else points


def _ranked(decision: Mapping[str, Any]) -> Iterator[tuple[str, str | None, Sequence[int]]]:
    for row in decision["ranked"]:
        if decision["v"] == 1:
            officer, _total, parts, tired = row
            yield officer, tired, parts
        else:
            yield row[0], row[1], row[2]


def _ruled_out(decision: Mapping[str, Any], members: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for code, officers in decision["out"].items():
        for officer in officers:
            yield officer, code
    for officer, letter in zip(sorted(members), decision.get("roll", ""), strict=False):
        if letter != PRESENT:
            yield officer, LETTERS[letter]
