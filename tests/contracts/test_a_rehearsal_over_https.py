"""The same rehearsal over HTTPS: a client that signs in, sends, comes again after a 503, and reads what it was told."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from services.rehearsal.endpoint import Endpoint
from services.rehearsal.liaison import Liaison
from services.rehearsal.scenes import Verdict, rehearse
from services.rehearsal.stage import Patience, Stage
from tests.rules.intake.furniture import COUNTRY, policy

LEAST: dict[str, Any] = {
    "source": {"system": "mast", "force": "herts", "incident_ref": "M-7", "incident_date": "2026-11-23"},
    "channel": "101",
    "need": "support",
    "requester": {"role": "victim", "consents_to_contact": True},
    "incident_kind": "crime",
    "contact": {"details": {"name": "Ottoline Wren", "phone": "01632 960017"}},
    "exercise": True,
}


@dataclass
class Client:
    """A control room's client; `times` is how often it tries."""

    http: httpx.AsyncClient
    times: int = 5
    answers: list[httpx.Response] = field(default_factory=list)

    async def post(self, path: str, body: dict[str, Any], key: str) -> httpx.Response:
        for _ in range(self.times):
            answer = await self.http.post(path, json=body, headers={"Idempotency-Key": key})
            self.answers.append(answer)
            if answer.status_code != 503:
                return answer
        return self.answers[-1]

    async def report(self, **changes: Any) -> httpx.Response:
        body = LEAST | {"received_at": datetime.now(UTC).isoformat()} | changes
        return await self.post("/v1/reports", body, str(uuid.uuid4()))

    async def read(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        while page := (await self.http.get("/v1/outbound", params=self._after(items))).json()["items"]:
            items += page
        return items

    def _after(self, items: list[dict[str, Any]]) -> dict[str, Any]:
        return {"limit": 3} | ({"after": items[-1]["id"]} if items else {})


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint("herts", patience=0.2)


@pytest.fixture
async def http(endpoint: Endpoint) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(endpoint.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://liaison") as client:
        client.headers["authorization"] = f"Bearer {(await client.post('/demo/token')).json()['token']}"
        yield client


async def rehearsed(endpoint: Endpoint, client: Client) -> Verdict:
    """The rehearsal with somebody at the client; what they do takes its time, and the rehearsal goes on meanwhile."""
    doing: list[asyncio.Task[Any]] = []

    async def ask(words: str) -> None:
        doing.append(asyncio.create_task(operate(client, words)))

    stage = Stage(
        wire=endpoint,
        liaison=Liaison("herts", policy(), COUNTRY),
        clock=lambda: datetime.now(UTC),
        ask=ask,
        patience=Patience(asked=3, quiet=0.3),
    )
    verdict = await rehearse(stage)
    await asyncio.gather(*doing)
    return verdict


async def operate(client: Client, words: str) -> None:
    if "Choose another" in words:
        await client.report(incident_kind="non_crime")
    elif "amend:" in words:
        await client.post(f"/v1/reports/{first(client)}/amendments", {"risks": ["repeat"]}, "amendment-1")
    elif "withdraw:" in words:
        await client.post(f"/v1/reports/{first(client)}/withdrawal", {"reason": "duplicate"}, "withdrawal-1")
    else:
        await client.report()


def first(client: Client) -> str:
    return str(next(answer.json()["reference"] for answer in client.answers if answer.status_code == 202))


async def test_a_client_that_comes_again_after_a_503_passes(endpoint: Endpoint, http: httpx.AsyncClient) -> None:
    client = Client(http)
    verdict = await rehearsed(endpoint, client)
    assert [(one.scene, one.complaints) for one in verdict.results if not one.passed] == []
    assert [answer.status_code for answer in client.answers if answer.status_code != 202] == [503, 422]


async def test_what_it_was_told_can_be_read_page_by_page(endpoint: Endpoint, http: httpx.AsyncClient) -> None:
    client = Client(http)
    await rehearsed(endpoint, client)
    told = await client.read()
    assert len({one["id"] for one in told}) == len(told) == 16
    assert told[-1]["type"] == "liaison.referral.handed_off.v1"
    assert "Ottoline" not in str(told)


async def test_a_client_that_gives_up_after_a_503_fails(endpoint: Endpoint, http: httpx.AsyncClient) -> None:
    verdict = await rehearsed(endpoint, Client(http, times=1))
    failed = {result.scene: [(one.field, one.reason) for one in result.complaints] for result in verdict.results}
    assert failed["duplicate"] == [("record", "nothing_came")]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/reports", b"{nearly", 400),
        ("/v1/reports", b"[]", 400),
        ("/v1/reports/K7QM-4T9V/withdrawal", b'{"reason": "duplicate"}', 404),
        ("/v1/reports/no-such/amendments", b"{}", 404),
    ],
)
async def test_what_is_no_report_is_answered_as_intake_would(
    http: httpx.AsyncClient, path: str, body: bytes, status: int
) -> None:
    assert (await http.post(path, content=body)).status_code == status


async def test_without_a_token_nothing_is_taken(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/reports", json={}, headers={"authorization": ""})
    assert answer.status_code == 401
