"""Boards and supervisors: what is unowned, due or breached, who may see it, and what they are told as it happens."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.routing.api.stream import Stream
from shared.service import Wake
from tests.stories.routing_house import House, a_report, heartbeat, routing


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """Three officers in Hertfordshire, one in Bedfordshire."""
    return await service.as_new("H1,herts", "H2,herts", "H3,herts", "B7,beds")


async def listed(house: House, query: str = "", who: str = "sergeant:herts") -> list[str]:
    answer = await house.ask(who, "GET", f"/v1/referrals{query}")
    assert answer.status_code == 200
    return [item["reference"] for item in answer.json()["items"]]


async def test_a_board_shows_what_is_unowned_due_and_breached_oldest_first(house: House) -> None:
    first = await house.report()
    await house.pass_minutes(1)
    second = await house.report(**{"class": "scheduled"})
    await house.pass_minutes(1)
    third = await house.report()
    holder = (await house.told(third, "offered"))[0]["officers"][0]
    await house.tap(holder, third, "accept")
    assert await listed(house) == [first.reference, second.reference, third.reference]
    assert await listed(house, "?view=unowned") == [first.reference, second.reference]
    assert await listed(house, "?view=due") == [first.reference]
    assert await listed(house, "?state=accepted") == [third.reference]
    assert await listed(house, "?view=breached") == []
    await house.pass_minutes(61)
    assert set(await listed(house, "?view=breached")) == {first.reference, third.reference}


async def test_a_list_goes_on_where_it_stopped(house: House) -> None:
    reports = [a_report() for _ in range(53)]
    await house.hear("reports", *reports)
    await house.decide()
    page = (await house.ask("sergeant:herts", "GET", "/v1/referrals")).json()
    rest = (await house.ask("sergeant:herts", "GET", f"/v1/referrals?after={page['next']}")).json()
    assert (len(page["items"]), len(rest["items"]), rest["next"]) == (50, 3, None)
    assert {item["reference"] for item in page["items"] + rest["items"]} == {report.reference for report in reports}
    assert (await house.ask("sergeant:herts", "GET", "/v1/referrals?after=nonsense")).status_code == 422
    assert (await house.ask("sergeant:herts", "GET", "/v1/referrals?view=upside_down")).status_code == 422


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("sergeant:herts", 200),
        ("fim:herts", 200),
        ("sergeant:beds", 404),
        ("ops", 403),
        ("dpo", 403),
        ("control_room:herts", 403),
        ("psd:herts", 404),
        ("officer:H1", 200),
        ("officer:B7", 403),
    ],
)
async def test_a_referral_is_seen_by_its_own_force_and_those_who_were_asked(
    house: House, who: str, status: int
) -> None:
    report = await house.report()
    assert (await house.ask(who, "GET", f"/v1/referrals/{report.reference}")).status_code == status


async def test_a_connected_officer_sees_nothing_not_even_that_it_is_there(house: House) -> None:
    report = await house.report(connected_officers=["H1"])
    assert (await house.ask("officer:H1", "GET", f"/v1/referrals/{report.reference}")).status_code == 404
    assert (await house.tap("H1", report, "accept")).status_code == 404


async def test_professional_standards_see_complaints_and_nothing_else(house: House) -> None:
    complaint, other = await house.report(complaint_against_police=True), await house.report()
    assert (await house.ask("psd:herts", "GET", f"/v1/referrals/{complaint.reference}")).status_code == 200
    assert (await house.ask("psd:herts", "GET", f"/v1/referrals/{other.reference}")).status_code == 404
    assert await listed(house, who="psd:herts") == [complaint.reference]


async def test_the_holding_force_sees_it_too(house: House) -> None:
    await house.roster("B7,beds")
    report = await house.report()
    await house.tap("B7", report, "accept")
    assert await listed(house, who="sergeant:beds") == [report.reference]


async def test_a_supervisor_sees_every_candidate_with_points_or_the_rule_against_them(house: House) -> None:
    report = await house.report()
    items = (await house.ask("inspector:herts", "GET", f"/v1/referrals/{report.reference}/decisions")).json()["items"]
    assert len(items) == 1
    candidates = items[0]["candidates"]
    assert [(one["officer"], one["rank"]) for one in candidates] == [("H1", 1), ("H2", 2), ("H3", 3), ("B7", None)]
    assert candidates[0]["points"]["fairness"] == 5
    assert candidates[3]["ruled_out"] == "other_force_not_yet"
    assert (items[0]["chosen"], items[0]["policy_version"], items[0]["why"]) == (["H1"], "default-1", "first")


async def test_every_look_at_a_referral_is_recorded(house: House) -> None:
    report = await house.report()
    await house.ask("fim:herts", "GET", f"/v1/referrals/{report.reference}")
    await house.ask("officer:H1", "GET", f"/v1/referrals/{report.reference}")
    looks = [(event["actor"], event["what"]) for _, event in await house.published("access") if event]
    assert looks == [("fim:herts", "referral"), ("officer:H1", "referral")]


async def test_an_officer_sees_their_own_offer_and_nobody_elses(house: House) -> None:
    report = await house.report(**{"class": "immediate"})
    await house.pass_minutes(4)
    seen = (await house.ask("officer:H1", "GET", f"/v1/referrals/{report.reference}")).json()
    assert [offer["officer"] for offer in seen["offers"]] == ["H1"]
    assert seen["timeline"] == []


async def test_boards_say_that_notify_is_away_and_that_it_is_back(house: House) -> None:
    assert (await house.ask("fim:herts", "GET", "/v1/referrals")).json()["degraded"] == ["notify"]
    await house.hear("deliveries", heartbeat())
    assert (await house.ask("fim:herts", "GET", "/v1/referrals")).json()["degraded"] == []
    async with house.database.unit() as unit:
        import sqlalchemy as sa

        await unit.connection.execute(sa.text("update routing.notify_health set seen_at = seen_at - interval '31 s'"))
    assert (await house.ask("fim:herts", "GET", "/v1/referrals")).json()["degraded"] == ["notify"]


async def test_a_board_hears_of_its_own_force_as_it_happens_and_misses_nothing_when_it_comes_back(
    house: House,
) -> None:
    stream = Stream(house.database, Wake())
    feed = stream.follow("herts", None)
    first = await anext(feed)
    assert b'"degraded":["notify"]' in first
    position = first.split(b"id: ")[1].split(b"\n")[0].decode()
    report, other = await house.report(), await house.report(force="beds")
    told = await asyncio.wait_for(anext(feed), 5)
    assert report.reference.encode() in told
    assert other.reference.encode() not in told
    await feed.aclose()
    from services.routing.store.story import Position

    back = stream.follow("herts", Position.read(position))
    await anext(back)
    assert report.reference.encode() in await anext(back)
    await back.aclose()


async def test_a_board_hears_that_what_it_had_was_given_to_another_force_and_nothing_more_of_it(house: House) -> None:
    report = await house.report()
    feed = Stream(house.database, Wake()).follow("herts", None)
    await anext(feed)
    answer = await house.ask(
        "coordinator:herts", "POST", f"/v1/referrals/{report.reference}/transfer", {"force": "beds"}
    )
    assert answer.status_code == 200
    told = await asyncio.wait_for(anext(feed), 5)
    assert b'{"reference":"%s","gone":true}' % report.reference.encode() in told
    assert await listed(house) == []
    assert await listed(house, who="sergeant:beds") == [report.reference]
    await feed.aclose()


async def test_a_board_is_for_supervisors_of_its_force(house: House) -> None:
    assert (await house.ask("sergeant:herts", "GET", "/v1/stream?force=beds")).status_code == 403
    assert (await house.ask("officer:H1", "GET", "/v1/stream")).status_code == 403
