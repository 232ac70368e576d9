"""An officer enters the code of a new number on their tasks, and sends themselves a test: with scripts and without."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page, expect

from tests.browser.conftest import DESK, PHONE, People
from tests.browser.town import Town

OFFICER, MEANS = "officer:H1077", "/v1/officers/H1077/means"
CODE, ERROR = "#do-proof-phone-code", "#do-proof-phone-code-error"


@pytest.fixture(scope="module")
async def waiting(the_town: Town) -> AsyncIterator[Town]:
    """H1077 has given a number and a webhook, and both wait for their codes: once, for an hour has five codes."""
    await the_town.call("PUT", MEANS, OFFICER, {"phone": "07700900123", "webhook": "http://127.0.0.1:9/teapot"})
    yield the_town
    await the_town.call("PUT", MEANS, OFFICER, {})


async def looked_over(page: Page, width: int, picture: Path) -> None:
    """Nothing sticks out, nothing is out of a screen reader's reach."""
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await page.screenshot(path=picture, full_page=True)
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [PHONE, DESK])
async def test_a_link_fills_in_the_code_and_the_page_says_what_is_wrong_with_it(
    width: int, people: People, waiting: Town, pictures: Path
) -> None:
    page = await people.person(OFFICER, width=width)
    await page.goto("/tasks?proof=01234567")
    await expect(page.locator("#do-proof-webhook-code")).to_have_value("01234567")
    await looked_over(page, width, pictures / f"how-you-are-reached-{width}.png")

    await page.fill(CODE, "1234")
    await page.locator("#do-proof-phone-form button").click()
    await expect(page.locator(ERROR)).to_contain_text("Enter the eight digits of the code")
    await expect(page.locator(CODE)).to_have_value("1234")
    assert page.url == f"{waiting.url}/tasks"
    await looked_over(page, width, pictures / f"how-you-are-reached-wrong-{width}.png")


async def test_without_scripts_a_test_is_sent_and_a_wrong_code_is_refused_just_so(
    people: People, waiting: Town
) -> None:
    page = await people.person(OFFICER, scripts=False)
    await page.goto("/tasks")
    await page.click("button:text('Send me a test')")
    await expect(page.locator("[data-said]")).to_contain_text("A test is on its way.")
    assert page.url == f"{waiting.url}/tasks?done=test-notice"

    await page.fill(CODE, "1234")
    await page.locator("#do-proof-phone-form button").click()
    await expect(page.locator(ERROR)).to_contain_text("Enter the eight digits of the code")
    assert not re.search(r"\d", page.url.removeprefix(waiting.url))
