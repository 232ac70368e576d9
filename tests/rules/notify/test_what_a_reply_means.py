"""Text messages as thumbs write them at three in the morning, and what each of them is taken for."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.rules.replies import UNCLEAR, Coded, Reply, Verdict, free_code, judge, read_reply

YES, NO = Reply("yes", "4821"), Reply("no", "4821")
OFFER = UUID("01997b5c-0000-7000-8000-000000000042")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("YES 4821", YES),
        ("NO 4821", NO),
        ("yes 4821", YES),
        ("No 4821 ", NO),
        ("  Yes   4821\n", YES),
        ("YES4821", YES),
        ("yes4821.", YES),
        ("4821 yes", YES),
        ("4821no", NO),
        ("Yes, 4821!", YES),
        ("YES: 4821", YES),
        ('"YES 4821"', YES),
        ("YES 48 21", YES),
        ("YES 4-8-2-1", YES),
        ("YES\u00a04821", YES),
        ("YES\u200b 4821", YES),
        ("\uff39\uff25\uff33 \uff14\uff18\uff12\uff11", YES),
        ("y 4821", YES),
        ("n 4821", NO),
        ("yes please 4821", YES),
        ("No thank you 4821", NO),
        ("yes 4821 👍", YES),
        ("Yes 0042", Reply("yes", "0042")),
        ("STOP", Reply("stop")),
        (" stop. ", Reply("stop")),
        ("Stop please", Reply("stop")),
        ("START", Reply("start")),
        ("start thanks", Reply("start")),
    ],
)
def test_messy_but_clear(text: str, meant: Reply) -> None:
    assert read_reply(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "YES",
        "4821",
        "YES 482",
        "YES 48211",
        "YES 4821 4821",
        "YES NO 4821",
        "not yes 4821",
        "Yes but not before nine 4821",
        "don't say yes 4821",
        "is it yes 4821?",
        "yes 4821?",
        "STOP 4821",
        "stop by the allotment",
        "start with a lamp",
        "yesterday 4821",
        "nobody 4821",
        "The otter's ill, ring Wilma on 07700 900043",
        "yes " * 200 + "4821",
        "👍",
        "\x00",
    ],
)
def test_what_is_not_clear_is_not_guessed(text: str) -> None:
    assert read_reply(text) == UNCLEAR


@given(st.text(max_size=600))
def test_no_text_is_ever_an_error_or_a_code_it_does_not_hold(text: str) -> None:
    reply = read_reply(text)
    assert (reply.code is not None) == (reply.kind in ("yes", "no"))


def coded(*, waiting: bool = True, answer: str | None = None) -> Coded:
    return Coded("H1042", OFFER, OFFER, "K7QM-4T9P", waiting, answer)


@pytest.mark.parametrize(
    ("reply", "known", "offer", "verdict"),
    [
        (YES, True, coded(), "yes"),
        (NO, True, coded(), "no"),
        (YES, True, coded(answer="yes"), "yes_again"),
        (NO, True, coded(answer="no"), "no_again"),
        (NO, True, coded(answer="yes"), "no"),
        (YES, True, coded(waiting=False), "over"),
        (YES, True, coded(waiting=False, answer="yes"), "over"),
        (YES, True, None, "no_code"),
        (YES, False, None, "unknown"),
        (UNCLEAR, True, None, "unclear"),
        (UNCLEAR, False, None, "unknown"),
        (Reply("stop"), True, None, "stopped"),
        (Reply("stop"), False, None, "stopped"),
        (Reply("start"), True, None, "started"),
    ],
)
def test_each_is_told_the_truth(reply: Reply, known: bool, offer: Coded | None, verdict: Verdict) -> None:
    assert judge(reply, known=known, offer=offer) == verdict


@given(st.frozensets(st.integers(0, 9999), max_size=300), st.integers(0, 10**6))
def test_a_code_has_four_digits_and_is_never_one_that_is_taken(numbers: frozenset[int], draw: int) -> None:
    taken = frozenset(f"{number:04}" for number in numbers)
    code = free_code(taken, draw)
    assert code is not None
    assert len(code) == 4
    assert code.isdigit()
    assert code not in taken


def test_ten_thousand_open_offers_to_one_number_leave_no_code() -> None:
    everything = frozenset(f"{number:04}" for number in range(10_000))
    assert free_code(everything, 7) is None
    assert free_code(everything - {"0042"}, 7) == "0042"
