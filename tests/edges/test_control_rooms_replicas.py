"""Two replicas tell one control room, and are killed at any moment: nothing is lost, and each key keeps its order."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from random import Random

import pytest
from aiohttp import web

from services.notify.control_rooms_sending import Sending
from shared.service import Wake
from tests.edges.control_room_house import Desk, desk, first_seen, keys, said
from tests.edges.webhook_receiver import Receiver, receiving

LENGTHS = (1, 3, 12)
"""Events under a key; twelve go out in two runs."""


@pytest.fixture
async def place(postgres_url: str) -> AsyncIterator[Desk]:
    async with desk(postgres_url) as made:
        yield made


@dataclass
class Moody:
    """A control room that is slow, now and then fails, and counts what is under way for each key."""

    chance: Random
    fails: float
    slow: float = 0.0
    under_way: Counter[str] = field(default_factory=Counter)
    side_by_side: int = 0
    most_keys: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        key = (await request.json())["subject"]
        self.under_way[key] += 1
        self.side_by_side = max(self.side_by_side, self.under_way[key])
        self.most_keys = max(self.most_keys, sum(count > 0 for count in self.under_way.values()))
        await asyncio.sleep(self.slow + self.chance.random() / 100)
        self.under_way[key] -= 1
        return web.Response(status=503 if self.chance.random() < self.fails else 204)


async def told(place: Desk, chance: Random, url: str) -> dict[str, list[int]]:
    """Events under twenty keys, some of them in one batch as Kafka brings them; gives the numbers of each key."""
    await place.connect(url)
    chosen = {key: list(range(1, chance.choice(LENGTHS) + 1)) for key in keys(20, chance)}
    for key, numbers in chosen.items():
        first = chance.randrange(len(numbers)) + 1
        await place.say(key, *numbers[:first])
        await place.say(key, *numbers[first:])
    return chosen


def replicas(place: Desk) -> list[Sending]:
    return [place.sending(bell=Wake()) for _ in range(2)]


async def test_two_replicas_side_by_side_never_send_two_events_of_one_key_at_once(place: Desk) -> None:
    chance = Random(417)
    mood = Moody(chance, fails=0.05, slow=0.02)
    async with receiving(*[mood.answer] * 10_000) as room:
        chosen = await told(place, chance, room.url)
        while await place.waiting():
            await asyncio.gather(*(place.work(one) for one in replicas(place)))
            place.time.pass_(seconds=75)
        assert {key: first_seen(room.heard, key) for key in chosen} == chosen
    assert mood.side_by_side == 1
    assert mood.most_keys > 2


@pytest.mark.parametrize("seed", range(4))
async def test_replicas_that_are_killed_at_any_moment_lose_nothing_and_keep_the_order(place: Desk, seed: int) -> None:
    chance = Random(seed)
    async with receiving(*[Moody(chance, fails=0.1).answer] * 10_000) as room:
        chosen = await told(place, chance, room.url)
        for _ in range(25):
            await asyncio.gather(*(killed(one, chance) for one in replicas(place)))
            place.time.pass_(seconds=chance.choice([1, 31, 75]))
        while await place.waiting():
            place.time.pass_(minutes=6)
            await place.work()
        check(room, chosen)


async def test_a_replica_that_froze_and_answers_late_takes_nothing_from_the_one_in_its_place(place: Desk) -> None:
    late, on_time = asyncio.Event(), asyncio.Event()

    async def frozen(_request: web.Request) -> web.Response:
        await late.wait()
        return web.Response(status=204)

    async def working(_request: web.Request) -> web.Response:
        await on_time.wait()
        return web.Response(status=503)

    async with receiving(frozen, working) as room:
        await place.connect(room.url)
        await place.say("HC-1", *range(1, 13))
        first, second, third = (place.sending(bell=Wake()) for _ in range(3))
        await first.look()
        await room.until(1)
        place.time.pass_(seconds=31)
        await second.look()
        await room.until(2)
        late.set()
        await first.settled()
        await third.look()
        assert not third._flying
        on_time.set()
        await second.settled()
        place.time.pass_(seconds=5)
        await place.work(third)
    assert first_seen(room.heard, "HC-1") == list(range(1, 13))


async def killed(one: Sending, chance: Random) -> None:
    """It works for some milliseconds and is gone, whatever it was at: nothing is settled, nothing is said."""
    working = asyncio.create_task(one.look())
    await asyncio.wait([working], timeout=chance.random() / 10)
    flying = list(one._flying)
    if flying:
        await asyncio.wait(flying, timeout=chance.random() / 20)
    for task in (working, *one._flying):
        task.cancel()
    await asyncio.gather(working, *flying, return_exceptions=True)


def check(room: Receiver, chosen: dict[str, list[int]]) -> None:
    """Every event came, each under one id, each key in order."""
    assert {key: first_seen(room.heard, key) for key in chosen} == chosen
    ids = {(event["subject"], event["data"]["sequence"]): set[str]() for event in said(room.heard)}
    for heard, event in zip(room.heard, said(room.heard), strict=True):
        ids[event["subject"], event["data"]["sequence"]].add(heard.headers["webhook-id"])
    assert {len(found) for found in ids.values()} == {1}
