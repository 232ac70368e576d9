"""Officers with phones: two taps, one owner, and honest words when somebody else was first."""

import asyncio
import re

from playwright.async_api import Page, expect

from tests.browser.conftest import People
from tests.browser.town import OFFICERS, Town

NOTICE = "[data-said] .liaison-notice"


async def at_tasks(people: People, officer: str, reference: str, *, scripts: bool = True) -> Page:
    page = await people.person(f"officer:{officer}", scripts=scripts)
    await page.goto("/tasks")
    await expect(page.locator(f"#offer-{reference}")).to_be_visible()
    return page


async def accept(page: Page, reference: str) -> None:
    await page.locator(f"#yes-{reference} > summary").tap()
    await page.locator(f"#yes-{reference} button").tap()


async def test_an_officer_accepts_in_two_taps_on_a_phone(people: People, the_town: Town) -> None:
    reference = await the_town.offered()
    page = await at_tasks(people, "H1042", reference)

    await accept(page, reference)

    await expect(page.locator(NOTICE)).to_contain_text(f"You have {reference}.")
    await expect(page.locator(f"#open-{reference}")).to_be_visible()
    await expect(page.locator(f"#offer-{reference}")).to_have_count(0)
    assert await the_town.holder(reference) == "H1042"


async def test_two_officers_accept_at_once_and_one_owns_it_while_the_other_is_told_kindly(
    people: People, the_town: Town
) -> None:
    reference = await the_town.offered()
    pages = [await at_tasks(people, officer, reference) for officer in ("H1042", "H1077")]
    for page in pages:
        await page.locator(f"#yes-{reference} > summary").tap()

    await asyncio.gather(*(page.locator(f"#yes-{reference} button").tap() for page in pages))

    for page in pages:
        await expect(page.locator(NOTICE)).to_be_visible()
    told = sorted([await page.inner_text(NOTICE) for page in pages])
    assert told[0].startswith(f"A colleague already has {reference}.")
    assert "Nothing more is needed from you. Thank you" in told[0]
    assert told[1].startswith(f"You have {reference}.")
    assert await the_town.holder(reference) in {"H1042", "H1077"}


async def test_a_decline_is_two_taps_and_a_conflict_asks_for_no_reason(people: People, the_town: Town) -> None:
    reference = await the_town.offered()
    page = await at_tasks(people, "H1099", reference)

    await page.locator(f"#no-{reference} > summary").tap()
    await page.get_by_role("button", name=re.compile("I should not take this one")).tap()

    await expect(page.locator(NOTICE)).to_contain_text(f"You declined {reference}.")
    await expect(page.locator(f"#offer-{reference}")).to_have_count(0)
    assert await page.locator("input[type=text], textarea").count() == 0


async def test_a_double_tap_and_a_reload_change_nothing(people: People, the_town: Town) -> None:
    reference = await the_town.offered()
    page = await at_tasks(people, "H1042", reference)
    await page.locator(f"#yes-{reference} > summary").tap()
    await page.locator(f"#yes-{reference} button").dblclick()
    await expect(page.locator(NOTICE)).to_contain_text(f"You have {reference}.")

    again = await page.context.request.post(
        f"/tasks/{reference}/accept", form={"tapped_at": ""}, headers={"origin": the_town.url}
    )
    await page.reload()

    assert again.ok
    await expect(page.locator(NOTICE)).to_contain_text(f"You have {reference}.")
    referral = await the_town.call("GET", f"/v1/referrals/{reference}", "coordinator:herts")
    assert str(referral["timeline"]).count("referral.accepted") == 1


async def test_without_scripts_the_forms_are_forms(people: People, the_town: Town) -> None:
    reference = await the_town.offered()
    page = await at_tasks(people, "H1077", reference, scripts=False)

    await accept(page, reference)

    await expect(page.locator(NOTICE)).to_contain_text(f"You have {reference}.")
    assert await the_town.holder(reference) == "H1077"


async def test_a_tap_in_a_blind_spot_is_kept_and_wins_if_nobody_else_did(people: People, the_town: Town) -> None:
    reference = await the_town.offered()
    page = await at_tasks(people, "H1042", reference)
    await page.context.set_offline(True)

    await accept(page, reference)
    await expect(page.locator("#kept")).to_be_visible()
    assert await the_town.holder(reference) is None
    await page.context.set_offline(False)

    await expect(page.locator(NOTICE)).to_contain_text(f"You have {reference}.", timeout=15_000)
    assert await the_town.holder(reference) == "H1042"


async def test_a_tap_in_a_blind_spot_never_takes_it_from_a_colleague(people: People, the_town: Town) -> None:
    reference = await the_town.offered()
    page, colleague = await at_tasks(people, "H1042", reference), await at_tasks(people, "H1099", reference)
    await page.context.set_offline(True)
    await accept(page, reference)
    await expect(page.locator("#kept")).to_be_visible()

    await accept(colleague, reference)
    await expect(colleague.locator(NOTICE)).to_contain_text(f"You have {reference}.")
    await page.context.set_offline(False)

    await expect(page.locator(NOTICE)).to_contain_text("A colleague already has", timeout=15_000)
    await expect(page.locator("#kept")).to_be_hidden()
    assert await the_town.holder(reference) == "H1099"


async def test_an_answer_kept_on_a_shared_phone_is_never_sent_as_somebody_else(people: People, the_town: Town) -> None:
    reference = await the_town.offered()
    page = await at_tasks(people, "H1042", reference)
    await page.context.set_offline(True)
    await accept(page, reference)
    await expect(page.locator("#kept")).to_be_visible()

    other = await page.context.new_page()
    await page.close()
    await page.context.set_offline(False)
    await page.context.request.post("/demo/sign-in", form={"as": "officer:H1077", "next": "/"}, max_redirects=0)
    await other.goto("/tasks")
    await expect(other.locator(f"#offer-{reference}")).to_be_visible(timeout=40_000)
    await other.wait_for_timeout(6_000)

    assert await the_town.holder(reference) is None


async def test_a_page_left_open_does_not_answer_for_whoever_signed_in_since(people: People, the_town: Town) -> None:
    reference = await the_town.offered()
    page = await at_tasks(people, "H1042", reference, scripts=False)
    await page.context.request.post("/demo/sign-in", form={"as": "officer:H1077", "next": "/"}, max_redirects=0)

    await accept(page, reference)

    await expect(page.locator("h1")).to_have_text("Somebody else is signed in here now")
    assert await the_town.holder(reference) is None


async def test_everybody_else_sees_an_offer_go_when_a_colleague_has_it(people: People, the_town: Town) -> None:
    reference = await the_town.offered()
    pages = {officer: await at_tasks(people, officer, reference) for officer in OFFICERS}

    await accept(pages["B2010"], reference)

    for officer in ("H1042", "H1077", "H1099"):
        await expect(pages[officer].locator(f"#offer-{reference}")).to_have_count(0, timeout=15_000)
