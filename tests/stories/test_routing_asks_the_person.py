"""Nobody is offered against what the person requires: the coordinator asks them."""

from collections.abc import AsyncIterator

import pytest

from tests.stories.routing_house import House, on_duty, routing
from tests.stories.supervising import A_WOMAN, COORDINATOR, SERGEANT, as_amended, in_hand, seen


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """Three Hertfordshire officers and one from Bedfordshire, all on duty."""
    return await service.as_new("H1,herts", "H2,herts", "H3,herts", "B7,beds")


async def test_nobody_is_offered_against_a_required_wish_and_the_coordinator_asks_the_person(house: House) -> None:
    report = await house.report(**A_WOMAN)
    (waiting,) = await house.told(report, "waiting")
    assert (waiting["role"], waiting["why"], waiting["wishes"]) == (COORDINATOR, "ask_person", ["gender"])
    referral = await seen(house, report)
    assert (referral["state"], referral["offers"]) == ("waiting", [])
    assert referral["next_due"] == "2026-11-23T12:15:00+00:00"
    await house.pass_minutes(90)
    assert await house.told(report, "offered") == []
    assert {event["role"] for event in await house.told(report, "escalated")} >= {SERGEANT, "inspector:herts"}


async def test_the_wish_given_up_by_an_amendment_leads_to_an_offer_at_once(house: House) -> None:
    report = await house.report(**A_WOMAN)
    await house.hear("reports", as_amended(report, 2, officer_gender=None))
    await house.decide()
    assert in_hand(await seen(house, report)) == ["H1"]
    assert await house.story(report) == ["opened", "waiting", "amended", "offered"]


async def test_other_forces_refused_and_nobody_at_home_the_person_is_asked_and_a_yes_brings_bedfordshire(
    house: House,
) -> None:
    await house.roster("B7,beds")
    report = await house.report(cross_force=False)
    assert (await house.told(report, "waiting"))[0]["wishes"] == ["other_force"]
    await house.hear("reports", as_amended(report, 2, cross_force=True))
    await house.decide()
    assert [event["why"] for event in await house.told(report, "offered")] == ["nobody_at_home"]
    assert in_hand(await seen(house, report)) == ["B7"]


async def test_somebody_at_home_who_comes_on_duty_meets_the_wish_and_is_offered_it(house: House) -> None:
    await house.roster("H9,herts", "B7,beds", duties="B7,duty,2026-11-23T07:00Z,2026-11-23T23:00Z\n")
    report = await house.report(cross_force=False)
    await house.hear("duty.herts", on_duty("H9", "late-shift", "duty", (12, 20)))
    await house.decide()
    assert in_hand(await seen(house, report)) == ["H9"]
