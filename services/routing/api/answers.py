"""What people are told over HTTPS: referrals, decisions and refusals as JSON. A conflict is shown to nobody."""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Response

from services.routing.rules.matching.points import PARTS
from services.routing.rules.referral.answers import Refused
from services.routing.rules.referral.state import Alert, Offer, Referral
from services.routing.store.story import Told
from shared.errors import AlreadyHeld, Conflict, Forbidden, Refusal

_SAID_ELSEWHERE = frozenset(
    {"referral_id", "reference", "sequence", "at", "exercise", "pool", "class", "force", "state", "holder", "next_due"}
)
_PLAIN_WORDS = {
    "not_open": "This one is no longer open. Nothing more is needed from you.",
    "ruled_out": "This one cannot go to you just now. Somebody else is being asked.",
    "nothing_to_acknowledge": "Nobody is waiting for this role's answer here",
}


def answer(status: int, content: Any) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(content), status, media_type="application/json")


def refusal(refused: Refused) -> Refusal:
    """What a person is told when their answer does not apply: the rule that stands in their way, never a bar."""
    if refused.code == "already_held" and refused.holder is not None:
        return AlreadyHeld(refused.holder.force, refused.holder.id)
    if refused.code in ("never_offered", "not_yours"):
        return Forbidden(refused.code)
    reason = None if refused.reason in ("conflict", "connected", "excluded") else refused.reason
    extra = {"reason": reason} if reason else None
    return Conflict(refused.code, _PLAIN_WORDS.get(refused.code), extra=extra)


def row(referral: Referral) -> dict[str, Any]:
    """A referral in a list."""
    picture = referral.picture
    return {
        "reference": referral.reference,
        "force": referral.force,
        "district": picture.district,
        "need": picture.need,
        "class": picture.response_class,
        "grade": picture.grade,
        "state": referral.state,
        "holder": _holder(referral),
        "next_due": referral.due,
        "breached": list(referral.clocks.breached),
        "opened_at": referral.opened_at,
        "exercise": referral.exercise,
    }


def whole(referral: Referral, timeline: list[Told]) -> dict[str, Any]:
    """A referral as its own supervisors see it."""
    return row(referral) | {
        "offers": [_offer(referral, offer) for offer in referral.offers],
        "clocks": _clocks(referral),
        "roles": [_alert(alert) for alert in referral.alerts],
        "policy_version": referral.policy_version,
        "contact_route": referral.picture.contact_route,
        "timeline": [_told(told) for told in timeline],
    }


def offered(referral: Referral, officer: str) -> dict[str, Any]:
    """A referral as an officer sees it who was asked: their own offer, nothing of the others'."""
    mine = [_offer(referral, offer) for offer in referral.offers if offer.officer == officer]
    return row(referral) | {"offers": mine, "clocks": _clocks(referral), "timeline": []}


def short(referral: Referral) -> dict[str, Any]:
    """A referral as the answer to an action."""
    return {
        "reference": referral.reference,
        "state": referral.state,
        "holder": _holder(referral),
        "next_due": referral.due,
        "clocks": _clocks(referral),
    }


def decision(sequence: int, written: Mapping[str, Any]) -> dict[str, Any]:
    """Why these officers and no others: each candidate's points in parts, or the rule that ruled them out."""
    out: dict[str, list[str]] = {}
    for code, officers in written["out"].items():
        # A bar looks like any other decline: nobody learns who is in conflict with whom.
        out.setdefault("declined" if code == "conflict" else code, []).extend(officers)
    return {
        "sequence": sequence,
        "at": written["at"],
        "why": written["why"],
        "scope": written["scope"],
        "roster_version": written["roster"],
        "policy_version": written["policy"],
        "chosen": written["chosen"],
        "candidates": [
            {"officer": officer, "points": total, "parts": dict(zip(PARTS, parts, strict=True)), "tired": tired}
            for officer, total, parts, tired in written["ranked"]
        ],
        "ruled_out": {code: sorted(officers) for code, officers in sorted(out.items())},
    }


def _holder(referral: Referral) -> dict[str, str] | None:
    return referral.holder.model_dump() if referral.holder else None


def _offer(referral: Referral, offer: Offer) -> dict[str, Any]:
    answer: str = offer.answer
    if answer == "open" and referral.holder is not None:
        answer = "accepted" if referral.holder.id == offer.officer else "over"
    return {
        "offer_id": str(offer.offer_id),
        "officer": offer.officer,
        "step": offer.step,
        "at": offer.at,
        "respond_by": offer.respond_by,
        "answer": answer,
        "code": None if offer.code == "conflict" else offer.code,
    }


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "role": alert.role,
        "why": alert.why,
        "asked_at": alert.asked_at,
        "due": alert.due,
        "times": alert.times,
        "acknowledged": alert.acknowledged,
        "outcome": alert.outcome,
    }


def _clocks(referral: Referral) -> dict[str, Any]:
    clocks = referral.clocks
    return {
        "acknowledgement": clocks.ack_due,
        "first_contact": clocks.first_contact_due,
        "next_update": clocks.next_update_due,
        "breached": list(clocks.breached),
    }


def _told(told: Told) -> dict[str, Any]:
    detail = {name: value for name, value in told.event.items() if name not in _SAID_ELSEWHERE}
    if detail.get("code") == "conflict":
        detail["code"] = None
    said = {"sequence": told.sequence, "at": told.at, "event": told.name}
    return said | {name: told.event.get(name) for name in ("state", "holder", "next_due")} | {"detail": detail}
