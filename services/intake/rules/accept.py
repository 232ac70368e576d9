"""Whether a report is accepted, as what, and what everybody is told (contract §1)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.intake.rules.codes import desk_for_strands, unknown_codes, unknown_grade
from services.intake.rules.contact import ContactFacts, contact_route, contact_rules
from services.intake.rules.drill import is_drill
from services.intake.rules.faults import Fault, fault
from services.intake.rules.geography import NOWHERE, Geography, Resolution
from services.intake.rules.holding import hold
from services.intake.rules.outbound import echo, tell
from services.intake.rules.people import NOBODY, Mark, Repeat
from services.intake.rules.report import Rejection, Report, Skills, Step
from services.intake.rules.working_time import after
from shared.contracts import outbound
from shared.contracts.inbound import ReportFields
from shared.contracts.logline import OutboundReport
from shared.contracts.particulars import OfficersInCase, PlannedEvent, Preferences, Source, Strand
from shared.contracts.policy import PolicyDocument, response_class
from shared.contracts.reports import EventAsked, GenderAsked, ReportPicture, ReportReceived

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far a sender's clock may be ahead of ours."""
MOST_WORDS = 32
"""Skills asked for and suggested together, as the contract has it."""


@dataclass(frozen=True)
class Submission:
    """A report at the door, whichever door. `force` is the principal's own, None where it has none (a partner).

    `digests` are keyed hashes of the whole body, one for each key still valid, the newest first; `by_topic` says that
    the sender reads its answers on `outbound`, and `record_key` and `in_reply_to` come with the record. `marks` are
    what the person may be known again by, and `repeat` what came of it.
    """

    fields: ReportFields
    source: Source
    idempotency_key: str
    principal: str
    force: str | None
    digests: tuple[bytes, ...]
    contact: ContactFacts | None = None
    marks: tuple[Mark, ...] = ()
    repeat: Repeat = NOBODY
    record_key: str | None = None
    in_reply_to: str | None = None
    by_topic: bool = False


@dataclass(frozen=True)
class Named:
    """The names a new report gets, made outside: rules draw no random numbers."""

    referral_id: UUID
    reference: str


@dataclass(frozen=True)
class Moment:
    """When something happens: domain time, and the same instant in real time, in which holds run."""

    now: datetime
    real: datetime


def accept(submission: Submission, geography: Geography, named: Named, moment: Moment) -> Step | Rejection:
    """A new report, or why not. The step tells routing `report.received` and the sender `report.accepted`."""
    faults = tuple(_faults(submission, geography, moment.now))
    if faults:
        return Rejection("invalid", faults)
    report = _report(submission, geography, named, moment)
    received = ReportReceived(
        referral_id=report.referral_id,
        reference=report.reference,
        sequence=1,
        at=report.at,
        exercise=report.exercise,
        **dict(report.picture),
    )
    return Step(report, received, (accepted(report, moment.now),))


def accepted(report: Report, at: datetime) -> OutboundReport:
    """What a sender is told of a report that we hold; a repeat is told the same again."""
    return tell(
        outbound.ReportAccepted,
        report,
        at,
        response_class=report.picture.response_class,
        ack_due=report.ack_due,
    )


def again(report: Report, submission: Submission, at: datetime) -> Step | Rejection:
    """The same key once more: with the same body the same answer, with another none."""
    if report.digest not in submission.digests:
        return Rejection("key_reused", (fault("idempotency_key", "used_with_another_body"),))
    if not submission.by_topic:
        return Step(report)
    counted = report.counted()
    answer = accepted(replace(counted, in_reply_to=submission.in_reply_to), at)
    return Step(counted, to_control_rooms=(answer,))


def _faults(submission: Submission, geography: Geography, now: datetime) -> Iterator[Fault]:
    fields, policy = submission.fields, geography.policy
    if fields.received_at > now + CLOCKS_DIFFER:
        yield fault("received_at", "in_the_future")
    yield from source_faults(submission.source, submission.force, policy)
    yield from unknown_codes(policy, fields.incident_kind, fields.strands, fields.risks)
    yield from unknown_grade(policy, submission.source.force, fields.grade)
    if fields.need not in policy.codes.needs:
        yield fault("need", "unknown_code")
    yield from geography.faults(fields.locations, fields.event)


def source_faults(source: Source, force: str | None, policy: PolicyDocument) -> Iterator[Fault]:
    """A source whose force is not the principal's, or none of ours."""
    if force is not None and source.force != force:
        yield fault("source.force", "not_your_force")
    elif source.force not in policy.forces:
        yield fault("source.force", "unknown_code")


