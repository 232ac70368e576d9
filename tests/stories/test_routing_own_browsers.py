"""An officer's own browsers: each is told from one press to the other, five at most, and nobody else may say so."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from shared.addressees import open_address
from shared.contracts.push import Subscription
from tests.edges.push_stand_in import Browser
from tests.stories.routing_house import House, routing

START, STOP = "/v1/officers/H1/means/push", "/v1/officers/H1/means/push/stop"


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """One officer in Hertfordshire, one in Bedfordshire."""
    return await service.as_new("H1,herts", "B7,beds")


def subscription(name: str) -> dict[str, Any]:
    """What a browser says of itself."""
    said: dict[str, Any] = Browser(name, "push.example").subscription.model_dump(mode="json", by_alias=True)
    return said


async def told(house: House) -> Sequence[tuple[str, str]]:
    """(kind, last word of the address) of each of the officer's means, in the order they are tried."""
    said = dict(await house.published("officers"))["H1"]
    assert said is not None
    found = []
    for one in said["means"]:
        address = open_address(house.keys, "H1", one["kind"], one["sealed"])
        whole = Subscription.model_validate_json(address).endpoint if one["kind"] == "push" else address
        found.append((one["kind"], whole.rpartition("/")[2]))
        assert one["verified"]
    return found


async def test_a_browser_is_told_after_the_webhook_without_any_code_until_it_stops(house: House) -> None:
    kitchen = subscription("kitchen")
    answer = await house.ask("officer:H1", "POST", START, kitchen)
    assert answer.json() == {"officer": "H1", "devices": 1}
    again = await house.ask("officer:H1", "POST", START, kitchen)
    assert again.json() == answer.json()
    assert await told(house) == [("webhook", "H1"), ("push", "kitchen")]

    assert (await house.ask("officer:H1", "POST", STOP, kitchen)).json() == {"officer": "H1", "devices": 0}
    assert (await house.ask("officer:H1", "POST", STOP, kitchen)).status_code == 200
    assert await told(house) == [("webhook", "H1")]


async def test_of_six_browsers_the_first_gives_way(house: House) -> None:
    for name in ("one", "two", "three", "four", "five", "six"):
        answer = await house.ask("officer:H1", "POST", START, subscription(name))
    assert answer.json()["devices"] == 5
    assert sorted(name for kind, name in await told(house) if kind == "push") == ["five", "four", "six", "three", "two"]


async def test_other_means_leave_browsers_alone_and_a_list_of_them_is_all_of_them(house: House) -> None:
    await house.ask("officer:H1", "POST", START, subscription("kitchen"))
    await house.ask("officer:H1", "PUT", "/v1/officers/H1/means", {})
    assert ("push", "kitchen") in await told(house)

    answer = await house.ask("officer:H1", "PUT", "/v1/officers/H1/means", {"push": [subscription("pocket")]})
    assert answer.json()["means"] == [{"kind": "push", "verified": True}]
    assert "push.example" not in answer.text
    assert [name for kind, name in await told(house) if kind == "push"] == ["pocket"]


@pytest.mark.parametrize(
    ("changed", "field", "reason"),
    [
        ({"endpoint": "ftp://push.example/1"}, "endpoint", "not_a_web_address"),
        ({"endpoint": "https://a:b@push.example/1"}, "endpoint", "not_a_web_address"),
        ({"keys": {"p256dh": "BCVx", "auth": "BTBZMqHH6r4Tts7J_aSIgg"}}, "keys.p256dh", "not_allowed_value"),
        ({"colour": "mauve"}, "colour", "unknown_field"),
    ],
)
async def test_what_is_no_subscription_is_refused_by_field(
    house: House, changed: dict[str, Any], field: str, reason: str
) -> None:
    answer = await house.ask("officer:H1", "POST", START, subscription("kitchen") | changed)
    assert (answer.status_code, answer.json()["errors"]) == (422, [{"field": field, "reason": reason}])
    assert "push.example" not in answer.text


async def test_nobody_else_has_a_browser_told_and_officers_alone_see_the_key(house: House) -> None:
    for who, status in (("officer:B7", 403), ("sergeant:herts", 403)):
        assert (await house.ask(who, "POST", START, subscription("kitchen"))).status_code == status
    assert (await house.ask("officer:X9", "POST", "/v1/officers/X9/means/push", subscription("x"))).status_code == 404
    key = (await house.ask("officer:H1", "GET", "/v1/push-key")).json()["key"]
    assert len(key) == 87
    assert (await house.ask("sergeant:herts", "GET", "/v1/push-key")).status_code == 403


async def test_the_worker_is_served_to_anybody_from_the_root_and_loads_nothing_from_elsewhere(house: House) -> None:
    answer = await house.ask("officer:H1", "GET", "/service-worker.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "importScripts" not in answer.text
    assert "://" not in answer.text
