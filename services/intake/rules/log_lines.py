"""One line for a control room's log: at most 120 characters, local time, nothing personal (contract §1)."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

LONGEST = 120
LONGEST_DESK = 30
"""Characters of a desk's name that still leave room for when something is next due."""
_LONDON = ZoneInfo("Europe/London")
Desks = Mapping[str, str]
"""Names of hand-off desks by their codes."""
NO_DESKS: Desks = MappingProxyType({})

_SAYS = {
    "report.accepted": "Report accepted.",
    "report.rejected": "Report not accepted: see errors.",
    "report.received_online": "Report received online. Please tie it to an incident.",
    "report.unrouted": "NOT ROUTED. Ring the duty supervisor now.",
    "referral.offered": "Offered to officers.",
    "referral.accepted": "Accepted by an officer.",
    "referral.declined": "An officer cannot take it. Others are being asked.",
    "referral.waiting": "Waiting for a supervisor.",
    "referral.escalated": "Escalated to the next step.",
    "referral.role_alerted": "Supervisor alerted.",
    "referral.role_acknowledged": "Supervisor has acknowledged.",
    "referral.risk_acknowledged": "Supervisor has taken on the risk.",
    "referral.contact_attempted": "Contact attempted.",
    "referral.contact_made": "Contact made.",
    "referral.unable_to_contact": "Unable to make contact. Supervisor to review.",
    "referral.update_given": "Update given.",
    "referral.handed_over": "Handed over between officers.",
    "referral.handed_over.asked": "Hand-over asked for; still with its officer.",
    "referral.kept": "The officer keeps it after their duty.",
    "referral.helper_joined": "Another officer comes along.",
    "referral.helper_left": "An officer does not come along. Another is being sought.",
    "referral.released": "Released by the officer. Others are being asked.",
    "referral.assigned_by_override": "A supervisor has chosen an officer. Answer awaited.",
    "referral.linked": "Link to another referral changed.",
    "referral.transferred": "Transferred between forces.",
    "referral.handed_off": "Sent to an outside desk. Receipt awaited.",
    "referral.handed_off.received": "Handed off: the outside desk has it.",
    "referral.breached": "DEADLINE PASSED.",
    "referral.plan_recorded": "Plan recorded.",
    "referral.paused": "Paused by a supervisor.",
    "referral.resumed": "Resumed.",
    "referral.amended": "Amendment taken in.",
    "referral.withdrawn": "Withdrawn.",
    "referral.closed": "Closed.",
    "referral.reopened": "Reopened.",
    "referral.erased": "Personal details erased.",
    "service.heartbeat": "Liaison is running.",
    "service.degraded": "Liaison is degraded. Use the fallback sheet if in doubt.",
    "service.degraded.notify": "Liaison cannot send messages. Ring the officer.",
    "service.restored": "Liaison is restored.",
    "service.restored.notify": "Liaison sends messages again.",
}


def log_line(
    name: str, at: datetime, *, reference: str | None = None, due: datetime | None = None, exercise: bool = False
) -> str:
    """The line for an outbound event that says the same whatever it carries. `due` is as in `line`."""
    return line(_SAYS[name], at, reference=reference, due=due, exercise=exercise)


def line(
    says: str, at: datetime, *, reference: str | None = None, due: datetime | None = None, exercise: bool = False
) -> str:
    """The line that says `says`. `due`, when something happens next at the latest, is left out unless it is to come."""
    parts = ["EXERCISE" if exercise else None, _local(at), reference, says, _by(due, at)]
    return " ".join(part for part in parts if part)[:LONGEST]


def sentence(name: str, facts: Mapping[str, Any], desks: Desks = NO_DESKS) -> str:
    """What a line says of an event with these facts. A desk is named where its name is known and short."""
    if name == "referral.handed_over" and not facts.get("accepted", True):
        return _SAYS["referral.handed_over.asked"]
    if name != "referral.handed_off":
        return _SAYS[name]
    desk = desks.get(facts.get("desk") or "")
    if desk is None or len(desk) > LONGEST_DESK:
        return _SAYS["referral.handed_off.received" if facts.get("received") else name]
    return f"Handed off: received by {desk}." if facts.get("received") else f"Handed off to {desk}, receipt awaited."


def of_part(name: str, part: str) -> str:
    """What a line says of a part of Liaison that is away or back: the part's own words, where it has any."""
    return _SAYS.get(f"{name}.{part}", _SAYS[name])


def _local(instant: datetime) -> str:
    return instant.astimezone(_LONDON).strftime("%H:%M")


def _by(due: datetime | None, at: datetime) -> str | None:
    if due is None or due <= at:
        return None
    local, today = due.astimezone(_LONDON), at.astimezone(_LONDON)
    if local.date() == today.date():
        return f"Next due {local:%H:%M}."
    return f"Next due {local:%a %d %b %H:%M}." if local.year == today.year else f"Next due {local:%a %d %b %Y %H:%M}."
