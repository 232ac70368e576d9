"""Stories 18 and 25: an officer answers in two taps, from wherever they are, and nobody ever holds what another holds.

Routing and notify with a real database and GOV.UK Notify's stand-in; time is the story's own.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.stories.routing_house import NOON
from tests.stories.told_house import Told, told

PEGGY, IRIS, OTTO = "+447700900041", "+447700900042", "+447700900043"
BROADCAST = {"need": "officer_advice", "class": "officer_advice"}


@pytest.fixture(scope="module")
async def house(module_postgres_url: str) -> AsyncIterator[Told]:
    """Routing and notify, for all of these stories one after another."""
    async with told(module_postgres_url) as made:
        yield made


@pytest.fixture
async def town(house: Told) -> AsyncIterator[Told]:
    """Peggy is H1, Iris H2 and Otto H3; each has a telephone."""
    async with house.day("H1,herts", "H2,herts", "H3,herts") as made:
        for officer, number in (("H1", PEGGY), ("H2", IRIS), ("H3", OTTO)):
            await made.reachable(officer, phone=number)
        yield made


async def test_story_18_two_taps_by_text_message_and_the_task_is_hers(town: Told) -> None:
    report = await town.report()
    code = await town.code_on(PEGGY, report)
    await town.answers(PEGGY, f"YES {code}")
    assert await town.holder(report) == "H1"
    assert "has been passed on" in await town.phone_says(PEGGY, f"Your YES to {report.reference}")


async def test_story_18_the_link_in_a_message_shows_the_task_and_changes_nothing_until_somebody_presses(
    town: Told,
) -> None:
    report = await town.report()
    await town.code_on(PEGGY, report)
    (message,) = town.texts.govuk.texts_to(PEGGY)
    path = message.rpartition(" https://tasks.example")[2]
    assert path == f"/referrals/{report.reference}"
    before = await town.routing.story(report)

    stranger = await town.routing.people.get(path, headers={"accept": "text/html"})
    assert stranger.status_code in (303, 401)
    assert "support" not in stranger.text.lower()
    for follow in (path, "/tasks", f"/tasks/{report.reference}/accept", f"/tasks/{report.reference}/decline"):
        opened = await town.routing.ask("officer:H1", "GET", follow, accept="text/html")
        assert opened.status_code in (200, 303)
    assert await town.holder(report) is None
    assert [one for one in await town.routing.story(report) if one != "viewed"] == before

    taken = await town.routing.tap("H1", report, "accept", tapped_at=NOON.isoformat())
    assert (taken.status_code, await town.holder(report)) == (200, "H1")


async def test_story_18_three_say_yes_in_one_moment_one_holds_it_and_the_others_are_told(town: Told) -> None:
    report = await town.report(**BROADCAST)
    codes = {number: await town.code_on(number, report) for number in (PEGGY, IRIS, OTTO)}
    _, _, tapped = await asyncio.gather(
        town.answers(PEGGY, f"yes {codes[PEGGY]}"),
        town.texts.govuk.text_from(IRIS, f"YES {codes[IRIS]} "),
        town.routing.tap("H3", report, "accept"),
    )
    await town.carry()
    assert (await town.routing.story(report)).count("accepted") == 1
    holder = await town.holder(report)
    assert tapped.status_code == (200 if holder == "H3" else 409)
    numbers = {"H1": PEGGY, "H2": IRIS, "H3": OTTO}
    for officer in numbers.keys() - {holder}:
        assert report.reference in await town.phone_says(numbers[officer], "A colleague has taken this task")


async def test_story_25_a_yes_that_was_stuck_in_a_blind_spot_comes_when_another_holds_it(town: Told) -> None:
    report = await town.report()
    code = await town.code_on(PEGGY, report)
    assert (await town.routing.tap("H1", report, "decline", code="busy")).status_code == 200
    await town.routing.decide()
    await town.carry()
    await town.answers(IRIS, f"YES {await town.code_on(IRIS, report)}")
    assert await town.holder(report) == "H2"

    await town.answers(PEGGY, f"YES {code}")
    assert "not waiting for an answer from you any more" in await town.phone_says(PEGGY, f"{report.reference} is")
    assert await town.holder(report) == "H2"
    assert (await town.routing.story(report)).count("accepted") == 1


async def test_story_25_a_yes_that_crosses_with_somebody_elses_is_told_that_the_task_is_taken(town: Told) -> None:
    report = await town.report(**BROADCAST)
    code = await town.code_on(PEGGY, report)
    await town.code_on(IRIS, report)
    assert (await town.routing.tap("H2", report, "accept")).status_code == 200
    assert await town.texts.govuk.text_from(PEGGY, f"YES {code}") == 204
    assert "Sign in to see whether the task is yours" in await town.phone_says(PEGGY, "Your YES")
    await town.carry()
    assert await town.holder(report) == "H2"
    assert report.reference in await town.phone_says(PEGGY, "A colleague has taken this task")
    assert (await town.seen(report))["state"] == "accepted"


async def test_story_25_a_yes_after_the_offer_lapsed_is_good_while_nobody_holds_it_and_worth_nothing_after(
    town: Told,
) -> None:
    report = await town.report()
    code = await town.code_on(PEGGY, report)
    await town.routing.pass_minutes(16)
    await town.carry()
    iris = await town.code_on(IRIS, report)
    await town.answers(PEGGY, f"YES {code}")
    assert await town.holder(report) == "H1"
    assert report.reference in await town.phone_says(IRIS, "A colleague has taken this task")
    await town.answers(IRIS, f"YES {iris}")
    assert await town.holder(report) == "H1"
    assert (await town.routing.story(report)).count("accepted") == 1


async def test_story_25_a_tap_on_the_page_and_the_same_answer_by_text_are_one_answer(town: Told) -> None:
    report = await town.report()
    code = await town.code_on(PEGGY, report)
    assert (await town.routing.tap("H1", report, "accept", tapped_at=NOON.isoformat())).status_code == 200
    await town.answers(PEGGY, f"YES {code}")
    await town.answers(PEGGY, f"YES {code}")
    assert await town.holder(report) == "H1"
    assert (await town.routing.story(report)).count("accepted") == 1


async def test_story_25_a_tap_that_reaches_routing_hours_later_says_who_holds_it(town: Told) -> None:
    report = await town.report(**BROADCAST)
    await town.code_on(PEGGY, report)
    assert (await town.routing.tap("H2", report, "accept")).status_code == 200
    await town.carry()
    await town.routing.stand_still(180)
    late = await town.routing.tap("H1", report, "accept", tapped_at=NOON.isoformat())
    assert (late.status_code, late.json()["holder"]) == (409, {"force": "herts", "id": "H2"})
    assert await town.holder(report) == "H2"
