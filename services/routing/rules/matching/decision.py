"""A decision as it is kept for seven years: compact, explained, and enough to rank again from."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from services.routing.rules.matching.model import Load, Ranking, Request, Roster
from services.routing.rules.matching.muster import Muster, muster
from services.routing.rules.matching.rank import rank
from shared.contracts.policy import PolicyDocument

FORMAT = 1

Decision = dict[str, Any]


def record(request: Request, at: Muster, ranking: Ranking, chosen: Sequence[str], why: str) -> Decision:
    """The decision as JSON: `ranked` rows are [officer, points, parts, tired], best first.

    `loads` holds [open offers and held, last task in seconds since 1970] of those who had any.
    """
    present = [candidate.officer.id for candidate in at.standing.present]
    return {
        "v": FORMAT,
        "at": at.now.astimezone(UTC).isoformat(),
        "roster": at.standing.version,
        "policy": at.standing.policy_version,
        "scope": ranking.scope,
        "why": why,
        "chosen": list(chosen),
        "request": _request(request),
        "ranked": [[row.officer, row.total, list(row.parts), row.tired] for row in ranking.ranked],
        "out": {code: list(ids) for code, ids in ranking.ruled_out.items()},
        "loads": {id: _load(at.loads[id]) for id in present if id in at.loads},
    }


def again(decision: Mapping[str, Any], roster: Roster, policy: PolicyDocument) -> Ranking:
    """Rank again from a recorded decision; the same roster version and policy give the same ranking."""
    loads = {officer: _read_load(pair) for officer, pair in decision["loads"].items()}
    then = muster(roster, policy, datetime.fromisoformat(decision["at"]), loads)
    return rank(_read_request(decision["request"]), then, decision["scope"])


def _load(load: Load) -> list[float | None]:
    return [load.counted, load.last_task.timestamp() if load.last_task else None]


def _read_load(pair: Sequence[float | None]) -> Load:
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
        "gender": request.gender,
        "gender_required": request.gender_required,
        "cross_force": request.cross_force,
        "known": sorted(request.known),
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
        gender=written["gender"],
        gender_required=written["gender_required"],
        cross_force=written["cross_force"],
        known=frozenset(written["known"]),
        named=written["named"],
        broadcast=written["broadcast"],
    )
