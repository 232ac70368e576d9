"""Amending and withdrawing a report: the whole picture goes to routing again, old values stay in the vault."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.intake.rules.accept import (
    Moment,
    asked,
    in_case,
    needs,
    placed,
    source_faults,
    suggested_skills,
    told_of,
)
from services.intake.rules.codes import desk_for_strands, unknown_codes, unknown_grade
from services.intake.rules.contact import ContactFacts, contact_route, contact_rules
from services.intake.rules.faults import Fault, fault
from services.intake.rules.geography import NOWHERE, Geography, Resolution
from services.intake.rules.outbound import echo, tell
from services.intake.rules.people import Mark, Repeat
from services.intake.rules.report import Rejection, Report, Skills, Step, open_to_change
from shared.contracts import outbound
from shared.contracts.inbound import Amendments
from shared.contracts.policy import PolicyDocument, response_class
from shared.contracts.reports import ReportAmended, ReportWithdrawn

NOT_OPEN = Rejection("not_open", (fault("reference", "not_open"),))


@dataclass(frozen=True)
class Amendment:
    """A change at the door. `force` is the principal's; `contact` is set where contact details came with it.

    `marks` are what those make the person known again by; `repeat` what came of it, None where nothing of it changed.
    """

    changes: Amendments
    force: str | None
    changed: tuple[str, ...]
    contact: ContactFacts | None = None
    marks: tuple[Mark, ...] = ()
    repeat: Repeat | None = None
    in_reply_to: str | None = None


def amend(report: Report, amendment: Amendment, geography: Geography, moment: Moment) -> Step | Rejection:
    """The report with the changes in it, or why not. Codes are checked by the policy the report was received under."""
    if not open_to_change(report):
        return NOT_OPEN
    faults = tuple(_faults(report, amendment, geography))
    if faults:
        return Rejection("invalid", faults)
    after = _amended(report, amendment, geography, moment.now)
    told = ReportAmended(
        referral_id=after.referral_id,
        reference=after.reference,
        sequence=after.sequence,
        at=moment.now,
        exercise=after.exercise,
        changed=amendment.changed,
        **dict(after.picture),
    )
    return Step(after, told)


def _faults(report: Report, amendment: Amendment, geography: Geography) -> Iterator[Fault]:
    changes, policy = amendment.changes, geography.policy
    if changes.source is not None:
        yield from source_faults(changes.source, report.source.force, policy)
    yield from unknown_codes(policy, changes.incident_kind, changes.strands or (), changes.risks or ())
    yield from unknown_grade(policy, report.source.force, changes.grade)
    yield from geography.faults(changes.locations or ())


def _amended(report: Report, amendment: Amendment, geography: Geography, now: datetime) -> Report:
    changes, policy = amendment.changes, geography.policy
    contact = amendment.contact or report.contact
    strand_desk = report.strand_desk
    if changes.strands is not None:
        strand_desk = desk_for_strands(policy, changes.strands)
    where = _where(report, changes, contact, geography)
    desk = where.desk if where else report.place_desk
    update: dict[str, Any] = {"desk": desk or strand_desk}
    if where is not None:
        update |= placed(where, strand_desk)
    skills = _skills(report, changes, policy)
    update |= _wishes(changes) | _reach(report, contact) | _urgency(report, changes, policy)
    update["needs"] = needs(skills, policy, update["risks"])
    if amendment.repeat is not None:
        update |= told_of(amendment.repeat)
    return replace(
        report,
        source=echo(changes.source) if changes.source else report.source,
        contact=contact,
        picture=report.picture.model_copy(update=update),
        place_desk=desk,
        strand_desk=strand_desk,
        skills=skills,
        sequence=report.sequence + 1,
        changed_at=now,
        amended_by=amendment.in_reply_to,
    )


def _where(
    report: Report, changes: Amendments, contact: ContactFacts | None, geography: Geography
) -> Resolution | None:
    """Where it belongs now; None where nothing about places changed."""
    home = contact.home if contact else NOWHERE
    if changes.locations is not None:
        event = report.picture.event
        venue = event.venue_district if event else None
        return geography.resolve(changes.locations, report.source.force, home=home, venue=venue)
    if contact is not report.contact and report.picture.location_confidence == "none":
        return geography.resolve((), report.source.force, home=home, venue=None)
    return None


def _urgency(report: Report, changes: Amendments, policy: PolicyDocument) -> dict[str, Any]:
    grade = changes.grade.value if changes.grade else report.picture.grade
    risks = report.picture.risks if changes.risks is None else changes.risks
    ours = response_class(policy, report.picture.need, grade, risks, report.source.force)
    return {"grade": grade, "risks": risks, "response_class": ours, "policy_version": policy.version}


def _skills(report: Report, changes: Amendments, policy: PolicyDocument) -> Skills:
    skills = report.skills or Skills(asked=report.picture.needs)
    if changes.preferences is not None:
        skills = skills.model_copy(update={"asked": changes.preferences.skills})
    if changes.strands is not None:
        skills = skills.model_copy(update={"suggested": suggested_skills(policy, changes.strands)})
    return skills


def _wishes(changes: Amendments) -> dict[str, Any]:
    update: dict[str, Any] = {}
    if changes.preferences is not None:
        update |= asked(changes.preferences)
    if changes.connected_officers is not None:
        update["connected_officers"] = changes.connected_officers
    if changes.officers_in_case is not None:
        update["officers_in_case"] = in_case(changes.officers_in_case)
    return update


def _reach(report: Report, contact: ContactFacts | None) -> dict[str, Any]:
    if contact is None or contact is report.contact:
        return {}
    return {
        "contact_route": contact_route(contact, consents=report.consents),
        "contact_windows": contact.windows,
        "contact_rules": contact_rules(contact, consents=report.consents),
    }


@dataclass(frozen=True)
class Withdrawal:
    """That a report is no longer wanted. `force` is the principal's; `by_topic`: answers are read on `outbound`."""

    force: str | None
    reason: str
    in_reply_to: str | None = None
    by_topic: bool = False


def withdraw(report: Report, withdrawal: Withdrawal, now: datetime) -> Step | Rejection:
    """Tell routing that the report is no longer wanted. A second withdrawal changes nothing; it is answered once
    routing has answered the first."""
    if report.state == "withdrawn" and withdrawal.by_topic:
        counted = report.counted()
        answer = tell(outbound.ReferralWithdrawn, counted, now, in_reply_to=withdrawal.in_reply_to)
        return Step(counted, to_control_rooms=(answer,))
    if report.withdrawn_at is not None or report.state == "withdrawn":
        return Step(report)
    if not open_to_change(report):
        return NOT_OPEN
    after = replace(
        report,
        sequence=report.sequence + 1,
        withdrawn_at=now,
        withdrawn_by=withdrawal.in_reply_to,
        changed_at=now,
        ended_as=withdrawal.reason,
    )
    told = ReportWithdrawn(
        referral_id=after.referral_id,
        reference=after.reference,
        sequence=after.sequence,
        at=now,
        exercise=after.exercise,
        reason=withdrawal.reason,
    )
    return Step(after, told)
