"""The ledger: finds what was lost, doubled, left without an owner, or refused without a reason."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.simulation.items import ACCEPTED, Expected, Item, Way
from services.simulation.ledger import Heard, Ledger, faults, owner, pending
from services.simulation.summary import spread

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
REFUSED = Expected("rejected", frozenset({422}), frozenset({"invalid"}))


def item(number: int = 1, way: Way = "topic", kind: str = "report", expected: Expected = ACCEPTED) -> Item:
    key = f"kite-{number}"
    return Item(
        number, kind, way, "herts", "control_room:herts", NOON, key, f"{key}-e", expected, {"idempotency_key": key}
    )


def accepted(number: int = 1, reference: str = "K7QM-4T9P", **more: Any) -> Heard:
    key = f"kite-{number}"
    body = {"reference": reference, "idempotency_key": key, "in_reply_to": f"{key}-e", "sequence": 1, "log_line": "x"}
    return Heard("herts", key, "report.accepted", body | {"source": {"force": "herts"}} | more, 2.0)


def rejected(number: int = 1, key: str | None = None, **more: Any) -> Heard:
    body = {"in_reply_to": f"kite-{number}-e", "code": "invalid", "errors": [{"field": "need", "reason": "required"}]}
    return Heard("herts", key or f"kite-{number}", "report.rejected", body | more, 2.0)


def told(*sent: Item, heard: tuple[Heard, ...] = ()) -> Ledger:
    ledger = Ledger()
    for one in sent:
        ledger.send(one, 1.0)
    for record in heard:
        ledger.hear(record)
    return ledger


def wrong(ledger: Ledger) -> list[str]:
    return [fault.what for fault in faults(ledger)]


def test_an_answered_report_is_no_fault() -> None:
    ledger = told(item(), heard=(accepted(),))
    assert wrong(ledger) == []
    assert pending(ledger) == []
    assert ledger.reference_of(item()) == "K7QM-4T9P"


def test_silence_is_a_fault() -> None:
    ledger = told(item(), item(2, "http"))
    assert wrong(ledger) == ["unanswered", "unanswered"]
    assert len(pending(ledger)) == 2


def test_an_answer_over_http_settles_it_and_a_202_without_a_reference_does_not() -> None:
    ledger = Ledger()
    ledger.answered(ledger.send(item(1, "http"), 1.0), 202, "K7QM-4T9P", 1.1)
    ledger.answered(ledger.send(item(2, "http"), 1.0), 202, None, 1.1)
    assert [(fault.what, fault.number) for fault in faults(ledger)] == [("unanswered", 2)]


def test_two_references_for_one_key_are_doubled() -> None:
    ledger = told(item(), heard=(accepted(), accepted(reference="B2B2-B2B2")))
    assert "doubled" in wrong(ledger)


def test_a_resend_must_get_the_first_ones_reference() -> None:
    again = replace(item(2), kind="resend", body=item().body, key="kite-1", expected=replace(ACCEPTED, of=1))
    same = told(item(), again, heard=(accepted(), accepted(2, idempotency_key="kite-1")))
    other = told(item(), again, heard=(accepted(), accepted(2, "B2B2-B2B2", idempotency_key="kite-1")))
    assert wrong(same) == []
    assert wrong(other) == ["doubled", "doubled"]


def test_a_redelivered_record_is_owed_no_answer() -> None:
    again = replace(item(2), kind="redelivery", event_id="kite-1-e", key="kite-1", expected=replace(ACCEPTED, of=1))
    assert wrong(told(item(), again, heard=(accepted(),))) == []


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (rejected(), []),
        (rejected(in_reply_to=None), []),
        (rejected(errors=[]), ["without a reason"]),
        (rejected(key="somebody-elses"), ["under another key"]),
        (rejected(code="gremlins"), ["surprise"]),
        (accepted(), ["wrongly accepted"]),
    ],
)
def test_a_rejection_needs_a_reason_and_the_senders_key(answer: Heard, fault: list[str]) -> None:
    assert wrong(told(item(kind="no_offset", expected=REFUSED), heard=(answer,))) == fault


def test_an_id_used_twice_is_accepted_once_and_rejected_once() -> None:
    reused = replace(item(2), kind="reused_id", event_id="kite-1-e", key="kite-1", expected=replace(REFUSED, of=1))
    assert wrong(told(item(), reused, heard=(accepted(), rejected()))) == []
    assert wrong(told(item(), reused, heard=(accepted(),))) == ["unanswered"]


def test_a_good_report_that_is_rejected_is_a_fault_whichever_way_it_came() -> None:
    ledger = told(item(), heard=(rejected(),))
    ledger.answered(ledger.send(item(2, "http"), 1.0), 422, None, 1.1)
    assert wrong(ledger) == ["wrongly rejected", "wrongly rejected"]


def test_a_gap_in_a_reports_sequence_counts_and_a_record_that_comes_again_does_not() -> None:
    ledger = told(item(), heard=(accepted(), accepted(sequence=2), accepted(sequence=1), accepted(sequence=2)))
    assert ledger.gaps == 0
    ledger.hear(accepted(sequence=4))
    assert ledger.gaps == 1


@pytest.mark.parametrize(
    ("row", "who"),
    [
        ({"state": "accepted", "holder": {"force": "herts", "id": "H1042"}, "next_due": None}, "owned"),
        ({"state": "accepted", "holder": None, "next_due": "2026-06-01T12:00:00Z"}, None),
        ({"state": "offered", "next_due": "2026-06-01T12:00:00Z"}, "on offer"),
        ({"state": "offered", "next_due": None}, None),
        ({"state": "waiting", "next_due": "2026-06-01T12:00:00Z"}, "held by a role"),
        ({"state": "waiting", "next_due": None}, None),
        ({"state": "closed"}, "settled"),
        ({"state": "handed_off"}, "settled"),
        ({}, None),
    ],
)
def test_everything_open_has_an_owner_or_a_deadline(row: dict[str, Any], who: str | None) -> None:
    assert owner(row) == who


def test_percentiles_of_nothing_are_zero_and_of_something_are_there() -> None:
    assert spread([]).p95 == 0
    assert spread([number / 100 for number in range(100)]).p95 == pytest.approx(0.95)
