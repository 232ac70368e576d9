"""References and ids: a wrong character is always caught, a swap nearly always."""

import re
from uuid import UUID

from hypothesis import assume, given
from hypothesis import strategies as st

from shared.identifiers import (
    ALPHABET,
    REFERENCE_PATTERN,
    check_character,
    is_reference,
    new_reference,
    normalise_reference,
    uuid7,
)

letters = st.sampled_from(ALPHABET)
references = st.text(letters, min_size=7, max_size=7).map(
    lambda seven: f"{seven[:4]}-{seven[4:]}{check_character(seven)}"
)


def test_a_new_reference_is_one() -> None:
    drawn = {new_reference() for _ in range(500)}

    assert len(drawn) == 500
    assert all(is_reference(one) and re.fullmatch(REFERENCE_PATTERN, one) for one in drawn)


@given(references, st.integers(0, 7), letters)
def test_one_wrong_character_is_always_caught(reference: str, place: int, wrong: str) -> None:
    place += place >= 4
    assume(reference[place] != wrong)

    assert normalise_reference(reference[:place] + wrong + reference[place + 1 :]) is None


@given(references, st.integers(0, 6))
def test_two_neighbours_swapped_are_caught_unless_they_are_0_and_z(reference: str, place: int) -> None:
    bare = reference.replace("-", "")
    first, second = bare[place], bare[place + 1]
    assume(first != second and {first, second} != {"0", "Z"})

    assert normalise_reference(bare[:place] + second + first + bare[place + 2 :]) is None


@given(references)
def test_it_is_understood_in_any_case_and_spacing(reference: str) -> None:
    bare = reference.replace("-", "")

    assert normalise_reference(bare.lower()) == reference
    assert normalise_reference(f"  {bare[:2]} {bare[2:5]}\u2013{bare[5:]}\t") == reference
    assert normalise_reference(bare.replace("0", "O").replace("1", "l")) == reference
    assert is_reference(bare) is False


@given(st.text("0Oo1lIZz9-\u2013 \u0131\ud800\x00U🦆", max_size=40))
def test_anything_else_is_no_reference_and_no_crash(text: str) -> None:
    found = normalise_reference(text)

    assert found is None or is_reference(found)


def test_u_is_not_in_the_alphabet_and_a_dotless_i_is_no_one() -> None:
    assert normalise_reference("UUUU-UUUU") is None
    assert normalise_reference("\u0131\u0131\u0131\u0131-\u0131\u0131\u0131\u0131") is None


def test_ids_are_ordered_by_time() -> None:
    made = [uuid7() for _ in range(100)]

    assert made == sorted(made)
    assert all(isinstance(one, UUID) and one.version == 7 for one in made)
