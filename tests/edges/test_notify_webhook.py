"""Webhooks against real receivers: what goes out, what counts as delivered, and whom a notice may reach."""

import asyncio
import json
import socket
from datetime import UTC, datetime
from ipaddress import ip_network
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from services.notify.channels.guard import AddressRefused, Guard, GuardedResolver
from services.notify.channels.posting import retry_after
from services.notify.channels.webhook import WebhookChannel
from services.notify.rules.attempts import Outcome
from tests.edges.notify_house import EARLIER_SECRET, HERE, NOTICE, SECRET, message
from tests.edges.webhook_receiver import Answer, receiving


@pytest.fixture
async def channel() -> WebhookChannel:
    return WebhookChannel([SECRET, EARLIER_SECRET], HERE)


async def test_a_webhook_carries_the_six_fields_of_the_contract_and_nothing_else(channel: WebhookChannel) -> None:
    async with receiving() as peggy:
        assert await channel.send(message(peggy.url)) == Outcome("delivered")
        (heard,) = peggy.heard
    assert json.loads(heard.body) == {
        "id": str(NOTICE),
        "type": "task.offered",
        "reference": "K7QM-4T9P",
        "class": "priority",
        "respond_by": "2026-06-06T13:05:00+00:00",
        "url": "https://tasks.example/referrals/K7QM-4T9P",
    }
    ours = {name.lower() for name in heard.headers} - {"host", "accept", "accept-encoding", "content-length"}
    assert ours == {"user-agent", "content-type", "webhook-id", "webhook-timestamp", "webhook-signature"}
    await channel.close()


async def test_its_signature_verifies_with_the_new_secret_and_with_the_one_before(channel: WebhookChannel) -> None:
    async with receiving() as peggy:
        await channel.send(message(peggy.url))
        (heard,) = peggy.heard
    for secret in (SECRET, EARLIER_SECRET):
        Webhook(secret).verify(heard.body, heard.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_c29tZWJvZHkgZWxzZSdzIGxpZ2h0aG91c2U=").verify(heard.body, heard.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(heard.body.replace(b"priority", b"whatever"), heard.headers)
    await channel.close()


async def test_the_signature_holds_whatever_zone_the_moment_of_sending_is_written_in(channel: WebhookChannel) -> None:
    tokyo = datetime.now(UTC).astimezone().astimezone(datetime.strptime("+0900", "%z").tzinfo)
    async with receiving() as peggy:
        await channel.send(message(peggy.url, sent_at=tokyo))
        Webhook(SECRET).verify(peggy.heard[0].body, peggy.heard[0].headers)
    await channel.close()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome("delivered")),
        (202, Outcome("delivered")),
        (500, Outcome("retry", "http_500")),
        (503, Outcome("retry", "http_503")),
        (429, Outcome("retry", "http_429")),
        (408, Outcome("retry", "http_408")),
        (400, Outcome("refused", "http_400")),
        (404, Outcome("refused", "http_404")),
        (410, Outcome("refused", "http_410")),
    ],
)
async def test_what_each_answer_means(channel: WebhookChannel, status: int, outcome: Outcome) -> None:
    async with receiving(status) as peggy:
        assert await channel.send(message(peggy.url)) == outcome
    await channel.close()


async def test_a_redirect_is_refused_and_not_followed(channel: WebhookChannel) -> None:
    async def elsewhere(request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": f"http://{request.host}/elsewhere"})

    async with receiving(elsewhere) as peggy:
        assert await channel.send(message(peggy.url)) == Outcome("refused", "redirect")
        assert len(peggy.heard) == 1
    await channel.close()


async def test_a_busy_receiver_may_say_when_to_come_back(channel: WebhookChannel) -> None:
    async def busy(_request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "17"})

    async with receiving(busy) as peggy:
        assert await channel.send(message(peggy.url)) == Outcome("retry", "http_429", 17.0)
    await channel.close()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("30", 30.0),
        ("Sat, 06 Jun 2026 12:02:00 GMT", 120.0),
        ("Sat, 06 Jun 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("9" * 40, None),
    ],
)
def test_when_to_come_back_is_read_as_a_number_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, datetime(2026, 6, 6, 12, tzinfo=UTC)) == seconds


