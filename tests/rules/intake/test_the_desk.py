"""The front desk over one batch: keys, references and handles, each good once."""

from dataclasses import replace
from itertools import repeat
from typing import Any

import pytest

from services.intake.rules.amend import Amendment, Withdrawal
from services.intake.rules.contact import ContactFacts
from services.intake.rules.desk import Address, Desk, Enclosed, Handle
from services.intake.rules.report import Rejection, Report, Step
from shared.contracts.inbound import ReportAmended
from tests.rules.intake.furniture import COUNTRY, MOMENT, NOON, named, policy, report, submission

NOTHING = Enclosed(b"{}")
KEY = Address(key=("control_room:herts", "herts-storm-0417"))


def desk(*known: Report, **handles: Handle) -> Desk:
    found = Desk([policy()], COUNTRY, (named() for _ in repeat(None)), handles=dict(handles))
    for one in known:
        found.knows(one)
    return found


def handle(owner: str = "herts", *, fresh: bool = True, claimed: bool = False) -> Handle:
    return Handle(owner, ContactFacts(reachable=True), fresh, claimed)


def amendment(force: str = "herts", **changes: Any) -> Amendment:
    event = ReportAmended.model_validate({"idempotency_key": "herts-storm-0417", **changes})
    return Amendment(event, force, event.changed())


def why(outcome: Step | Rejection) -> tuple[str, str, str]:
    assert isinstance(outcome, Rejection), outcome
    return outcome.code, outcome.errors[0].field, outcome.errors[0].reason


def test_the_same_report_twice_in_one_batch_is_one_report() -> None:
    counter = desk()
    first = counter.submit(submission(), NOTHING, MOMENT)
    second = counter.submit(replace(submission(), in_reply_to="message-2"), NOTHING, MOMENT)
    assert isinstance(first, Step)
    assert isinstance(second, Step)
    assert second.report.reference == first.report.reference
    assert [len(counter.new), len(counter.to_routing), len(counter.told), len(counter.kept)] == [1, 1, 2, 1]


def test_the_same_key_of_another_force_is_another_report() -> None:
    counter = desk(report())
    beds = submission(source={"system": "ControlWorks", "force": "beds"})
    outcome = counter.submit(replace(beds, principal="control_room:beds", force="beds"), NOTHING, MOMENT)
    assert isinstance(outcome, Step)
    assert outcome.to_routing is not None


def test_a_rejected_report_leaves_its_key_free_for_a_better_one() -> None:
    counter = desk()
    assert why(counter.submit(submission(incident_kind="gossip"), NOTHING, MOMENT))[0] == "invalid"
    assert (counter.new, counter.told, counter.kept) == ({}, [], [])
    assert isinstance(counter.submit(submission(), NOTHING, MOMENT), Step)


def test_a_report_and_its_amendment_in_one_batch_keep_their_order() -> None:
    counter = desk()
    counter.submit(submission(), NOTHING, MOMENT)
    outcome = counter.amend(KEY, amendment(risks=["weapon"]), NOTHING, MOMENT)
    assert isinstance(outcome, Step)
    assert [event.sequence for _, event in counter.to_routing] == [1, 2]
    assert [one.name for one in counter.kept] == ["report", "amendment:2"]


def test_a_handle_is_claimed_once_by_the_same_force_within_a_day() -> None:
    counter = desk(mine=handle(), theirs=handle("beds"), stale=handle(fresh=False), used=handle(claimed=True))
    for name, reason in [
        ("theirs", "unknown"),
        ("stale", "unknown"),
        ("nobodys", "unknown"),
        ("used", "already_claimed"),
    ]:
        outcome = counter.submit(submission(), Enclosed(b"{}", handle=name), MOMENT)
        assert why(outcome) == ("invalid", "contact.handle", reason)
    claimed = counter.submit(submission(), Enclosed(b"{}", handle="mine"), MOMENT)
    assert isinstance(claimed, Step)
    assert claimed.report.picture.contact_route == "person"
    again = counter.submit(submission(idempotency_key="another"), Enclosed(b"{}", handle="mine"), MOMENT)
    assert why(again) == ("invalid", "contact.handle", "already_claimed")
    assert counter.claimed == {"mine": claimed.report.referral_id}


@pytest.mark.parametrize(
    ("address", "force", "field"),
    [
        (Address("0000-0000"), "herts", "reference"),
        (Address(key=("control_room:herts", "never-sent")), "herts", "idempotency_key"),
        (KEY, "cambs", "idempotency_key"),
        (Address(), "herts", "idempotency_key"),
    ],
)
def test_a_report_that_is_not_theirs_is_unknown(address: Address, force: str, field: str) -> None:
    counter = desk(report())
    assert why(counter.amend(address, amendment(force, risks=[]), NOTHING, MOMENT)) == (
        "unknown_report",
        field,
        "unknown",
    )
    assert why(counter.withdraw(address, Withdrawal(force, "duplicate"), NOON)) == ("unknown_report", field, "unknown")


def test_the_force_that_owns_it_now_may_amend_it_too() -> None:
    moved = replace(report(), force="beds")
    assert isinstance(desk(moved).amend(Address(moved.reference), amendment("beds", risks=[]), NOTHING, MOMENT), Step)


def test_checking_writes_nothing_down() -> None:
    counter = desk()
    assert isinstance(counter.check(submission(), NOTHING, MOMENT), Step)
    assert (counter.new, counter.told, counter.kept, counter.reports) == ({}, [], [], {})
