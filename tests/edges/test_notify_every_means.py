"""What holds of every means, whoever is at the other end: nothing raised, nothing hanging, nothing said too soon."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.notify.channels.channel import Channel
from services.notify.channels.email import EmailChannel
from services.notify.channels.govuk_notify import Account, Form, GovukNotifyChannel
from services.notify.channels.posting import Posting
from services.notify.channels.push import PushChannel
from services.notify.channels.webhook import WebhookChannel
from services.notify.channels.wording import Wording
from services.notify.rules.attempts import LEASE
from shared.clock import Clock
from shared.push_key import PushKey, push_key_from
from tests.edges.govuk_stand_in import API_KEY, EMAIL_TEMPLATE, SMS_TEMPLATE, GovukNotify, govuk_notify
from tests.edges.notify_house import HERE, SECRET, message
from tests.edges.push_stand_in import Browser, push_service
from tests.edges.webhook_receiver import receiving

PUSH_KEY = PushKey(push_key_from(b"the lamp in the old lighthouse.."), "mailto:keeper@lighthouse.example")
PEGGY_BROWSER = Browser("peggy", "")
PEGGY = {"phone": "+447700900042", "email": "peggy@herts.example"}


@dataclass
class Peer:
    """The other end of a means: where it is, what it is called there, and how to make it busy for one attempt."""

    channel: Channel
    address: str
    means: str
    busy: Callable[[], None]
    heard: Callable[[], int]


def _channel(kind: str, host: str) -> tuple[Channel, str, str]:
    """A channel of a kind whose other end is at `host` (host:port), an address there, and the means."""
    account = Account.of(f"http://{host}", API_KEY)
    push = PushChannel(PUSH_KEY, Posting(HERE), Wording(), Clock(datetime(2026, 6, 6, tzinfo=UTC)), _take_note)
    made: dict[str, tuple[Channel, str, str]] = {
        "push": (push, PEGGY_BROWSER.at(host).address, "push"),
        "webhook": (WebhookChannel([SECRET], HERE), f"http://{host}/hook", "webhook"),
        "smtp": (EmailChannel(f"smtp://{host}", "tasks.example", Wording()), PEGGY["email"], "email"),
        "govuk-sms": (GovukNotifyChannel(account, Form("sms", SMS_TEMPLATE), Wording()), PEGGY["phone"], "phone"),
        "govuk-email": (GovukNotifyChannel(account, Form("email", EMAIL_TEMPLATE), Wording()), PEGGY["email"], "email"),
    }
    return made[kind]


async def _take_note(_recipient: str, _address: str) -> None:
    """Nobody in these tests has gone."""


KINDS = ("webhook", "push", "smtp", "govuk-sms", "govuk-email")


class _PostOffice:
    def __init__(self) -> None:
        self.script: list[str] = []
        self.taken = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:
        answer = self.script.pop(0) if self.script else "250 taken"
        self.taken += answer.startswith("250")
        return answer


@asynccontextmanager
async def peer(kind: str) -> AsyncIterator[Peer]:
    """A real other end for a means."""
    ends: tuple[Callable[[], None], Callable[[], int]]
    async with AsyncExitStack() as stack:
        if kind == "webhook":
            receiver = await stack.enter_async_context(receiving())
            host = f"127.0.0.1:{receiver.port}"
            ends = (lambda: receiver.script.append(503), lambda: len(receiver.heard))
        elif kind == "push":
            service = await stack.enter_async_context(push_service())
            host = service.host
            service.browsers["peggy"] = PEGGY_BROWSER.at(host)
            ends = (lambda: service.script.append(503), lambda: len(service.shown))
        elif kind == "smtp":
            office, port = _PostOffice(), _free_port()
            controller = Controller(office, hostname="127.0.0.1", port=port)
            controller.start()
            stack.callback(controller.stop, no_assert=True)
            host = f"127.0.0.1:{port}"
            ends = (lambda: office.script.append("451 later"), lambda: office.taken)
        else:
            govuk: GovukNotify = await stack.enter_async_context(govuk_notify())
            host = govuk.url.removeprefix("http://")
            ends = (lambda: govuk.script.append(503), lambda: len(govuk.taken))
        channel, address, means = _channel(kind, host)
        stack.push_async_callback(channel.close)
        yield Peer(channel, address, means, *ends)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


@asynccontextmanager
async def rude(answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """Somebody at the other end who speaks no protocol at all."""
    calls: set[asyncio.Task[Any]] = set()

    async def call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        calls.add(task)
        # Whoever called has hung up, or the test is over: nobody is left to be told.
        with suppress(OSError, asyncio.CancelledError):
            await answer(reader, writer)
        writer.close()

    server = await asyncio.start_server(call, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in calls:
            task.cancel()


async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\xff the otter is not in \r\n" * 40)
    await writer.drain()


async def say_nothing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" * 9:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.2)


@pytest.mark.parametrize("kind", KINDS)
async def test_it_takes_a_message_and_only_a_webhook_says_that_it_arrived(kind: str) -> None:
    async with peer(kind) as other:
        outcome = await other.channel.send(message(other.address, means=other.means))
        assert outcome.kind == ("delivered" if kind == "webhook" else "sent")
        assert other.heard() == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_one_that_is_busy_is_tried_again_and_then_takes_it(kind: str) -> None:
    async with peer(kind) as other:
        other.busy()
        assert (await other.channel.send(message(other.address, means=other.means))).kind == "retry"
        again = await other.channel.send(message(other.address, means=other.means, tries=2))
        assert again.kind in ("delivered", "sent")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_hundred_at_once_all_come_back(kind: str) -> None:
    async with peer(kind) as other:
        sending = (other.channel.send(message(other.address, means=other.means)) for _ in range(100))
        outcomes = await asyncio.gather(*sending)
        assert {one.kind for one in outcomes} == {"delivered" if kind == "webhook" else "sent"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("manners", [hang_up, babble], ids=lambda one: one.__name__)
async def test_one_that_speaks_no_protocol_is_tried_again(kind: str, manners: Any) -> None:
    async with rude(manners) as host:
        channel, address, means = _channel(kind, host)
        assert (await channel.send(message(address, means=means))).kind == "retry"
        await channel.close()


@pytest.mark.parametrize("manners", [say_nothing, drip], ids=lambda one: one.__name__)
async def test_one_that_never_ends_is_given_up_well_within_the_lease(manners: Any) -> None:
    async with rude(manners) as host:
        made = [_channel(kind, host) for kind in KINDS]
        began = time.monotonic()
        outcomes = await asyncio.gather(*(channel.send(message(at, means=means)) for channel, at, means in made))
        assert time.monotonic() - began < LEASE.total_seconds() - 1
        assert {one.kind for one in outcomes} == {"retry"}
        for channel, _, _ in made:
            await channel.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_nobody_there_is_tried_again(kind: str) -> None:
    channel, address, means = _channel(kind, f"127.0.0.1:{_free_port()}")
    assert (await channel.send(message(address, means=means))).kind == "retry"
    await channel.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_an_address_that_is_none_is_refused_for_good_and_nobody_is_asked_twice(kind: str) -> None:
    async with peer(kind) as other:
        outcome = await other.channel.send(message("no address at all", means=other.means))
        assert (outcome.kind, other.heard()) == ("refused", 0)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_lane_tells_no_address_and_closing_twice_does_no_harm(kind: str) -> None:
    channel, address, _ = _channel(kind, "127.0.0.1:9")
    assert address not in channel.lane(address)
    assert channel.lane(address) == channel.lane(address)
    await channel.close()
    await channel.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_reason_is_a_code_without_anything_of_the_message(kind: str) -> None:
    async with peer(kind) as other:
        other.busy()
        outcomes = [
            await other.channel.send(message(other.address, means=other.means)),
            await other.channel.send(message("peggy plum", means=other.means)),
        ]
    for one in outcomes:
        assert one.reason is not None
        assert one.reason.replace("_", "").isalnum()
        assert "peggy" not in one.reason