def _report(submission: Submission, geography: Geography, named: Named, moment: Moment) -> Report:
    fields, policy = submission.fields, geography.policy
    where = _where(submission, geography)
    strand_desk = desk_for_strands(policy, fields.strands)
    skills = Skills(asked=fields.preferences.skills, suggested=suggested_skills(policy, fields.strands))
    picture = _picture(submission, geography, where, strand_desk).model_copy(
        update={
            "needs": needs(skills, policy, fields.risks),
            "drill": is_drill(submission.source.system, exercise=fields.exercise),
            **told_of(submission.repeat),
        }
    )
    due = ack_due(policy, picture.response_class, moment.now)
    return Report(
        referral_id=named.referral_id,
        reference=named.reference,
        principal=submission.principal,
        source=echo(submission.source),
        idempotency_key=submission.idempotency_key,
        digest=submission.digests[0],
        record_key=submission.record_key,
        in_reply_to=submission.in_reply_to,
        at=moment.now,
        received_at=fields.received_at,
        ack_due=due,
        held_until=moment.real + hold(policy, fields.risks),
        picture=picture,
        exercise=fields.exercise,
        contact=submission.contact,
        consents=fields.requester.consents_to_contact,
        place_desk=where.desk,
        strand_desk=strand_desk,
        skills=skills,
        force=where.force,
        next_due=due,
        changed_at=moment.now,
    )


def _where(submission: Submission, geography: Geography) -> Resolution:
    fields, contact = submission.fields, submission.contact
    return geography.resolve(
        fields.locations,
        submission.source.force,
        home=contact.home if contact else NOWHERE,
        venue=fields.event.venue_district if fields.event else None,
    )


def ack_due(policy: PolicyDocument, class_code: str, now: datetime) -> datetime:
    """When somebody must have acknowledged a report of this class, in its own way of counting."""
    its = policy.classes[class_code]
    if its.counts == "working":
        return after(now, its.ack_minutes, policy.calendar)
    return now + timedelta(minutes=its.ack_minutes)


def _picture(submission: Submission, geography: Geography, where: Resolution, strand_desk: str | None) -> ReportPicture:
    fields, source, contact = submission.fields, submission.source, submission.contact
    policy = geography.policy
    grade = fields.grade.value if fields.grade else None
    return ReportPicture(
        **placed(where, strand_desk),
        **asked(fields.preferences),
        source_force=source.force,
        need=fields.need,
        channel=fields.channel,
        requester_role=fields.requester.role,
        grade=grade,
        risks=fields.risks,
        under_18=fields.under_18,
        connected_officers=fields.connected_officers,
        officers_in_case=in_case(fields.officers_in_case),
        complaint_against_police=fields.complaint_against_police,
        contact_route=contact_route(contact, consents=fields.requester.consents_to_contact),
        contact_windows=contact.windows if contact else (),
        contact_rules=contact_rules(contact, consents=fields.requester.consents_to_contact),
        response_class=response_class(policy, fields.need, grade, fields.risks, source.force),
        event=_event(fields.event, geography),
        policy_version=policy.version,
        received_at=fields.received_at,
    )


def placed(where: Resolution, strand_desk: str | None) -> dict[str, object]:
    """The part of the picture that its places decide. Out of area comes before out of scheme."""
    return {
        "force": where.force,
        "district": where.district,
        "location_confidence": where.confidence,
        "area": where.area,
        "desk": where.desk or strand_desk,
    }


def asked(preferences: Preferences) -> dict[str, object]:
    """The part of the picture that the person's wishes decide."""
    gender = preferences.officer_gender
    return {
        "languages": preferences.languages,
        "required_skills": preferences.skills if preferences.skills_required else (),
        "required_languages": preferences.languages if preferences.languages_required else (),
        "officer_gender": GenderAsked(value=gender.value, required=gender.required) if gender else None,
        "how": preferences.how,
        "cross_force": preferences.cross_force,
        "known_officers": preferences.known_officers,
        "excluded_officers": preferences.excluded_officers,
    }


def suggested_skills(policy: PolicyDocument, strands: Iterable[Strand]) -> tuple[str, ...]:
    """Skills that help with these strands, though nobody asked for them by name."""
    return _suggested(policy, (strand.strand for strand in strands))


def needs(skills: Skills, policy: PolicyDocument, risks: Iterable[str]) -> tuple[str, ...]:
    """Skills that help: asked for, suggested by the strands, suggested by the risks. None of them is required by it."""
    together = dict.fromkeys([*skills.asked, *skills.suggested, *_suggested(policy, risks)])
    return tuple(together)[:MOST_WORDS]


def _suggested(policy: PolicyDocument, codes: Iterable[str]) -> tuple[str, ...]:
    implied = policy.codes.implied_skills
    return tuple(dict.fromkeys(skill for code in codes for skill in implied.get(code, ())))


def told_of(repeat: Repeat) -> dict[str, object]:
    """The part of the picture that says who it may be again."""
    return {
        "person": repeat.person,
        "earlier": repeat.earlier,
        "suspected_duplicate_of": repeat.suspected_duplicate_of,
    }


def in_case(officers: OfficersInCase) -> tuple[str, ...]:
    """The officers told that a liaison officer is involved."""
    return tuple(officer for officer in (officers.attending, officers.investigating) if officer)


def _event(event: PlannedEvent | None, geography: Geography) -> EventAsked | None:
    if event is None:
        return None
    return EventAsked(
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        venue_district=geography.district(event.venue_district) if event.venue_district else None,
        officers_wanted=event.officers_wanted,
    )
