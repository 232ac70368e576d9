"""Codes a sender may use, checked against the policy in force when the report was received (contract §1)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from services.intake.rules.faults import Fault, fault
from shared.contracts.particulars import Grade, Strand
from shared.contracts.policy import PolicyDocument, in_force


def judging(policies: Sequence[PolicyDocument], received_at: datetime, version: str | None = None) -> PolicyDocument:
    """The policy a report is judged by: the one it has been judged by already, else that of when it was received.

    What was said of a report keeps its meaning, even where a version that held from then was heard of too late.
    """
    known = next((policy for policy in policies if policy.version == version), None)
    return known or in_force(policies, received_at)


def unknown_codes(
    policy: PolicyDocument, incident_kind: str | None, strands: Iterable[Strand], risks: Iterable[str]
) -> Iterator[Fault]:
    """What of these the policy does not know. `incident_kind` None is not asked about."""
    known = policy.codes
    if incident_kind is not None and incident_kind not in known.incident_kinds:
        yield fault("incident_kind", "unknown_code")
    for number, strand in enumerate(strands):
        if strand.strand not in known.strands:
            yield fault(f"strands.{number}.strand", "unknown_code")
    for number, risk in enumerate(risks):
        if risk not in known.risks:
            yield fault(f"risks.{number}", "unknown_code")


def unknown_grade(policy: PolicyDocument, force: str, grade: Grade | None) -> Iterator[Fault]:
    """A grade that the force does not have. A force's grades are its own: Cambridgeshire alone says `prompt`."""
    if grade is not None and policy.grade_of(force, grade.value) is None:
        yield fault("grade.value", "unknown_code")


def desk_for_strands(policy: PolicyDocument, strands: Sequence[Strand]) -> str | None:
    """The hand-off desk where strands were named and none is the scheme's; None where it is ours."""
    named = [strand.strand for strand in strands]
    if not named or set(named) & set(policy.scheme.strands):
        return None
    return next((policy.scheme.desks[strand] for strand in named if strand in policy.scheme.desks), None)
