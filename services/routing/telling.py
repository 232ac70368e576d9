"""What was said about a referral, as somebody may know it."""

from collections.abc import Iterable

from services.routing.rules.referral.state import Referral
from services.routing.sentences import seen_by
from services.routing.store.story import Told
from shared.contracts.lifecycle import ReferralEvent
from shared.contracts.topics import model_for


def events_of(timeline: Iterable[Told]) -> list[ReferralEvent]:
    """The events of a timeline; what this code does not know is left out."""
    models = ((model_for("referrals", f"liaison.{told.name}.v1"), told) for told in timeline)
    events = (model.model_validate(told.event) for model, told in models if model is not None)
    return [event for event in events if isinstance(event, ReferralEvent)]


def known_to(officer: str, referral: Referral, timeline: Iterable[Told]) -> list[ReferralEvent]:
    """The story as an officer may know it: whole for who has it, else their own part of it."""
    holds = referral.holder is not None and referral.holder.id == officer
    seen = (seen_by(event, officer, holds) for event in events_of(timeline))
    return [event for event in seen if event is not None]