async def test_a_receiver_that_hangs_is_let_go_and_tried_again(channel: WebhookChannel) -> None:
    async def hang(_request: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    async with receiving(hang) as peggy:
        began = asyncio.get_running_loop().time()
        assert await channel.send(message(peggy.url)) == Outcome("retry", "timeout")
        assert 4.5 < asyncio.get_running_loop().time() - began < 6.5
    await channel.close()


async def test_an_endless_answer_after_a_2xx_is_delivered_all_the_same(channel: WebhookChannel) -> None:
    async with receiving(_endless()) as peggy:
        assert await channel.send(message(peggy.url)) == Outcome("delivered")
    await channel.close()


def _endless() -> Answer:
    async def answer(request: web.Request) -> web.Response:
        stream = web.StreamResponse(status=200)
        await stream.prepare(request)
        for _ in range(2_000):
            await stream.write(b"x" * 4096)
        return stream  # type: ignore[return-value]

    return answer


async def test_nobody_at_the_door_is_tried_again(channel: WebhookChannel) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert await channel.send(message(f"http://127.0.0.1:{port}/")) == Outcome("retry", "unreachable")
    await channel.close()


async def test_a_name_that_does_not_resolve_is_tried_again(channel: WebhookChannel) -> None:
    outcome = await channel.send(message("https://no-such-officer.invalid/"))
    assert (outcome.kind, outcome.reason) == ("retry", "no_such_host")
    await channel.close()


@pytest.mark.parametrize("address", ["", "ftp://127.0.0.1/", "//nobody", "http://", "mailto:peggy@example.org", "x"])
async def test_what_is_no_webhook_is_refused(channel: WebhookChannel, address: str) -> None:
    assert await channel.send(message(address)) == Outcome("refused", "bad_address")
    await channel.close()


@pytest.mark.parametrize(
    "address",
    [
        "https://10.1.2.3/",
        "https://192.168.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[fd00::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://100.64.0.1/",
        "http://93.184.216.34/",
    ],
)
async def test_no_private_address_is_reached_nor_the_public_one_without_tls(
    channel: WebhookChannel, address: str
) -> None:
    assert await channel.send(message(address)) == Outcome("refused", "private_address")
    await channel.close()


@pytest.mark.parametrize("address", ["http://2130706433/", "http://127.1/", "http://0x7f000001/"])
async def test_an_address_in_disguise_is_not_reached(address: str) -> None:
    channel = WebhookChannel([SECRET], (ip_network("192.0.2.0/24"),))
    outcome = await channel.send(message(address))
    assert outcome.kind == "refused"
    await channel.close()


async def test_a_name_that_resolves_to_a_private_address_is_refused() -> None:
    channel = WebhookChannel([SECRET], ())
    for scheme in ("http", "https"):
        outcome = await channel.send(message(f"{scheme}://localhost:1/"))
        assert outcome == Outcome("refused", "private_address")
    await channel.close()


class Liar(AbstractResolver):
    """A name server that mixes an inside address among the outside ones."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        hosts = ("10.0.0.9", "93.184.216.34")
        return [
            ResolveResult(hostname=host, host=one, port=port, family=socket.AF_INET, proto=0, flags=0) for one in hosts
        ]

    async def close(self) -> None:
        """Nothing to close."""


async def test_of_several_addresses_only_the_public_ones_are_ever_tried() -> None:
    found = await GuardedResolver(Liar(), Guard((), public=True)).resolve("lighthouse.example", 443)
    assert [result["host"] for result in found] == ["93.184.216.34"]
    with pytest.raises(AddressRefused):
        await GuardedResolver(Liar(), Guard((), public=False)).resolve("lighthouse.example", 80)


async def test_an_allowed_network_is_reached_by_name_and_by_address() -> None:
    guard = Guard((ip_network("10.0.0.0/8"),), public=False)
    assert guard.permits("10.0.0.9")
    assert guard.permits("::ffff:10.0.0.9")
    assert not guard.permits("11.0.0.9")
    assert not guard.permits("lighthouse.example")


async def test_connections_are_kept_and_lanes_tell_receivers_apart_without_naming_them(
    channel: WebhookChannel,
) -> None:
    async with receiving() as peggy:
        for number in range(5):
            await channel.send(message(peggy.url, notice_id=UUID(int=number)))
        assert [heard.headers["webhook-id"] for heard in peggy.heard] == [str(UUID(int=n)) for n in range(5)]
        assert len({heard.peer for heard in peggy.heard}) == 1
    one, same, other = (channel.lane(f"https://{path}") for path in ("a.example/1", "a.example/2", "b.example/1"))
    assert one == same != other
    assert "example" not in one
    await channel.close()
