"""The report of a drill: an exercise through every hop, recognised by its source's system."""

from datetime import datetime

from shared.contracts.inbound import ReportBody
from shared.contracts.particulars import Location, Requester, Source
from shared.contracts.policy import PolicyDocument

SYSTEM = "drill"


def drill_report(force: str, policy: PolicyDocument, now: datetime) -> ReportBody:
    """A neutral request for support in the force's first district, with a key of its own for each instant."""
    district = next(iter(policy.forces[force].districts))
    return ReportBody(
        source=Source(system=SYSTEM, force=force),
        idempotency_key=f"drill-{force}-{now.timestamp():.3f}",
        received_at=now,
        channel="control_room",
        need="support",
        incident_kind=policy.codes.incident_kinds[-1],
        requester=Requester(role="control_room", consents_to_contact=False),
        locations=(Location(kind="incident", district=district),),
        exercise=True,
    )


def is_drill(system: str, *, exercise: bool) -> bool:
    """Whether a report is a drill; only an exercise can be one."""
    return exercise and system == SYSTEM
