"""The coordinator's board: live, oldest first, its own force's alone, and nothing personal on it."""

import re

from playwright.async_api import Page, expect

from tests.browser.conftest import DESK, People
from tests.browser.town import COORDINATOR, Town


async def at_board(people: People, who: str = COORDINATOR, *, scripts: bool = True) -> Page:
    page = await people.person(who, width=DESK, scripts=scripts)
    await page.goto("/board")
    return page


async def test_a_new_referral_appears_and_its_owner_too_without_a_reload(people: People, the_town: Town) -> None:
    page = await at_board(people)
    await expect(page.locator("[data-live-words]")).to_have_text("Live")

    reference = await the_town.ask()
    row = page.locator("tr", has=page.locator(f"#to-{reference}"))
    await expect(row).to_contain_text("On offer to 4 officers", timeout=10_000)
    await the_town.call("POST", f"/v1/referrals/{reference}/accept", "officer:H1077", {})

    await expect(row).to_contain_text("H1077", timeout=10_000)
    await expect(row).to_contain_text("no contact yet")


async def test_the_oldest_come_first_and_the_views_narrow_them(people: People, the_town: Town) -> None:
    first, second = await the_town.ask(), await the_town.ask()
    for reference in (first, second):
        await the_town.on_offer(reference)
    page = await at_board(people)

    listed = await page.locator("tbody .liaison-reference").all_inner_texts()
    assert listed.index(first) < listed.index(second)
    await page.click("#view-unowned")
    unowned = await page.locator("tbody .liaison-reference").all_inner_texts()
    assert {first, second} <= set(unowned)
    assert len(unowned) == int(await page.inner_text("#view-unowned .liaison-counts__number"))


async def test_another_forces_board_does_not_show_it(people: People, the_town: Town) -> None:
    reference = await the_town.ask()
    await the_town.on_offer(reference)
    page = await at_board(people, "coordinator:cambs")
    assert await page.locator(f"#to-{reference}").count() == 0


async def test_nothing_about_the_person_is_on_the_board_or_the_referrals_page(people: People, the_town: Town) -> None:
    told = {
        "need": "support",
        "grade": {"value": "priority", "by": "0417", "at": "2026-06-06T12:00:00Z"},
        "requester": {"role": "victim", "consents_to_contact": True, "organisation": "The Teapot Society"},
        "strands": [{"strand": "transgender", "perceived_by": "victim"}],
        "risks": ["suicide_or_self_harm"],
        "preferences": {"skills": ["trans"], "languages": ["pl"]},
        "contact": {"details": {"name": "Marigold Featherstonehaugh", "phone": "07700 900123", "narrative": "zebra"}},
    }
    reference = await the_town.ask(**told)
    await the_town.on_offer(reference)
    page = await at_board(people)
    await expect(page.locator(f"#to-{reference}")).to_be_visible()

    shown = await page.content()
    await page.click(f"#to-{reference}")
    await page.wait_for_selector(".liaison-timeline")
    shown += await page.content()

    words = ("Marigold", "900123", "zebra", "Teapot", "transgender", "suicide", "trans", "victim", "0417")
    # Among the desks a referral may be sent to are the British Transport Police, and a force may be given it for good.
    text = re.sub("trans(ition|parent|port|fer)", "", shown.lower())
    assert [word for word in words if word.lower() in text] == []


async def test_from_the_board_to_a_story_and_back(people: People, the_town: Town) -> None:
    reference = await the_town.ask()
    await the_town.on_offer(reference)
    page = await at_board(people)
    await page.click(f"#to-{reference}")

    await expect(page.locator(".liaison-timeline li").last).to_contain_text("Opened as officer advice.")
    await expect(page.locator(".liaison-timeline")).to_contain_text("Offered to 4 officers.")
    await page.click("text=Back to the board")
    await expect(page.locator("h1")).to_have_text("Hertfordshire board")


async def test_without_scripts_the_board_is_there_and_asks_for_itself_again(people: People, the_town: Town) -> None:
    reference = await the_town.ask()
    await the_town.on_offer(reference)
    page = await at_board(people, scripts=False)
    await expect(page.locator(f"#to-{reference}")).to_be_visible(timeout=40_000)
    assert 'http-equiv="refresh"' in await page.content()


async def test_a_board_without_connection_says_that_it_may_be_old(people: People, the_town: Town) -> None:
    page = await at_board(people)
    await expect(page.locator("[data-live-words]")).to_have_text("Live")
    await page.context.set_offline(True)
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator("[data-live-words]")).to_contain_text("may be old", timeout=15_000)

    await page.context.set_offline(False)
    await expect(page.locator("[data-live-words]")).to_have_text("Live", timeout=15_000)
