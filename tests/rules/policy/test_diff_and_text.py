"""What a version changes, in words a superintendent reads aloud; and its text, which says the same again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.rules.policy.diff import changes
from services.routing.rules.policy.writing import toml_of
from shared.contracts.policy import parse_policy
from tests.rules.policy.drafts import NEW_STRAND, NEW_STRAND_OURS, RENAMED_GRADE, default, policy, proposed

READ_ALOUD = {
    "a clock": ([("ack_minutes = 15\n", "ack_minutes = 20\n")], ["classes.priority.ack_minutes: 15 → 20"]),
    "a strand": (
        [NEW_STRAND, NEW_STRAND_OURS],
        ["codes.strands: added asexual", "scheme.strands: added asexual"],
    ),
    "a renamed grade": (
        [RENAMED_GRADE],
        ["forces.cambs.grades.prompt: removed priority", "forces.cambs.grades.p2_urgent: added priority"],
    ),
    "the order of codes": (
        [('forces = ["herts", "beds", "cambs"]', 'forces = ["beds", "herts", "cambs"]')],
        ["pools.bch.forces: herts, beds, cambs → beds, herts, cambs"],
    ),
    "a yes and a no": ([("broadcast = true\n", "")], ["classes.officer_advice.broadcast: yes → no"]),
    "a time": ([('quiet_from = "22:00"', 'quiet_from = "21:00"')], ["calendar.quiet_from: 22:00 → 21:00"]),
    "a rung moved": (
        [("{ after_minutes = 6, kind", "{ after_minutes = 5, kind")],
        ["classes.immediate.steps[3].after_minutes: 6 → 5"],
    ),
    "a rung gone": (
        [('  { after_minutes = 15, kind = "next" },\n', "")],
        ["classes.priority.steps[2]: removed after_minutes 15, kind next, count 1, person_told no"],
    ),
    "something that was not there": (
        [('ons_code = "E23000027"\n', "")],
        ["forces.herts.ons_code: E23000027 → nothing"],
    ),
    "a bank holiday": ([("2028-12-25, 2028-12-26", "2028-12-25")], ["calendar.bank_holidays: removed 2028-12-26"]),
    "nothing at all": ([], []),
}


@pytest.mark.parametrize("name", READ_ALOUD)
def test_a_change_can_be_read_aloud(name: str) -> None:
    made, expected = READ_ALOUD[name]

    assert [str(change) for change in changes(default(), policy(*made))] == expected


def test_what_is_said_of_the_version_itself_is_no_change() -> None:
    assert changes(default(), proposed(version="july").document) == ()


def test_the_text_of_a_policy_says_the_same_again() -> None:
    document = default()

    assert parse_policy(toml_of(document)) == document


def test_who_proposed_and_approved_stands_in_the_text_as_a_remark() -> None:
    document = proposed().document
    written = toml_of(document)

    assert "# proposed by policy:winifred" in written
    assert parse_policy(written) == document.model_copy(update={"proposed_by": None})


@given(name=st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_name_survives_the_text(name: str) -> None:
    document = default()
    herts = document.forces["herts"].model_copy(update={"name": name})
    odd = document.model_copy(update={"forces": {**document.forces, "herts": herts}})

    assert parse_policy(toml_of(odd)) == odd
