"""What no policy may say, whoever approves it: each line is something a superintendent would not want to find out."""

import pytest

from shared.contracts.policy import PolicyError, parse_policy
from tests.rules.policy.drafts import text

REFUSED = {
    "a need that no rule gives a class": (
        ('{ needs = ["advice"], class = "public_advice" },\n', ""),
        "class_rules: no_class_for_need",
    ),
    "a ladder that ends with officers alone": (
        ('  { after_minutes = 10, kind = "role", role = "coordinator" },\n', ""),
        "classes.officer_advice.steps.0.kind: ends_without_a_role",
    ),
    "a person who waits without a clock of first contact": (
        ("ack_minutes = 15\nfirst_contact_minutes = 60\n", "ack_minutes = 15\n"),
        "classes.priority.first_contact_minutes: required",
    ),
    "an acknowledgement due at once": (
        ("ack_minutes = 15\n", "ack_minutes = 0\n"),
        "classes.priority.ack_minutes: out_of_range",
    ),
    "a floor that is asked again without end": (
        ("repeat_minutes = 5", "repeat_minutes = 0"),
        "floor.repeat_minutes: out_of_range",
    ),
    "a floor without a post that can answer": (
        ('[floor]\nrole = "fim"', '[floor]\nrole = "front_desk"'),
        "floor.role: unknown_code",
    ),
    "no post for complaints": (
        ('complaints_role = "psd"', 'complaints_role = "nobody"'),
        "complaints_role: unknown_code",
    ),
    "a filter nobody has written": (
        ('"trained", "fit"', '"trained", "fit", "left_handed"'),
        "matching.filters: unknown_code",
    ),
    "a day that ends before it begins": (
        ('work_until = "17:00"', 'work_until = "08:00"'),
        "calendar.work_until: ends_before_it_starts",
    ),
    "a force in two pools": (
        ("[pools.bch]\n", '[pools.north]\nforces = ["cambs"]\n\n[pools.bch]\n'),
        "pools.bch.forces: in_two_pools",
    ),
    "a force in no pool": (('"herts", "beds", "cambs"]', '"herts", "beds"]'), "forces.cambs: in_no_pool"),
    "a desk that is not there": (('race = "community_desk"', 'race = "no_desk"'), "scheme.desks: unknown_code"),
    "nobody for the railway": (('kind = "rail"', 'kind = "strand"'), "desks: no_desk_for_rail"),
    "an old district that leads nowhere": (
        ('E07000097 = "E07000242"', 'E07000097 = "E07000666"'),
        "forces.herts.superseded.E07000097: unknown_code",
    ),
    "a report held for no time": (("hold_seconds = 30", "hold_seconds = 0"), "deadlines.hold_seconds: out_of_range"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_nobody_can_propose(name: str) -> None:
    change, place = REFUSED[name]
    with pytest.raises(PolicyError) as refused:
        parse_policy(text(change))

    assert place in str(refused.value).split("; ")


def test_several_mistakes_are_told_together_in_the_order_of_their_lines() -> None:
    with pytest.raises(PolicyError) as refused:
        parse_policy(
            text(("cap = 3", "cap = 99"), ('counts = "working"', 'counts = "moons"'), ("far_km = 60", "far_km = 0"))
        )

    assert [error.field for error in refused.value.errors] == [
        "classes.community_event.counts",
        "matching.cap",
        "matching.far_km",
    ]
