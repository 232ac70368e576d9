"""The roster's pages: who is on duty and where that is known from, what will be missing, and an officer's own word."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from shared.identity import parse, sign_demo
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


def words(answer: httpx.Response) -> str:
    """The text of a page's body."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text.partition("<main")[2]))


async def page(house: House, who: str, path: str = "/roster") -> str:
    answer = await house.ask(who, "GET", path)
    assert answer.status_code == 200, answer.text
    return words(answer)


async def submit(house: House, who: str, path: str, **form: Any) -> httpx.Response:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    token = sign_demo(parse(who), house.keys, int(datetime.now(UTC).timestamp()))
    return await house.people.post(path, content=urlencode(form), headers=kind | {"authorization": f"Bearer {token}"})


async def test_a_supervisor_sees_the_own_force_with_duty_training_and_load(house: House) -> None:
    await house.report()
    seen = await page(house, "coordinator:herts")
    assert "Hertfordshire roster" in seen
    assert "Officers: 2, on duty or on call 2" in seen
    assert re.search(r"H1 On duty until 23:00 \(roster file\) Next duty None entered Training Until 19 May 2027", seen)
    assert "In hand 1 of 3" in seen
    assert "B7" not in seen


async def test_each_origin_is_shown_and_the_one_that_decides(house: House) -> None:
    await house.hear("duty.herts", on_duty("H1", "e1", "court", (9, 17)))
    assert re.search(r"H1 At court until 17:00 \(duty system\)", await page(house, "coordinator:herts"))
    mine = {"entries": [{"kind": "sick", "from": "2026-11-23T11:00:00Z"}]}
    await house.ask("officer:H1", "PUT", "/v1/officers/H1/duties", mine)
    assert re.search(r"H1 Off sick \(own word\)", await page(house, "coordinator:herts"))
    seen = await page(house, "sergeant:herts", "/roster/H1")
    assert re.search(r"Off sick Now 11:00 until further notice \(own word\)", seen)
    assert "At court 09:00 to 17:00 (duty system)" in seen
    assert "On duty 07:00 to 23:00 (roster file)" in seen


async def test_what_will_be_missing_is_on_top_and_gaps_are_beside_their_role(house: House) -> None:
    await house.roster("H1,herts", roles="herts,fim,Inspector Plum,07700900001,,2026-11-24T07:00Z\n")
    await house.rows("update routing.training set valid_until = date '2026-12-24' returning 1")
    seen = await page(house, "inspector:herts")
    assert "The training of H1 ends on 24 December 2026." in seen
    assert "No force incident manager from tomorrow 07:00." in seen
    assert "No coordinator now." in seen
    assert "Inspector Plum until tomorrow 07:00 (roster file) Nobody from tomorrow 07:00" in seen
    assert "07700900001" not in seen


async def test_training_that_lapsed_is_said(house: House) -> None:
    await house.rows("update routing.training set valid_until = date '2026-11-01' returning 1")
    assert "Ended on 1 November 2026" in await page(house, "coordinator:herts")


async def test_an_officer_sees_and_sets_their_own_time(house: House) -> None:
    assert (await house.ask("officer:H1", "GET", "/roster")).headers["location"] == "/roster/H1"
    sent = await submit(house, "officer:H1", "/roster/H1/entries", kind="sick", start="", until="2026-11-24T07:00")
    assert (sent.status_code, sent.headers["location"]) == (303, "/roster/H1")
    assert "Off sick Now 12:00 to tomorrow 07:00 (own word)" in await page(house, "officer:H1", "/roster/H1")
    rows = await house.rows("select kind, starts, ends from routing.duties where source = 'own'")
    assert [(row.kind, row.starts.hour, row.ends.hour) for row in rows] == [("sick", 12, 7)]
    gone = {"kind": "sick", "start": rows[0].starts.isoformat(), "until": rows[0].ends.isoformat()}
    await submit(house, "officer:H1", "/roster/H1/entries/removed", **gone)
    assert "On duty until 23:00" in await page(house, "officer:H1", "/roster/H1")


async def test_times_on_the_page_are_local_times(house: House) -> None:
    summer = {"start": "2027-07-01T09:00", "until": "2027-07-02T09:00"}
    await submit(house, "officer:H1", "/roster/H1/entries", kind="leave", **summer)
    rows = await house.rows("select starts from routing.duties where source = 'own'")
    assert rows[0].starts == datetime(2027, 7, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"kind": "asleep"}, "Choose what it is"),
        ({}, "Choose what it is"),
        ({"kind": "duty", "start": "soon"}, "Write the time as a date and a time"),
        ({"kind": "duty", "start": "2027-03-28T01:30"}, "the clocks go forward"),
        ({"kind": "duty", "start": "2026-11-24T09:00", "until": "2026-11-24T08:00"}, "end must be after the beginning"),
    ],
)
async def test_an_entry_that_cannot_stand_is_said_on_the_page_and_changes_nothing(
    house: House, form: dict[str, str], said: str
) -> None:
    sent = await submit(house, "officer:H1", "/roster/H1/entries", **form)
    assert sent.status_code == 422
    assert said in words(sent)
    assert await house.rows("select 1 from routing.duties where source = 'own'") == []


async def test_a_supervisor_enters_for_an_officer_of_the_own_force_alone(house: House) -> None:
    assert (await submit(house, "sergeant:herts", "/roster/H1/entries", kind="sick")).status_code == 303
    assert (await submit(house, "sergeant:beds", "/roster/H1/entries", kind="sick")).status_code == 404
    assert (await submit(house, "officer:H2", "/roster/H1/entries", kind="sick")).status_code == 403
    assert (await house.ask("officer:H2", "GET", "/roster/H1")).status_code == 403
    assert (await house.ask("dpo", "GET", "/roster")).status_code == 403
    assert (await house.ask("sergeant:herts", "GET", "/roster/B7")).status_code == 404


async def test_gender_areas_and_addresses_are_on_no_page(house: House) -> None:
    for who, path in (("coordinator:herts", "/roster"), ("officer:H1", "/roster/H1")):
        seen = (await house.ask(who, "GET", path)).text
        assert "phones.example" not in seen
        assert "gender" not in seen.lower()
