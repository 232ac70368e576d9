"""Web push at a push service that believes nothing: what it sees, what a browser reads, what each answer means."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from services.notify.channels.posting import Posting
from services.notify.channels.push import PushChannel
from services.notify.channels.wording import Wording
from services.notify.rules.attempts import Outcome
from shared.clock import Clock
from shared.push_key import PushKey, push_key_from
from tests.edges.notify_house import HERE, message
from tests.edges.push_stand_in import Browser, PushService, Shown, push_service

PEGGY = "H1042"
KEY = PushKey(push_key_from(b"the lamp in the old lighthouse.."), "mailto:keeper@lighthouse.example")
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@asynccontextmanager
async def at_the_door(key: PushKey = KEY) -> AsyncIterator[tuple[PushChannel, PushService, list[tuple[str, str]]]]:
    """A channel, a push service, and the browsers it took note of as gone."""
    gone: list[tuple[str, str]] = []

    async def note(recipient: str, address: str) -> None:
        gone.append((recipient, address))

    channel = PushChannel(key, Posting(HERE), Wording(), Clock(EPOCH), note)
    async with push_service(KEY.public) as service:
        yield channel, service, gone
    await channel.close()


def push(browser: Browser, **fields: Any) -> Any:
    return message(browser.address, means="push", **fields)


async def test_a_browser_reads_a_neutral_sentence_the_reference_and_the_link_and_nothing_else() -> None:
    async with at_the_door() as (channel, service, _):
        assert await channel.send(push(service.browser("kitchen"))) == Outcome("sent")
        (shown,) = service.shown
    assert shown.payload == {
        "title": "You have a new task",
        "body": "Sign in.",
        "url": "https://tasks.example/referrals/K7QM-4T9P",
        "reference": "K7QM-4T9P",
    }
    assert service.faults == []


async def test_its_push_service_sees_neither_what_it_says_nor_how_long_it_is() -> None:
    now = datetime.now(UTC)
    async with at_the_door() as (channel, service, _):
        browser = service.browser("kitchen")
        await channel.send(push(browser, respond_by=now + timedelta(minutes=15), sent_at=now))
        await channel.send(push(browser, type="task.closed", respond_by=None, reference=None))
        offered, closed = service.shown
    assert offered.size == closed.size < 1000
    assert (offered.headers["Urgency"], closed.headers["Urgency"]) == ("high", "normal")
    assert (offered.headers["TTL"], closed.headers["TTL"]) == ("900", str(4 * 3600))
    assert "K7QM" not in json.dumps(offered.headers)
    assert "Topic" not in closed.headers


async def test_a_newer_message_takes_the_place_of_one_that_a_sleeping_device_has_not_fetched() -> None:
    async with at_the_door() as (channel, service, _):
        browser = service.browser("in the drawer")
        for kind in ("task.offered", "task.reminder", "task.taken"):
            await channel.send(push(browser, type=kind))
        await channel.send(push(browser, reference="W2XN-7B3K"))
    taken, other = browser.waiting.values()
    assert taken.payload["title"] == "A colleague has taken this task"
    assert other.payload["reference"] == "W2XN-7B3K"


async def test_domain_time_running_fast_shortens_how_long_it_is_kept() -> None:
    now = datetime.now(UTC)
    fast = Clock(now, 60.0)
    async with push_service() as service:
        channel = PushChannel(KEY, Posting(HERE), Wording(), fast, lambda _recipient, _address: None)  # type: ignore[arg-type,return-value]
        await channel.send(push(service.browser("kitchen"), respond_by=now + timedelta(minutes=15), sent_at=now))
        await channel.close()
    assert service.shown[0].headers["TTL"] == "15"


async def test_a_token_says_who_we_are_to_one_service_for_half_a_day_and_is_used_for_an_hour() -> None:
    now = datetime.now(UTC)
    async with at_the_door() as (channel, service, _):
        browser = service.browser("kitchen")
        for minutes in (0, 59, 61):
            await channel.send(push(browser, sent_at=now + timedelta(minutes=minutes)))
        tokens = [_token(shown) for shown in service.shown]
    assert tokens[0] == tokens[1] != tokens[2]
    claims = jwt.decode(tokens[0], options={"verify_signature": False})
    assert claims["aud"] == f"http://{service.host}"
    assert claims["sub"] == "mailto:keeper@lighthouse.example"
    assert claims["exp"] == int((now + timedelta(hours=12)).timestamp())


def _token(shown: Shown) -> str:
    return shown.headers["Authorization"].removeprefix("vapid t=").partition(",")[0]


async def test_a_service_that_does_not_know_our_key_refuses_for_good_and_visibly() -> None:
    other = PushKey(push_key_from(b"somebody else's lighthouse lamp."), "mailto:somebody@else.example")
    async with at_the_door(other) as (channel, service, gone):
        assert await channel.send(push(service.browser("kitchen"))) == Outcome("refused", "http_403")
        assert service.faults == ["another application's key"]
        assert gone == []


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (201, Outcome("sent")),
        (202, Outcome("sent")),
        ((429, "17"), Outcome("retry", "http_429", 17.0)),
        (429, Outcome("retry", "http_429")),
        (500, Outcome("retry", "http_500")),
        ((503, "3"), Outcome("retry", "http_503", 3.0)),
        (400, Outcome("refused", "http_400")),
        (401, Outcome("refused", "http_401")),
        (413, Outcome("refused", "http_413")),
        (307, Outcome("refused", "redirect")),
    ],
)
async def test_what_each_answer_means(answer: Any, outcome: Outcome) -> None:
    async with at_the_door() as (channel, service, gone):
        service.script.append(answer)
        assert await channel.send(push(service.browser("kitchen"))) == outcome
        assert (gone, service.asked) == ([], 1)


async def test_a_browser_that_is_gone_is_refused_and_taken_note_of() -> None:
    async with at_the_door() as (channel, service, gone):
        lost, never = service.browser("lost at sea"), Browser("never", service.host)
        lost.here = False
        for browser in (lost, never):
            assert await channel.send(push(browser)) == Outcome("refused", "gone")
        assert gone == [(PEGGY, lost.address), (PEGGY, never.address)]


@pytest.mark.parametrize(
    "endpoint", ["https://10.1.2.3/push", "https://169.254.169.254/push", "http://93.184.216.34/push", "https://[::1]/"]
)
async def test_an_endpoint_inside_is_never_asked(endpoint: str) -> None:
    async with at_the_door() as (channel, service, _):
        address = service.browser("kitchen").subscription.model_copy(update={"endpoint": endpoint}).address
        assert await channel.send(message(address, means="push")) == Outcome("refused", "private_address")


@pytest.mark.parametrize("spoilt", ["", "{}", "https://push.example/1", '{"endpoint":"https://push.example/1"}'])
async def test_what_is_no_subscription_is_refused(spoilt: str) -> None:
    async with at_the_door() as (channel, _, _gone):
        assert await channel.send(message(spoilt, means="push")) == Outcome("refused", "bad_address")


async def test_a_key_that_is_no_point_of_the_curve_is_refused() -> None:
    async with at_the_door() as (channel, service, _):
        address = json.loads(service.browser("kitchen").address)
        address["keys"]["p256dh"] = "BA" + "A" * 85
        assert await channel.send(message(json.dumps(address), means="push")) == Outcome("refused", "bad_address")
        assert service.asked == 0
