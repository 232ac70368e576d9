"""What may be the same report once more. It is only ever said, and delays nothing."""

from dataclasses import replace

import pytest

from services.intake.rules.amend import Amendment
from services.intake.rules.desk import Address, Enclosed
from services.intake.rules.report import Step
from shared.contracts.inbound import AmendmentBody
from tests.rules.intake.furniture import report, submission
from tests.rules.intake.town import PENELOPE, ROWAN, SHARED, Town, after, told


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.mark.parametrize(("hours", "suspected"), [(0.5, True), (24, True), (24.1, False)])
def test_a_second_report_of_one_person_within_a_day_may_be_the_first_once_more(
    town: Town, hours: float, suspected: bool
) -> None:
    first = town.report(PENELOPE)
    second = town.report(PENELOPE, at=hours)
    assert second.picture.suspected_duplicate_of == (first.reference if suspected else None)


def test_what_is_over_is_doubled_by_nothing(town: Town) -> None:
    first = town.report(PENELOPE)
    town.closed(first)
    assert town.report(PENELOPE, at=1).picture.suspected_duplicate_of is None


def test_three_reports_of_one_incident_all_point_to_the_first_and_stay_three_people(town: Town) -> None:
    first = town.report(PENELOPE, incident="HC-0417")
    others = [town.report(who, at=1, incident="HC-0417") for who in (ROWAN, SHARED)]
    assert [one.picture.suspected_duplicate_of for one in others] == [first.reference] * 2
    assert len({one.picture.person for one in (first, *others)}) == 3
    assert [told(one) for one in others] == [(0, None), (0, None)]


def test_an_incident_of_another_day_is_another_incident(town: Town) -> None:
    source = {"system": "STORM", "force": "herts", "incident_ref": "HC-0001", "incident_date": "2026-06-06"}
    given = submission(source=source, idempotency_key="yesterday")
    town.desk.submit(given, Enclosed(b"{}"), after(0))
    today = submission(source={**source, "incident_date": "2026-06-07"}, idempotency_key="today")
    outcome = town.desk.submit(today, Enclosed(b"{}"), after(13))
    assert isinstance(outcome, Step)
    assert outcome.report.picture.suspected_duplicate_of is None


def test_tying_an_online_report_to_an_incident_shows_whom_it_doubles(town: Town) -> None:
    first, online = town.report(PENELOPE, incident="HC-0417"), town.report(ROWAN, at=1)
    source = {"system": "STORM", "force": "herts", "incident_ref": "HC-0417"}
    event = AmendmentBody.model_validate({"source": source})
    step = town.desk.amend(
        Address(online.reference), Amendment(event, "herts", event.changed()), Enclosed(b"{}"), after(2)
    )
    assert isinstance(step, Step)
    assert step.report.picture.suspected_duplicate_of == first.reference
    assert step.report.picture.person == online.picture.person


def test_a_suspected_duplicate_is_as_urgent_as_any_other(town: Town) -> None:
    first, second = town.report(PENELOPE), town.report(PENELOPE)
    assert second.picture.suspected_duplicate_of == first.reference
    assert (second.held_until, second.ack_due) == (first.held_until, first.ack_due)
    assert second.picture.response_class == first.picture.response_class


def test_a_report_that_is_refused_leaves_no_mark(town: Town) -> None:
    refused = replace(submission(incident_kind="gossip"), marks=(PENELOPE,))
    assert not isinstance(town.desk.submit(refused, Enclosed(b"{}"), after(0)), Step)
    town.desk.check(replace(submission(), marks=(PENELOPE,)), Enclosed(b"{}"), after(0))
    assert town.desk.people.new == []
    assert told(town.report(PENELOPE, at=1)) == (0, None)


def test_a_report_known_from_before_marks_were_kept_is_amended_like_any_other(town: Town) -> None:
    old = replace(report(), skills=None)
    town.desk.knows(old)
    amended = town.amended(old, PENELOPE)
    assert amended.picture.person is not None
