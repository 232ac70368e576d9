"""Routing and notify as one, on one clock that only a story moves: what either says reaches the other when carried.

Officers sign in to routing's pages and routes; their phones and mailboxes are real protocol peers.
"""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from services.notify.channels.channel import Channel
from shared.consuming import Consuming
from shared.contracts.reports import ReportReceived
from shared.inbox import Record
from tests.edges.texting_house import Texts, texts
from tests.stories.routing_house import House, routing
from tests.waiting import until

_CARRIED = {"routing": "referrals", "notify": "deliveries"}


@dataclass
class Told:
    """The two of them. Texts go through GOV.UK Notify's stand-in; other means as a story adds them."""

    routing: House
    texts: Texts
    carried: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_CARRIED, 0))

    @asynccontextmanager
    async def day(self, *officers: str, **channels: Channel) -> AsyncIterator["Told"]:
        """A day with these officers on the roster and on duty, and everything before it forgotten; notify is at work.

        `channels` stand in for those of the house.
        """
        await self.texts.as_new()
        await self.routing.as_new(*officers)
        notify = self.texts.notify
        before = dict(notify.channels)
        notify.channels |= channels
        async with notify.at_work():
            yield self
        notify.channels = before

    async def report(self, **words: Any) -> ReportReceived:
        """A report reaches routing, and what routing says of it reaches notify."""
        received = await self.routing.report(**words)
        await self.carry()
        return received

    async def carry(self) -> None:
        """Carry over what each has said, until neither has anything new to say."""
        while await self.to_notify() + await self.to_routing():
            pass

    async def to_notify(self) -> int:
        """Carry what routing has said to notify; gives how much it was."""
        records = await self._said("routing")
        notify = self.texts.notify
        consuming = Consuming("referrals", notify.database, notify.planning, notify.keys)
        await consuming.process(records)
        return len(records)

    async def to_routing(self) -> int:
        """Carry what notify has said to routing, which decides upon it; gives how much it was."""
        records = await self._said("notify")
        await self.routing.hear_records("deliveries", *records)
        await self.routing.decide()
        return len(records)

    async def _said(self, service: str) -> list[Record]:
        topic = _CARRIED[service]
        rows = await self.routing.rows(
            f"select id, key, headers::text as headers, payload from {service}.journal "
            "where id > :last and topic = :topic order by id",
            last=self.carried[service],
            topic=topic,
        )
        self.carried[service] = max([row.id for row in rows], default=self.carried[service])
        return [
            Record(topic, 0, row.id, 0, row.key.encode(), bytes(row.payload), _headers(row.headers)) for row in rows
        ]

    async def reachable(self, officer: str, **addresses: str) -> None:
        """Notify knows how to reach an officer."""
        await self.texts.notify.publish(officer, **addresses)

    async def code_on(self, number: str, report: ReportReceived) -> str:
        """The four digits that a phone shows for a report's offer, once it does."""

        async def shown() -> str | None:
            asking = re.compile(rf"{report.reference} .*Answer YES (\d{{4}})")
            found = [asking.search(text) for text in self.texts.govuk.texts_to(number)]
            return next((one[1] for one in found if one), None)

        return await until(shown)

    async def phone_says(self, number: str, words: str) -> str:
        """The newest message on a phone that says so, once there is one."""

        async def shown() -> str | None:
            return next((text for text in reversed(self.texts.govuk.texts_to(number)) if words in text), None)

        return await until(shown)

    async def answers(self, number: str, words: str) -> None:
        """An officer sends a text message, and whatever comes of it is carried over."""
        assert await self.texts.govuk.text_from(number, words) == 204
        await self.carry()

    async def seen(self, report: ReportReceived, who: str = "sergeant:herts") -> dict[str, Any]:
        """The referral as somebody sees it."""
        answer = await self.routing.ask(who, "GET", f"/v1/referrals/{report.reference}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def holder(self, report: ReportReceived) -> str | None:
        """Who holds it."""
        held = (await self.seen(report))["holder"]
        return None if held is None else str(held["id"])


def _headers(text: str) -> tuple[tuple[str, bytes | None], ...]:
    return tuple((name, value.encode()) for name, value in json.loads(text))


@asynccontextmanager
async def told(postgres_url: str) -> AsyncIterator[Told]:
    """Both on one empty database."""
    async with routing(postgres_url) as house, texts(postgres_url) as phones:
        phones.notify.keys = house.keys
        phones.notify.database.clock = house.clock  # type: ignore[assignment]
        yield Told(house, phones)
