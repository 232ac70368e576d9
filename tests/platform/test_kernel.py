"""The kernel's promises on a real broker and a real database, each where FastStream's defaults break them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from faststream.kafka import KafkaBroker

from shared import deadletters
from shared.identifiers import uuid7
from shared.kafka import Reader
from tests.platform.tiny import SCHEMA, TOPIC, Tiny, headers_of, record_of, tiny, viewed

pytestmark = pytest.mark.real_kafka


@pytest.fixture
async def service(postgres_url: str, kafka_topics: str) -> AsyncIterator[Tiny]:
    """A tiny service on an empty database, deaf to what earlier tests have sent."""
    async with tiny(postgres_url, kafka_topics) as built:
        await built.start_from_here()
        yield built


def mine(effects: list[tuple[UUID, int, str]], *referrals: UUID) -> list[tuple[UUID, int]]:
    return [(referral, sequence) for referral, sequence, _ in effects if referral in referrals]


BAD_HEADER = (b"k", b"{}", [("ce_id", b"\xff\xfe"), ("nothing", None)])
NULL_VALUE = (b"k", None, [])


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(lambda: BAD_HEADER, id="a header that is not UTF-8, and one that is null"),
        pytest.param(lambda: (b"k", None, headers_of(viewed(uuid7(), 1))), id="a null value"),
        pytest.param(lambda: (b"k", b"\xff{", headers_of(viewed(uuid7(), 1))), id="a body that is not JSON"),
        pytest.param(lambda: record_of(viewed(uuid7(), 1, "POISON")), id="an event whose rule fails"),
        pytest.param(lambda: record_of(viewed(uuid7(), 1, "NUL")), id="an event that only the database refuses"),
    ],
)
async def test_one_bad_record_in_mid_batch_costs_its_neighbours_nothing(service: Tiny, bad: Any) -> None:
    ada, ben = uuid7(), uuid7()
    await service.send(record_of(viewed(ada, 1)), bad(), record_of(viewed(ben, 1)), record_of(viewed(ada, 2)))
    async with service.at_work():
        effects = await wait_for(service, [(ada, 1), (ben, 1), (ada, 2)])
    assert mine(effects, ada, ben) == [(ada, 1), (ben, 1), (ada, 2)]
    assert len(await deadletters.listing(service.database)) == 1


async def test_a_leaked_cancellation_does_not_end_the_loop(service: Tiny) -> None:
    ada = uuid7()
    service.recorder.faults.append(asyncio.CancelledError())
    async with service.at_work():
        await service.send(record_of(viewed(ada, 1)))
        await wait_for(service, [(ada, 1)])
        await service.send(record_of(viewed(ada, 2)))
        effects = await wait_for(service, [(ada, 1), (ada, 2)])
    assert mine(effects, ada) == [(ada, 1), (ada, 2)]


async def test_bad_weather_is_waited_out_and_blamed_on_nobody(service: Tiny) -> None:
    ada = uuid7()
    service.recorder.faults += [ConnectionRefusedError(), TimeoutError(), ConnectionResetError()]
    async with service.at_work():
        await service.send(record_of(viewed(ada, 1)))
        await wait_for(service, [(ada, 1)])
    assert await deadletters.listing(service.database) == []


async def test_a_crash_between_the_two_commits_doubles_nothing(service: Tiny) -> None:
    """The database has committed, the broker has not: the same batch comes again, to another process."""
    ada = uuid7()
    group = Reader(SCHEMA, service.group, (TOPIC,), service.consuming)
    await service.send(record_of(viewed(ada, 1)), record_of(viewed(ada, 2)))
    group.commit = _never  # type: ignore[method-assign]
    async with service.at_work(group):
        await wait_for(service, [(ada, 1), (ada, 2)])
    again = Reader(SCHEMA, group.name, (TOPIC,), service.consuming)
    async with service.at_work(again):
        await service.send(record_of(viewed(ada, 3)))
        effects = await wait_for(service, [(ada, 1), (ada, 2), (ada, 3)])
    assert mine(effects, ada) == [(ada, 1), (ada, 2), (ada, 3)]


async def _never() -> None:
    """The broker is never told."""


async def test_what_comes_too_early_waits_its_turn_and_what_comes_again_is_dropped(service: Tiny) -> None:
    ada = uuid7()
    twice = record_of(viewed(ada, 2))
    await service.send(record_of(viewed(ada, 3)), twice, twice, record_of(viewed(ada, 1)), record_of(viewed(ada, 2)))
    async with service.at_work():
        effects = await wait_for(service, [(ada, 1), (ada, 2), (ada, 3)])
    assert mine(effects, ada) == [(ada, 1), (ada, 2), (ada, 3)]


async def test_behind_a_dead_letter_the_referral_waits_and_replay_puts_everything_back_in_order(service: Tiny) -> None:
    ada, ben = uuid7(), uuid7()
    poison = viewed(ada, 2, "POISON")
    await service.send(record_of(viewed(ada, 1)), record_of(poison), record_of(viewed(ben, 1)))
    async with service.at_work():
        await wait_for(service, [(ada, 1), (ben, 1)])
        await service.send(record_of(viewed(ada, 3)), record_of(viewed(ada, 4)), record_of(viewed(ben, 2)))
        await wait_for(service, [(ben, 2)])
        assert mine(await service.effects(), ada) == [(ada, 1)]
    (letter,) = await deadletters.listing(service.database)
    assert (letter.reason, letter.held_behind) == ("key_error", 2)
    service.recorder.forgiving = True
    await service.consuming.process(
        [await deadletters.take_for_replay(service.database, service.keys, letter.id)], replayed=True
    )
    assert mine(await service.effects(), ada) == [(ada, 1), (ada, 2), (ada, 3), (ada, 4)]
    assert await deadletters.listing(service.database) == []


async def test_a_discarded_dead_letter_lets_its_referral_move_on(service: Tiny) -> None:
    ada = uuid7()
    await service.send(record_of(viewed(ada, 1, "POISON")), record_of(viewed(ada, 2)), record_of(viewed(uuid7(), 1)))
    async with service.at_work():
        await service.settled(1)
    (letter,) = await deadletters.listing(service.database)
    place = await deadletters.discard(service.database, letter.id)
    assert place is not None
    await service.consuming.release(*place)
    assert mine(await service.effects(), ada) == [(ada, 2)]


async def test_a_dead_letter_tells_operations_where_and_why_but_never_what(service: Tiny) -> None:
    secret = uuid7()
    await service.send(
        (b"k", b'{"officer": "canary-plum"}', headers_of(viewed(secret, 1))), record_of(viewed(uuid7(), 1))
    )
    async with service.at_work():
        await service.settled(1)
    async with service.database.unit() as unit:
        rows = await unit.connection.execute(sa.text(f"select payload, headers::text from {SCHEMA}.journal"))
        told = [bytes(row[0]).decode() + row[1] for row in rows]
        sealed = (await unit.connection.execute(sa.text(f"select record from {SCHEMA}.dead_letters"))).scalar_one()
    assert len(told) == 1
    assert "canary-plum" not in told[0]
    assert b"canary-plum" not in bytes(sealed)


async def test_whoever_asked_hears_whether_a_transaction_was_committed(service: Tiny) -> None:
    heard: list[bool] = []
    async with service.database.unit() as unit:
        unit.ended.append(heard.append)
        assert heard == []
    with suppress(OSError):
        async with service.database.unit() as unit:
            unit.ended.append(heard.append)
            raise OSError("away")
    assert heard == [True, False]


async def test_when_too_much_is_poison_the_consumer_holds_still_instead_of_burying_the_day(service: Tiny) -> None:
    await service.send(*[record_of(viewed(uuid7(), 1, "POISON")) for _ in range(7)])
    async with service.at_work() as reader:
        async with asyncio.timeout(20):
            while not reader.stopped_by_poison:
                await asyncio.sleep(0.05)
    assert len(await deadletters.listing(service.database)) <= 5


async def test_the_defaults_of_the_library_do_lose_these(kafka_topics: str, service: Tiny) -> None:
    """Not ours: what a bare FastStream subscriber does with a bad header in a batch. Should it change, we may too."""
    broker = KafkaBroker(kafka_topics, graceful_timeout=1)
    seen: list[bytes] = []
    group = f"defaults-{uuid7()}"

    @broker.subscriber(TOPIC, group_id=group, batch=True, auto_offset_reset="earliest", max_records=500)
    async def handle(bodies: list[bytes]) -> None:
        seen.extend(bodies)

    ada = uuid7()
    await service.send(record_of(viewed(ada, 1)), BAD_HEADER, record_of(viewed(ada, 2)))
    await broker.start()
    await asyncio.sleep(3)
    with suppress(asyncio.CancelledError):  # leaked by the library's own stop
        await broker.stop()
    assert not any(str(ada) in str(body) for body in seen)


async def wait_for(service: Tiny, wanted: list[tuple[UUID, int]]) -> list[tuple[UUID, int, str]]:
    """Wait until all of these have had their effect, then a moment for any that should not have."""
    async with asyncio.timeout(30):
        while True:
            effects = await service.effects()
            if set(wanted) <= {(referral, sequence) for referral, sequence, _ in effects}:
                break
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    return await service.effects()
