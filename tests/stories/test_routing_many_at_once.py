"""Many referrals, several drivers, failing decisions: nobody gets more than their cap, nothing waits for another."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.routing.driver import Driver
from services.routing.officers import Officers
from services.routing.policies import Policies
from shared.service import Wake
from tests.stories.routing_house import NOON, House, a_report, routing


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """Ten officers in Hertfordshire, each with a cap of three."""
    return await service.as_new(*(f"H{number},herts" for number in range(10)))


async def in_hand(house: House) -> Counter[str]:
    rows = await house.rows("select officer, count(*) as n from routing.engagements where counts_for_cap group by 1")
    return Counter({row.officer: row.n for row in rows})


async def weighed(house: House) -> Counter[str]:
    rows = await house.rows("select officer, counted as n from routing.loads where counted <> 0")
    return Counter({row.officer: row.n for row in rows})


async def test_forty_reports_at_once_fill_every_officer_to_the_cap_and_nobody_beyond_it(house: House) -> None:
    await house.hear("reports", *(a_report() for _ in range(40)))
    await house.decide()
    assert set((await in_hand(house)).values()) == {3}
    assert await in_hand(house) == await weighed(house)
    states = await house.rows("select state, count(*) as n from routing.referrals group by 1 order by 1")
    assert [(row.state, row.n) for row in states] == [("offered", 30), ("waiting", 10)]


async def test_several_drivers_decide_everything_once(house: House) -> None:
    reports = [a_report() for _ in range(120)]
    await house.hear("reports", *reports)
    drivers = [Driver(house.database, Policies(house.database), Wake(), Officers()) for _ in range(3)]

    async def drive(driver: Driver) -> None:
        while (await house.rows("select count(*) as n from routing.referrals where wakes_at <= :now", now=NOON))[0].n:
            await driver.turn("bch")

    await asyncio.gather(*(drive(driver) for driver in drivers))
    told = await house.rows("select referral_id, count(*) as n from routing.timeline where sequence = 2 group by 1")
    assert Counter(row.n for row in told) == {1: 120}
    assert max((await in_hand(house)).values()) == 3


async def test_late_accepts_keep_the_cap_however_they_race(house: House) -> None:
    await house.as_new("H0,herts,,,1", "H1,herts")
    reports = []
    for _ in range(4):
        report = await house.report()
        if (await house.told(report, "offered"))[-1]["officers"] == ["H0"]:
            await house.tap("H0", report, "decline", code="busy")
            await house.decide()
            reports.append(report)
    assert len(reports) >= 2
    await house.stand_still(61)
    answers = await asyncio.gather(*(house.tap("H0", report, "accept") for report in reports))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * (len(reports) - 1)]
    assert (await weighed(house))["H0"] == 1


async def test_work_is_spread_over_officers_who_are_as_good_as_each_other(house: House) -> None:
    await house.hear("reports", *(a_report() for _ in range(10)))
    await house.decide()
    assert set((await in_hand(house)).values()) == {1}


async def test_a_referral_whose_decision_fails_holds_up_nobody_else(house: House) -> None:
    broken, fine = a_report(), a_report()
    await house.hear("reports", broken, fine)
    async with house.database.unit() as unit:
        import sqlalchemy as sa

        spoil = "jsonb_set(life, '{ladder,rungs,0,step,kind}', '\"by_pigeon\"')"
        await unit.connection.execute(
            sa.text(f"update routing.referrals set life = {spoil} where id = :id"), {"id": broken.referral_id}
        )
    await house.decide()
    assert (await house.story(fine)) == ["opened", "offered"]


async def test_no_deadline_fires_early_and_each_once(house: House) -> None:
    report = await house.report()
    house.clock.now = NOON + timedelta(minutes=15) - timedelta(milliseconds=1)
    await house.decide()
    assert await house.story(report) == ["opened", "offered"]
    house.clock.now = NOON + timedelta(minutes=15)
    await house.decide()
    await house.decide()
    assert await house.story(report) == ["opened", "offered", "escalated", "offered"]


async def test_a_driver_sleeps_until_the_next_deadline_and_no_longer_than_a_second(house: House) -> None:
    assert (await house.driver.turn("bch")).sleep == 1.0
    await house.report()
    house.clock.now = NOON + timedelta(minutes=14, seconds=59, milliseconds=750)
    assert (await house.driver.turn("bch")).sleep == pytest.approx(0.25)


async def test_a_later_policy_takes_over_from_its_date_and_leaves_open_referrals_alone(house: House) -> None:
    policies = house.driver.policies
    today = policies.at(NOON)
    quick = today.classes["priority"].model_copy(update={"ack_minutes": 5})
    later = today.model_copy(
        update={
            "version": "quicker",
            "effective_from": NOON + timedelta(minutes=10),
            "classes": {**today.classes, "priority": quick},
        }
    )
    before = await house.report()
    await policies.publish(later)
    assert (await house.published("policy"))[-1][0] == "bch"
    await house.pass_minutes(11)
    after = await house.report()
    clocks = [(await house.told(report, "opened"))[0]["ack_due"] for report in (before, after)]
    assert clocks == ["2026-11-23T12:15:00Z", "2026-11-23T12:16:00Z"]
    async with house.database.unit() as unit:
        import sqlalchemy as sa

        await unit.connection.execute(sa.text("delete from routing.policies where version = 'quicker'"))
