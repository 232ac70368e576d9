"""What intake's rules are tested with: a small country, the default policy, and a report to change."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from services.intake.rules.accept import Moment, Named, Submission, accept
from services.intake.rules.contact import ContactFacts
from services.intake.rules.geography import Geography
from services.intake.rules.report import Rejection, Report, Step
from shared.contracts.inbound import ReportSubmitted
from shared.contracts.policy import PolicyDocument, parse_policy
from shared.contracts.postcode import Postcode

NOON = datetime(2026, 6, 6, 11, 0, tzinfo=UTC)
"""Noon in Hoddesdon, a Saturday."""
TODAY = NOON.date()
REAL_NOON = NOON - timedelta(days=40)
MOMENT = Moment(NOON, REAL_NOON)

BROXBOURNE, NORTH_HERTS, SOUTH_CAMBS = "E07000095", "E07000099", "E07000012"
LUTON, UTTLESFORD, CAMDEN, GLASGOW = "E06000032", "E07000077", "E09000007", "S12000049"


class Spot(NamedTuple):
    """A place on the map."""

    district: str
    easting: int = 537428
    northing: int = 207948


@dataclass(frozen=True)
class SmallCountry:
    """A gazetteer of a few postcodes."""

    spots: dict[str, Spot]

    @property
    def districts(self) -> frozenset[str]:
        """Its districts."""
        return frozenset(spot.district for spot in self.spots.values())

    def find(self, postcode: Postcode) -> Spot | None:
        """A full postcode's place."""
        return self.spots.get(f"{postcode.outward} {postcode.inward}")

    def districts_within(self, outward: str) -> frozenset[str]:
        """What an outward code touches."""
        return frozenset(spot.district for code, spot in self.spots.items() if code.startswith(f"{outward} "))


COUNTRY = SmallCountry(
    {
        "EN11 8AA": Spot(BROXBOURNE),
        "EN11 9ZZ": Spot(BROXBOURNE),
        "SG8 5AB": Spot(NORTH_HERTS, 535515, 240883),
        "SG8 6AA": Spot(SOUTH_CAMBS),
        "SG8 8XX": Spot(UTTLESFORD),
        "LU1 2AA": Spot(LUTON),
        "CB11 3AA": Spot(UTTLESFORD),
        "NW1 8QP": Spot(CAMDEN),
        "G1 1AA": Spot(GLASGOW),
        "BT1 1AA": Spot("N09000003", 146000, 529000),
        "JE2 3AB": Spot("L99999999", 0, 0),
        "IM1 1AA": Spot("M99999999", 0, 0),
        "ZE9 9AA": Spot("E07999998"),
    }
)


@cache
def policy() -> PolicyDocument:
    """The policy that ships."""
    return parse_policy((Path(__file__).parents[3] / "deploy" / "policy.toml").read_text())


def geography(its_policy: PolicyDocument | None = None, on: date = TODAY) -> Geography:
    """The small country under the default policy, on the day of the report unless another is given."""
    return Geography(COUNTRY, its_policy or policy(), on)


def submitted(**changes: Any) -> ReportSubmitted:
    """A report from Hertfordshire's control room: somebody in Hoddesdon would like an officer."""
    body: dict[str, Any] = {
        "source": {"system": "STORM", "force": "herts", "incident_ref": "HC-0417", "incident_date": "2026-06-06"},
        "idempotency_key": "herts-storm-0417",
        "received_at": "2026-06-06T12:00:00+01:00",
        "channel": "101",
        "need": "support",
        "requester": {"role": "victim", "consents_to_contact": True},
        "incident_kind": "crime",
        "strands": [{"strand": "sexual_orientation", "perceived_by": "victim"}],
        "grade": {"value": "scheduled", "by": "OP7", "at": "2026-06-06T12:00:00+01:00"},
        "locations": [{"kind": "incident", "postcode": "EN11 8AA"}],
    }
    return ReportSubmitted.model_validate(body | changes)


def submission(contact: ContactFacts | None = None, **changes: Any) -> Submission:
    """That report at the door of `inbound.herts`, unless its source says otherwise."""
    event = submitted(**changes)
    return Submission(
        fields=event,
        source=event.source,
        idempotency_key=event.idempotency_key,
        principal="control_room:herts",
        force="herts",
        digests=(event.model_dump_json().encode(),),
        contact=contact,
        record_key="HC-0417",
        in_reply_to="message-1",
        by_topic=True,
    )


_numbers = count(1)


def named() -> Named:
    """A name nobody has yet."""
    number = next(_numbers)
    return Named(UUID(int=number), f"K7QM-{number:04d}")


def decided(contact: ContactFacts | None = None, **changes: Any) -> Step | Rejection:
    """What becomes of that report at noon."""
    return accept(submission(contact, **changes), geography(), named(), MOMENT)


def accepted(contact: ContactFacts | None = None, **changes: Any) -> Step:
    """That report, accepted."""
    outcome = decided(contact, **changes)
    assert isinstance(outcome, Step), outcome
    return outcome


def report(contact: ContactFacts | None = None, **changes: Any) -> Report:
    """That report as intake keeps it."""
    return accepted(contact, **changes).report


def opened(its: Report) -> Report:
    """A report that routing has opened a referral for."""
    return replace(its, held_until=None)
