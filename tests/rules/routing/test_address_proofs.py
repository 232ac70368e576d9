"""How often a code may be tried, and how often a new one may be asked for."""

import pytest

from services.routing.rules.roster.proof import judge, may_send


@pytest.mark.parametrize(
    ("wrong_before", "right", "verdict"),
    [
        (0, True, "proved"),
        (4, True, "proved"),
        (5, True, "code_is_void"),
        (0, False, "not_the_code"),
        (3, False, "not_the_code"),
        (4, False, "code_is_void"),
        (900, False, "code_is_void"),
    ],
)
def test_the_fifth_wrong_try_voids_the_code_and_the_right_one_comes_too_late_then(
    wrong_before: int, right: bool, verdict: str
) -> None:
    assert judge(wrong_before, right=right) == verdict


@pytest.mark.parametrize(("sent", "wanted", "may"), [(0, 3, True), (4, 1, True), (4, 2, False), (5, 1, False)])
def test_five_codes_an_hour_are_enough_for_anybody(sent: int, wanted: int, may: bool) -> None:
    assert may_send(sent, wanted) is may
