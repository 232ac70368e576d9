"""A calendar as the duty feed of a force: all of it or none, again the same is nothing new, own word comes first."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.routing.calendar_file import CalendarRefused
from services.routing.calendars import Imported, Whose, import_calendar
from tests.edges.test_calendar_files import calendar, event
from tests.stories.routing_house import House, on_duty, routing


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """Two officers in Hertfordshire, one in Bedfordshire."""
    return await service.as_new("H1,herts", "H2,herts", "B7,beds")


def shift(officer: str, kind: str, hours: tuple[int, int], *more: str) -> str:
    start, end = (f"20261123T{hour:02}0000Z" for hour in hours)
    whose = f"X-LIAISON-OFFICER:{officer}"
    return event(f"DTSTART:{start}", f"DTEND:{end}", whose, *more, kind=f"CATEGORIES:{kind}", uid=f"{officer}-{kind}")


async def imported(house: House, *events: str, officer: str | None = None) -> Imported:
    return await import_calendar(house.database, house.keys, calendar(*events), Whose("herts", officer))


async def duties(house: House) -> list[tuple[Any, ...]]:
    rows = await house.rows(
        "select officer, kind, source, entry from routing.duties where until_version is null and source = 'feed' "
        "order by officer, starts, kind"
    )
    return [tuple(row) for row in rows]


async def asked(house: House) -> list[str]:
    report = await house.report()
    return [officer for one in await house.told(report, "offered") for officer in one["officers"]]


async def test_what_a_calendar_says_decides_who_is_asked(house: House) -> None:
    done = await imported(house, shift("H1", "Court", (9, 17)))
    assert (done.changed, done.officers, done.entries) == (True, 1, 1)
    assert await asked(house) == ["H2"]


async def test_the_same_calendar_again_changes_nothing(house: House) -> None:
    text = shift("H1", "Duty", (7, 15), "RRULE:FREQ=DAILY", "SUMMARY:Marguerite's early")
    first = await imported(house, text)
    again = await imported(house, text)
    assert (first.changed, again.changed, again.version) == (True, False, first.version)
    stored = str(await house.rows("select cast(d as text) from routing.duties d"))
    assert "Marguerite" not in stored


async def test_what_a_calendar_does_not_say_any_more_does_not_stand_and_others_are_left_alone(house: House) -> None:
    await imported(house, shift("H1", "Court", (9, 17)), shift("H2", "Leave", (0, 23)))
    await house.hear("duty.herts", on_duty("H1", "e1", "busy", (9, 10)))
    await imported(house, shift("H1", "Sick", (9, 17)))
    assert await duties(house) == [
        ("H1", "busy", "feed", "e1"),
        ("H1", "sick", "feed", "ical:H1-Sick"),
        ("H2", "leave", "feed", "ical:H2-Leave"),
    ]


async def test_an_empty_calendar_of_one_officer_takes_back_all_it_said(house: House) -> None:
    await imported(house, shift("H1", "Court", (9, 17)), officer="H1")
    await imported(house, officer="H1")
    assert await duties(house) == []


async def test_a_bad_event_among_good_ones_changes_nothing(house: House) -> None:
    await imported(house, shift("H1", "Court", (9, 17)))
    before = await duties(house), await house.rows("select version from routing.roster_state")
    with pytest.raises(CalendarRefused) as caught:
        await imported(
            house, shift("H1", "Duty", (9, 17)), shift("H2", "Juggling", (9, 17)), shift("B7", "Duty", (9, 17))
        )
    assert [(bad.component, bad.name, bad.reason) for bad in caught.value.bad] == [
        ("VEVENT 2", "CATEGORIES", "unknown_kind"),
        ("VEVENT 3", "X-LIAISON-OFFICER", "unknown_officer"),
    ]
    assert (await duties(house), await house.rows("select version from routing.roster_state")) == before


async def test_an_officers_own_word_comes_before_their_calendar(house: House) -> None:
    await imported(house, shift("H1", "Leave", (0, 23)))
    mine = {"entries": [{"kind": "duty", "from": "2026-11-23T09:00:00Z", "until": "2026-11-23T20:00:00Z"}]}
    await house.ask("officer:H1", "PUT", "/v1/officers/H1/duties", mine)
    assert await asked(house) == ["H1"]
    items = (await house.ask("sergeant:herts", "GET", "/v1/officers")).json()["items"]
    entries = {(one["kind"], one["source"]) for one in items[0]["entries"]}
    assert entries == {("duty", "own"), ("leave", "feed"), ("duty", "file")}
