"""How far a control room has read: what it gives back is taken as it was given, and nothing else is."""

import pytest

from services.intake.store.told import Cursor


def test_what_was_given_is_taken_back() -> None:
    assert str(Cursor.parse("1234-56")) == "1234-56"


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_is_the_beginning(nothing: str | None) -> None:
    assert Cursor.parse(nothing) == Cursor(0, 0)


@pytest.mark.parametrize(
    "text",
    ["yesterday", "12", "-", "12-", "-5", "1.5-2", "1-2-3", "٣-٤", "9" * 19 + "9-1", "1-" + "9" * 20, "0" * 40 + "-1"],
)
def test_anything_else_is_no_place(text: str) -> None:
    assert Cursor.parse(text) is None
