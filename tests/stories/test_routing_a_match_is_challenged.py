"""Stories 16 and 19: a supervisor chooses and says why; a conflict is never explained and never re-offered."""

from collections.abc import AsyncIterator

import pytest

from tests.stories.routing_house import House, routing
from tests.stories.supervising import SERGEANT, decide, in_hand, seen


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """Three Hertfordshire officers and one from Bedfordshire, all on duty."""
    return await service.as_new("H1,herts", "H2,herts", "H3,herts", "B7,beds")


async def test_a_sergeant_chooses_somebody_else_and_says_why_and_a_human_accepts(house: House) -> None:
    report = await house.report()
    chosen = (await decide(house, SERGEANT, report, "override", officer="H3", reason="local_knowledge")).json()
    assert (chosen["state"], chosen["holder"], chosen["choice"]["officer"]) == ("offered", None, "H3")
    assert in_hand(await seen(house, report)) == ["H3"]
    (said,) = await house.told(report, "assigned_by_override")
    assert (said["officer"], said["by"], said["reason"]) == ("H3", SERGEANT, "local_knowledge")
    assert (await house.tap("H1", report, "accept")).json()["code"] == "not_open"
    taken = await house.tap("H3", report, "accept")
    assert taken.json()["holder"] == {"force": "herts", "id": "H3"}


async def test_an_override_without_a_reason_is_refused_by_field(house: House) -> None:
    report = await house.report()
    bodies = ({"officer": "H3"}, {"officer": "H3", "reason": "Because I say so!"})
    for body in (*bodies, {"officer": "H1", "reason": "full_moon"}, {"officer": "X9", "reason": "full_moon"}):
        refused = await decide(house, SERGEANT, report, "override", **body)
        assert (refused.status_code, [error["field"] for error in refused.json()["errors"]]) == (422, ["reason"])
        assert "Because" not in refused.text
    assert await house.told(report, "assigned_by_override") == []


async def test_the_choice_is_kept_as_a_decision_with_what_the_ranking_would_have_said(house: House) -> None:
    report = await house.report()
    await decide(house, SERGEANT, report, "override", officer="B7", reason="risk")
    found = (await house.ask(SERGEANT, "GET", f"/v1/referrals/{report.reference}/decisions")).json()["items"]
    (decision,) = [item for item in found if item["why"] == "override"]
    assert (decision["chosen"], decision["by"], decision["reason"]) == (["B7"], SERGEANT, "risk")
    assert [line["officer"] for line in decision["candidates"] if line["chosen"]] == ["B7"]
    page = (await house.ask(SERGEANT, "GET", f"/referrals/{report.reference}/decisions")).text
    assert "Chosen by the sergeant (Herts): risk." in page
    assert decision["policy_version"] == "default-1"
    assert {line["officer"] for line in decision["candidates"]} == {"H1", "H2", "H3", "B7"}


async def test_an_officer_with_as_much_as_they_should_have_may_be_chosen_all_the_same(house: House) -> None:
    await house.roster("H1,herts,,,1")
    first, second = await house.report(), await house.report()
    free = second if await house.told(first, "offered") else first
    answer = await decide(house, "fim:herts", free, "override", officer="H1", reason="nobody_else")
    assert answer.status_code == 200
    page = (await house.ask("fim:herts", "GET", f"/referrals/{free.reference}/decisions")).text
    assert "H1 (chosen)" in page
    assert in_hand(await seen(house, free)) == ["H1"]
    (load,) = await house.rows("select counted from routing.loads where officer = 'H1'")
    assert load.counted == 2


async def test_what_a_colleague_holds_is_taken_from_them_and_offered_to_the_one_chosen(house: House) -> None:
    report = await house.report()
    await house.tap("H1", report, "accept")
    answer = await decide(house, SERGEANT, report, "override", officer="H2", reason="knows_the_person")
    assert (answer.json()["state"], answer.json()["holder"]) == ("offered", None)
    loads = await house.rows("select officer, counted from routing.loads where counted > 0")
    assert [(row.officer, row.counted) for row in loads] == [("H2", 1)]
    assert (await house.ask("officer:H1", "GET", f"/v1/referrals/{report.reference}")).status_code == 200


async def test_a_choice_that_is_not_answered_comes_back_to_the_sergeant_and_the_ladder_goes_on(house: House) -> None:
    report = await house.report()
    await decide(house, SERGEANT, report, "override", officer="H3", reason="local_knowledge")
    await house.pass_minutes(15)
    assert [event["why"] for event in await house.told(report, "role_alerted")] == ["choice_unanswered"]
    assert "H2" in in_hand(await seen(house, report))


async def test_another_force_a_stranger_and_an_officer_cannot_decide(house: House) -> None:
    report = await house.report()
    body = {"officer": "H3", "reason": "risk"}
    assert (await decide(house, "sergeant:cambs", report, "override", **body)).status_code == 404
    assert (await decide(house, "officer:H1", report, "override", **body)).status_code == 403
    assert (await decide(house, "control_room:herts", report, "hand-off", desk="essex")).status_code == 403
    assert (await decide(house, "psd:herts", report, "earlier", confirmed=True)).status_code == 403


async def test_the_holding_forces_sergeant_may_decide_as_well(house: House) -> None:
    report = await house.report()
    await decide(house, SERGEANT, report, "override", officer="B7", reason="risk")
    await house.tap("B7", report, "accept")
    assert (await seen(house, report, "sergeant:beds"))["holder"]["id"] == "B7"
    answer = await decide(house, "sergeant:beds", report, "override", officer="H2", reason="nobody_else")
    assert (answer.status_code, in_hand(await seen(house, report))) == (200, ["H2"])


async def test_who_declined_for_a_conflict_cannot_be_chosen_and_it_looks_like_any_refusal(house: House) -> None:
    answers = []
    for code in ("conflict", "busy"):
        report = await house.report(person=f"p-{code}")
        asked = in_hand(await seen(house, report))[0]
        await house.tap(asked, report, "decline", code=code)
        await house.decide()
        answers.append(await decide(house, SERGEANT, report, "override", officer=asked, reason="nobody_else"))
        again = await house.tap(asked, report, "decline", code=code)
        assert (again.status_code, again.json()["reference"]) == (200, report.reference)
    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["code"] == "cannot_be_chosen"
    assert "reason" not in answers[0].json()


async def test_a_conflict_is_never_re_offered_by_anybody_in_any_report_of_that_person(house: House) -> None:
    report = await house.report(person="p-heron")
    await house.tap("H1", report, "decline", code="conflict")
    again = await house.report(person="p-heron")
    refused = await decide(house, SERGEANT, again, "override", officer="H1", reason="nobody_else")
    assert (refused.status_code, refused.json().get("reason")) == (409, None)
    await house.pass_minutes(5 * 60)
    for one in (report, again):
        asked = [officer for event in await house.told(one, "offered") for officer in event["officers"]]
        assert asked.count("H1") == (1 if one is report else 0)


async def test_a_connected_officer_cannot_be_chosen_and_an_officer_off_duty_is_said_to_be(house: House) -> None:
    await house.roster("H1,herts", "H2,herts", duties="H1,duty,2026-11-23T07:00Z,2026-11-23T23:00Z\n")
    report = await house.report(connected_officers=["H1"])
    connected = await decide(house, SERGEANT, report, "override", officer="H1", reason="risk")
    assert (connected.status_code, connected.json().get("reason")) == (409, None)
    off_duty = await decide(house, SERGEANT, report, "override", officer="H2", reason="risk")
    assert (off_duty.status_code, off_duty.json()["reason"]) == (409, "off_duty")
