"""What is asked of a referral that somebody works on: the bodies at the door, each strict."""

from typing import TypeVar

from pydantic import BaseModel

from shared.contracts.lifecycle import AttemptOutcome, Told
from shared.contracts.model import Addressee, Code, DoorPart, Identifier, Instant, OfficerId, SpokenReference
from shared.identity import Principal, allow

Asked = TypeVar("Asked", bound=BaseModel)


def read_for(principal: Principal, action: str, model: type[Asked], body: bytes) -> Asked:
    """What was asked. Who may not ask it hears that (Forbidden) before what they wrote is looked at (Invalid)."""
    allow(principal, action)
    return model.model_validate_json(body)


class Attempting(DoorPart):
    """One attempt to reach the person: what was tried and when, what came of it, and what comes next."""

    means: Code
    at: Instant
    outcome: AttemptOutcome
    next_step: Code | None = None
    next_at: Instant | None = None
    next_update_by: Instant | None = None
    tapped_at: Instant | None = None


class Updating(DoorPart):
    """A promised update was given; `next_update_by` promises the next one (else the class's own time)."""

    next_update_by: Instant | None = None
    tapped_at: Instant | None = None


class HandingOver(DoorPart):
    """Who is asked to take over."""

    to: OfficerId
    tapped_at: Instant | None = None


class Keeping(DoorPart):
    """It is kept beyond the end of one's duty; nothing more is to be said."""

    tapped_at: Instant | None = None


class Planning(DoorPart):
    """A plan after a missed clock. `told_at` and `told_by` may be left out only where it is not safe to tell."""

    next_contact_by: Instant
    told: Told
    told_at: Instant | None = None
    told_by: Addressee | None = None
    note_id: Identifier | None = None


class Linking(DoorPart):
    """The other referral."""

    reference: SpokenReference


class Transferring(DoorPart):
    """The force that is to own it."""

    force: Code


class Pausing(DoorPart):
    """Until when the clocks stand still, and why."""

    until: Instant
    reason: Code


class Resuming(DoorPart):
    """The clocks run again; nothing more is to be said."""


class Closing(DoorPart):
    """How it ended, one of the policy's outcomes."""

    outcome: Code
    tapped_at: Instant | None = None


class Reopening(DoorPart):
    """Why it is opened again; may be left out."""

    reason: Code | None = None
