"""An officer's shift on a phone and a supervisor's evening at a desk: every form, and what happens around it."""

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page, expect

from tests.browser.conftest import DESK, PHONE, People
from tests.browser.town import COORDINATOR, Town

SAID = "[data-said] .liaison-notice"
ATTEMPT = "#do-contact-attempts"


@pytest.fixture
async def reference(the_town: Town) -> str:
    """A referral that H1042 owns."""
    made = await the_town.offered()
    await act(the_town, made, "accept", "officer:H1042")
    return made


async def act(town: Town, reference: str, action: str, who: str, **body: Any) -> None:
    await town.call("POST", f"/v1/referrals/{reference}/{action}", who, body)


async def opened(people: People, reference: str, who: str = "officer:H1042", *, width: int = PHONE) -> Page:
    page = await people.person(who, width=width)
    await page.goto(f"/referrals/{reference}")
    await expect(page.locator("[data-live-words]")).to_have_text("Live")
    return page


async def fits_everybody(page: Page, width: int) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("who", ["officer:H1042", COORDINATOR])
async def test_every_form_serves_everybody(
    who: str, width: int, people: People, reference: str, pictures: Path
) -> None:
    page = await opened(people, reference, who, width=width)
    await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    await page.screenshot(path=pictures / f"every-form-{who.partition(':')[0]}-{width}.png", full_page=True)
    await fits_everybody(page, width)
    boxes = [await one.bounding_box() for one in await page.query_selector_all(".liaison-do summary")]
    assert min(box["height"] for box in boxes if box) >= 44


@pytest.mark.parametrize("scripts", [True, False])
async def test_what_cannot_stand_is_said_beside_its_entry_and_put_right(
    scripts: bool, people: People, reference: str, the_town: Town
) -> None:
    page = await people.person("officer:H1042", scripts=scripts)
    await page.goto(f"/referrals/{reference}")
    await page.locator(f"{ATTEMPT} > summary").tap()
    await page.get_by_label("Phone call").check()
    await page.get_by_label("I left a message").check()
    await page.select_option(f"{ATTEMPT}-next_step", "try_again")
    await page.locator(f"{ATTEMPT} button").tap()

    await expect(page.locator(f"{ATTEMPT}-outcome-error")).to_contain_text("No message may be left on the phone")
    await expect(page.get_by_label("I left a message")).to_be_checked()
    await expect(page.locator(f"{ATTEMPT}-next_step")).to_have_value("try_again")
    if scripts:
        await fits_everybody(page, PHONE)
        assert page.url.endswith(f"/referrals/{reference}"), "a reload sends nothing again"
    await page.get_by_label("No answer").check()
    await page.locator(f"{ATTEMPT} button").tap()

    await expect(page.locator(SAID)).to_contain_text("By phone")
    await expect(page.locator(SAID)).to_contain_text("no answer. Next: try again. First contact by")
    assert str(await story(the_town, reference)).count("contact_attempted") == 1


async def test_what_is_being_filled_in_stays_while_the_page_around_it_changes(
    people: People, reference: str, the_town: Town
) -> None:
    page = await opened(people, reference)
    await page.locator(f"{ATTEMPT} > summary").tap()
    await page.get_by_label("E-mail").check()
    await page.fill(f"{ATTEMPT}-next_at", "2026-12-24T18:30")
    await act(the_town, reference, "handover", COORDINATOR, to="H1077")
    await expect(page.locator(".liaison-notice")).to_have_count(0)
    await page.locator("h1").tap()

    await expect(page.locator(".liaison-notice")).to_contain_text("H1077 is asked to take over.")
    await expect(page.locator(f"{ATTEMPT}")).to_have_attribute("open", "")
    await expect(page.get_by_label("E-mail")).to_be_checked()
    await expect(page.locator(f"{ATTEMPT}-next_at")).to_have_value("2026-12-24T18:30")
    await act(the_town, reference, "handover/accept", "officer:H1077")
    await expect(page.locator("[data-gist]")).to_have_text("A colleague has it")
    await expect(page.locator("form[data-sends]")).to_have_count(0)


async def test_a_page_is_not_drawn_anew_and_no_look_recorded_for_what_happens_elsewhere(
    people: People, reference: str, the_town: Town
) -> None:
    await opened(people, reference)
    page = await opened(people, reference)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/referrals/" in request.url else None)
    await the_town.offered()
    await act(the_town, reference, "handover", "officer:H1042", to="H1077")
    await expect(page.locator(".liaison-notice")).to_contain_text("H1077 is asked")
    assert len(asked) == 1


async def test_where_there_is_no_signal_nothing_that_was_entered_is_lost(people: People, reference: str) -> None:
    page = await opened(people, reference)
    await page.locator(f"{ATTEMPT} > summary").tap()
    await page.get_by_label("Phone call").check()
    await page.get_by_label("I spoke to them").check()
    await page.context.set_offline(True)
    await page.locator(f"{ATTEMPT} button").tap()
    await expect(page.locator(f"{ATTEMPT} [data-unsent]")).to_be_visible()
    await page.context.set_offline(False)

    await page.locator(f"{ATTEMPT} button").dblclick()
    await expect(page.locator(SAID)).to_contain_text("The attempt is recorded. By phone")


async def test_a_supervisor_answers_for_their_role_at_once(people: People, the_town: Town) -> None:
    reference = await the_town.ask(need="support", risks=["weapon"])
    await the_town.on_offer(reference)
    page = await opened(people, reference, "fim:herts", width=DESK)
    await expect(page.locator(".liaison-asked")).to_contain_text("Answer for your role")
    await fits_everybody(page, DESK)
    await page.locator("#do-acknowledge-form button").click()
    await expect(page.locator("#do-acknowledge-outcome-error")).to_contain_text("Choose an outcome")
    await page.get_by_label("I am dealing with it").check()
    await page.locator("#do-acknowledge-form button").click()
    await expect(page.locator(SAID)).to_contain_text("Your answer is recorded.")
    await expect(page.locator(".liaison-asked")).to_have_count(0)


async def story(town: Town, reference: str) -> Any:
    return (await town.call("GET", f"/v1/referrals/{reference}", COORDINATOR))["timeline"]
