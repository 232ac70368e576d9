"""The referral's life: its states, the codes people act with, and what each of its events carries."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.model import Code, Event, Flag, Holder, Identifier, Instant, OfficerId, Reference, Sequence

State = Literal["waiting", "offered", "accepted", "contacted", "closed", "withdrawn", "handed_off"]
DeclineCode = Literal["conflict", "busy", "too_far", "unfit"]
AttemptOutcome = Literal["spoke", "no_answer", "wrong_person", "unsafe", "message_left"]
Told = Literal["person", "referrer", "not_safe_until"]
ClockName = Literal["acknowledgement", "first_contact", "next_update", "duty_end"]
Asked = Annotated[tuple[OfficerId, ...], Field(max_length=2_000)]
"""A broadcast asks everybody on duty in the pool."""


class ReferralEvent(Event):
    """What every event about a referral carries, as it stands after the event."""

    referral_id: Identifier
    reference: Reference
    sequence: Sequence
    at: Instant
    force: Code
    state: State
    holder: Holder | None = None
    next_due: Instant | None = None
    exercise: Flag = False
    pool: Code | None = None
    response_class: Code | None = Field(default=None, alias="class")


def code_shown(code: str | None) -> str | None:
    """A decline's or release's code as anybody but the officer may see it.

    A conflict is never shown (contract §1), and a code left out would give it away among those that are not.
    """
    return "unfit" if code == "conflict" else code
