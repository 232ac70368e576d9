"""Notices on officers' own browsers, which come and go: beside the other means, and never believed to have arrived."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.notify.channels.posting import Posting
from services.notify.channels.push import PushChannel
from services.notify.channels.wording import Wording
from services.notify.devices import Devices
from services.notify.my_means import MyMeans
from services.notify.rules.planning import MEANS
from shared.addressees import seal_address
from shared.contracts.officers import OfficerPublished, SealedMeans
from shared.identity import parse, sign_demo
from shared.push_key import PushKey, push_key_from
from shared.web import install
from tests.edges.notify_house import HERE, House, Story, house
from tests.edges.push_stand_in import Browser, PushService, push_service
from tests.edges.webhook_receiver import receiving

PEGGY = "H1042"
KEY = PushKey(push_key_from(b"the lamp in the old lighthouse.."), "mailto:keeper@lighthouse.example")


@dataclass
class Coast:
    """Notify, a push service that only takes its key, and the browsers of one officer."""

    notify: House
    service: PushService
    kept: dict[tuple[str, str], str] = field(default_factory=dict)

    async def publish(self, *browsers: Browser, version: int, **others: str) -> None:
        """Peggy, told by these browsers and by other means, in the order in which routing publishes them."""
        given = [*others.items(), *(("push", one.address) for one in browsers)]
        means = tuple(
            SealedMeans(kind=kind, verified=True, sealed=self._sealed(kind, address))  # type: ignore[arg-type]
            for kind, address in sorted(given, key=lambda one: MEANS.index(one[0]))
        )
        event = OfficerPublished(id=PEGGY, kind="officer", force="herts", means=means, version=version)
        await self.notify.introduce(event)

    def _sealed(self, kind: str, address: str) -> str:
        """Sealed once, as routing keeps it: published again, it looks the same."""
        return self.kept.setdefault((kind, address), seal_address(self.notify.keys, PEGGY, kind, address))

    async def hasten(self) -> None:
        """Wait a second for somebody to look, not a minute."""
        await self.notify.rows(
            "insert into notify.policies values ('bch', 'hasty', '1970-01-01', '{\"priority\": 1}') returning pool"
        )

    async def attempts(self) -> list[tuple[str, int, str, str | None]]:
        """(means, nth, state, reason) of every attempt, in order."""
        rows = await self.notify.rows("select means, nth, state, reason from notify.attempts order by at, means, nth")
        return [tuple(row) for row in rows]

    async def means(self) -> list[dict[str, Any]]:
        """What Peggy is told of how she is reached."""
        app = FastAPI()
        install(app)
        app.state.keys = self.notify.keys
        app.include_router(MyMeans(self.notify.database, self.notify.keys).router())
        token = sign_demo(parse(f"officer:{PEGGY}"), self.notify.keys, int(time.time()))
        headers = {"authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://notify.test") as client:
            answer = await client.get("/v1/means", headers=headers)
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


@pytest.fixture
async def coast(postgres_url: str) -> AsyncIterator[Coast]:
    async with house(postgres_url) as notify, push_service(KEY.public) as service:
        devices = Devices(notify.database, notify.keys)
        notify.channels["push"] = PushChannel(KEY, Posting(HERE), Wording(), notify.database.clock, devices.gone)
        yield Coast(notify, service)


async def test_a_push_is_only_sent_and_the_task_being_opened_is_what_makes_it_read(coast: Coast) -> None:
    story, browser = Story(), coast.service.browser("kitchen")
    await coast.publish(browser, version=1)
    async with coast.notify.at_work():
        await coast.notify.hear(story.offered(PEGGY))
        await coast.notify.until_states("sent")
        await coast.notify.hear(story.event("ReferralViewed", officer=PEGGY))
        await coast.notify.until_states("read")
    assert await coast.notify.deliveries() == []


async def test_webhook_first_then_every_browser_at_once_and_the_phone_when_nobody_has_looked(coast: Coast) -> None:
    kitchen, pocket = coast.service.browser("kitchen"), coast.service.browser("pocket")
    async with receiving(500, 500, 500, 500, 500) as hook:
        await coast.publish(kitchen, pocket, version=1, webhook=hook.url, phone="+447700900042")
        await coast.hasten()
        await coast.notify.hear(Story().offered(PEGGY))
        async with coast.notify.at_work():
            await coast.notify.until_states("delivered")
    first = {means: (nth, state) for means, nth, state, _ in await coast.attempts() if means != "webhook"}
    assert first == {"push": (1, "sent"), "phone": (0, "delivered")}
    assert sorted(browser.name for browser in (kitchen, pocket) if browser.waiting) == ["kitchen", "pocket"]
    rows = await coast.notify.rows(
        "select extract(epoch from max(at) - min(at)) as apart from notify.attempts where means = 'push'"
    )
    assert rows[0].apart < 0.5


async def test_a_browser_that_is_gone_is_not_tried_again_and_the_other_and_the_phone_are(coast: Coast) -> None:
    lost, kitchen = coast.service.browser("lost at sea"), coast.service.browser("kitchen")
    lost.here = False
    await coast.publish(lost, kitchen, version=1, phone="+447700900042")
    async with coast.notify.at_work():
        await coast.notify.hear(Story().offered(PEGGY))
        await coast.notify.until_states("delivered")
        assert await coast.attempts() == [
            ("push", 0, "failed", "gone"),
            ("push", 1, "sent", None),
            ("phone", 0, "delivered", None),
        ]
        assert [(one["means"], one["gone"]) for one in await coast.means()] == [
            ("push", True),
            ("push", False),
            ("phone", False),
        ]
        await coast.hasten()
        await coast.publish(lost, kitchen, version=2, phone="+447700900042")
        await coast.notify.hear(Story().offered(PEGGY))
        await coast.notify.until_states("delivered", "delivered")
    assert coast.service.asked == 3
    assert len(coast.service.shown) == 2


async def test_with_nothing_but_a_browser_that_is_gone_routing_hears_that_nobody_is_reached(coast: Coast) -> None:
    lost = coast.service.browser("lost at sea")
    lost.here = False
    await coast.publish(lost, version=1)
    async with coast.notify.at_work():
        await coast.notify.hear(Story().offered(PEGGY))
        await coast.notify.until_states("failed")
        await coast.notify.hear(Story().offered(PEGGY))
        await coast.notify.until_states("failed", "failed")
        found = [
            (payload["means"], payload["last_means"], payload["reason"])
            for _, payload in await coast.notify.deliveries()
        ]
        assert found == [("push", True, "gone"), (None, True, "no_means")]
        await coast.publish(coast.service.browser("new"), version=2)
        await coast.notify.hear(Story().offered(PEGGY))
        await coast.notify.until_states("failed", "failed", "sent")


async def test_two_hundred_tasks_are_one_message_on_each_device(coast: Coast) -> None:
    coast.notify.gathered = frozenset({"push"})
    await coast.publish(coast.service.browser("kitchen"), coast.service.browser("pocket"), version=1)
    await coast.notify.hear(*(Story().offered(PEGGY) for _ in range(200)))
    async with coast.notify.at_work():
        await coast.notify.until_states(*["sent"] * 200)
    assert [shown.payload for shown in coast.service.shown] == [
        {
            "title": "You have news of 200 tasks",
            "body": "Sign in.",
            "url": "https://tasks.example/tasks",
            "reference": None,
        }
    ] * 2


async def test_a_service_that_asks_for_time_gets_it_and_is_not_taken_for_one_that_refuses(coast: Coast) -> None:
    coast.service.script = [(429, "1"), 503]
    await coast.publish(coast.service.browser("kitchen"), version=1)
    async with coast.notify.at_work():
        await coast.notify.hear(Story().offered(PEGGY))
        await coast.notify.until_states("sent")
    assert [reason for _, _, _, reason in await coast.attempts()] == ["http_429", "http_503", None]
    assert coast.service.asked == 3
