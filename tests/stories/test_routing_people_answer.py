"""Officers with phones, a sergeant, a force incident manager: who is asked, who answers, who ends up holding it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.stories.routing_house import NOON, House, a_report, failed, replied, routing


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """Two Hertfordshire officers and one from Bedfordshire, all on duty."""
    return await service.as_new("H1,herts", "H2,herts", "B7,beds")


async def test_a_report_is_on_offer_to_one_officer_as_soon_as_it_is_heard(house: House) -> None:
    report = await house.report()
    assert await house.story(report) == ["opened", "offered"]
    seen = (await house.ask("sergeant:herts", "GET", f"/v1/referrals/{report.reference}")).json()
    assert (seen["state"], seen["class"], seen["holder"]) == ("offered", "priority", None)
    assert [offer["officer"] for offer in seen["offers"]] == ["H1"]
    assert seen["clocks"]["first_contact"] == "2026-11-23T13:00:00+00:00"


async def test_what_routing_says_goes_out_in_order_with_the_referral_as_its_key(house: House) -> None:
    report = await house.report()
    await house.tap("H1", report, "accept")
    said = [payload for key, payload in await house.published("referrals") if key == str(report.referral_id)]
    assert [event["sequence"] for event in said if event] == [1, 2, 3]
    assert said[-1] is not None
    assert (said[-1]["state"], said[-1]["holder"]) == ("accepted", {"force": "herts", "id": "H1"})
    assert said[-1]["next_due"] == "2026-11-23T13:00:00Z"


async def test_simultaneous_accepts_leave_one_holder_and_tell_the_others_who(house: House) -> None:
    await house.roster(*(f"H{number},herts" for number in range(1, 9)))
    report = await house.report(need="officer_advice", **{"class": "officer_advice"})
    answers = await asyncio.gather(*(house.tap(f"H{number}", report, "accept") for number in range(1, 9)))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
    holder = next(answer.json()["holder"] for answer in answers if answer.status_code == 200)
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["holder"] == holder
            assert answer.json()["code"] == "already_held"
    assert (await house.story(report)).count("accepted") == 1


async def test_the_holders_repeat_is_the_same_answer(house: House) -> None:
    report = await house.report()
    first = await house.tap("H1", report, "accept", tapped_at=NOON.isoformat())
    second = await house.tap("H1", report, "accept", tapped_at=NOON.isoformat())
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert (await house.story(report)).count("accepted") == 1


async def test_an_answer_that_comes_late_wins_while_nobody_holds_it(house: House) -> None:
    report = await house.report()
    await house.pass_minutes(40)
    answer = await house.tap("H1", report, "accept")
    assert answer.json()["holder"] == {"force": "herts", "id": "H1"}


async def test_an_officer_never_asked_is_refused_and_a_reference_nobody_has_is_not_there(house: House) -> None:
    report = await house.report()
    refused = await house.tap("B7", report, "accept")
    assert (refused.status_code, refused.json()["code"]) == (403, "never_offered")
    assert (await house.ask("officer:H1", "POST", "/v1/referrals/K7QM-4T9P/accept", {})).status_code == 404
    assert (await house.ask("officer:H1", "GET", f"/v1/referrals/{report.reference}")).status_code == 200
    assert (await house.ask("officer:B7", "GET", f"/v1/referrals/{report.reference}")).status_code == 403


async def test_a_decline_is_replaced_at_once(house: House) -> None:
    report = await house.report()
    assert (await house.tap("H1", report, "decline", code="busy")).status_code == 200
    await house.decide()
    assert [event["officers"] for event in await house.told(report, "offered")] == [["H1"], ["H2"]]


async def test_a_conflict_is_never_shown_and_bars_for_good_also_from_the_same_persons_next_report(
    house: House,
) -> None:
    report = await house.report(person="p-heron")
    await house.tap("H1", report, "decline", code="conflict")
    await house.decide()
    whole = (await house.ask("sergeant:herts", "GET", f"/v1/referrals/{report.reference}")).text
    why = (await house.ask("sergeant:herts", "GET", f"/v1/referrals/{report.reference}/decisions")).text
    assert "conflict" not in whole + why
    await house.pass_minutes(24 * 60)
    assert (await house.tap("H1", report, "accept")).status_code == 403
    await house.roster("H1,herts", "H2,herts", duties="H1,duty,2026-11-24T07:00Z,2026-11-24T23:00Z\n")
    again = await house.report(person="p-heron")
    assert await house.told(again, "offered") == []
    assert (
        "conflict" not in (await house.ask("sergeant:herts", "GET", f"/v1/referrals/{again.reference}/decisions")).text
    )


async def test_a_decline_that_means_nothing_to_us_is_refused_by_field(house: House) -> None:
    report = await house.report()
    answer = await house.tap("H1", report, "decline", code="washing_my_hair", because="secret")
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {"code", "because"}
    assert "washing" not in answer.text


async def test_an_officer_gives_it_back_and_somebody_else_is_asked(house: House) -> None:
    report = await house.report()
    await house.tap("H1", report, "accept")
    assert (await house.tap("H1", report, "release", code="abstracted")).json()["state"] == "waiting"
    await house.decide()
    assert await house.story(report) == ["opened", "offered", "accepted", "released", "offered"]


async def test_yes_by_text_message_makes_a_holder_and_no_asks_the_next(house: House) -> None:
    first, second = await house.report(), await house.report()
    asked = {
        str(report.referral_id): (await house.told(report, "offered"))[0]["officers"][0] for report in (first, second)
    }
    yes, no = asked[str(first.referral_id)], asked[str(second.referral_id)]
    await house.hear("deliveries", replied(first, yes, "yes"), replied(second, no, "no"))
    await house.decide()
    assert (await house.story(first))[-1] == "accepted"
    assert (await house.story(second))[2:] == ["declined", "offered"]


async def test_when_no_means_reaches_the_officer_the_next_step_is_now(house: House) -> None:
    report = await house.report()
    await house.hear("deliveries", failed(report, "H1"))
    await house.decide()
    assert (await house.story(report))[2:] == ["escalated", "offered"]


async def test_a_risk_alerts_the_incident_manager_though_nobody_is_on_duty(house: House) -> None:
    await house.roster(duties="", roles="")
    report = await house.report(risks=["suicide_or_self_harm"])
    alerts = await house.told(report, "role_alerted")
    assert (alerts[0]["role"], alerts[0]["sequence"]) == ("fim:herts", 2)
    await house.pass_minutes(4)
    path = f"/v1/referrals/{report.reference}/acknowledge"
    said = await house.ask("fim:herts", "POST", path, {"role": "fim", "outcome": "supervisor_sent"})
    assert said.status_code == 200
    assert (await house.told(report, "risk_acknowledged"))[0]["outcome"] == "supervisor_sent"
    assert (await house.ask("sergeant:herts", "POST", path, {"role": "fim", "outcome": "x"})).status_code == 403
    assert (await house.ask("fim:beds", "POST", path, {"role": "fim", "outcome": "x"})).status_code == 404


async def test_an_unanswered_referral_always_has_somebody_and_a_deadline_for_a_whole_day(house: House) -> None:
    report = await house.report()
    await house.pass_minutes(24 * 60)
    assert "escalated" in await house.story(report)
    open_without = await house.rows("select count(*) as n from routing.referrals where due is null or wakes_at is null")
    assert open_without[0].n == 0
    assert (await house.told(report, "role_alerted"))[-1]["next_due"] is not None


async def test_after_a_long_stop_everybody_still_eligible_is_asked_once(house: House) -> None:
    report = a_report()
    await house.hear("reports", report)
    await house.stand_still(50)
    await house.decide()
    offers = await house.told(report, "offered")
    assert [event["officers"] for event in offers] == [["H1", "H2", "B7"]]
    assert offers[0]["respond_by"] > (NOON + timedelta(minutes=50)).isoformat()
    assert (await house.story(report)).count("escalated") == 1


async def test_the_same_report_twice_is_one_referral(house: House) -> None:
    report = a_report()
    record = house.record("reports", report)
    await house.hear_records("reports", record)
    await house.hear_records("reports", record)
    await house.decide()
    assert await house.story(report) == ["opened", "offered"]
