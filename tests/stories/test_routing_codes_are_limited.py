"""Somebody with an officer's unlocked phone guesses at the code, and somebody else would like to flood a number."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa

from shared.addressees import proofs
from tests.stories.routing_house import House, routing

MEANS, PROOF, NEW = "/v1/officers/H1/means", "/v1/officers/H1/means/proof", "/v1/officers/H1/means/new-code"
PHONE = {"kind": "phone"}


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """H1 has given a number of their own, and a code is on its way there."""
    async with service.database.unit() as unit:
        await unit.connection.execute(sa.text("truncate routing.proofs, routing.own_means"))
    await service.as_new("H1,herts")
    assert (await service.ask("officer:H1", "PUT", MEANS, {"phone": "07700900123"})).status_code == 200
    return service


async def code(house: House, kind: str = "phone") -> str:
    """The code that went out last."""
    said = dict(await house.published("officers"))["H1"]
    assert said is not None
    sealed = next(one["sealed"] for one in said["means"] if one["kind"] == kind and not one["verified"])
    return proofs(house.keys, "H1", kind, sealed)[0]


def wrong(right: str, by: int = 1) -> str:
    return f"{(int(right) + by) % 10**8:08}"


async def tried(house: House, said: str) -> tuple[int, list[Any]]:
    answer = await house.ask("officer:H1", "POST", PROOF, PHONE | {"code": said})
    assert said not in answer.text
    return answer.status_code, answer.json().get("errors", [])


VOID = (422, [{"field": "code", "reason": "code_is_void"}])
NOT_IT = (422, [{"field": "code", "reason": "not_the_code"}])


async def test_five_wrong_tries_void_a_code_and_a_new_one_proves_the_number(house: House) -> None:
    right = await code(house)
    assert [await tried(house, wrong(right, by)) for by in range(1, 6)] == [*[NOT_IT] * 4, VOID]
    assert await tried(house, right) == VOID
    answer = await house.ask("officer:H1", "POST", NEW, PHONE)
    assert (answer.status_code, answer.json()) == (202, {"officer": "H1", "kind": "phone", "verified": False})
    assert await code(house) != right
    assert await tried(house, right) == NOT_IT
    assert await tried(house, await code(house)) == (200, [])


async def test_guesses_in_the_same_instant_count_like_others(house: House) -> None:
    right = await code(house)
    answers = await asyncio.gather(*(tried(house, wrong(right, by)) for by in range(1, 9)))
    assert sorted(map(str, answers)) == sorted(map(str, [*[NOT_IT] * 4, *[VOID] * 4]))


async def test_the_same_number_given_again_does_not_give_five_more_tries(house: House) -> None:
    right = await code(house)
    for by in range(1, 6):
        await tried(house, wrong(right, by))
    await house.ask("officer:H1", "PUT", MEANS, {"phone": "07700900123"})
    assert await tried(house, right) == VOID


async def test_an_hour_has_five_codes_however_they_are_asked_for(house: House) -> None:
    await house.ask("officer:H1", "PUT", MEANS, {})
    await house.ask("officer:H1", "PUT", MEANS, {"phone": "07700900124", "email": "plum@herts.example"})
    assert (await house.ask("officer:H1", "POST", NEW, PHONE)).status_code == 202
    assert (await house.ask("officer:H1", "POST", NEW, PHONE)).status_code == 202
    before = await code(house)
    for answer in (
        await house.ask("officer:H1", "POST", NEW, PHONE),
        await house.ask("officer:H1", "PUT", MEANS, {"phone": "07700900199", "email": "plum@herts.example"}),
    ):
        assert answer.status_code == 422
        assert answer.json()["errors"] == [{"field": "phone", "reason": "too_many_codes"}]
        assert "0900" not in answer.text
    assert await code(house) == before, "a refusal changes nothing"
    await house.rows("update routing.proofs set at = at - interval '61 minutes' returning 1")
    assert (await house.ask("officer:H1", "POST", NEW, PHONE)).status_code == 202


async def test_where_nothing_waits_for_proof_no_code_is_sent(house: House) -> None:
    answer = await house.ask("officer:H1", "POST", NEW, {"kind": "email"})
    assert (answer.status_code, answer.json()["errors"]) == (422, [{"field": "kind", "reason": "nothing_to_prove"}])
    assert (await house.ask("officer:B7", "POST", NEW, PHONE)).status_code == 403
    assert (await house.ask("sergeant:herts", "POST", NEW, PHONE)).status_code == 403


@pytest.mark.parametrize("webhook", ["https://10.1.2.3/hook", "http://169.254.169.254/latest", "https://[fd00::7]/h"])
async def test_a_webhook_inside_somebodys_network_is_refused_when_it_is_given(house: House, webhook: str) -> None:
    answer = await house.ask("officer:H1", "PUT", MEANS, {"webhook": webhook})
    assert (answer.status_code, answer.json()["errors"]) == (422, [{"field": "webhook", "reason": "private_address"}])
    assert webhook not in answer.text
    entries = {"entries": [{"phone": "07700900200"}, {"webhook": webhook}]}
    answer = await house.ask("sergeant:herts", "PUT", "/v1/roles/herts/fim", entries)
    assert answer.json()["errors"] == [{"field": "entries.1.webhook", "reason": "private_address"}]


async def test_in_the_demo_this_machine_may_be_told(house: House) -> None:
    for webhook in ("http://127.0.0.1:9/hook", "http://localhost:9/hook"):
        assert (await house.ask("officer:H1", "PUT", MEANS, {"webhook": webhook})).status_code == 200
