"""An officer's own browser is told of a task in neutral words, opens it when tapped, and can stop being told."""

import json
from collections.abc import Mapping
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.conftest import People
from tests.browser.town import Town
from tests.waiting import until

SAID, START, STOP = "#device-said", "#device-start", "#device-stop"
READY = "navigator.serviceWorker.register('/service-worker.js').then(() => navigator.serviceWorker.ready).then(() => 1)"
SHOWN = """navigator.serviceWorker.ready.then((worker) => worker.getNotifications())
  .then((all) => all.map(({ title, body, tag }) => ({ title, body, tag })))"""
TAPPED = """async () => {
  Clients.prototype.openWindow = async (url) => { self.opened = url; };
  WindowClient.prototype.focus = async function () { self.opened = this.url; };
  const [notification] = await self.registration.getNotifications();
  self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""
"""A tap, as the worker hears of it. Without a finger a browser opens no window, so it is noted which it would be."""

SUBSCRIPTION = {
    "endpoint": "https://push.example/kitchen",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}
A_PUSH_SERVICE = (
    f"const GIVEN = {json.dumps(SUBSCRIPTION)};"
    + """
const there = () => sessionStorage.getItem("there") && {
  toJSON: () => ({ expirationTime: null, ...GIVEN }),
  unsubscribe: async () => { sessionStorage.removeItem("there"); return true; },
};
PushManager.prototype.getSubscription = async () => there();
PushManager.prototype.subscribe = async ({ applicationServerKey, userVisibleOnly }) => {
  if (!userVisibleOnly || applicationServerKey.length !== 65) throw new TypeError("refused");
  sessionStorage.setItem("there", "yes");
  return there();
};
"""
)
"""Stands in for the browser maker's push service, which no test may ask; all else is the browser's own."""


async def told_here(page: Page, message: Mapping[str, Any] | str) -> list[dict[str, str]]:
    """What the browser shows once its push service has delivered this."""
    registrations: list[Mapping[str, Any]] = []
    session = await page.context.new_cdp_session(page)
    session.on("ServiceWorker.workerRegistrationUpdated", lambda said: registrations.extend(said["registrations"]))
    await session.send("ServiceWorker.enable")
    await page.evaluate(READY)
    await until(lambda: _now(registrations))
    delivered = {
        "origin": str(await page.evaluate("location.origin")),
        "registrationId": registrations[-1]["registrationId"],
        "data": message if isinstance(message, str) else json.dumps(message),
    }
    await session.send("ServiceWorker.deliverPushMessage", delivered)
    return await until(lambda: _shown(page))


async def _shown(page: Page) -> list[dict[str, str]] | None:
    return await page.evaluate(SHOWN) or None


async def _now(registrations: list[Mapping[str, Any]]) -> bool | None:
    return bool(registrations) or None


async def at_tasks(people: People, officer: str, *, allowed: bool = True) -> Page:
    page = await people.person(f"officer:{officer}")
    if allowed:
        await page.context.grant_permissions(["notifications"])
        await page.add_init_script(A_PUSH_SERVICE)
    await page.goto("/tasks")
    return page


async def test_a_push_is_shown_in_neutral_words_and_opens_the_task_when_it_is_tapped(
    people: People, the_town: Town
) -> None:
    page = await at_tasks(people, "H1042")
    url = f"{the_town.url}/referrals/K7QM-4T9V"
    said = {"title": "You have a new task", "body": "Sign in.", "url": url, "reference": "K7QM-4T9V"}

    assert await told_here(page, said) == [
        {"title": "You have a new task", "body": "Sign in.", "tag": "K7QM-4T9V"},
    ]

    (worker,) = page.context.service_workers
    await worker.evaluate(TAPPED)
    assert await until(lambda: worker.evaluate("self.opened")) == url
    assert await page.evaluate(SHOWN) == []


async def test_what_cannot_be_read_is_shown_all_the_same_and_leads_nowhere_but_to_our_own_pages(
    people: People, the_town: Town
) -> None:
    page = await at_tasks(people, "H1077")

    assert await told_here(page, "three blind mice") == [{"title": "You have news", "body": "Sign in.", "tag": ""}]
    (worker,) = page.context.service_workers
    await worker.evaluate(TAPPED)
    assert await until(lambda: worker.evaluate("self.opened")) == f"{the_town.url}/tasks"

    await told_here(
        page, {"title": "You have a new task", "url": "https://elsewhere.example/", "reference": "W2XN-7B3K"}
    )
    await worker.evaluate("delete self.opened")
    await worker.evaluate(TAPPED)
    assert await until(lambda: worker.evaluate("self.opened")) == f"{the_town.url}/tasks"


async def test_a_device_is_told_from_one_press_to_the_other(people: People, the_town: Town) -> None:
    page = await at_tasks(people, "H1099")
    await expect(page.locator(SAID)).to_contain_text("You are not notified here.")

    await page.locator(START).tap()
    await expect(page.locator(SAID)).to_contain_text("You are notified on this device.")
    await expect(page.locator(STOP)).to_be_focused()
    await page.reload()
    await expect(page.locator(SAID)).to_contain_text("You are notified on this device.")
    again = await the_town.call("POST", "/v1/officers/H1099/means/push", "officer:H1099", SUBSCRIPTION)
    assert again == {"officer": "H1099", "devices": 1}

    await page.locator(STOP).tap()
    await expect(page.locator(SAID)).to_contain_text("You are not notified here.")
    gone = await the_town.call("POST", "/v1/officers/H1099/means/push/stop", "officer:H1099", SUBSCRIPTION)
    assert gone == {"officer": "H1099", "devices": 0}


async def test_a_colleague_who_signs_in_on_the_same_device_is_not_taken_for_the_one_who_asked(people: People) -> None:
    page = await at_tasks(people, "H1042")
    await page.locator(START).tap()
    await expect(page.locator(STOP)).to_be_visible()

    await page.context.request.post("/demo/sign-in", form={"as": "officer:H1077", "next": "/"}, max_redirects=0)
    await page.goto("/tasks")

    await expect(page.locator(SAID)).to_contain_text("You are not notified here.")
    await page.locator(START).tap()
    await expect(page.locator(SAID)).to_contain_text("You are notified on this device.")


async def test_a_browser_that_refuses_or_cannot_says_so_plainly(people: People) -> None:
    refusing = await people.person("officer:H1042")
    await refusing.add_init_script("Object.defineProperty(Notification, 'permission', { get: () => 'denied' })")
    await refusing.goto("/tasks")
    await expect(refusing.locator(SAID)).to_contain_text("This browser refuses notifications")
    await expect(refusing.locator(START)).to_be_hidden()

    old = await people.person("officer:H1042")
    await old.add_init_script("delete globalThis.PushManager")
    await old.goto("/tasks")
    await expect(old.locator(SAID)).to_contain_text("This browser cannot notify you.")

    lonely = await people.person("officer:H1042")
    await lonely.context.grant_permissions(["notifications"])
    await lonely.add_init_script("PushManager.prototype.subscribe = async () => { throw new Error('nobody there'); }")
    await lonely.goto("/tasks")
    await lonely.locator(START).tap()
    await expect(lonely.locator(SAID)).to_contain_text("could not reach its push service")
    await expect(lonely.locator(START)).to_be_visible()
