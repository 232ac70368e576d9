"""What is accepted, as what, and what everybody is told; and what is refused, and why."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.intake.rules.accept import again
from services.intake.rules.contact import ContactFacts
from services.intake.rules.report import Rejection, Step
from shared.contracts.outbound import ReportAccepted
from shared.contracts.policy import in_force
from shared.contracts.reports import ReportReceived
from tests.rules.intake.furniture import (
    BROXBOURNE,
    MOMENT,
    NOON,
    REAL_NOON,
    UTTLESFORD,
    accepted,
    decided,
    policy,
    submission,
)


def faults(outcome: Step | Rejection) -> list[tuple[str, str]]:
    assert isinstance(outcome, Rejection)
    return [(one.field, one.reason) for one in outcome.errors]


def test_routing_is_told_what_it_needs_and_nothing_of_why() -> None:
    told = accepted(risks=["repeat"], person_hint="somebody we know").to_routing
    assert isinstance(told, ReportReceived)
    assert (told.sequence, told.force, told.district, told.location_confidence) == (1, "herts", BROXBOURNE, "high")
    assert (told.response_class, told.grade, told.risks) == ("scheduled", "scheduled", ("repeat",))
    said = told.model_dump_json()
    assert not any(word in said for word in ("orientation", "perceived", "crime", "EN11 8AA", "HC-0417", "somebody"))


@pytest.mark.parametrize(
    ("ahead", "refused"),
    [
        (timedelta(days=-30), []),
        (timedelta(minutes=5), []),
        (timedelta(minutes=5, seconds=1), [("received_at", "in_the_future")]),
        (timedelta(days=365), [("received_at", "in_the_future")]),
    ],
)
def test_nothing_was_received_later_than_now_but_for_clocks_that_differ(
    ahead: timedelta, refused: list[tuple[str, str]]
) -> None:
    outcome = decided(received_at=(NOON + ahead).isoformat())
    assert (faults(outcome) if isinstance(outcome, Rejection) else []) == refused


def test_the_control_room_is_told_which_class_and_until_when() -> None:
    step = accepted()
    (told,) = step.to_control_rooms
    assert isinstance(told, ReportAccepted)
    assert (told.response_class, told.ack_due, told.state) == ("scheduled", NOON + timedelta(hours=4), "waiting")
    assert (told.sequence, told.in_reply_to, told.idempotency_key) == (1, "message-1", "herts-storm-0417")
    assert told.source is not None
    assert told.source.incident_ref == "HC-0417"
    assert step.report.outbound_key == "HC-0417"


@pytest.mark.parametrize(
    ("need", "grade", "risks", "expected"),
    [
        ("attend_now", None, [], "immediate"),
        ("support", "immediate", [], "immediate"),
        ("support", "priority", [], "priority"),
        ("support", "scheduled", [], "scheduled"),
        ("support", "resolved_without_deployment", [], "scheduled"),
        ("support", None, [], "scheduled"),
        ("advice", None, [], "public_advice"),
        ("officer_advice", None, [], "officer_advice"),
        ("awareness_session", None, [], "community_event"),
        ("advice", None, ["child"], "priority"),
        ("support", "scheduled", ["weapon"], "priority"),
        ("attend_now", None, ["offender_nearby"], "immediate"),
        ("support", "scheduled", ["domestic_abuse"], "scheduled"),
    ],
)
def test_the_class_comes_from_need_grade_and_the_four_risks(
    need: str, grade: str | None, risks: list[str], expected: str
) -> None:
    given = {"value": grade, "by": "OP7", "at": "2026-06-06T12:00:00Z"} if grade else None
    report = accepted(need=need, grade=given, risks=risks).report
    assert (report.picture.response_class, report.picture.grade) == (expected, grade)


def test_prompt_is_cambridgeshires_word_alone() -> None:
    prompt = {"value": "prompt", "by": "OP7", "at": "2026-06-06T12:00:00Z"}
    assert faults(decided(grade=prompt)) == [("grade.value", "unknown_code")]


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"incident_kind": "gossip"}, "incident_kind", "unknown_code"),
        ({"strands": [{"strand": "goth", "perceived_by": "victim"}]}, "strands.0.strand", "unknown_code"),
        ({"risks": ["repeat", "dragons"]}, "risks.1", "unknown_code"),
        ({"source": {"system": "STORM", "force": "beds"}}, "source.force", "not_your_force"),
        ({"locations": [{"kind": "incident", "district": "E07000097"}]}, "locations.0.district", "superseded_district"),
        ({"locations": [{"kind": "incident", "district": "E07999999"}]}, "locations.0.district", "unknown_district"),
        ({"event": {"venue_district": "Narnia"}}, "event.venue_district", "unknown_district"),
    ],
)
def test_what_is_wrong_is_named_by_field_and_reason(changes: dict[str, Any], field: str, reason: str) -> None:
    assert faults(decided(**changes)) == [(field, reason)]


def test_everything_wrong_is_named_at_once() -> None:
    assert len(faults(decided(incident_kind="gossip", risks=["dragons"]))) == 2


def test_codes_are_those_of_the_policy_in_force_when_the_report_was_received() -> None:
    newer = policy().model_copy(update={"version": "v2", "effective_from": NOON + timedelta(days=1)})
    for at, version in [(-1, "default-1"), (0, "default-1"), (1, "v2"), (90, "v2")]:
        assert in_force([newer, policy()], NOON + timedelta(days=at)).version == version


@pytest.mark.parametrize(
    ("risks", "seconds"), [(["child"], 5), (["suicide_or_self_harm"], 5), (["repeat"], 30), ([], 30)]
)
def test_intake_holds_it_in_real_time_until_routing_opens_it(risks: list[str], seconds: int) -> None:
    assert accepted(risks=risks).report.held_until == REAL_NOON + timedelta(seconds=seconds)


def test_a_strand_outside_the_scheme_goes_to_its_desk() -> None:
    race = {"strand": "race", "perceived_by": "victim"}
    ours = {"strand": "transgender", "perceived_by": "victim"}
    assert accepted(strands=[race]).report.picture.desk == "community_desk"
    assert accepted(strands=[race, ours]).report.picture.desk is None
    assert accepted(strands=[]).report.picture.desk is None


def test_out_of_area_comes_before_out_of_scheme_and_stays_with_the_source() -> None:
    picture = accepted(
        locations=[{"kind": "incident", "postcode": "CB11 3AA"}], strands=[{"strand": "race", "perceived_by": "other"}]
    ).report.picture
    assert (picture.force, picture.district, picture.desk) == ("herts", UTTLESFORD, "essex")


def test_no_contact_is_no_route() -> None:
    assert accepted().report.picture.contact_route == "none"


@pytest.mark.parametrize(
    ("reachable", "referrer", "consents", "route"),
    [
        (True, False, True, "person"),
        (True, True, False, "referrer"),
        (False, True, True, "referrer"),
        (True, False, False, "none"),
    ],
)
def test_without_consent_nobody_rings_the_person(reachable: bool, referrer: bool, consents: bool, route: str) -> None:
    facts = ContactFacts(reachable=reachable, referrer_reachable=referrer)
    told = accepted(facts, requester={"role": "third_party", "consents_to_contact": consents}).report.picture
    assert told.contact_route == route


def test_a_home_owns_where_no_incident_does() -> None:
    home = ContactFacts(home_district="E06000032", home_confidence="high")
    assert accepted(home, locations=[]).report.picture.force == "beds"


def test_risks_and_strands_suggest_skills_beside_those_asked_for_and_require_none() -> None:
    picture = accepted(
        risks=["child"],
        strands=[{"strand": "transgender", "perceived_by": "victim"}],
        preferences={"skills": ["chemsex"], "officer_gender": {"value": "woman", "required": True}},
    ).report.picture
    assert picture.needs == ("chemsex", "trans", "youth")
    assert (picture.required_skills, picture.required_languages) == ((), ())


def test_only_what_the_person_insists_on_is_required() -> None:
    wishes = {"skills": ["chemsex"], "skills_required": True, "languages": ["polish"], "languages_required": True}
    picture = accepted(risks=["child"], preferences=wishes).report.picture
    assert (picture.required_skills, picture.needs) == (("chemsex",), ("chemsex", "youth"))
    assert (picture.required_languages, picture.languages) == (("polish",), ("polish",))
    merely = accepted(preferences=wishes | {"skills_required": False, "languages_required": False}).report.picture
    assert (merely.required_skills, merely.required_languages) == ((), ())


def test_the_same_key_and_body_get_the_same_answer_again() -> None:
    first = accepted().report
    outcome = again(first, replace(submission(), in_reply_to="message-2"), NOON)
    assert isinstance(outcome, Step)
    (answer,) = outcome.to_control_rooms
    assert (answer.reference, answer.in_reply_to, answer.sequence) == (first.reference, "message-2", 2)
    assert outcome.report.in_reply_to == "message-1"
    assert outcome.to_routing is None


def test_over_https_the_answer_is_the_answer() -> None:
    outcome = again(accepted().report, replace(submission(), by_topic=False), NOON)
    assert isinstance(outcome, Step)
    assert (outcome.to_routing, outcome.to_control_rooms) == (None, ())


def test_the_same_key_with_another_body_is_refused() -> None:
    assert faults(again(accepted().report, submission(channel="999"), NOON)) == [
        ("idempotency_key", "used_with_another_body")
    ]


def test_a_body_is_known_again_after_the_key_that_hashed_it_was_rotated() -> None:
    known = submission()
    rotated = replace(known, digests=(b"by the newer key", *known.digests))
    assert isinstance(again(accepted().report, rotated, MOMENT.now), Step)
