"""`officers`: how notify reaches officers and roles, and what will be missing on the roster.

Compacted; no value means deleted; means are sealed.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from shared.contracts.contact import LocalTime
from shared.contracts.deliveries import Means
from shared.contracts.model import Addressee, Code, Event, Flag, Instant, Label, Part, Sequence

Sealed = Annotated[str, StringConstraints(min_length=1, max_length=4_096)]
"""Opaque: opened by notify with the master keys, by nobody else."""


class SealedMeans(Part):
    """One way to reach somebody, sealed; between `from` and `until` where a role's rota says so."""

    kind: Means
    verified: Flag = False
    sealed: Sealed
    since: Instant | None = Field(default=None, alias="from")
    until: Instant | None = None


class QuietHours(Part):
    """Local times between which nothing that can wait is sent."""

    start: LocalTime = Field(alias="from")
    end: LocalTime = Field(alias="until")


class OfficerPublished(Event):
    """An officer or a role as they stand now; `means` in the order they are to be tried."""

    name: ClassVar[str] = "officer.published"

    id: Addressee
    kind: Literal["officer", "role"]
    force: Code
    title: Label | None = None
    means: Annotated[tuple[SealedMeans, ...], Field(max_length=1500)] = ()
    quiet: QuietHours | None = None
    version: Sequence


class RosterWarned(Event):
    """Something on the roster will be missing at `due` unless somebody acts; `role` hears of it, once.

    `kind` training: `subject` is an officer whose training ends. `kind` role_unstaffed: `subject` is a role
    (`fim:herts`) that nobody staffs. `kind` cover_tonight: `subject` is a force in which nobody could be asked for
    some need in the night that begins at `due`: a note for the afternoon, not an alert.
    Its key is `warning:<kind>:<subject>`; no value: it does not hold any more.
    """

    name: ClassVar[str] = "roster.warned"

    role: Addressee
    kind: Code
    subject: Addressee
    due: Instant
    at: Instant


class OfficerTestAsked(Event):
    """An officer asked to be told something over each of their means, to see what arrives.

    Its key is `test:<officer>`; there is never no value.
    """

    name: ClassVar[str] = "officer.test_asked"

    officer: Addressee
    at: Instant
