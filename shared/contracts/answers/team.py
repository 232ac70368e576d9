"""Officers, roles and means as routing shows them. An address is never shown again."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.model import Code, Day, Flag, Instant, Label, OfficerId, Part

Number = Annotated[int, Field(ge=0)]


class OfficerTime(Part):
    """A stretch of an officer's time and where it comes from; no `until`: until further notice."""

    kind: Code
    begins: Instant = Field(alias="from")
    until: Instant | None
    source: Code


class OfficerRow(Part):
    """An officer as their supervisors see them."""

    id: OfficerId
    force: Code
    title: str
    districts: tuple[Label, ...]
    skills: tuple[Code, ...]
    languages: tuple[Code, ...]
    trained_until: Day | None
    duty: Code | None
    on_duty_until: Instant | None
    next_duty: Instant | None
    cap: Number
    in_hand: Number
    entries: tuple[OfficerTime, ...]


class OfficerList(Part):
    """A force's officers, by their ids."""

    items: tuple[OfficerRow, ...]
    next: str | None


class OwnTimeShown(Part):
    """A stretch of an officer's time in their own word."""

    kind: Code
    begins: Instant = Field(alias="from")
    until: Instant | None


class OwnTimes(Part):
    """All of an officer's own entries as they stand now."""

    officer: OfficerId
    entries: tuple[OwnTimeShown, ...]


class OwnMeansKind(Part):
    """A kind of means, and whether it is proved."""

    kind: Code
    verified: Flag


class OwnMeans(Part):
    """An officer's own means."""

    officer: OfficerId
    means: tuple[OwnMeansKind, ...]


class OneMeans(Part):
    """One of an officer's own means, and whether it is proved."""

    officer: OfficerId
    kind: Code
    verified: Flag


class OfficerTold(Part):
    """An officer is told something over each of their means; notify shows what came of it."""

    officer: OfficerId


class PushKeyShown(Part):
    """What a browser subscribes with, in base64url; null where there is no web push."""

    key: Label | None


class OwnDevices(Part):
    """How many of an officer's browsers are told."""

    officer: OfficerId
    devices: Number


class Turn(Part):
    """Who staffs a role for a time; `means` are the kinds of ways to reach them."""

    name: Label | None
    means: tuple[Code, ...]
    begins: Instant | None = Field(alias="from")
    until: Instant | None
    source: Code


class Gap(Part):
    """A time without anybody."""

    begins: Instant = Field(alias="from")
    until: Instant | None


class RoleRota(Part):
    """A role as it is staffed from now on, and when nobody is there."""

    force: Code
    role: Code
    entries: tuple[Turn, ...]
    gaps: tuple[Gap, ...]


class WayShown(Part):
    """One of an officer's means; `stopped`: its number said STOP; `gone`: a browser that is not there any more."""

    means: Literal["phone", "email", "webhook", "push"]
    verified: Flag
    stopped: Flag
    gone: Flag


class WayList(Part):
    """An officer's means, in the order in which they are tried."""

    items: tuple[WayShown, ...]
    next: str | None
