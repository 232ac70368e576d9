"""The demo's story: what it hears, and how it tells it."""

import io
import json
from datetime import UTC, datetime

from rich.console import Console

from services.simulation.ledger import Heard
from services.simulation.story import CALLER, Heardbook, report
from services.simulation.telling import Teller
from shared.contracts.contact import ContactDetails
from shared.contracts.inbound import ReportSubmitted

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def outbound(kind: str, key: str = "demo-1", **body: object) -> Heard:
    return Heard("herts", key, kind, {"reference": "K7QM-4T9P", "log_line": f"12:00 {kind}", **body}, 1.0)


def inside(reference: str, *officers: str) -> Heard:
    return Heard("referrals", None, "referral.offered", {"reference": reference, "officers": officers}, 1.0)


def test_the_call_is_a_report_by_the_contract_and_says_nothing_of_the_caller() -> None:
    body = json.dumps(report(NOON, "demo-1"))
    ReportSubmitted.model_validate_json(body)
    ContactDetails.model_validate(CALLER)
    assert not [value for value in CALLER.values() if isinstance(value, str) and value in body]


def test_the_book_keeps_what_is_about_its_own_report() -> None:
    book = Heardbook("demo-1")
    for heard in (
        inside("K7QM-4T9P", "H1001"),
        inside("B2B2-B2B2", "H1002"),
        outbound("report.accepted"),
        outbound("report.accepted", key="somebody-else", reference="B2B2-B2B2"),
        inside("K7QM-4T9P", "H1003", "H1004"),
        outbound("referral.accepted"),
    ):
        book.hear(heard)
    assert book.reference == "K7QM-4T9P"
    assert book.offers() == [["H1001"], ["H1003", "H1004"]]
    assert book.lines() == ["12:00 report.accepted", "12:00 referral.accepted"]
    assert book.heard("referral.accepted") is not None
    assert book.heard("referral.accepted", 2) is None


async def test_without_a_terminal_the_story_is_plain_lines() -> None:
    paper = io.StringIO()
    teller = Teller(Console(file=paper, force_terminal=False), pace=0)
    await teller.scene("A call on 101")
    await teller.say("Somebody would like to speak to [an officer].")
    await teller.log("12:00 K7QM-4T9P accepted")
    await teller.phone("PC Rowan Ashby", "You have a new task.\n\nSign in.")
    assert paper.getvalue().splitlines() == [
        "",
        "== A call on 101",
        "Somebody would like to speak to [an officer].",
        "   control room's log | 12:00 K7QM-4T9P accepted",
        "   phone of PC Rowan Ashby | You have a new task. / Sign in.",
    ]


async def test_on_a_terminal_a_phone_is_drawn() -> None:
    screen = io.StringIO()
    await Teller(Console(file=screen, force_terminal=True, width=90), pace=0).phone(
        "PC Rowan Ashby", "You have a task."
    )
    assert "╭" in screen.getvalue()
