"""Notify with GOV.UK Notify's stand-in for its phones, whose receipts and replies come in by the real doors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import sqlalchemy as sa
from fastapi import FastAPI

from services.notify.api import routes
from services.notify.callbacks import GOVUK_NOTIFY, Callers, callback_routes
from services.notify.channels.govuk_notify import Account, Form, GovukNotifyChannel
from services.notify.channels.wording import Wording
from services.notify.my_means import MyMeans
from services.notify.replying import Replying
from shared.identity import parse, sign_demo
from shared.web import install
from tests.edges.govuk_stand_in import API_KEY, SMS_TEMPLATE, TOKEN, GovukNotify, Taken, govuk_notify
from tests.edges.notify_house import House, house


@dataclass
class Texts:
    """A house whose phones are real, as far as GOV.UK Notify is."""

    notify: House
    govuk: GovukNotify

    def door_for(self, *, demo: bool) -> FastAPI:
        """Notify's routes and its providers' doors."""
        door = FastAPI()
        install(door)
        door.state.keys = self.notify.keys
        callers = Callers({GOVUK_NOTIFY: TOKEN}, demo=demo)
        door.include_router(routes(self.notify.database, demo=demo))
        door.include_router(MyMeans(self.notify.database, self.notify.keys).router())
        door.include_router(callback_routes(self.notify.database, Replying(self.notify.keys), callers))
        return door

    def client(self) -> httpx.AsyncClient:
        door = self.door_for(demo=False)
        return httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://notify.test")

    async def as_new(self) -> "Texts":
        """Everything forgotten, and nobody has been written to yet."""
        notify = self.notify
        kept = ("clock_epoch", "alembic_version")
        tables = await notify.rows("select tablename from pg_tables where schemaname = 'notify'")
        names = ", ".join(f"notify.{row.tablename}" for row in tables if row.tablename not in kept)
        async with notify.database.unit() as unit:
            await unit.connection.execute(sa.text(f"truncate {names}"))
        notify.lanes.clear()
        self.govuk.taken.clear()
        self.govuk.asked.clear()
        self.govuk.script.clear()
        self.govuk.per_minute = 3000
        return self

    async def until_taken(self, count: int, seconds: float = 15) -> list[Taken]:
        """Wait until GOV.UK Notify has taken so many messages."""
        async with asyncio.timeout(seconds):
            while len(self.govuk.taken) < count:
                await asyncio.sleep(0.02)
        return self.govuk.taken

    async def attempts(self) -> list[tuple[str, int, str, str | None]]:
        """(means, number, state, reason) of every attempt, in order."""
        rows = await self.notify.rows("select means, number, state, reason from notify.attempts order by at, number")
        return [tuple(row) for row in rows]

    async def shown(self, reference: str, who: str = "coordinator:herts") -> list[dict[str, Any]]:
        """What somebody signed in is shown of a referral's notices."""
        token = sign_demo(parse(who), self.notify.keys, int(datetime.now(UTC).timestamp()))
        async with self.client() as client:
            headers = {"authorization": f"Bearer {token}"}
            answer = await client.get(f"/v1/notices?reference={reference}", headers=headers)
        return list(answer.json()["items"]) if answer.status_code == 200 else []

    async def code_of(self, officer: str) -> str:
        """The four digits of this officer's newest offer."""
        rows = await self.notify.rows(
            "select code from notify.offer_codes where recipient = :officer order by at desc", officer=officer
        )
        return str(rows[0].code)

    async def replied(self) -> list[dict[str, Any]]:
        """Every answer that routing hears, in order."""
        return [payload for name, payload in await self.notify.deliveries() if name == "notice.replied"]


@asynccontextmanager
async def texts(postgres_url: str) -> AsyncIterator[Texts]:
    """Such a house on an empty database."""
    async with house(postgres_url) as notify, govuk_notify() as govuk:
        account = Account.of(govuk.url, API_KEY)
        channel = GovukNotifyChannel(account, Form("sms", SMS_TEMPLATE), Wording())
        notify.channels["phone"] = channel
        made = Texts(notify, govuk)
        govuk.caller = made.client
        yield made
        await channel.close()
