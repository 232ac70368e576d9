"""What intake answers over HTTPS: a refusal for each way of being rejected, and a report as its own force sees it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.intake.rules.report import Rejection, Report
from shared.contracts.policy import PolicyDocument
from shared.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, Refusal

_NOT_YOURS = FieldError("source.force", "not_your_force")


def refusal(rejection: Rejection) -> Refusal:
    """The refusal that says the same as a rejection."""
    if rejection.code == "unknown_report":
        return NotFound()
    errors = [FieldError(error.field, error.reason) for error in rejection.errors]
    if rejection.code in ("key_reused", "not_open"):
        return Conflict(rejection.code, errors=errors)
    if _NOT_YOURS in errors:
        return Forbidden(errors=errors)
    return Invalid(rejection.code, errors=errors)


def required(field: str) -> Invalid:
    """A field that must be there."""
    return Invalid(errors=[FieldError(field, "required")])


def view(report: Report, as_of: datetime) -> dict[str, Any]:
    """A report as the control room that sent it may read it; `as_of` is when it was known to stand so."""
    picture = report.picture
    return {
        "reference": report.reference,
        "source": report.source.model_dump(mode="json"),
        "idempotency_key": report.idempotency_key,
        "state": report.state,
        "holder": report.holder.model_dump() if report.holder else None,
        "next_due": report.next_due,
        "class": picture.response_class,
        "grade": picture.grade,
        "risks": picture.risks,
        "need": picture.need,
        "channel": picture.channel,
        "force": report.force,
        "district": picture.district,
        "location_confidence": picture.location_confidence,
        "desk": picture.desk,
        "contact_route": picture.contact_route,
        "policy_version": picture.policy_version,
        "received_at": report.received_at,
        "accepted_at": report.at,
        "ack_due": report.ack_due,
        "opened": report.held_until is None,
        "unrouted_at": report.unrouted_at,
        "withdrawn_at": report.withdrawn_at,
        "exercise": report.exercise,
        "as_of": as_of,
    }


def codes(policy: PolicyDocument, at: datetime) -> dict[str, Any]:
    """The codes a sender may use at an instant."""
    known, day = policy.codes, at.astimezone(ZoneInfo(policy.calendar.timezone)).date()
    return {
        "at": at,
        "version": policy.version,
        "effective_from": policy.effective_from,
        "strands": known.strands,
        "incident_kinds": known.incident_kinds,
        "risks": known.risks,
        "needs": known.needs,
        "skills": known.skills,
        "withdrawal_reasons": known.withdrawal_reasons,
        "classes": sorted(policy.classes, key=lambda code: policy.classes[code].rank),
        "forces": {
            code: {
                "name": force.name,
                "grades": list(force.grades),
                "districts": {ons: district.name for ons, district in force.districts.items() if district.stands(day)},
            }
            for code, force in policy.forces.items()
        },
    }
