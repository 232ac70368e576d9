"""What the policy says about choosing an officer, the calendar, desks and how long things are kept."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StrictInt

from shared.contracts.contact import DayName, LocalTime
from shared.contracts.escalation import Minutes
from shared.contracts.model import Code, Codes, Day, Label, Part

Weight = Annotated[StrictInt, Field(ge=0, le=100)]
Days = Annotated[StrictInt, Field(ge=1, le=36_525)]
DistrictCode = Annotated[str, Field(pattern=r"^[A-Z][0-9]{8}$")]
"""An ONS code, `E07000098`."""


FILTERS = (
    *("on_roster", "trained", "fit", "on_duty", "shift_left", "connected", "conflict", "excluded", "declined"),
    *("avoids_area", "other_force", "gender", "language", "skill", "cap"),
)
"""The hard filters in the one order in which they are asked, whatever order a policy writes them in."""
OPTIONAL_FILTERS = frozenset({"trained", "shift_left", "cap"})
"""What a policy may leave out. The rest applies always: no policy brings back the sick or the connected."""


class Points(Part):
    """How much each part of a ranking can give."""

    continuity: Weight
    district: Weight
    shift: Weight
    skills: Weight
    caseload: Weight
    language: Weight
    travel: Weight
    fairness: Weight


class Matching(Part):
    """Hard filters in their order, points, caps, and how long a decline is remembered."""

    course: Code
    """The training that must be current."""
    filters: Annotated[tuple[Code, ...], Field(min_length=1, max_length=32)]
    """Of FILTERS; those of OPTIONAL_FILTERS that are missing here do not apply."""
    points: Points
    cap: Annotated[StrictInt, Field(ge=1, le=50)]
    """Open offers and held referrals together, where the roster gives an officer no cap."""
    cool_off_minutes: dict[Code, Minutes]
    """By decline code; `conflict` is for good and not listed."""
    shift_end_margin_minutes: Minutes
    """Duty that must be left after task and travel to count as rested."""
    least_left_minutes: Minutes = 15
    """With less duty left after travel an officer is not asked at all. A default here stands for good: decisions under
    policies that do not say it are repeated by it."""
    task_minutes: Minutes
    due_on_within_minutes: Minutes
    """An officer due on duty this soon counts as on duty."""
    rest_minutes: Minutes
    """Less than this since the last duty is tired: asked after the rested, before nobody."""
    far_km: Annotated[StrictInt, Field(ge=1, le=500)]
    """Travel gives no points from here on, by road."""
    road_percent: Annotated[StrictInt, Field(ge=100, le=300)] = 130
    """How much longer a road is than the straight line, for want of a road map: 130 is 1.3 times."""
    road_kmh: Annotated[StrictInt, Field(ge=5, le=130)] = 50
    """How fast that road is travelled, door to door."""
    fairness_hours: Annotated[StrictInt, Field(ge=1, le=8_760)]
    """Full points after this long without an offer."""
    sister_forces_first_minutes: Minutes
    """A sister force is asked at once when nobody at home can answer within this time."""


class Calendar(Part):
    """Working time, and the hours in which nothing that can wait is sent."""

    timezone: Label
    working_days: Annotated[tuple[DayName, ...], Field(min_length=1, max_length=7)]
    work_from: LocalTime
    work_until: LocalTime
    quiet_from: LocalTime
    quiet_until: LocalTime
    bank_holidays: Annotated[tuple[Day, ...], Field(max_length=400)] = ()


class Coverage(Part):
    """When coordinators are told of the coming night's gaps."""

    note_at: LocalTime = "15:00"
    """While there is still time to find somebody; not before 08:00, which is when a night is over."""


class District(Part):
    """A district of a force, for as long as its code stands: `from` its first day, `until` the first day without it."""

    name: Label
    since: Day | None = Field(default=None, alias="from")
    until: Day | None = None

    def stands(self, on: date | None) -> bool:
        """Whether the code stands on a day (Europe/London); None does not ask about days."""
        return on is None or not (self.over(on) or (self.since and on < self.since))

    def over(self, on: date | None) -> bool:
        """Whether the code has been given up by then."""
        return on is not None and self.until is not None and on >= self.until

    def meets(self, other: "District") -> bool:
        """Whether there is a day on which both stand."""
        starts = [one.since for one in (self, other) if one.since]
        ends = [one.until for one in (self, other) if one.until]
        return not starts or not ends or max(starts) < min(ends)


class ForcePolicy(Part):
    """A force: a row of configuration. `grades` maps its control room's codes to our grades."""

    name: Label
    ons_code: DistrictCode | None = None
    districts: dict[DistrictCode, District]
    superseded: dict[DistrictCode, DistrictCode] = {}
    """District codes given up, and the code that stands for the same place now."""
    grades: dict[Code, Code]


class Pool(Part):
    """Forces that share officers."""

    forces: Annotated[tuple[Code, ...], Field(min_length=1, max_length=64)]


class Desk(Part):
    """Where a referral that is not ours goes. `districts` are ONS codes or their beginnings; the longest wins."""

    name: Label
    kind: Literal["force", "rail", "strand", "elsewhere"]
    ons_code: DistrictCode | None = None
    districts: Annotated[tuple[Label, ...], Field(max_length=400)] = ()


class Scheme(Part):
    """Which strands the scheme serves, and the desk for each of the others. No strand counts as within."""

    strands: Codes
    desks: dict[Code, Code]


class KnownCodes(Part):
    """The codes a sender may use, checked at `received_at`; and those the pages suggest, which are not checked."""

    strands: Codes
    incident_kinds: Codes
    risks: Codes
    needs: Codes
    skills: Codes = ()
    implied_skills: dict[Code, Codes] = {}
    """By strand or risk: skills that help, though nobody asked for them by name."""
    withdrawal_reasons: Codes = ()
    release_codes: Codes = ()
    override_reasons: Codes = ()
    pause_reasons: Codes = ()
    close_outcomes: Codes = ()


class Retention(Part):
    """Days. Contact details count from closure, the rest from being written."""

    contact_days: Days
    person_pseudonym_days: Days
    access_log_days: Days
    decisions_days: Days
    journal_days: Days
    inbox_days: Days


class Repeats(Part):
    """What counts as an earlier report of the same person, and what as perhaps the same report sent twice."""

    duplicate_minutes: Minutes = 1_440
    """A second report of one person or one incident within this time, while the first is open, may be a duplicate."""
    not_counted: Codes = ("duplicate", "raised_in_error")
    """Withdrawal reasons and outcomes after which a report is none of the person's."""


class Signpost(Part):
    """Somewhere else a person may turn, shown on a page after sign-in or on the public form alone."""

    name: Label
    phone: Label | None = None
    url: Label | None = None
