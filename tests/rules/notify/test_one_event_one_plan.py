"""Who is told what: each event of a referral, and the drafts it leads to."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.notify.rules.planning import TELL_FOR, Plan, Task, plan
from shared.contracts import referrals
from shared.contracts.lifecycle import ReferralEvent
from shared.contracts.model import Holder

NOON = datetime(2026, 6, 6, 12, tzinfo=UTC)
SOON = NOON + timedelta(minutes=15)
TANDEM = UUID("01997b5c-0000-7000-8000-00000000beef")
PEGGY, IRIS, OTTO = "H1042", "B0007", "C2210"


def event(kind: str, **fields: Any) -> ReferralEvent:
    model: type[ReferralEvent] = getattr(referrals, kind)
    plain = {
        "referral_id": TANDEM,
        "reference": "K7QM-4T9P",
        "sequence": 3,
        "at": NOON,
        "force": "herts",
        "state": "offered",
        "next_due": SOON,
        "response_class": "priority",
        "pool": "bch",
    }
    return model(**(plain | fields))


def offered(*officers: str) -> ReferralEvent:
    return event("ReferralOffered", offer_id=TANDEM, officers=officers, respond_by=SOON, step=0, why="first")


def accepted(officer: str) -> ReferralEvent:
    return event("ReferralAccepted", officer=officer, state="accepted", holder=Holder(force="herts", id=officer))


def after(*events: ReferralEvent) -> Task | None:
    task: Task | None = None
    for one in events:
        task = plan(task, one).task
    return task


def told(planned: Plan) -> list[tuple[str, str]]:
    return [(draft.to, draft.type) for draft in planned.drafts]


def test_an_offer_is_told_to_each_officer_asked_until_its_deadline() -> None:
    planned = plan(None, offered(PEGGY, IRIS))
    assert told(planned) == [(PEGGY, "task.offered"), (IRIS, "task.offered")]
    assert {draft.respond_by for draft in planned.drafts} == {SOON}
    assert {draft.not_after for draft in planned.drafts} == {SOON}


def test_an_officer_gets_one_offer_for_a_referral_and_what_repeats_is_a_reminder() -> None:
    planned = plan(after(offered(PEGGY)), offered(PEGGY, IRIS))
    assert told(planned) == [(PEGGY, "task.reminder"), (IRIS, "task.offered")]


def test_somebody_named_twice_in_one_offer_is_told_once() -> None:
    assert told(plan(None, offered(PEGGY, PEGGY))) == [(PEGGY, "task.offered")]


def test_when_one_officer_accepts_the_others_are_told_and_the_holder_is_not() -> None:
    planned = plan(after(offered(PEGGY, IRIS, OTTO)), accepted(IRIS))
    assert told(planned) == [(PEGGY, "task.taken"), (OTTO, "task.taken")]
    assert {draft.respond_by for draft in planned.drafts} == {None}
    assert {draft.not_after for draft in planned.drafts} == {NOON + TELL_FOR}
    assert planned.recalls == (IRIS,)


def test_who_declined_hears_nothing_more_of_it() -> None:
    declined = event("ReferralDeclined", officer=PEGGY, code="conflict")
    assert plan(after(offered(PEGGY, IRIS)), declined).recalls == (PEGGY,)
    assert told(plan(after(offered(PEGGY, IRIS), declined), accepted(IRIS))) == []


def test_who_was_told_that_it_is_taken_is_not_told_again_that_it_is_closed() -> None:
    before = after(offered(PEGGY, IRIS), accepted(IRIS))
    closed = event("ReferralClosed", outcome="supported", by="coordinator:herts", state="closed")
    assert told(plan(before, closed)) == [(IRIS, "task.closed")]


def test_the_officer_who_closes_a_referral_needs_no_notice_of_it() -> None:
    closed = event("ReferralClosed", outcome="supported", by=f"officer:{IRIS}", state="closed")
    assert told(plan(after(offered(IRIS), accepted(IRIS)), closed)) == []


def test_a_withdrawal_tells_everybody_still_asked_and_silences_the_rest() -> None:
    withdrawn = event("ReferralWithdrawn", reason="raised_in_error", state="withdrawn")
    planned = plan(after(offered(PEGGY, IRIS)), withdrawn)
    assert told(planned) == [(PEGGY, "task.closed"), (IRIS, "task.closed")]
    assert planned.silence


def test_even_after_a_referral_was_reopened_nobody_gets_a_second_offer_of_it() -> None:
    closed = event("ReferralClosed", outcome="supported", by="coordinator:herts", state="closed")
    reopened = event("ReferralReopened", by="coordinator:herts", state="waiting")
    before = after(offered(PEGGY), closed, reopened)
    assert told(plan(before, offered(PEGGY, IRIS))) == [(PEGGY, "task.reminder"), (IRIS, "task.offered")]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("ReferralWaiting", {"role": "coordinator", "due": SOON, "why": "nobody_on_duty"}),
        ("ReferralRoleAlerted", {"role": "coordinator", "due": SOON, "why": "risk"}),
        ("ReferralEscalated", {"step": 3, "role": "coordinator", "due": SOON}),
        ("ReferralEscalated", {"step": 3, "role": "coordinator:herts"}),
        ("ReferralUnableToContact", {"role": "coordinator", "due": SOON, "attempts": 3}),
    ],
)
def test_a_role_is_alerted_by_the_name_it_has_on_the_roster(kind: str, fields: dict[str, Any]) -> None:
    (draft,) = plan(None, event(kind, **fields)).drafts
    assert (draft.to, draft.type, draft.respond_by) == ("coordinator:herts", "role.alert", SOON)


def test_two_events_about_one_deadline_make_one_alert_and_a_later_deadline_another() -> None:
    waiting = event("ReferralWaiting", role="fim", due=SOON, why="nobody_left")
    same = event("ReferralRoleAlerted", role="fim:herts", due=SOON, why="nobody_left")
    again = event("ReferralRoleAlerted", role="fim", due=SOON + timedelta(minutes=5), why="nobody_left", times=2)
    assert told(plan(after(waiting), same)) == []
    assert told(plan(after(waiting, same), again)) == [("fim:herts", "role.alert")]


def test_an_alert_that_is_due_at_once_is_still_worth_sending() -> None:
    (draft,) = plan(None, event("ReferralRoleAlerted", role="fim", due=NOON, why="risk")).drafts
    assert draft.not_after == NOON + TELL_FOR


def test_a_role_that_has_acknowledged_is_left_in_peace() -> None:
    alerted = event("ReferralRoleAlerted", role="fim", due=SOON, why="risk")
    acknowledged = event("ReferralRoleAcknowledged", role="fim", person="fim:herts", outcome="unit_sent")
    assert plan(after(alerted), acknowledged).recalls == ("fim:herts",)


def test_a_hand_over_asks_the_receiver_and_tells_the_giver_once_it_is_taken() -> None:
    before = after(offered(PEGGY), accepted(PEGGY))
    asked = event("ReferralHandedOver", giver=PEGGY, receiver=OTTO, accepted=False, respond_by=SOON)
    taken = event("ReferralHandedOver", giver=f"officer:{PEGGY}", receiver=OTTO, accepted=True)
    assert told(plan(before, asked)) == [(OTTO, "task.offered")]
    assert told(plan(after(offered(PEGGY), accepted(PEGGY), asked), taken)) == [(PEGGY, "task.taken")]


def test_a_supervisors_choice_is_told_to_the_asked_and_the_former_holder_and_then_offered_to_the_chosen() -> None:
    held = event("ReferralResumed", holder=Holder(force="herts", id=PEGGY))
    override = event("ReferralAssignedByOverride", officer=OTTO, by="inspector:herts", reason="risk")
    planned = plan(after(offered(PEGGY, IRIS), held), override)
    assert told(planned) == [(PEGGY, "task.taken"), (IRIS, "task.taken")]
    assert told(plan(planned.task, offered(OTTO))) == [(OTTO, "task.offered")]


def test_an_officer_asked_before_and_chosen_now_is_reminded_and_not_told_that_it_is_gone() -> None:
    override = event("ReferralAssignedByOverride", officer=IRIS, by="inspector:herts", reason="risk")
    planned = plan(after(offered(PEGGY, IRIS)), override)
    assert told(planned) == [(PEGGY, "task.taken")]
    assert told(plan(planned.task, offered(IRIS))) == [(IRIS, "task.reminder")]


def test_a_hand_off_is_told_to_whoever_held_it_or_was_asked_and_a_receipt_to_nobody() -> None:
    held = event("ReferralResumed", holder=Holder(force="herts", id=PEGGY))
    sent = plan(after(offered(PEGGY, IRIS), held), event("ReferralHandedOff", desk="essex", state="waiting"))
    assert told(sent) == [(PEGGY, "task.closed"), (IRIS, "task.closed")]
    received = event("ReferralHandedOff", desk="essex", received=True, state="handed_off")
    assert told(plan(sent.task, received)) == []


def test_an_officer_who_opened_the_task_has_read_it() -> None:
    assert plan(after(offered(PEGGY)), event("ReferralViewed", officer=PEGGY)).readers == (PEGGY,)


def test_events_that_concern_nobody_change_nothing_but_what_is_known() -> None:
    planned = plan(None, event("ReferralOpened", need="support", policy_version="default-1", contact_route="person"))
    assert planned.drafts == ()
    assert (planned.task.response_class, planned.task.pool) == ("priority", "bch")


def test_the_end_of_a_duty_is_told_to_the_holder_alone_and_until_then() -> None:
    ends = NOON + timedelta(minutes=30)
    ending = event("ReferralDutyEnding", officer=PEGGY, ends_at=ends)
    planned = plan(after(offered(PEGGY, IRIS), accepted(PEGGY)), ending)
    assert told(planned) == [(PEGGY, "task.shift_ending")]
    assert (planned.drafts[0].respond_by, planned.drafts[0].not_after) == (ends, ends)


def test_one_who_comes_along_is_asked_no_more_and_the_others_still_are() -> None:
    planned = plan(after(accepted(OTTO), offered(PEGGY, IRIS)), event("ReferralHelperJoined", officer=PEGGY))
    assert (told(planned), planned.recalls, planned.task.open) == ([], (PEGGY,), (IRIS,))
