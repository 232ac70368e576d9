"""Who may not be asked, and why: one rule at a time, in words an inspector would sign."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from services.routing.rules.matching.explanation import ORDER
from services.routing.rules.matching.model import Load, Officer, Request, Scope
from services.routing.rules.matching.rank import rank, why_not
from services.routing.rules.roster.duty import Entry, fold
from shared.contracts.matching import FILTERS, OPTIONAL_FILTERS
from tests.rules.routing.people import NORTH_HERTS, at, mustered, officer, shift
from tests.rules.routing.policies import default, matching

ROYSTON, LETCHWORTH, WISBECH = (535, 240), (522, 232), (546, 309)


def asks(**changes: Any) -> Request:
    """A priority request for support in Royston, North Hertfordshire."""
    words = {"response_class": "priority", "district": NORTH_HERTS, "sector": "SG8 7", "km": ROYSTON}
    return Request(**({"force": "herts"} | words | changes))


class Case(NamedTuple):
    sentence: str
    code: str | None
    her: Officer
    request: Request = asks()
    scope: Scope = "home_first"
    in_hand: int = 0


PLAIN = officer("H1", base_km=LETCHWORTH)
CASES = [
    Case("An officer who is trained, on duty and free may be asked.", None, PLAIN),
    Case("An officer who never had the training is not asked.", "training_lapsed", officer("H1", trained=())),
    Case(
        "An officer whose training ended yesterday is not asked.",
        "training_lapsed",
        officer("H1", trained=(("llo", date(2026, 11, 22)),)),
    ),
    Case("The last day of the training still counts.", None, officer("H1", trained=(("llo", date(2026, 11, 23)),))),
    Case(
        "Another course is no substitute for the training.",
        "training_lapsed",
        officer("H1", trained=(("first_aid", date(2030, 1, 1)),)),
    ),
    Case("An officer on leave is not asked.", "leave", officer("H1", duty=shift(kind="leave"))),
    Case("An officer who is sick is not asked.", "sick", officer("H1", duty=shift(kind="sick"))),
    Case("An officer who is at court is not asked.", "court", officer("H1", duty=shift(kind="court"))),
    Case(
        "An officer abstracted to other work is not asked.", "abstracted", officer("H1", duty=shift(kind="abstracted"))
    ),
    Case("An officer on restricted duties is not asked.", "restricted", officer("H1", duty=shift(kind="restricted"))),
    Case("An officer at an event is not asked.", "event", officer("H1", duty=shift(kind="event"))),
    Case("An officer who says that they are busy is not asked.", "busy", officer("H1", duty=shift(kind="busy"))),
    Case("An officer whose duty has ended is not asked.", "off_duty", officer("H1", duty=shift(0, 12))),
    Case("An officer whose duty begins in an hour is not asked.", "off_duty", officer("H1", duty=shift(13, 22))),
    Case("An officer whose duty begins in half an hour is.", None, officer("H1", duty=shift(12.5, 22))),
    Case("An officer on call is.", None, officer("H1", duty=shift(kind="on_call"))),
    Case("An officer with no duty entered is not asked.", "off_duty", officer("H1", duty=fold([]))),
    Case(
        "An officer with a quarter of an hour left once they are there is still asked.",
        None,
        officer("H1", base_km=ROYSTON, duty=shift(7, 12.25)),
    ),
    Case(
        "An officer with less than that left is not.",
        "shift_ends_too_soon",
        officer("H1", base_km=ROYSTON, duty=shift(7, 12.24)),
    ),
    Case(
        "Half an hour of duty is too little from Wisbech, 69 kilometres from Royston.",
        "shift_ends_too_soon",
        officer("H1", base_km=WISBECH, duty=shift(7, 12.5)),
    ),
    Case(
        "It is enough where nobody has to travel.",
        None,
        officer("H1", base_km=WISBECH, duty=shift(7, 12.5)),
        asks(km=None),
    ),
    Case("An officer connected with the case is not asked.", "connected", PLAIN, asks(named={"H1": "connected"})),
    Case("An officer who declared a conflict is not asked.", "conflict", PLAIN, asks(named={"H1": "conflict"})),
    Case("An officer whom the person excluded is not asked.", "excluded", PLAIN, asks(named={"H1": "excluded"})),
    Case("An officer who declined is not asked again.", "declined", PLAIN, asks(named={"H1": "declined"})),
    Case(
        "An officer with the offer in hand is not asked twice.",
        "already_asked",
        PLAIN,
        asks(named={"H1": "already_asked"}),
    ),
    Case("An officer is not sent where they do not go.", "avoids_area", officer("H1", avoid=frozenset({"SG8 7"}))),
    Case("Nearby they are.", None, officer("H1", avoid=frozenset({"SG8 9"}))),
    Case(
        "Where the person refuses other forces, no other force is asked.",
        "person_refused_other_forces",
        officer("H1", "beds"),
        asks(cross_force=False),
        "pool",
    ),
    Case(
        "At the step for the owning force no other force is asked.",
        "other_force_not_yet",
        officer("H1", "beds"),
        asks(),
        "home",
    ),
    Case("At the step for the other forces the owning force is not asked.", "home_force", PLAIN, asks(), "sisters"),
    Case(
        "Where the person requires a woman, no man is asked.",
        "gender_required",
        officer("H1", gender="man"),
        asks(gender="woman", gender_required=True),
    ),
    Case(
        "Nor is anybody who has not said.",
        "gender_required",
        officer("H1"),
        asks(gender="woman", gender_required=True),
    ),
    Case(
        "Where the person would like a woman, a man may be asked.",
        None,
        officer("H1", gender="man"),
        asks(gender="woman"),
    ),
    Case(
        "Where the person requires Polish or Ukrainian, nobody without either is asked.",
        "language_required",
        officer("H1", languages=frozenset({"cy"})),
        asks(required_languages=("pl", "uk")),
    ),
    Case(
        "One of the two is enough.",
        None,
        officer("H1", languages=frozenset({"uk"})),
        asks(required_languages=("pl", "uk")),
    ),
    Case("Where Polish would merely help, anybody may be asked.", None, PLAIN, asks(languages=("pl",))),
    Case(
        "Where the person requires two skills, one of them is not enough.",
        "skill_required",
        officer("H1", skills=frozenset({"youth"})),
        asks(required_skills=("trans", "youth")),
    ),
    Case(
        "Both are.",
        None,
        officer("H1", skills=frozenset({"trans", "youth"})),
        asks(required_skills=("trans", "youth")),
    ),
    Case("Where a skill would merely help, anybody may be asked.", None, PLAIN, asks(skills=("trans",))),
    Case("An officer with three tasks has as many as anybody may have.", "cap", PLAIN, in_hand=3),
    Case("With two there is room for a third.", None, PLAIN, in_hand=2),
    Case("An officer's own cap comes before the policy's.", "cap", officer("H1", cap=1), in_hand=1),
    Case("Advice to a colleague counts for no cap.", None, PLAIN, asks(broadcast=True), "pool", 3),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sentence)
def test_the_rule_says(case: Case) -> None:
    ranking = rank(case.request, mustered(case.her, loads={"H1": Load(case.in_hand)}), case.scope)
    assert ranking.why_not("H1") == case.code
    assert [row.officer for row in ranking.ranked] == ([] if case.code else ["H1"])


def test_every_rule_has_its_case() -> None:
    assert {case.code for case in CASES} == {None, *ORDER}


def test_every_filter_of_the_policy_that_ships_is_known_and_none_is_missing() -> None:
    assert default().matching.filters == FILTERS


@pytest.mark.parametrize("missing", [name for name in FILTERS if name not in OPTIONAL_FILTERS])
@pytest.mark.parametrize("case", [case for case in CASES if case.code], ids=lambda case: case.sentence)
def test_a_policy_that_forgets_a_filter_brings_back_nobody(case: Case, missing: str) -> None:
    forgetful = matching(filters=tuple(name for name in FILTERS if name != missing))
    her = mustered(case.her, policy=forgetful, loads={"H1": Load(case.in_hand)})
    assert rank(case.request, her, case.scope).why_not("H1") == case.code


def test_a_policy_may_do_without_the_training_the_least_time_and_the_caps() -> None:
    generous = matching(filters=("on_roster",))
    hurried = officer("H1", trained=(), duty=shift(7, 12.1))
    assert rank(asks(), mustered(hurried, policy=generous, loads={"H1": Load(9)})).why_not("H1") is None


EVERYTHING_WRONG: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("training_lapsed", {"trained": ()}, {}),
    ("sick", {"duty": shift(7, 12.1, "sick")}, {}),
    ("off_duty", {"duty": shift(13, 13.1)}, {}),
    ("shift_ends_too_soon", {"duty": shift(7, 12.1)}, {}),
    ("connected", {}, {"named": {"X1": "connected"}}),
    ("avoids_area", {"avoid": frozenset({"SG8 7"})}, {}),
    ("person_refused_other_forces", {}, {"cross_force": False}),
    ("gender_required", {}, {"gender": "woman", "gender_required": True}),
    ("language_required", {}, {"required_languages": ("pl",)}),
    ("skill_required", {}, {"required_skills": ("trans",)}),
    ("cap", {}, {}),
]


@pytest.mark.parametrize("first", range(len(EVERYTHING_WRONG)), ids=[code for code, *_ in EVERYTHING_WRONG])
def test_of_several_rules_the_first_in_the_fixed_order_is_named(first: int) -> None:
    her: dict[str, Any] = {}
    request: dict[str, Any] = {}
    for _, hers, asked in reversed(EVERYTHING_WRONG[first:]):
        her |= hers
        request |= asked
    team = mustered(officer("X1", "beds", **her), loads={"X1": Load(3)})
    assert rank(asks(**request), team).why_not("X1") == EVERYTHING_WRONG[first][0]
    assert why_not(asks(**request), team, "X1") == EVERYTHING_WRONG[first][0]


def test_training_ends_at_local_midnight_not_at_greenwichs() -> None:
    summer = datetime(2026, 7, 14, 23, 30, tzinfo=UTC)
    duty = fold([Entry("duty", summer - timedelta(hours=2), summer + timedelta(hours=6), "file")])
    her = officer("H1", trained=(("llo", date(2026, 7, 14)),), duty=duty)
    assert rank(asks(), mustered(her, now=summer - timedelta(hours=1))).why_not("H1") is None
    assert rank(asks(), mustered(her, now=summer)).why_not("H1") == "training_lapsed"


def test_another_forces_officer_who_could_not_be_asked_anyway_is_told_by_the_earlier_rule() -> None:
    team = mustered(officer("H1"), officer("B7", "beds"), officer("B8", "beds", avoid=frozenset({"SG8 7"}), cap=1))
    ranking = rank(asks(gender="woman"), team)
    assert [ranking.why_not(id) for id in ("B7", "B8")] == ["other_force_not_yet", "avoids_area"]


def test_a_late_answer_is_judged_by_the_same_filters_whatever_the_step() -> None:
    team = mustered(officer("H1"), officer("H2", duty=shift(0, 3)), officer("B7", "beds"))
    assert [why_not(asks(), team, id) for id in ("H1", "H2", "B7", "X9")] == [None, "off_duty", None, "off_roster"]


def test_the_muster_knows_when_the_next_officer_of_a_force_comes_on() -> None:
    team = mustered(officer("H1", duty=shift(19, 23)), officer("B7", "beds", duty=shift(14, 20)))
    assert team.next_on_duty(["herts"]) == at(19)
    assert team.next_on_duty(["herts", "beds"]) == at(14)
    assert team.next_on_duty(["cambs"]) is None
