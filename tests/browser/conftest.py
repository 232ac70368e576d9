"""A real Chromium, a running town, and people with phones."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from shared.server import ASSETS
from tests.browser.town import Town, town

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE, DESK = 360, 1280
"""Widths in pixels."""


@dataclass
class Seen:
    """What a browser saw go wrong."""

    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    """Addresses asked for that are not ours."""


@dataclass
class People:
    """Opens browsers for people, each with cookies of their own."""

    browser: Browser
    url: str
    seen: Seen = field(default_factory=Seen)
    _contexts: list[BrowserContext] = field(default_factory=list)

    async def person(self, who: str | None = None, *, width: int = PHONE, scripts: bool = True) -> Page:
        """A page of somebody (nobody yet, when `who` is None), on a phone or at a desk."""
        context = await self.browser.new_context(
            base_url=self.url,
            viewport={"width": width, "height": 780},
            has_touch=width == PHONE,
            java_script_enabled=scripts,
            timezone_id="Pacific/Auckland",
        )
        self._contexts.append(context)
        page = await context.new_page()
        self._watch(page)
        if who is not None:
            await context.request.post("/demo/sign-in", form={"as": who, "next": "/"}, max_redirects=0)
        return page

    def _watch(self, page: Page) -> None:
        page.on("console", lambda said: self.seen.console.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.seen.console.append(str(error)))
        page.on(
            "response",
            lambda answer: self.seen.requests.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None,
        )
        page.on(
            "request",
            lambda request: None if request.url.startswith(self.url) else self.seen.elsewhere.append(request.url),
        )

    async def leave(self) -> None:
        """Close every browser."""
        for context in self._contexts:
            await context.close()


@pytest.fixture(scope="package")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """Chromium, for the tests of this package: nothing of it runs beside the others."""
    if not (ASSETS / "govuk-frontend.min.css").exists():
        reason = "no assets/: run make assets"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        await started.close()


@pytest.fixture(scope="package")
async def the_town(browser: Browser) -> AsyncIterator[Town]:
    """The running system; started only where there is a browser to look at it."""
    # Not pytest's own folder: each run of pytest shuts that to everybody, also to a database that is running in it.
    with TemporaryDirectory(prefix="liaison-town-", ignore_cleanup_errors=True) as folder:
        async with town(Path(folder)) as running:
            yield running


@pytest.fixture
async def people(browser: Browser, the_town: Town) -> AsyncIterator[People]:
    """People with browsers."""
    somebody = People(browser, the_town.url)
    yield somebody
    await somebody.leave()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where pictures of pages go: PICTURES, else nowhere that stays."""
    folder = Path(os.environ.get("PICTURES", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
