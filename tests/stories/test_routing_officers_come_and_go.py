"""Officers fall sick, go on leave, leave the roster and come on duty while referrals are under way."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.contracts.reports import ReportReceived
from tests.stories.routing_house import House, off_duty, on_duty, routing


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """Three officers in Hertfordshire."""
    return await service.as_new("H1,herts", "H2,herts", "H3,herts")


async def asked(house: House, report: ReportReceived) -> list[str]:
    """Everybody asked about a report so far, in order."""
    return [officer for event in await house.told(report, "offered") for officer in event["officers"]]


async def says(house: House, officer: str, *entries: dict[str, Any]) -> None:
    """An officer enters their own time, all of it, and the driver hears of it."""
    answer = await house.ask(f"officer:{officer}", "PUT", f"/v1/officers/{officer}/duties", {"entries": entries})
    assert answer.status_code == 200, answer.text
    await house.decide()


SICK = {"kind": "sick", "from": "2026-11-23T11:00:00Z"}


async def test_who_falls_sick_with_an_open_offer_loses_it_and_the_next_is_asked_at_once(house: House) -> None:
    report = await house.report()
    assert await asked(house, report) == ["H1"]
    await says(house, "H1", SICK)
    assert await asked(house, report) == ["H1", "H2"]
    assert (await house.tap("H1", report, "accept")).status_code in (403, 409)
    assert (await house.tap("H2", report, "accept")).status_code == 200


async def test_who_is_sick_is_asked_nothing_new_and_who_is_back_is_asked_again(house: House) -> None:
    await says(house, "H1", SICK)
    assert await asked(house, await house.report()) == ["H2"]
    await says(house, "H1")
    assert "H1" in await asked(house, await house.report())


@pytest.mark.parametrize("kind", ["leave", "sick", "court", "abstracted", "restricted", "event", "busy"])
async def test_whoever_is_away_by_the_file_the_feed_or_their_own_word_is_not_asked(house: House, kind: str) -> None:
    await house.roster("H1,herts", "H2,herts", "H3,herts", duties=f"H1,{kind},2026-11-23,2026-11-23\n")
    await house.hear("duty.herts", on_duty("H2", "e1", kind, (0, 24)), on_duty("H3", "e3", "duty", (0, 24)))
    assert await asked(house, await house.report()) == ["H3"]
    await says(house, "H3", {"kind": kind, "from": "2026-11-23T11:00:00Z"})
    assert await asked(house, await house.report()) == []


async def test_leave_that_begins_by_the_clock_takes_the_offer_back_when_it_begins(house: House) -> None:
    await says(house, "H1", {"kind": "leave", "from": "2026-11-23T15:00:00Z", "until": "2026-11-30T00:00:00Z"})
    report = await house.report(**{"class": "scheduled"})
    await house.stand_still(179)
    await house.decide()
    assert await asked(house, report) == ["H1"]
    await house.stand_still(2)
    await house.decide()
    assert await asked(house, report) == ["H1", "H2"]


@pytest.mark.parametrize("kind", ["court", "busy", "event"])
async def test_who_is_only_busy_for_now_keeps_the_offer(house: House, kind: str) -> None:
    report = await house.report()
    await says(house, "H1", {"kind": kind, "from": "2026-11-23T11:00:00Z"})
    assert await asked(house, report) == ["H1"]
    assert (await house.tap("H1", report, "accept")).status_code == 200


async def test_an_offer_of_somebody_who_left_the_roster_is_taken_back_and_the_next_is_asked(house: House) -> None:
    report = await house.report()
    await house.roster("H2,herts", "H3,herts")
    await house.decide()
    assert await asked(house, report) == ["H1", "H2"]
    assert (await house.tap("H1", report, "accept")).status_code == 403
    assert (dict(await house.published("officers"))["H1"]) is None


async def test_what_a_leaver_holds_goes_back_to_the_coordinator(house: House) -> None:
    report = await house.report()
    await house.tap("H1", report, "accept")
    await house.roster("H2,herts", "H3,herts")
    await house.decide()
    released = await house.told(report, "released")
    assert [(event["officer"], event["code"]) for event in released] == [("H1", "left_roster")]
    told = [event["role"] for event in await house.told(report, "role_alerted")]
    told += [event["role"] for event in await house.told(report, "waiting")]
    assert "coordinator:herts" in told
    assert (await house.rows("select count(*) as n from routing.engagements where officer = 'H1'"))[0].n == 0


async def test_an_offer_to_somebody_who_stays_is_left_alone_by_any_other_change(house: House) -> None:
    report = await house.report()
    before = await house.story(report)
    await house.roster("H1,herts,,trans", "H2,herts")
    await house.hear("duty.herts", on_duty("H2", "e1", "leave", (0, 24)), off_duty("H2", "e2"))
    await house.decide()
    assert await house.story(report) == before


async def test_the_roster_is_followed_once_and_by_whichever_replica_has_the_pool(house: House) -> None:
    report = await house.report()
    await says(house, "H1", SICK)
    told = await house.story(report)
    await house.decide()
    assert await house.story(report) == told
    followed = await house.rows("select p.roster_seen, s.version from routing.pools p, routing.roster_state s")
    assert {row.roster_seen == row.version for row in followed} == {True}


async def test_whoever_comes_on_duty_is_asked_what_waits(house: House) -> None:
    for officer in ("H1", "H2", "H3"):
        await says(house, officer, SICK)
    report = await house.report()
    assert await asked(house, report) == []
    await says(house, "H3", {"kind": "on_call", "from": "2026-11-23T12:00:00Z", "until": "2026-11-23T23:00:00Z"})
    assert await asked(house, report) == ["H3"]
