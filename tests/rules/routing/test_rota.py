"""Who staffs a role, and when nobody does."""

from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.routing.rules.roster.rota import ALWAYS, FOR_EVER, Gap, Turn, gaps, in_force

DAY = datetime(2026, 11, 23, tzinfo=UTC)
NUMBERS = count(1)


def at(hour: float) -> datetime:
    return DAY + timedelta(hours=hour)


def turn(starts: float | None, ends: float | None, source: str = "file") -> Turn:
    begins = ALWAYS if starts is None else at(starts)
    over = FOR_EVER if ends is None else at(ends)
    return Turn(UUID(int=next(NUMBERS)), source, begins, over)


def hours(turns: tuple[Turn, ...]) -> list[tuple[str, float | None, float | None]]:
    def hour(moment: datetime) -> float | None:
        return None if moment in (ALWAYS, FOR_EVER) else (moment - DAY) / timedelta(hours=1)

    return [(one.source, hour(one.starts), hour(one.ends)) for one in turns]


def test_without_a_supervisors_word_the_file_is_in_force() -> None:
    assert hours(in_force([turn(7, 15), turn(15, 23)])) == [("file", 7, 15), ("file", 15, 23)]


def test_a_supervisors_word_beats_the_file_only_while_it_speaks() -> None:
    assert hours(in_force([turn(None, None), turn(10, 12, "own")])) == [
        ("file", None, 10),
        ("own", 10, 12),
        ("file", 12, None),
    ]


def test_from_now_on_for_good_leaves_the_file_what_was_before() -> None:
    assert hours(in_force([turn(7, 15), turn(15, 23), turn(12, None, "own")])) == [("file", 7, 12), ("own", 12, None)]


def test_two_supervisors_words_stand_side_by_side_as_a_handover_does() -> None:
    own = [turn(7, 15, "own"), turn(14, 22, "own")]
    assert hours(in_force([*own, turn(6, 23)])) == [("file", 6, 7), ("own", 7, 15), ("own", 14, 22), ("file", 22, 23)]


def test_a_rota_without_a_gap_has_none() -> None:
    assert gaps([turn(None, 12), turn(12, 20), turn(18, None)], at(0), at(48)) == ()


def test_a_gap_is_from_the_end_of_one_turn_to_the_beginning_of_the_next() -> None:
    assert gaps([turn(0, 7), turn(9, 17)], at(1), at(20)) == (Gap(at(7), at(9)), Gap(at(17), at(20)))


def test_a_gap_under_way_began_when_the_last_turn_ended() -> None:
    assert gaps([turn(0, 7), turn(9, 17)], at(8), at(10)) == (Gap(at(7), at(9)),)


def test_a_role_that_nobody_ever_had_is_missing_from_now_on() -> None:
    assert gaps([], at(8), at(10)) == (Gap(at(8), at(10)),)


TURNS = st.lists(
    st.builds(
        lambda begins, length, source: turn(begins, begins + length, source),
        st.integers(-4, 40),
        st.integers(1, 20),
        st.sampled_from(("own", "file")),
    ),
    max_size=6,
)


@given(TURNS, st.integers(0, 40))
def test_at_every_hour_own_turns_stand_and_the_files_only_where_no_own_does(turns: list[Turn], hour: int) -> None:
    now = at(hour + 0.5)
    there = {one.row for one in in_force(turns) if one.starts <= now < one.ends}
    own = {one.row for one in turns if one.source == "own" and one.starts <= now < one.ends}
    file = {one.row for one in turns if one.source == "file" and one.starts <= now < one.ends}
    assert there == (own or file)


@given(TURNS, st.integers(0, 40))
def test_an_hour_lies_in_a_gap_exactly_when_nobody_is_there(turns: list[Turn], hour: int) -> None:
    now = at(hour + 0.5)
    missing = any(gap.starts <= now < gap.ends for gap in gaps(in_force(turns), at(0), at(48)))
    assert missing == (not any(one.starts <= now < one.ends for one in turns))
