"""How often the code that proves an address may be tried, and how often codes and tests may be asked for."""

from datetime import timedelta
from typing import Literal

MOST_TRIES = 5
"""Wrong tries after which a code is void: of a hundred million codes that leaves nothing to guess."""
MOST_CODES = 5
"""That an officer is sent, whatever addresses they give: nobody is flooded."""
MOST_TESTS = 5
WITHIN = timedelta(hours=1)
"""Real time in which there are no more codes and no more tests than these."""

Verdict = Literal["proved", "not_the_code", "code_is_void"]


def judge(wrong_before: int, *, right: bool) -> Verdict:
    """What a try is worth, after so many wrong ones. A void code proves nothing any more."""
    if wrong_before >= MOST_TRIES:
        return "code_is_void"
    if right:
        return "proved"
    return "code_is_void" if wrong_before + 1 == MOST_TRIES else "not_the_code"


def may_send(sent: int, wanted: int) -> bool:
    """Whether so many more codes may go out, after those sent within the hour."""
    return sent + wanted <= MOST_CODES


def may_test(tested: int) -> bool:
    """Whether an officer may be sent another test, after those within the hour."""
    return tested < MOST_TESTS
