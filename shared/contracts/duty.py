"""`duty.<force>`: what a duty system sends about one officer's time, one entry at a time."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.model import Door, Instant, OfficerId, Token

DutyKind = Literal["duty", "on_call", "leave", "sick", "court", "abstracted", "restricted", "event", "busy"]


class DutyRecorded(Door):
    """An entry as it now stands. The same `entry` again replaces what it said; no `until`: until further notice."""

    name: ClassVar[str] = "duty.recorded"

    officer: OfficerId
    entry: Token
    kind: DutyKind
    start: Instant = Field(alias="from")
    until: Instant | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.until is not None and self.until <= self.start:
            raise PydanticCustomError("ends_before_it_starts", "ends first", {"field": "until"})
        return self


class DutyCancelled(Door):
    """An entry no longer stands."""

    name: ClassVar[str] = "duty.cancelled"

    officer: OfficerId
    entry: Token
