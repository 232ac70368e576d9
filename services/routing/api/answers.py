"""What people are told over HTTPS: referrals and refusals as JSON. A conflict is shown to nobody."""

from typing import Any

import orjson
from fastapi import Response

from services.routing.api.records import on_record
from services.routing.rules.referral.answers import Refused
from services.routing.rules.referral.repeats import has_earlier, shown_earlier
from services.routing.rules.referral.state import Alert, Offer, Referral
from services.routing.store.story import Told
from services.routing.telling import known_to
from shared.contracts.lifecycle import ReferralEvent, code_shown
from shared.errors import AlreadyHeld, Conflict, Forbidden, Refusal

_SAID_ELSEWHERE = frozenset(
    {"referral_id", "reference", "sequence", "at", "exercise", "pool", "class", "force", "state", "holder", "next_due"}
)
_WITHHELD = frozenset({"why", "step", "on_duty_until", "code"})
"""Why somebody was asked or went away is for supervisors: it would tell officers of one another."""
_PLAIN_WORDS = {
    "not_open": "This one is no longer open. Nothing more is needed from you.",
    "ruled_out": "This one cannot go to you just now. Somebody else is being asked.",
    "cannot_receive": "They cannot take it just now. Choose somebody else.",
    "not_held": "Nobody holds this one yet",
    "not_asked_yet": "The end of your duty is not near yet",
    "safeguarding_first": "Somebody under 18 is concerned: a supervisor has to take that on first",
    "breach_without_plan": "A deadline was missed and there is no plan yet. Record the plan first.",
    "risk_unacknowledged": "A supervisor has not taken on the risk yet",
    "not_to_be_reopened": "This one cannot be opened again. A new report opens a new one.",
    "nothing_to_acknowledge": "Nobody is waiting for this role's answer here",
    "cannot_be_chosen": "This officer cannot be chosen here. Please choose somebody else.",
    "sent_to_desk": "This one was handed off. Take it back first.",
    "handed_off_already": "This one was sent to another desk. Take it back first.",
    "nothing_handed_off": "This one was not handed off",
    "nothing_to_confirm": "Nothing earlier is known that could be confirmed",
    "already_answered": "This has been answered already",
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
    extra = {name: value for name, value in (("reason", reason), ("desk", refused.desk)) if value}
    return Conflict(refused.code, _PLAIN_WORDS.get(refused.code), extra=extra or None)


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
        "paused_until": referral.pause.until if referral.pause else None,
        "opened_at": referral.opened_at,
        "exercise": referral.exercise,
    }


def whole(referral: Referral, timeline: list[Told], actions: tuple[str, ...]) -> dict[str, Any]:
    """A referral as its own supervisors see it; `actions` are open to whoever asks."""
    return row(referral) | {
        "actions": list(actions),
        "offers": [_offer(referral, offer) for offer in referral.offers],
        "clocks": _clocks(referral),
        "roles": [_alert(alert) for alert in referral.alerts],
        "policy_version": referral.policy_version,
        "contact_route": referral.picture.contact_route,
        **decided(referral),
        **on_record(referral),
        "links": [link.reference for link in referral.links],
        "timeline": [_told(told) for told in timeline],
    }


def offered(referral: Referral, officer: str, timeline: list[Told], actions: tuple[str, ...]) -> dict[str, Any]:
    """A referral as an officer sees it who was asked: their own offer, nothing of the others'; its holder the story."""
    mine = [_offer(referral, offer) for offer in referral.offers if offer.officer == officer]
    holds = referral.holder is not None and referral.holder.id == officer
    story = known_to(officer, referral, timeline) if holds else []
    theirs = on_record(referral) if holds else {}
    told = {"clocks": _clocks(referral), "actions": list(actions), "timeline": [_known(event) for event in story]}
    return row(referral) | {"offers": mine} | theirs | told


def short(referral: Referral) -> dict[str, Any]:
    """A referral as the answer to an action."""
    return {
        "reference": referral.reference,
        "state": referral.state,
        "holder": _holder(referral),
        "next_due": referral.due,
        "clocks": _clocks(referral),
    }


def placed(referral: Referral) -> dict[str, Any]:
    """A referral as the answer to a supervisor's decision about it."""
    return short(referral) | decided(referral)


def decided(referral: Referral) -> dict[str, Any]:
    """What supervisors decided about it; of earlier reports nothing but the question until a human has confirmed."""
    sent, choice = referral.hand_off, referral.choice
    shown = shown_earlier(referral)
    return {
        "desk": referral.picture.desk,
        "hand_off": sent.model_dump() | {"received": sent.received} if sent else None,
        "choice": choice.model_dump() if choice else None,
        "earlier": {"confirmed": referral.earlier_confirmed} | (shown.model_dump() if shown else {})
        if has_earlier(referral)
        else None,
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
        "code": code_shown(offer.code),
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
        "wishes": list(alert.wishes),
    }


def _clocks(referral: Referral) -> dict[str, Any]:
    clocks, duty = referral.clocks, referral.duty
    return {
        "acknowledgement": clocks.ack_due,
        "first_contact": clocks.first_contact_due,
        "next_update": clocks.next_update_due,
        "next_attempt": referral.attempts[-1].next_at if referral.attempts else None,
        "duty_end": duty.ends_at if duty else None,
        "breached": list(clocks.breached),
    }


def _told(told: Told) -> dict[str, Any]:
    detail = {name: value for name, value in told.event.items() if name not in _SAID_ELSEWHERE}
    if "code" in detail:
        detail["code"] = code_shown(detail["code"])
    said = {"sequence": told.sequence, "at": told.at, "event": told.name}
    return said | {name: told.event.get(name) for name in ("state", "holder", "next_due")} | {"detail": detail}


def _known(event: ReferralEvent) -> dict[str, Any]:
    told = event.model_dump(mode="json", by_alias=True)
    detail = {name: value for name, value in told.items() if name not in _SAID_ELSEWHERE | _WITHHELD}
    said = {"sequence": event.sequence, "at": event.at, "event": event.name}
    return said | {name: told[name] for name in ("state", "holder", "next_due")} | {"detail": detail}
