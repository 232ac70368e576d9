"""Routing as those who change its policy meet it: they propose, read and approve."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from shared.identity import parse, sign_demo
from tests.rules.policy.drafts import OSBERT, WINIFRED
from tests.stories.routing_house import NOON, House, routing

TOMORROW = NOON + timedelta(days=1)


@asynccontextmanager
async def policy_house(postgres_url: str) -> AsyncIterator[House]:
    """Routing with three officers in Hertfordshire and one in Bedfordshire, under the default policy."""
    async with routing(postgres_url) as found:
        yield await found.as_new("H1,herts", "H2,herts", "H3,herts", "B7,beds")


async def ask(house: House, who: str, method: str, path: str, **sent: Any) -> httpx.Response:
    """Somebody signed in asks, with any body and headers."""
    token = sign_demo(parse(who), house.keys, int(datetime.now(UTC).timestamp()))
    headers = {"authorization": f"Bearer {token}"} | sent.pop("headers", {})
    return await house.people.request(method, path, headers=headers, **sent)


async def propose(
    house: House, written: str | bytes, who: str = WINIFRED, kind: str = "application/toml"
) -> httpx.Response:
    """Somebody proposes a text."""
    return await ask(house, who, "POST", "/v1/policies", content=written, headers={"content-type": kind})


async def approve(house: House, version: str, who: str = OSBERT, **body: Any) -> httpx.Response:
    """Somebody approves a version."""
    return await ask(house, who, "POST", f"/v1/policies/{version}/approve", json=body)


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def line_starting(written: str | bytes, start: str) -> int:
    """The number of the first line of a text that starts so."""
    return next(number for number, line in enumerate(str(written).splitlines(), 1) if line.startswith(start))
