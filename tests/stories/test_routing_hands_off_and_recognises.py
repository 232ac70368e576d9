"""Stories 10 and 12: handed off with a receipt, and a repeat that a human confirms before it shows."""

from collections.abc import AsyncIterator

import pytest

from tests.stories.routing_house import House, on_duty, routing
from tests.stories.supervising import COORDINATOR, SERGEANT, decide, in_hand, seen


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """Three Hertfordshire officers and one from Bedfordshire, all on duty."""
    return await service.as_new("H1,herts", "H2,herts", "H3,herts", "B7,beds")


async def test_an_out_of_area_person_is_handed_off_and_stays_ours_until_the_receipt(house: House) -> None:
    report = await house.report(desk="essex", district="E07000071")
    waiting = await seen(house, report)
    assert (waiting["state"], waiting["force"], waiting["desk"]) == ("waiting", "herts", "essex")
    sent = (await decide(house, COORDINATOR, report, "hand-off", desk="essex")).json()
    assert (sent["state"], sent["hand_off"]["received"]) == ("waiting", False)
    assert sent["next_due"] == "2026-11-23T13:00:00+00:00"
    receipt = {"person": "Sgt Quince", "their_ref": "EP-2026-5501"}
    done = (await decide(house, COORDINATOR, report, "hand-off/receipt", **receipt)).json()
    assert (done["state"], done["next_due"], done["hand_off"]["their_ref"]) == ("handed_off", None, "EP-2026-5501")
    assert [event["received"] for event in await house.told(report, "handed_off")] == [False, True]
    assert "Quince" not in str(await house.published("referrals"))


async def test_a_receipt_that_does_not_come_is_chased_and_never_forgotten(house: House) -> None:
    report = await house.report(desk="essex", **{"class": "scheduled"}, grade="scheduled")
    await decide(house, COORDINATOR, report, "hand-off", desk="essex")
    await house.pass_minutes(75)
    alerted = [event["role"] for event in await house.told(report, "role_alerted")]
    assert alerted[:3] == [COORDINATOR, COORDINATOR, "fim:herts"]
    assert "ops:herts" in alerted
    assert (await seen(house, report))["next_due"] is not None


async def test_decisions_said_twice_change_nothing(house: House) -> None:
    report = await house.report(desk="essex")
    for _ in range(2):
        assert (await decide(house, COORDINATOR, report, "hand-off", desk="essex")).status_code == 200
    for _ in range(2):
        receipt = {"person": "Sgt Quince", "their_ref": "EP-1"}
        assert (await decide(house, SERGEANT, report, "hand-off/receipt", **receipt)).status_code == 200
    assert (await house.story(report)).count("handed_off") == 2
    other = await decide(house, SERGEANT, report, "hand-off/receipt", person="Somebody else", their_ref="EP-2")
    assert (other.status_code, other.json()["code"]) == (409, "already_answered")


async def test_the_officer_who_was_asked_cannot_take_what_was_handed_off_until_it_comes_back(house: House) -> None:
    report = await house.report()
    await decide(house, COORDINATOR, report, "hand-off", desk="community_desk")
    assert (await house.tap("H1", report, "accept")).json()["code"] == "not_open"
    second = await decide(house, COORDINATOR, report, "hand-off", desk="essex")
    assert (second.status_code, second.json()["code"]) == (409, "handed_off_already")
    assert second.json()["desk"] == "community_desk"
    back = await decide(house, COORDINATOR, report, "hand-off/recall")
    assert (back.status_code, in_hand(await seen(house, report))) == (200, ["H2"])


async def test_a_desk_nobody_knows_is_refused_by_field_and_what_was_never_sent_has_no_receipt(house: House) -> None:
    report = await house.report()
    refused = await decide(house, COORDINATOR, report, "hand-off", desk="narnia")
    assert (refused.status_code, refused.json()["errors"]) == (422, [{"field": "desk", "reason": "unknown_code"}])
    early = await decide(house, COORDINATOR, report, "hand-off/receipt", person="Quince", their_ref="X")
    assert (early.status_code, early.json()["code"]) == (409, "nothing_handed_off")


async def test_the_officer_of_last_time_is_asked_first_and_shown_only_once_a_human_has_confirmed(house: House) -> None:
    report = await house.report(person="p-owl", earlier={"count": 2, "last_officer": "H3"})
    before = await seen(house, report)
    assert (in_hand(before), before["earlier"]) == (["H3"], {"confirmed": None})
    confirmed = (await decide(house, COORDINATOR, report, "earlier", confirmed=True)).json()
    assert confirmed["earlier"] == {"confirmed": True, "count": 2, "last_officer": "H3"}
    assert await house.told(report, "repeat_confirmed") != []
    assert "last_officer" not in str(await house.published("referrals"))


async def test_if_it_is_somebody_else_it_is_never_shown_and_no_longer_counts(house: House) -> None:
    await house.roster("H1,herts", "H3,herts", duties="H1,leave,2026-11-23T07:00Z,2026-11-23T12:30Z\n")
    report = await house.report(person="p-owl", earlier={"count": 2, "last_officer": "H3"})
    await decide(house, COORDINATOR, report, "earlier", confirmed=False)
    assert (await seen(house, report))["earlier"] == {"confirmed": False}
    again = await decide(house, COORDINATOR, report, "earlier", confirmed=True)
    assert (again.status_code, again.json()["code"]) == (409, "already_answered")
    await house.hear("duty.herts", on_duty("H1", "day", "duty", (12, 20)), on_duty("H3", "day", "duty", (12, 20)))
    await house.decide()
    decisions = [row.decision for row in await house.rows("select decision from routing.decisions order by sequence")]
    assert (decisions[-1]["chosen"], decisions[-1]["request"]["last"]) == (["H1"], None)


async def test_where_nothing_earlier_is_known_there_is_nothing_to_confirm(house: House) -> None:
    report = await house.report()
    assert (await seen(house, report))["earlier"] is None
    assert (await decide(house, COORDINATOR, report, "earlier", confirmed=True)).status_code == 409
    assert (await decide(house, COORDINATOR, report, "earlier", confirmed="perhaps")).status_code == 422
