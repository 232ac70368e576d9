"""What people have put on record about a referral: attempts, a hand-over, links, a pause, a plan, the holder's duty."""

from typing import Literal
from uuid import UUID

from shared.contracts.lifecycle import AttemptOutcome, Told
from shared.contracts.model import Addressee, Code, Identifier, Instant, OfficerId, Part, Reference


class Attempt(Part):
    """One try to reach the person; `at` as it was told to us, `recorded_at` when that was."""

    by: Addressee
    means: Code
    at: Instant
    recorded_at: Instant
    outcome: AttemptOutcome
    next_step: Code | None = None
    next_at: Instant | None = None


class Handover(Part):
    """One officer asked to take over from another, who holds it until then."""

    giver: OfficerId
    receiver: OfficerId
    by: Addressee
    respond_by: Instant


class Link(Part):
    """Another referral that a human says is about the same thing."""

    id: UUID
    reference: Reference


class Pause(Part):
    """Clocks stand still from `since` until `until`, or until somebody says so."""

    since: Instant
    until: Instant
    reason: Code
    by: Addressee


class Plan(Part):
    """What a supervisor decided after a missed clock, and what the person was told of it."""

    by: Addressee
    next_contact_by: Instant
    told: Told
    told_at: Instant | None = None
    told_by: Addressee | None = None
    note_id: Identifier | None = None


class DutyEnd(Part):
    """When the holder's duty ends. `stage` is what has been done about it; `kept_until` an end they keep it beyond.

    `next_at` is when something happens about it.
    """

    ends_at: Instant | None = None
    stage: Literal["to_come", "asked", "over"] = "to_come"
    kept_until: Instant | None = None
    next_at: Instant | None = None
