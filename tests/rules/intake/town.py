"""A town whose people report things: one desk, one after another, hours after noon."""

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

from services.intake.rules.accept import Moment
from services.intake.rules.amend import Amendment
from services.intake.rules.contact import ContactFacts
from services.intake.rules.desk import Address, Desk, Enclosed
from services.intake.rules.outbound import follow
from services.intake.rules.people import Mark
from services.intake.rules.report import Report, Step
from shared.contracts.inbound import AmendmentBody
from shared.contracts.lifecycle import ReferralEvent
from shared.contracts.model import Holder
from shared.contracts.referrals import ReferralAccepted, ReferralClosed
from tests.rules.intake.furniture import COUNTRY, NOON, REAL_NOON, named, policy, submission

PENELOPE, ROWAN, SHARED = (Mark("phone", (name.encode(),)) for name in ("07700 900101", "07700 900202", "01438 960303"))
BY_MAIL = Mark("email", (b"penelope@example.org",))
HINT = Mark("hint", (b"herts|P-17",))


class Town:
    """A desk, a clock, and reports that come one after another; each is of an incident of its own."""

    def __init__(self) -> None:
        self.desk = Desk([policy()], COUNTRY, iter(named, None))
        self.numbers = count(1)

    def report(self, *marks: Mark, at: float = 0, incident: str | None = None, **changes: Any) -> Report:
        """A report with these marks, `at` hours after noon."""
        number = next(self.numbers)
        source = {"system": "STORM", "force": "herts", "incident_ref": incident or f"HC-{number:04d}"}
        given = submission(source=source, idempotency_key=f"key-{number}", **changes)
        outcome = self.desk.submit(replace(given, marks=marks), Enclosed(b"{}"), after(at))
        assert isinstance(outcome, Step), outcome
        return outcome.report

    def amended(self, its: Report, *marks: Mark, at: float = 1, **changes: Any) -> Report:
        """The same report with contact details that came later, or another change."""
        event = AmendmentBody.model_validate({"contact": {"handle": "c-1"}, **changes})
        amendment = Amendment(event, "herts", event.changed(), ContactFacts(reachable=True), marks)
        outcome = self.desk.amend(Address(its.reference), amendment, Enclosed(b"{}"), after(at))
        assert isinstance(outcome, Step), outcome
        return outcome.report

    def hears(self, its: Report, kind: type[ReferralEvent], **facts: Any) -> None:
        """Routing says something of a report."""
        known = self.desk.reports[its.referral_id]
        said = {
            "referral_id": its.referral_id,
            "reference": its.reference,
            "sequence": 2,
            "at": NOON,
            "force": "herts",
            "state": "accepted",
        }
        self.desk.knows(follow(known, kind(**(said | facts))).report)

    def accepted_by(self, its: Report, officer: str) -> None:
        """An officer takes it on."""
        self.hears(its, ReferralAccepted, officer=officer, holder=Holder(force="herts", id=officer))

    def closed(self, its: Report, outcome: str = "supported") -> None:
        """It is over."""
        self.hears(its, ReferralClosed, state="closed", outcome=outcome, by="officer:H1042")


def after(hours: float) -> Moment:
    return Moment(NOON + timedelta(hours=hours), REAL_NOON + timedelta(hours=hours))


def told(its: Report) -> tuple[int, str | None]:
    """How many earlier reports routing is told of, and who held the last."""
    earlier = its.picture.earlier
    return (0, None) if earlier is None else (earlier.count, earlier.last_officer)
