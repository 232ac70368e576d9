"""One line for a control room's log: at most 120 characters, local time, nothing personal (contract §1)."""

from datetime import datetime
from zoneinfo import ZoneInfo

LONGEST = 120
_LONDON = ZoneInfo("Europe/London")

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
    "service.restored": "Liaison is restored.",
}


def log_line(
    name: str, at: datetime, *, reference: str | None = None, due: datetime | None = None, exercise: bool = False
) -> str:
    """The line for an outbound event. `due` is what happens next at the latest."""
    parts = ["EXERCISE" if exercise else None, _local(at), reference, _SAYS[name], _by(due, at)]
    return " ".join(part for part in parts if part)[:LONGEST]


def _local(instant: datetime) -> str:
    return instant.astimezone(_LONDON).strftime("%H:%M")


def _by(due: datetime | None, at: datetime) -> str | None:
    if due is None:
        return None
    local = due.astimezone(_LONDON)
    same_day = local.date() == at.astimezone(_LONDON).date()
    return f"Next due {local:%H:%M}." if same_day else f"Next due {local:%a %d %b %H:%M}."
