"""What supervisors see and decide on a referral's page."""

from collections.abc import AsyncIterator

import pytest

from tests.stories.routing_house import NOON, House, routing
from tests.stories.supervising import A_WOMAN, SERGEANT, decide, page, submit


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """Three Hertfordshire officers and one from Bedfordshire, all on duty."""
    return await service.as_new("H1,herts", "H2,herts", "H3,herts", "B7,beds")


async def test_the_page_asks_about_a_repeat_and_shows_it_only_after_a_yes(house: House) -> None:
    report = await house.report(person="p-owl", earlier={"count": 2, "last_officer": "B7"})
    before = await page(house, report)
    assert "may have reported before" in before
    assert "Last with" not in before
    assert (await submit(house, report, "earlier", confirmed="yes")).status_code == 303
    assert "Reported before: 2 times." in await page(house, report)


async def test_the_page_chooses_hands_off_and_takes_back(house: House) -> None:
    report = await house.report(desk="essex")
    assert '<option value="essex" selected>' in await page(house, report)
    assert (await submit(house, report, "hand-off", desk="essex")).status_code == 303
    assert "Sent to Essex Police." in await page(house, report)
    assert (await submit(house, report, "hand-off/recall")).status_code == 303
    assert (await submit(house, report, "override", officer="H2", reason="risk")).status_code == 303
    shown = await page(house, report)
    assert "chose H2" in shown
    assert "On offer to H2" in shown
    assert "override" not in await page(house, report, "officer:H2")


async def test_the_page_says_what_to_ask_the_person_about_and_tells_no_officer(house: House) -> None:
    report = await house.report(**A_WOMAN)
    assert "Please ask the person about the officer&#39;s gender." in await page(house, report)
    assert "The person is to be asked first" in await page(house, report)


async def test_a_form_of_somebody_who_signed_in_before_is_refused(house: House) -> None:
    report = await house.report()
    refused = await submit(house, report, "override", who="inspector:herts", officer="H2", reason="risk")
    assert refused.status_code == 401
    assert await house.told(report, "assigned_by_override") == []


async def test_every_decision_leaves_a_look_and_a_time(house: House) -> None:
    report = await house.report()
    await page(house, report)
    looks = [payload for key, payload in await house.published("access") if key == report.reference]
    assert [look["what"] for look in looks if look] == ["referral"]
    await decide(house, SERGEANT, report, "override", officer="H3", reason="risk")
    assert (await house.told(report, "assigned_by_override"))[0]["at"].startswith(NOON.date().isoformat())
