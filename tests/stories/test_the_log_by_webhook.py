"""A control-room supervisor's night: our incident log is kept by Liaison's webhook, and our own system fails us.

What intake says goes through the kernel to notify and over HTTP to our receiver; only real time stands in a hand.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from aiohttp import web

from shared.contracts.cloudevents import Header
from shared.contracts.referrals import ReferralAccepted, ReferralContactMade, ReferralOffered, ReferralOpened
from shared.inbox import Record
from tests.edges.control_room_house import Desk, desk
from tests.edges.webhook_receiver import receiving
from tests.stories.intake_house import House, opened

Json = dict[str, Any]


@dataclass
class Night:
    """Intake, notify and our own system; what Kafka would carry between the first two is handed over here."""

    intake: House
    desk: Desk
    handed: int = 0
    asked: int = 0
    log: dict[str, Json] = field(default_factory=dict)
    refuses: Callable[[Json], int | None] = lambda _event: None

    async def receive(self, request: web.Request) -> web.Response:
        """Our system: writes each event into its incident's log, once by its id, unless something is wrong with us."""
        event: Json = orjson.loads(await request.read())
        self.asked += 1
        wrong = self.refuses(event)
        if wrong is None:
            self.log.setdefault(event["id"], event["data"])
        return web.Response(status=wrong or 204)

    async def carry(self) -> None:
        """Whatever intake has said since reaches notify, in order."""
        rows = await self.intake.rows(
            "select id, key, headers, payload from intake.journal where topic = 'outbound.herts' and id > :after "
            "order by id",
            after=self.handed,
        )
        for row in rows:
            headers: list[Header] = [(name, value.encode()) for name, value in row["headers"]]
            self.handed = row["id"]
            payload = bytes(row["payload"])
            await self.desk.hear(
                Record("outbound.herts", 0, row["id"], 0, row["key"].encode(), payload, tuple(headers))
            )

    async def minutes(self, number: float) -> None:
        """Time passes; notify does what it can every fifteen seconds of it."""
        for _ in range(int(number * 4)):
            self.desk.time.pass_(seconds=15)
            await self.carry()
            await self.desk.work()

    async def referral(self, reference: str) -> None:
        """Routing opens it, asks Sergeant Plum, who takes it and gets through."""
        (row,) = await self.intake.rows("select referral_id from intake.reports where reference = :r", r=reference)
        now = self.desk.time.now
        its = {"referral_id": UUID(str(row["referral_id"])), "reference": reference, "at": now, "force": "herts"}
        held = its | {"next_due": now, "state": "accepted", "officer": "H7", "holder": {"force": "herts", "id": "H7"}}
        opening = its | {"next_due": now, "state": "waiting", "need": "support", "policy_version": "v"}
        offer = its | {"next_due": now, "state": "offered", "offer_id": uuid4(), "officers": ("H7",), "why": "best"}
        await self.intake.inside(
            "referrals",
            ReferralOpened.model_validate(opening | {"sequence": 1, "contact_route": "none"}),
            ReferralOffered.model_validate(offer | {"sequence": 2, "respond_by": now, "step": 0}),
            ReferralAccepted.model_validate(held | {"sequence": 3}),
            ReferralContactMade.model_validate(held | {"sequence": 4, "means": "phone", "made_at": now}),
        )

    def log_of(self, reference: str) -> list[int]:
        """The numbers of the lines in our log about one incident, in the order in which they were written."""
        return [data["sequence"] for data in self.log.values() if data["reference"] == reference]


@pytest.fixture
async def night(postgres_url: str) -> AsyncIterator[Night]:
    async with AsyncExitStack() as stack:
        intake = await stack.enter_async_context(opened(postgres_url))
        notify = await stack.enter_async_context(desk(postgres_url))
        made = Night(intake, notify)
        ours = await stack.enter_async_context(receiving(*[made.receive] * 10_000))
        await notify.connect(ours.url)
        yield made


async def test_our_log_is_updated_by_webhook_in_order_though_our_system_was_down_for_ten_minutes(night: Night) -> None:
    before = await night.intake.report(1)
    await night.minutes(0.5)
    assert night.log_of(before) == [1]

    night.refuses = lambda _event: 503
    during = [await night.intake.report(number) for number in range(2, 7)]
    for reference in (before, *during):
        await night.referral(reference)
    asked = night.asked
    await night.minutes(10)
    assert night.asked - asked < 60

    night.refuses = lambda _event: None
    await night.minutes(1.5)
    for reference in (before, *during):
        assert night.log_of(reference) == [1, 2, 3, 4]
    for data in night.log.values():
        assert data["reference"] in data["log_line"]
    assert await night.desk.waiting() == 0


async def test_an_exercise_comes_to_us_like_the_real_thing_and_says_so_first(night: Night) -> None:
    await night.intake.report(9, exercise=True)
    await night.minutes(0.25)
    (data,) = night.log.values()
    assert data["log_line"].startswith("EXERCISE")


async def test_what_we_reject_by_mistake_holds_up_its_own_incident_and_no_other(night: Night) -> None:
    first, second = await night.intake.report(1), await night.intake.report(2)
    night.refuses = lambda event: 422 if event["data"]["reference"] == first else None
    for reference in (first, second):
        await night.referral(reference)
    await night.minutes(3)
    assert (night.log_of(first), night.log_of(second)) == ([], [1, 2, 3, 4])
    night.refuses = lambda _event: None
    await night.minutes(2)
    assert night.log_of(first) == [1, 2, 3, 4]
