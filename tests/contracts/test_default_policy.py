"""The default policy says what the contract and the domain brief say; a wrong one names the place."""

import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from shared.contracts.policy import PolicyDocument, PolicyError, parse_policy, response_class

DEFAULT = Path(__file__).parents[2] / "deploy" / "policy.toml"
TOML = DEFAULT.read_text("utf-8")
POLICY = parse_policy(TOML)
FOUR = ("suicide_or_self_harm", "child", "weapon", "offender_nearby")


@pytest.mark.parametrize(
    ("need", "grade", "expected"),
    [
        ("attend_now", None, "immediate"),
        ("attend_now", "scheduled", "immediate"),
        ("support", "immediate", "immediate"),
        ("advice", "immediate", "immediate"),
        ("support", "priority", "priority"),
        ("support", "scheduled", "scheduled"),
        ("support", "resolved_without_deployment", "scheduled"),
        ("support", None, "scheduled"),
        ("advice", None, "public_advice"),
        ("advice", "priority", "public_advice"),
        ("officer_advice", "priority", "officer_advice"),
        ("community_event", None, "community_event"),
        ("awareness_session", "scheduled", "community_event"),
    ],
)
@pytest.mark.parametrize("force", ["herts", "beds", "cambs"])
def test_need_and_grade_make_the_class(force: str, need: str, grade: str | None, expected: str) -> None:
    assert response_class(POLICY, need, grade, (), force) == expected


def test_cambridgeshire_also_says_prompt_and_the_others_do_not() -> None:
    assert response_class(POLICY, "support", "prompt", (), "cambs") == "priority"
    assert POLICY.grade_of("herts", "prompt") is None
    assert POLICY.grade_of("rutland", "prompt") is None


@pytest.mark.parametrize("risk", FOUR)
@pytest.mark.parametrize("need", ["support", "advice", "officer_advice", "community_event", "attend_now"])
def test_each_of_the_four_risks_raises_to_at_least_priority(need: str, risk: str) -> None:
    expected = "immediate" if need == "attend_now" else "priority"

    assert response_class(POLICY, need, None, ("repeat", risk), "herts") == expected


def test_other_risks_raise_nothing() -> None:
    others = set(POLICY.codes.risks) - set(FOUR)

    assert others == {"domestic_abuse", "honour_based", "repeat"}
    assert response_class(POLICY, "support", None, others, "beds") == "scheduled"


def ladder(code: str) -> list[tuple[int, str, int, str | None]]:
    steps = POLICY.classes[code].steps
    return [(step.after_minutes, step.kind, step.count, step.role) for step in steps]


def test_the_ladders_are_those_of_the_domain_brief() -> None:
    assert ladder("immediate") == [
        (0, "one", 1, None),
        (3, "next", 2, None),
        (6, "force_on_duty", 1, None),
        (10, "role", 1, "fim"),
        (15, "sister_forces", 1, None),
        (20, "plan", 1, "fim"),
    ]
    assert ladder("priority")[-1] == (60, "plan", 1, "inspector")
    assert POLICY.classes["priority"].steps[-1].person_told
    assert ladder("officer_advice") == [(0, "pool_on_duty", 1, None), (10, "role", 1, "coordinator")]


@pytest.mark.parametrize(
    ("code", "ack", "first_contact"),
    [
        ("immediate", 5, 60),
        ("priority", 15, 60),
        ("scheduled", 240, 1440),
        ("public_advice", 1440, 2880),
        ("officer_advice", 10, 10),
        ("community_event", 2400, None),
    ],
)
def test_the_clocks_are_those_of_the_domain_brief(code: str, ack: int, first_contact: int | None) -> None:
    its = POLICY.classes[code]

    assert (its.ack_minutes, its.first_contact_minutes) == (ack, first_contact)
    assert its.broadcast == (code == "officer_advice")
    assert its.counts == ("working" if code == "community_event" else "clock")


def test_points_make_a_hundred() -> None:
    assert sum(POLICY.matching.points.model_dump().values()) == 100


def test_it_is_in_force_from_1970_and_serves_three_forces_in_one_pool() -> None:
    assert POLICY.effective_from == datetime(1970, 1, 1, tzinfo=UTC)
    assert [POLICY.pool_of(force) for force in POLICY.forces] == ["bch"] * 3
    assert [len(force.districts) for force in POLICY.forces.values()] == [10, 3, 6]


@pytest.mark.parametrize(
    ("district", "force", "desk"),
    [
        ("E07000099", "herts", None),
        ("E06000056", "beds", None),
        ("E07000012", "cambs", None),
        ("E07000077", None, "essex"),
        ("E07000078", None, "gloucestershire"),
        ("E09000010", None, "metropolitan"),
        ("E09000001", None, "city_of_london"),
        ("E06000017", None, "leicestershire"),
        ("W06000015", None, "south_wales"),
    ],
)
def test_a_district_has_a_force_or_a_desk(district: str, force: str | None, desk: str | None) -> None:
    assert POLICY.force_of_district(district) == force
    if force is None:
        assert POLICY.desk_of_district(district) == desk


def test_bank_holidays_are_englands() -> None:
    assert date(2026, 12, 28) in POLICY.calendar.bank_holidays
    assert all(day.weekday() < 5 for day in POLICY.calendar.bank_holidays)


def test_it_goes_over_a_topic_and_back_unchanged() -> None:
    assert PolicyDocument.model_validate_json(POLICY.model_dump_json()) == POLICY


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("cap = 3\n", "cap = 0\n", "matching.cap: out_of_range"),
        ("cap = 3\n", "", "matching.cap: required"),
        ("cap = 3\n", "cap = 3\ncaps = 4\n", "matching.caps: unknown_field"),
        ('raise_to = "priority"', 'raise_to = "urgent"', "raising.raise_to: unknown_code"),
        ('class = "scheduled" }', 'class = "later" }', "class_rules.3.class: unknown_code"),
        ('grades = ["priority"]', 'grades = ["red"]', "class_rules.2.grades: unknown_code"),
        ('forces = ["herts", "beds", "cambs"]', 'forces = ["herts", "beds"]', "forces.cambs: in_no_pool"),
        ('kind = "role", role = "fim"', 'kind = "role"', "classes.immediate.steps.3.role: required"),
        ("after_minutes = 6,", "after_minutes = 60,", "classes.immediate.steps.3.after_minutes: out_of_order"),
        ("E06000032 =", "E07000099 =", "forces.beds.districts.E07000099: policed_twice"),
        ('race = "community_desk"', 'race = "no_desk"', "scheme.desks: unknown_code"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00", "effective_from: no_offset"),
        ('work_from = "09:00"', 'work_from = "9 o\'clock"', "calendar.work_from: not_allowed_value"),
    ],
)
def test_a_wrong_policy_names_the_place(old: str, new: str, place: str) -> None:
    assert old in TOML
    with pytest.raises(PolicyError) as refused:
        parse_policy(TOML.replace(old, new, 1))

    assert place in str(refused.value).split("; ")


def test_what_is_no_toml_is_said_in_one_line() -> None:
    with pytest.raises(PolicyError, match="toml: ") as refused:
        parse_policy("pools = [")

    assert "\n" not in str(refused.value)


def test_the_default_says_nothing_that_the_model_only_fills_in() -> None:
    written = tomllib.loads(TOML)

    assert set(written) >= {name for name, field in PolicyDocument.model_fields.items() if field.is_required()}
