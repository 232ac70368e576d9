"""What the four files of a roster say (contract §5), as plain values."""

from dataclasses import dataclass
from datetime import date, datetime

DUTY_KINDS = ("duty", "on_call", "leave", "sick", "court", "abstracted", "restricted", "event", "busy")
CONTROL_ROOM = "control_room"
"""A line that staffs nothing: it names the webhook where a force's control room is told things."""
ROLES = ("coordinator", "sergeant", "inspector", "fim", "psd", "ops", CONTROL_ROOM)


@dataclass(frozen=True, slots=True)
class Means:
    """A way to reach somebody: `kind` phone, email or webhook, and the address in clear."""

    kind: str
    address: str


@dataclass(frozen=True, slots=True)
class OfficerRow:
    """A line of officers.csv. `cap` None: the policy's; `avoid`: postcode sectors such as `SG8 7`.

    `base_km` is where the base lies on the National Grid, in kilometres east and north; None where no directory
    knows it.
    """

    id: str
    force: str
    title: str
    districts: tuple[str, ...]
    skills: tuple[str, ...]
    languages: tuple[str, ...]
    gender: str | None
    cap: int | None
    means: tuple[Means, ...]
    avoid: tuple[str, ...]
    base_postcode: str | None
    base_km: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """A line of training.csv; `valid_until` is the last day on which it counts."""

    officer: str
    course: str
    attended: date | None
    valid_until: date


@dataclass(frozen=True, slots=True)
class DutyRow:
    """A line of duties.csv: from `starts` up to, not including, `ends`."""

    officer: str
    kind: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A line of roles.csv: who staffs a role of a force, and from when until when (None: always)."""

    force: str
    role: str
    name: str
    means: tuple[Means, ...]
    starts: datetime | None
    ends: datetime | None


@dataclass(frozen=True, slots=True)
class RosterRows:
    """A whole roster, each part in a stable order, so that the same files always read the same."""

    officers: tuple[OfficerRow, ...]
    training: tuple[TrainingRow, ...]
    duties: tuple[DutyRow, ...]
    roles: tuple[RoleRow, ...]


@dataclass(frozen=True, slots=True)
class BadLine:
    """Where a roster is wrong and why: a stable reason, never the value. Line 1 is the header."""

    file: str
    line: int
    column: str
    reason: str


class RosterRefused(ValueError):
    """The roster is wrong somewhere, so none of it is taken."""

    def __init__(self, bad: tuple[BadLine, ...]) -> None:
        self.bad = bad
        super().__init__(f"{len(bad)} bad lines in the roster")
