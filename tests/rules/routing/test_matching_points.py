"""What makes one officer fit better than another: a part of the points at a time."""

from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from services.routing.rules.matching.model import IDLE, Load, Officer, Request, Scope
from services.routing.rules.matching.points import PARTS
from services.routing.rules.matching.rank import rank
from tests.rules.routing.people import LUTON, NOON, NORTH_HERTS, STEVENAGE, at, mustered, officer, shift
from tests.rules.routing.policies import default, matching

PLACE = (524, 224)


def asks(**changes: Any) -> Request:
    """A request for support in Stevenage."""
    return Request(**({"force": "herts", "response_class": "scheduled", "district": STEVENAGE, "km": PLACE} | changes))


class Case(NamedTuple):
    part: str
    points: int
    sentence: str
    her: Officer
    request: Request = asks()
    load: Load = IDLE


def last_task(hours: float) -> Load:
    return Load(0, NOON - timedelta(hours=hours))


CASES = [
    Case("continuity", 25, "The person asked for her.", officer("H1"), asks(known=frozenset({"H1"}))),
    Case("continuity", 25, "She had what may be the same person's last referral.", officer("H1"), asks(last="H1")),
    Case("continuity", 0, "The person asked for somebody else.", officer("H1"), asks(known=frozenset({"H2"}))),
    Case("district", 20, "It lies in a district of hers.", officer("H1", districts=frozenset({LUTON, STEVENAGE}))),
    Case("district", 0, "It lies in none of hers.", officer("H1", districts=frozenset({NORTH_HERTS}))),
    Case(
        "district",
        0,
        "Nobody knows the district.",
        officer("H1", districts=frozenset({STEVENAGE})),
        asks(district=None),
    ),
    Case("shift", 15, "An hour for the task and half an hour to spare are left.", officer("H1", duty=shift(7, 13.5))),
    Case("shift", 10, "Two thirds of that are left.", officer("H1", duty=shift(7, 13))),
    Case(
        "shift",
        10,
        "Two thirds are left once she is there, 25 minutes by road.",
        officer("H1", base_km=(540, 224), duty=shift(7, 13 + 25 / 60)),
    ),
    Case(
        "skills",
        15,
        "She has both skills that would help.",
        officer("H1", skills=frozenset({"trans", "youth", "chemsex"})),
        asks(skills=("trans", "youth")),
    ),
    Case(
        "skills",
        7,
        "She has one of the two.",
        officer("H1", skills=frozenset({"youth"})),
        asks(skills=("trans", "youth")),
    ),
    Case("skills", 0, "She has neither.", officer("H1"), asks(skills=("trans", "youth"))),
    Case(
        "skills",
        15,
        "The person would like a woman, and she is one.",
        officer("H1", gender="woman"),
        asks(gender="woman"),
    ),
    Case(
        "skills",
        7,
        "Of a wished gender and a skill she brings one.",
        officer("H1", gender="woman"),
        asks(gender="woman", skills=("trans",)),
    ),
    Case(
        "skills",
        0,
        "What is required is no point, it is a rule.",
        officer("H1", gender="woman"),
        asks(gender="woman", gender_required=True),
    ),
    Case("skills", 0, "Nothing is wished for.", officer("H1", skills=frozenset({"youth"}))),
    Case("caseload", 10, "She has nothing in hand.", officer("H1")),
    Case("caseload", 6, "A third of what she may have is in hand.", officer("H1"), load=Load(1)),
    Case("caseload", 5, "Half of her own cap is in hand.", officer("H1", cap=4), load=Load(2)),
    Case("caseload", 0, "A broadcast finds her with all she may have.", officer("H1"), asks(broadcast=True), Load(3)),
    Case(
        "language",
        5,
        "She speaks a language of the person's.",
        officer("H1", languages=frozenset({"pl"})),
        asks(languages=("uk", "pl")),
    ),
    Case(
        "language",
        0,
        "She speaks none of them.",
        officer("H1", languages=frozenset({"cy"})),
        asks(languages=("uk", "pl")),
    ),
    Case("travel", 5, "She is there already.", officer("H1", base_km=PLACE)),
    Case(
        "travel", 4, "Five kilometres as the crow flies are six and a half by road.", officer("H1", base_km=(527, 228))
    ),
    Case("travel", 2, "Twenty kilometres as the crow flies are twenty-six by road.", officer("H1", base_km=(544, 224))),
    Case("travel", 0, "Forty-seven are more than sixty by road, too far to count.", officer("H1", base_km=(571, 224))),
    Case("travel", 0, "Nobody knows where she starts.", officer("H1")),
    Case("travel", 0, "Nobody has to travel.", officer("H1", base_km=PLACE), asks(km=None)),
    Case("fairness", 5, "She never had a task.", officer("H1")),
    Case("fairness", 5, "Her last task was more than a week ago.", officer("H1"), load=last_task(200)),
    Case("fairness", 2, "Her last task was half a week ago.", officer("H1"), load=last_task(84)),
    Case("fairness", 0, "Her last task was an hour ago.", officer("H1"), load=last_task(1)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.part}: {case.sentence}")
def test_points_for(case: Case) -> None:
    scope: Scope = "pool" if case.request.broadcast else "home_first"
    (row,) = rank(case.request, mustered(case.her, loads={"H1": case.load}), scope).ranked
    assert dict(zip(PARTS, row.parts, strict=True))[case.part] == case.points


def test_every_part_has_its_cases() -> None:
    assert {case.part for case in CASES} == set(PARTS)


def test_whoever_fits_in_every_part_has_a_hundred_points() -> None:
    best = officer(
        "H1",
        districts=frozenset({STEVENAGE}),
        skills=frozenset({"trans"}),
        languages=frozenset({"pl"}),
        base_km=PLACE,
    )
    request = asks(skills=("trans",), languages=("pl",), known=frozenset({"H1"}))
    assert [row.total for row in rank(request, mustered(best)).ranked] == [100]
    assert sum(getattr(default().matching.points, part) for part in PARTS) == 100


def test_weights_are_the_policys() -> None:
    weights = dict.fromkeys(PARTS, 0) | {"district": 100}
    only_district = matching(points=default().matching.points.model_copy(update=weights))
    hers = officer("H1", districts=frozenset({STEVENAGE}))
    rows = rank(asks(), mustered(officer("H2", base_km=PLACE), hers, policy=only_district)).ranked
    assert [(row.officer, row.total) for row in rows] == [("H1", 100), ("H2", 0)]


def test_a_month_of_duty_counts_no_more_than_a_week() -> None:
    week, month = officer("H1", duty=shift(7, 24 * 8)), officer("H2", duty=shift(7, 24 * 31))
    long_task = matching(task_minutes=8 * 24 * 60)
    assert [row.parts for row in rank(asks(), mustered(week, month, policy=long_task)).ranked] == [
        (0, 0, 13, 0, 10, 0, 0, 5)
    ] * 2


def test_a_task_noted_a_moment_in_the_future_takes_no_points_away() -> None:
    loads = {"H1": Load(0, at(12) + timedelta(seconds=3))}
    assert rank(asks(), mustered(officer("H1"), loads=loads)).ranked[0].parts[PARTS.index("fairness")] == 0
