"""Duty: an officer's own word beats the feed, the feed beats the file."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.routing.rules.roster.duty import SOURCES, Duty, Entry, fold
from services.routing.rules.roster.rows import DUTY_KINDS

DAY = datetime(2026, 11, 23, tzinfo=UTC)


def at(hour: float) -> datetime:
    return DAY + timedelta(hours=hour)


def entry(kind: str, starts: float, ends: float, source: str = "file") -> Entry:
    return Entry(kind, at(starts), at(ends), source)


def test_an_officers_own_leave_beats_the_feed_and_the_file() -> None:
    duty = fold([entry("duty", 7, 17), entry("duty", 8, 18, "feed"), entry("sick", 12, 24, "own")])
    assert [duty.at(at(hour)) for hour in (6, 7, 11, 12, 17, 23)] == [
        None,
        "duty",
        "duty",
        "sick",
        "sick",
        "sick",
    ]


def test_the_feed_beats_the_file_only_where_it_speaks() -> None:
    duty = fold([entry("duty", 7, 17), entry("court", 9, 12, "feed")])
    assert [duty.at(at(hour)) for hour in (8, 9, 11.9, 12)] == ["duty", "court", "court", "duty"]


def test_within_one_source_what_takes_an_officer_away_wins() -> None:
    assert fold([entry("duty", 7, 17), entry("leave", 0, 24)]).at(at(9)) == "leave"


def test_a_shift_ends_where_duty_or_on_call_ends_without_a_gap() -> None:
    duty = fold([entry("duty", 7, 17), entry("on_call", 17, 20), entry("duty", 21, 23)])
    assert duty.available_until(at(9)) == at(20)
    assert duty.available_until(at(20)) is None
    assert duty.available_until(at(6)) is None
    assert duty.next_start(at(20)) == at(21)


def test_nobody_without_entries_is_on_duty() -> None:
    assert fold([]).at(DAY) is None
    assert Duty().available_until(DAY) is None
    assert Duty().next_start(DAY) is None


HOURS = st.integers(0, 40)
ENTRIES = st.lists(
    st.builds(
        lambda kind, start, length, source: entry(kind, start, start + length, source),
        st.sampled_from(DUTY_KINDS),
        HOURS,
        st.integers(1, 12),
        st.sampled_from(SOURCES),
    ),
    max_size=8,
)


@given(ENTRIES, HOURS)
def test_at_every_hour_the_strongest_source_that_speaks_decides(entries: list[Entry], hour: int) -> None:
    now = at(hour + 0.5)
    speaking = [e for e in entries if e.starts <= now < e.ends]
    decided = fold(entries).at(now)
    if not speaking:
        assert decided is None
        return
    strongest = min(SOURCES.index(e.source) for e in speaking)
    assert decided in {e.kind for e in speaking if SOURCES.index(e.source) == strongest}


@given(ENTRIES, st.permutations(range(8)))
def test_the_order_of_entries_makes_no_difference(entries: list[Entry], order: list[int]) -> None:
    shuffled = [entries[place] for place in order if place < len(entries)]
    assert fold(shuffled) == fold(entries)
