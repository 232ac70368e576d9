"""Amending and withdrawing: routing hears the whole picture again, once for each change."""

from dataclasses import replace
from typing import Any

import pytest

from services.intake.rules.amend import Amendment, Withdrawal, amend, withdraw
from services.intake.rules.contact import ContactFacts
from services.intake.rules.report import Rejection, Report, Step
from shared.contracts.inbound import ReportAmended as AmendedAtTheDoor
from shared.contracts.reports import ReportAmended, ReportWithdrawn
from tests.rules.intake.furniture import MOMENT, NOON, geography, report

URGENT = {"value": "immediate", "by": "OP7", "at": "2026-06-06T12:05:00Z"}


def amended(its: Report, facts: ContactFacts | None = None, **changes: Any) -> Step | Rejection:
    event = AmendedAtTheDoor.model_validate({"idempotency_key": "herts-storm-0417", **changes})
    return amend(its, Amendment(event, "herts", event.changed(), facts, "message-2"), geography(), MOMENT)


def done(outcome: Step | Rejection) -> Step:
    assert isinstance(outcome, Step), outcome
    return outcome


def test_a_new_grade_is_a_new_class_and_the_old_one_stays_in_the_vault() -> None:
    before = report()
    step = done(amended(before, grade=URGENT))
    assert isinstance(step.to_routing, ReportAmended)
    assert (step.to_routing.response_class, step.to_routing.grade) == ("immediate", "immediate")
    assert (step.to_routing.sequence, step.to_routing.changed) == (2, ("grade",))
    assert before.picture.response_class == "scheduled"


def test_risks_raise_the_class_and_lower_it_again() -> None:
    raised = done(amended(report(), risks=["weapon"])).report
    assert raised.picture.response_class == "priority"
    assert done(amended(raised, risks=[])).report.picture.response_class == "scheduled"


def test_what_is_not_named_stays_as_it_was() -> None:
    before = report(preferences={"languages": ["polish"]}, risks=["repeat"])
    after = done(amended(before, connected_officers=["H1042"])).report
    assert after.picture == before.picture.model_copy(update={"connected_officers": ("H1042",)})


def test_skills_follow_what_is_said_of_wishes_risks_and_strands() -> None:
    trans = [{"strand": "transgender", "perceived_by": "victim"}]
    before = report(preferences={"skills": ["chemsex"]}, strands=trans, risks=["child"])
    assert before.picture.needs == ("chemsex", "trans", "youth")
    assert done(amended(before, risks=[])).report.picture.needs == ("chemsex", "trans")
    assert done(amended(before, preferences={})).report.picture.needs == ("trans", "youth")
    calmer = done(amended(before, strands=[{"strand": "sexual_orientation", "perceived_by": "victim"}])).report
    assert calmer.picture.needs == ("chemsex", "youth")
    assert done(amended(calmer, strands=trans)).report.picture.needs == ("chemsex", "trans", "youth")


def test_a_better_postcode_moves_it_to_its_force() -> None:
    unsure = report(locations=[{"kind": "incident", "postcode": "SG8"}])
    sure = done(amended(unsure, locations=[{"kind": "incident", "postcode": "SG8 6AA"}])).report.picture
    assert (unsure.picture.location_confidence, sure.force, sure.location_confidence) == ("low", "cambs", "high")


def test_a_strand_that_is_ours_after_all_brings_it_back_from_the_desk() -> None:
    race = report(strands=[{"strand": "race", "perceived_by": "other"}])
    back = done(amended(race, strands=[{"strand": "transgender", "perceived_by": "victim"}])).report
    assert (race.picture.desk, back.picture.desk) == ("community_desk", None)


def test_contact_details_that_come_later_open_a_route() -> None:
    facts = ContactFacts(reachable=True, home_district="E06000032", home_confidence="high")
    after = done(amended(report(locations=[]), facts, contact={"handle": "c-1"})).report.picture
    assert (after.contact_route, after.force) == ("person", "beds")


def test_an_incident_number_ties_it_to_the_control_rooms_log() -> None:
    source = {"system": "STORM", "force": "herts", "incident_ref": "HC-0999", "incident_date": "2026-06-07"}
    assert done(amended(report(), source=source)).report.source.incident_ref == "HC-0999"
    moved = amended(report(), source={**source, "force": "cambs"})
    assert isinstance(moved, Rejection)
    assert (moved.errors[0].field, moved.errors[0].reason) == ("source.force", "not_your_force")


@pytest.mark.parametrize("changes", [{"risks": ["dragons"]}, {"grade": {**URGENT, "value": "prompt"}}])
def test_codes_are_checked_as_at_the_first_time(changes: dict[str, Any]) -> None:
    assert isinstance(amended(report(), **changes), Rejection)


def test_a_withdrawal_reaches_routing_once() -> None:
    step = done(withdraw(report(), Withdrawal("herts", "duplicate", "message-3", by_topic=True), NOON))
    assert isinstance(step.to_routing, ReportWithdrawn)
    assert (step.to_routing.reason, step.to_routing.sequence) == ("duplicate", 2)
    again = done(withdraw(step.report, Withdrawal("herts", "duplicate", by_topic=True), NOON))
    assert (again.to_routing, again.to_control_rooms, again.report) == (None, (), step.report)


def test_a_withdrawal_after_routings_answer_is_answered_again() -> None:
    gone = replace(report(), state="withdrawn", withdrawn_at=NOON)
    step = done(withdraw(gone, Withdrawal("herts", "duplicate", "message-9", by_topic=True), NOON))
    (answer,) = step.to_control_rooms
    assert (answer.name, answer.in_reply_to, answer.sequence) == ("referral.withdrawn", "message-9", 2)


@pytest.mark.parametrize("state", ["closed", "withdrawn", "handed_off"])
def test_what_is_over_cannot_be_amended(state: Any) -> None:
    over = amended(replace(report(), state=state), risks=["repeat"])
    assert isinstance(over, Rejection)
    assert over.code == "not_open"
