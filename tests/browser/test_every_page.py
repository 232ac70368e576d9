"""Every page: usable with a screen reader, on a phone, from nowhere else, and its address and title tell nothing."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]

from tests.browser.conftest import DESK, PHONE, People
from tests.browser.town import COORDINATOR, Town

TELLING = re.compile(
    r"lgbt|lesbian|gay|bisexual|\btrans|queer|gender|sexual|orientation|pride|homophob|hate|strand|hostil|victim|"
    r"crime|offence|suicid|vulnerab",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Stop:
    """A page to look at: who looks, and what must be on it. `{}` is a reference on offer."""

    path: str
    who: str | None
    heading: str


STOPS = (
    Stop("/demo/sign-in", None, "Who would you like to be?"),
    Stop("/board", COORDINATOR, "Hertfordshire board"),
    Stop("/board?view=unowned", COORDINATOR, "Hertfordshire board"),
    Stop("/board?view=breached", COORDINATOR, "Hertfordshire board"),
    Stop("/board", "fim:cambs", "Cambridgeshire board"),
    Stop("/coverage", COORDINATOR, "Hertfordshire coverage"),
    Stop("/coverage?need=4&force=cambs", COORDINATOR, "Cambridgeshire coverage"),
    Stop("/tasks", "officer:H1042", "Your tasks"),
    Stop("/tasks", "officer:C3999", "Your tasks"),
    Stop("/tasks?about={}", "officer:H1042", "Your tasks"),
    Stop("/referrals/{}", COORDINATOR, "{}"),
    Stop("/referrals/{}", "officer:H1042", "{}"),
    Stop("/referrals/{}/decisions", COORDINATOR, "Who was asked for {}"),
    Stop("/phones", None, "Phones"),
    Stop("/roster", COORDINATOR, "Hertfordshire roster"),
    Stop("/roster/H1042", COORDINATOR, "H1042"),
    Stop("/roster", "officer:H1042", "Your duty"),
    Stop("/policy", "policy:anna", "Policy"),
    Stop("/policy", COORDINATOR, "Policy"),
    Stop("/policy/default-1", "policy:anna", "default-1"),
)


@pytest.fixture(scope="module")
async def reference(the_town: Town) -> str:
    """A referral on offer."""
    return await the_town.offered()


def named(stop: object) -> str:
    return f"{stop.path} as {stop.who}" if isinstance(stop, Stop) else f"{stop} px"


@pytest.mark.parametrize("width", [PHONE, DESK], ids=named)
@pytest.mark.parametrize("stop", STOPS, ids=named)
async def test_a_page_serves_everybody(stop: Stop, width: int, people: People, reference: str, pictures: Path) -> None:
    page = await people.person(stop.who, width=width)
    await page.goto(stop.path.format(reference))
    await page.wait_for_selector("h1")

    assert await page.inner_text("h1") == stop.heading.format(reference)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert not TELLING.search(f"{page.url} {await page.title()}")
    await page.screenshot(path=pictures / f"{re.sub(r'[^a-z]+', '-', named(stop).lower())}-{width}.png", full_page=True)
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert (people.seen.console, people.seen.requests, people.seen.elsewhere) == ([], [], [])


async def test_every_button_on_a_phone_is_as_big_as_a_thumb(people: People, reference: str) -> None:
    page = await people.person("officer:H1042")
    await page.goto("/tasks")
    await page.click(f"#no-{reference} > summary")

    boxes = [await button.bounding_box() for button in await page.query_selector_all("summary, .liaison-task button")]
    assert min(box["height"] for box in boxes if box) >= 44


async def test_a_page_asks_strangers_to_sign_in_and_brings_them_back(people: People) -> None:
    page = await people.person()
    await page.goto("/board")
    await page.click("text=Inspector >> nth=1")
    await page.wait_for_url("**/board")
    assert await page.inner_text("h1") == "Bedfordshire board"


@pytest.mark.parametrize("path", ["/board", "/referrals/{}"])
async def test_what_is_not_for_you_is_said_on_a_page(path: str, people: People, reference: str) -> None:
    page = await people.person("officer:C3999")
    answer = await page.goto(path.format(reference))

    assert answer is not None
    assert answer.status in {403, 404}
    assert "text/html" in answer.headers["content-type"]
    assert not TELLING.search(await page.title())
    assert (await Axe().run(page)).violations_count == 0


async def test_times_are_londons_wherever_the_browser_stands(people: People, reference: str) -> None:
    page = await people.person(COORDINATOR, width=DESK)
    await page.goto(f"/referrals/{reference}")
    made_at = await page.inner_text("footer time")
    assert made_at in await page.evaluate(
        "[0, -1].map(m => new Date(Date.now() + m * 60000)"
        ".toLocaleTimeString('en-GB', {timeZone: 'Europe/London', hour: '2-digit', minute: '2-digit'}))"
    )
