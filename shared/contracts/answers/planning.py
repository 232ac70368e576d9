"""The policy's versions and the coverage ahead, as routing shows them."""

from typing import Annotated, Any, Literal

from pydantic import Field

from shared.contracts.model import Addressee, Code, Flag, Instant, Label, OfficerId, Part

Number = Annotated[int, Field(ge=0)]


class PolicyFault(Part):
    """One thing that speaks against a version."""

    field: str
    reason: Code
    line: int | None = None


class PolicyRow(Part):
    """A version of the policy. `digest` is that of the proposal as it was read."""

    version: Label
    state: Literal["proposed", "approved"]
    in_force: Flag
    effective_from: Instant
    on_approval: Flag
    proposed_by: Addressee | None
    proposed_at: Instant | None
    approved_by: Addressee | None
    approved_at: Instant | None
    digest: str


class PolicyProposed(PolicyRow):
    """A version as it was proposed, with what one might not expect of it."""

    warnings: tuple[PolicyFault, ...]


class PolicyList(Part):
    """Every version, the last to take effect first."""

    items: tuple[PolicyRow, ...]
    next: str | None


class PolicyShown(PolicyProposed):
    """A version whole, what it changes, and what speaks against it now."""

    changes: tuple[str, ...]
    objections: tuple[PolicyFault, ...]
    document: dict[str, Any]


class UncoveredShown(Part):
    """Expected referrals for which nobody would be there."""

    nobody_in_pool: float
    nobody_at_home: float
    nobody_in_district: float


class CoverageCell(Part):
    """How many could be asked in an hour of a district, for a need; `expected` for one's own force alone."""

    district: Label
    hour: Instant
    need: Label
    in_district: Number
    home: Number
    sisters: Number
    expected: float | None = None


class CoverageGap(Part):
    """A time in which nobody could be asked."""

    begins: Instant = Field(alias="from")
    until: Instant
    districts: tuple[Label, ...]
    need: Label
    nobody_in: Code
    sisters: Number
    expected: float
    words: str


class AdviceLine(Part):
    """What a change does for one need: expected referrals without anybody, before it and after."""

    need: Label
    before: float
    after: float


class CoverageAdvice(Part):
    """Something that would help, and by how much. What has a default stands where the action needs it."""

    action: Literal["train", "serve", "duty"]
    officer: OfficerId | None = None
    districts: tuple[Label, ...] = ()
    skill: Code | None = None
    course: Code | None = None
    starts: Instant | None = None
    ends: Instant | None = None
    before: UncoveredShown
    after: UncoveredShown
    closes: UncoveredShown
    lines: tuple[AdviceLine, ...]
    words: str
    reckoning: tuple[str, ...]


class ReckoningLine(Part):
    """Referrals a week for one need: assumed, seen in all weeks, and expected."""

    need: Label
    assumed: float
    seen: float
    expected: float
    uncovered: UncoveredShown


class Reckoning(Part):
    """How the expected referrals came about."""

    weeks_seen: float
    assumptions_count_as_weeks: float
    weight_of_experience: float
    formula: str
    left_out_without_district: float
    uncovered: UncoveredShown
    lines: tuple[ReckoningLine, ...]


class CoverageShown(Part):
    """A local day of hours to a page; gaps, advice and reckoning belong to the whole time asked for."""

    items: tuple[CoverageCell, ...]
    next: str | None
    force: Code
    begins: Instant = Field(alias="from")
    until: Instant
    as_of: Instant
    roster_version: Number
    policy_version: Label
    gaps: tuple[CoverageGap, ...]
    advice: tuple[CoverageAdvice, ...]
    reckoning: Reckoning | None
