"""A decision as it is kept for seven years: compact, explained, and enough to rank again from."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from services.routing.rules.matching.model import Load, Ranking, Request, WrittenLoad
from services.routing.rules.matching.muster import ROLL, Muster, Standing
from services.routing.rules.matching.rank import rank

FORMAT = 2
"""Goes up when the rules or the record change, so that what was decided by earlier ones can no longer be repeated."""

OVERRIDE = "override"
"""Why of a decision in which a supervisor chose."""

Decision = dict[str, Any]
_ROW = itemgetter(4, 6, 7)
"""Of a Ranked: officer, tired, parts."""


def record(request: Request, at: Muster, ranking: Ranking, chosen: Sequence[str], why: str) -> Decision:
    """The decision as JSON: `ranked` rows are [officer, tired, points in parts], best first.

    `roll` has a letter for each officer of `forces` at that version of the roster, in order of id: who could not be
    asked by anybody, and why (`muster.ROLL`). `out` holds those who could not be asked for this, by rule. `loads`
    holds [open offers and held, last task in seconds since 1970] of everybody present who had any.
    """
    standing = at.standing
    return {
        "v": FORMAT,
        "at": at.now.astimezone(UTC).isoformat(),
        "roster": standing.version,
        "forces": list(standing.pool),
        "policy": standing.policy_version,
        "scope": ranking.scope,
        "why": why,
        "chosen": list(chosen),
        "request": _request(request),
        "ranked": list(map(_ROW, ranking.ranked)),
        "out": _for_this(ranking),
        "roll": standing.roll,
        "loads": at.written(),
    }


def again(decision: Mapping[str, Any], standing: Standing) -> Ranking:
    """Rank again from a recorded decision; the same standing at that moment gives the same ranking."""
    loads = {officer: _read_load(pair) for officer, pair in decision["loads"].items()}
    return rank(_read_request(decision["request"]), Muster(standing, moment(decision), loads), decision["scope"])


def holds(decision: Mapping[str, Any], standing: Standing) -> bool:
    """Whether ranking again gives what was recorded, and the best were chosen, unless a human chose."""
    ranking = again(decision, standing)
    ranked = [[row.officer, row.tired, list(row.parts)] for row in ranking.ranked]
    best = [row.officer for row in ranking.ranked[: len(decision["chosen"])]]
    by_rank: bool = best == decision["chosen"] or decision["why"] == OVERRIDE
    then = (decision["ranked"], decision["out"], decision["roll"])
    return by_rank and then == (ranked, _for_this(ranking), standing.roll)


def moment(decision: Mapping[str, Any]) -> datetime:
    """When it was taken."""
    return datetime.fromisoformat(decision["at"])


def _for_this(ranking: Ranking) -> dict[str, list[str]]:
    return {code: list(ids) for code, ids in ranking.ruled_out.items() if code not in ROLL}


def _read_load(pair: WrittenLoad) -> Load:
    counted, last = pair
    return Load(int(counted or 0), datetime.fromtimestamp(last, UTC) if last is not None else None)


def _request(request: Request) -> dict[str, Any]:
    return {
        "force": request.force,
        "class": request.response_class,
        "district": request.district,
        "sector": request.sector,
        "km": list(request.km) if request.km else None,
        "skills": list(request.skills),
        "languages": list(request.languages),
        "required_skills": list(request.required_skills),
        "required_languages": list(request.required_languages),
        "gender": request.gender,
        "gender_required": request.gender_required,
        "cross_force": request.cross_force,
        "known": sorted(request.known),
        "last": request.last,
        "named": dict(request.named),
        "broadcast": request.broadcast,
    }


def _read_request(written: Mapping[str, Any]) -> Request:
    km = written["km"]
    return Request(
        force=written["force"],
        response_class=written["class"],
        district=written["district"],
        sector=written["sector"],
        km=(km[0], km[1]) if km else None,
        skills=tuple(written["skills"]),
        languages=tuple(written["languages"]),
        required_skills=tuple(written["required_skills"]),
        required_languages=tuple(written["required_languages"]),
        gender=written["gender"],
        gender_required=written["gender_required"],
        cross_force=written["cross_force"],
        known=frozenset(written["known"]),
        last=written["last"],
        named=written["named"],
        broadcast=written["broadcast"],
    )
