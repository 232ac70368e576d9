"""From a referral's life to a control room's log: each change one line, in order, and never why somebody declined."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.rules.desk import addressed
from services.intake.rules.outbound import follow, rejected, unrouted
from services.intake.rules.report import Report
from shared.contracts import outbound, referrals
from shared.contracts.lifecycle import ReferralEvent
from shared.contracts.logline import Outbound
from shared.contracts.model import Holder
from tests.rules.intake.furniture import NOON, report

PRIDE = Holder(force="herts", id="H1042")
DETAILS: dict[str, dict[str, Any]] = {
    "ReferralOpened": {"need": "support", "policy_version": "default-1", "contact_route": "none"},
    "ReferralOffered": {
        "offer_id": UUID(int=9),
        "officers": ("H1042", "H7"),
        "respond_by": NOON,
        "step": 0,
        "why": "best",
    },
    "ReferralViewed": {"officer": "H1042"},
    "ReferralAccepted": {"officer": "H1042", "holder": PRIDE, "state": "accepted"},
    "ReferralDeclined": {"officer": "H1042", "code": "busy"},
    "ReferralWaiting": {"role": "fim:herts", "due": NOON, "why": "nobody"},
    "ReferralEscalated": {"step": 2},
    "ReferralRoleAlerted": {"role": "fim:herts", "why": "risk", "due": NOON},
    "ReferralRoleAcknowledged": {"role": "fim:herts", "person": "fim:herts", "outcome": "noted"},
    "ReferralRiskAcknowledged": {"role": "fim:herts", "person": "fim:herts", "outcome": "noted"},
    "ReferralContactAttempted": {"officer": "H1042", "means": "call", "attempted_at": NOON, "outcome": "no_answer"},
    "ReferralContactMade": {"officer": "H1042", "means": "call", "made_at": NOON},
    "ReferralUnableToContact": {"attempts": 3, "role": "sergeant:herts", "due": NOON},
    "ReferralUpdateGiven": {"officer": "H1042"},
    "ReferralHandedOver": {"giver": "H1042", "receiver": "H7", "accepted": True},
    "ReferralDutyEnding": {"officer": "H1042", "ends_at": NOON},
    "ReferralKept": {"officer": "H1042", "beyond": NOON},
    "ReferralHelperJoined": {"officer": "H7"},
    "ReferralHelperLeft": {"officer": "H7", "code": "other_task"},
    "ReferralReleased": {"officer": "H1042", "code": "duty_ends"},
    "ReferralAssignedByOverride": {"officer": "H7", "by": "inspector:herts", "reason": "risk"},
    "ReferralRepeatConfirmed": {"confirmed": True, "by": "coordinator:herts"},
    "ReferralLinked": {"other": "0000-0000", "by": "coordinator:herts"},
    "ReferralTransferred": {"from_force": "herts", "to_force": "beds", "by": "coordinator:herts", "force": "beds"},
    "ReferralHandedOff": {"desk": "essex"},
    "ReferralBreached": {"clock": "first_contact", "was_due": NOON},
    "ReferralPlanRecorded": {"by": "inspector:herts", "next_contact_by": NOON, "told": "person"},
    "ReferralPaused": {"until": NOON, "reason": "person_asked", "by": "sergeant:herts"},
    "ReferralWithdrawn": {"reason": "duplicate", "state": "withdrawn"},
    "ReferralClosed": {"outcome": "supported", "by": "H1042", "state": "closed"},
    "ReferralReopened": {"by": "sergeant:herts"},
}
ALL = sorted(
    (kind for kind in vars(referrals).values() if isinstance(kind, type) and issubclass(kind, ReferralEvent)),
    key=lambda kind: kind.__name__,
)
EVENTS = [kind for kind in ALL if kind is not ReferralEvent]
INTERNAL = {"referral.opened", "referral.viewed", "referral.duty_ending", "referral.repeat_confirmed"}


def said(kind: type[ReferralEvent], its: Report, sequence: int = 1, **changes: Any) -> ReferralEvent:
    plain: dict[str, Any] = {
        "referral_id": its.referral_id,
        "reference": its.reference,
        "sequence": sequence,
        "at": NOON + timedelta(minutes=sequence),
        "force": "herts",
        "state": "offered",
        "next_due": NOON + timedelta(minutes=15),
    }
    return kind.model_validate(plain | DETAILS.get(kind.__name__, {}) | changes)


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.name)
def test_each_change_is_one_line_and_what_is_internal_is_none(kind: type[ReferralEvent]) -> None:
    its = report()
    event = said(kind, its)
    outcome = follow(its, event)
    if kind.name in INTERNAL:
        assert (outcome.to_control_rooms, outcome.report.outbound_sequence) == ((), 1)
        return
    (told,) = outcome.to_control_rooms
    assert (told.name, told.sequence, told.state, told.at) == (kind.name, 2, event.state, event.at)
    assert (told.reference, told.idempotency_key, told.in_reply_to) == (its.reference, "herts-storm-0417", "message-1")


def test_every_outbound_name_about_a_referral_has_an_event_it_comes_from() -> None:
    named = {
        kind.name
        for kind in vars(outbound).values()
        if isinstance(kind, type) and issubclass(kind, Outbound) and "name" in vars(kind) and "referral." in kind.name
    }
    assert named == {kind.name for kind in EVENTS} - INTERNAL


def test_opening_ends_the_hold() -> None:
    its = report()
    assert its.held_until is not None
    assert follow(its, said(referrals.ReferralOpened, its)).report.held_until is None


@pytest.mark.parametrize(("code", "shown"), [("busy", "busy"), ("too_far", "too_far"), ("conflict", "unfit")])
def test_a_conflict_is_never_shown(code: str, shown: str | None) -> None:
    its = report()
    (told,) = follow(its, said(referrals.ReferralDeclined, its, code=code)).to_control_rooms
    assert isinstance(told, outbound.ReferralDeclined)
    assert told.code == shown
    assert "conflict" not in told.model_dump_json()


def test_an_offer_says_how_many_were_asked_and_not_whom() -> None:
    its = report()
    (told,) = follow(its, said(referrals.ReferralOffered, its)).to_control_rooms
    assert isinstance(told, outbound.ReferralOffered)
    assert told.officers_asked == 2
    assert "H1042" not in told.model_dump_json()


def test_an_answer_to_an_amendment_replies_to_the_amendment() -> None:
    its = replace(report(), amended_by="message-2", withdrawn_by="message-3")
    (amended,) = follow(its, said(referrals.ReferralAmended, its)).to_control_rooms
    (withdrawn,) = follow(its, said(referrals.ReferralWithdrawn, its)).to_control_rooms
    (accepted,) = follow(its, said(referrals.ReferralAccepted, its)).to_control_rooms
    assert [one.in_reply_to for one in (amended, withdrawn, accepted)] == ["message-2", "message-3", "message-1"]


def test_after_a_transfer_both_forces_are_told() -> None:
    its = report()
    moved = follow(its, said(referrals.ReferralTransferred, its))
    later = follow(moved.report, said(referrals.ReferralAccepted, its, sequence=2, force="beds"))
    for outcome in (moved, later):
        assert [one.force for one in addressed(outcome.report, outcome.to_control_rooms)] == ["herts", "beds"]


def transferred(its: Report, number: int, to: str) -> ReferralEvent:
    return said(referrals.ReferralTransferred, its, number, from_force=its.force, to_force=to, force=to)


@pytest.mark.parametrize(
    ("owners", "numbers"),
    [
        (["herts", "herts"], {"herts": [2, 3]}),
        (["herts", "beds", "beds"], {"herts": [2, 3, 4], "beds": [1, 2]}),
        (["beds", "cambs", "beds"], {"herts": [2, 3, 4], "beds": [1, 2, 3], "cambs": [1, 2]}),
        (["beds", "herts", "beds"], {"herts": [2, 3, 4], "beds": [1, 2, 3]}),
    ],
)
def test_each_force_is_told_in_numbers_of_its_own(owners: list[str], numbers: dict[str, list[int]]) -> None:
    assert heard(owners) == numbers


@given(st.lists(st.sampled_from(["herts", "beds", "cambs"]), max_size=20))
def test_wherever_it_goes_no_force_waits_for_a_number_it_was_never_sent(owners: list[str]) -> None:
    for force, numbers in heard(owners).items():
        first = 2 if force == "herts" else 1
        assert numbers == list(range(first, first + len(numbers)))


def heard(owners: list[str]) -> dict[str, list[int]]:
    """The numbers that each force was sent after the report was accepted, while it went from owner to owner."""
    its, numbers = report(), dict[str, list[int]]()
    for number, owner in enumerate(owners, start=1):
        kept = said(referrals.ReferralUpdateGiven, its, number, force=owner)
        outcome = follow(its, kept if owner == its.force else transferred(its, number, owner))
        its = outcome.report
        for one in addressed(its, outcome.to_control_rooms, outcome.also_told):
            numbers.setdefault(one.force, []).append(one.event.sequence or 0)
    return numbers


def test_the_force_it_is_taken_from_hears_that_it_is_gone_and_nothing_after() -> None:
    its = report(locations=[{"kind": "incident", "district": "Luton"}])
    gone = follow(its, transferred(its, 1, "cambs"))
    later = follow(gone.report, said(referrals.ReferralAccepted, its, sequence=2, force="cambs"))
    told = [
        [one.force for one in addressed(step.report, step.to_control_rooms, step.also_told)] for step in (gone, later)
    ]
    assert told == [["herts", "cambs", "beds"], ["herts", "cambs"]]


def test_a_report_that_another_force_owns_from_the_start_is_told_to_its_sender_alone() -> None:
    its = report(locations=[{"kind": "incident", "district": "Luton"}])
    outcome = follow(its, said(referrals.ReferralAccepted, its, force="beds"))
    assert [one.force for one in addressed(outcome.report, outcome.to_control_rooms)] == ["herts"]


@given(st.lists(st.sampled_from(EVENTS), max_size=30))
def test_whatever_happens_the_lines_are_numbered_without_a_gap(kinds: list[type[ReferralEvent]]) -> None:
    its, numbers = report(), [1]
    for number, kind in enumerate(kinds, start=1):
        outcome = follow(its, said(kind, its, sequence=number))
        its = outcome.report
        numbers += [one.sequence or 0 for one in outcome.to_control_rooms]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_hand_off_is_awaited_until_the_desk_has_it() -> None:
    its = report()
    lines = [
        follow(its, said(referrals.ReferralHandedOff, its, received=received)).to_control_rooms[0].log_line
        for received in (False, True)
    ]
    assert "Receipt awaited." in lines[0]
    assert "the outside desk has it." in lines[1]


def test_a_desk_whose_name_is_known_is_named() -> None:
    its = report()
    (told,) = follow(its, said(referrals.ReferralHandedOff, its), {"essex": "Essex Police"}).to_control_rooms
    assert "Handed off to Essex Police, receipt awaited." in told.log_line


def test_a_hand_over_that_is_only_asked_for_is_none_yet() -> None:
    its = report()
    lines = [
        follow(its, said(referrals.ReferralHandedOver, its, accepted=accepted)).to_control_rooms[0].log_line
        for accepted in (False, True)
    ]
    assert "Hand-over asked for; still with its officer." in lines[0]
    assert "Handed over between officers." in lines[1]


def test_an_unrouted_report_says_so_loudly() -> None:
    outcome = unrouted(report(), NOON)
    (told,) = outcome.to_control_rooms
    assert (told.name, told.sequence, outcome.report.unrouted_at) == ("report.unrouted", 2, NOON)
    assert "NOT ROUTED" in told.log_line


def test_a_rejection_without_a_reason_still_has_one() -> None:
    told = rejected("unreadable", (), NOON, in_reply_to=None)
    assert isinstance(told, outbound.ReportRejected)
    assert [(one.field, one.reason) for one in told.errors] == [("body", "unreadable")]
