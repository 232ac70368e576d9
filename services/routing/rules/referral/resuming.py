"""The end of a pause: every clock that stood still runs on, later by as long as the pause was."""

from datetime import datetime, timedelta

from services.routing.rules.calendar import next_safe
from services.routing.rules.referral.draft import Draft
from services.routing.rules.referral.state import Clocks, Ladder
from shared.contracts.policy import PolicyDocument
from shared.contracts.referrals import ReferralResumed


def run_on(draft: Draft, ended_at: datetime, by: str | None, policy: PolicyDocument) -> None:
    """The clocks run again from `ended_at`; `by` is None where the pause ran out by itself."""
    pause = draft.referral.pause
    if pause is None:
        return
    stood = max(ended_at - pause.since, timedelta())
    draft.put(
        pause=None,
        counts_from=draft.referral.started_at + stood,
        clocks=_later(draft, stood, policy),
        ladder=_higher(draft.referral.ladder, stood),
    )
    draft.say(ReferralResumed, by=by)


def wake_up(draft: Draft, policy: PolicyDocument) -> None:
    """A pause that has run out ends when it said, however late anybody looks."""
    pause = draft.referral.pause
    if pause is not None and pause.until <= draft.now:
        run_on(draft, pause.until, None, policy)


def _later(draft: Draft, stood: timedelta, policy: PolicyDocument) -> Clocks:
    clocks, breached = draft.referral.clocks, draft.referral.clocks.breached
    first, update = clocks.first_contact_due, clocks.next_update_due
    if first is not None and "first_contact" not in breached:
        first = next_safe(first + stood, draft.referral.picture.contact_windows, policy.calendar.timezone)
    if update is not None and "next_update" not in breached:
        update += stood
    ack = clocks.ack_due if draft.referral.held else clocks.ack_due + stood
    return clocks.model_copy(update={"ack_due": ack, "first_contact_due": first, "next_update_due": update})


def _higher(ladder: Ladder, stood: timedelta) -> Ladder:
    rungs = (
        rung if place < ladder.taken else rung.model_copy(update={"at": rung.at + stood})
        for place, rung in enumerate(ladder.rungs)
    )
    floor_at = ladder.floor_at + stood if ladder.floor_at else None
    return ladder.model_copy(update={"rungs": tuple(rungs), "floor_at": floor_at})
