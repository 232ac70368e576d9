"""Who sees how control rooms stand, who may pause them, and what that does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.notify.control_rooms_api import ControlRooms
from shared.identity import parse, sign_demo
from shared.web import install
from tests.edges.control_room_house import Desk, desk, first_seen
from tests.edges.webhook_receiver import receiving

ROOMS = "/v1/control-rooms"


@pytest.fixture
async def place(postgres_url: str) -> AsyncIterator[Desk]:
    async with desk(postgres_url) as made:
        yield made


@asynccontextmanager
async def as_(place: Desk, who: str) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody signed in."""
    app = FastAPI()
    app.state.keys = place.notify.keys
    install(app)
    app.include_router(ControlRooms(place.notify.database, ("herts", "beds", "cambs")).router())
    token = sign_demo(parse(who), place.notify.keys, int(datetime.now(UTC).timestamp()))
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://n", headers=headers) as client:
        yield client


async def seen_by(place: Desk, who: str) -> dict[str, Any]:
    async with as_(place, who) as client:
        answer = await client.get(ROOMS)
    assert answer.status_code == 200
    return {item["force"]: item for item in answer.json()["items"]}


@pytest.mark.parametrize(
    ("who", "forces"),
    [
        ("ops", {"herts", "beds", "cambs"}),
        ("control_room:herts", {"herts"}),
        ("coordinator:beds", {"beds"}),
        ("fim:cambs", {"cambs"}),
    ],
)
async def test_each_sees_their_own_and_operations_all(place: Desk, who: str, forces: set[str]) -> None:
    assert await seen_by(place, who) == {force: {"force": force, "state": "none"} for force in forces}


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("officer:H1042", ROOMS, 403),
        ("dpo", ROOMS, 403),
        ("partner:hope", ROOMS, 403),
        ("officer:H1042", f"{ROOMS}/herts/pause", 403),
        ("fim:beds", f"{ROOMS}/herts/pause", 403),
        ("control_room:beds", f"{ROOMS}/herts/resume", 403),
        ("ops", f"{ROOMS}/herts/pause", 404),
        ("ops", f"{ROOMS}/narnia/pause", 404),
    ],
)
async def test_whom_it_does_not_concern_may_not(place: Desk, who: str, path: str, status: int) -> None:
    async with as_(place, who) as client:
        answer = await (client.get(path) if path == ROOMS else client.post(path))
    assert answer.status_code == status


async def test_a_person_pauses_it_and_after_resuming_all_comes_in_order(place: Desk) -> None:
    async with receiving() as room:
        await place.connect(room.url)
        async with as_(place, "fim:herts") as client:
            paused = (await client.post(f"{ROOMS}/herts/pause", headers={"idempotency-key": "night-1"})).json()
        assert (paused["state"], paused["by"], paused["waiting"]) == ("paused", "fim:herts", 0)
        await place.say("HC-1", 1, 2, 3)
        place.time.pass_(hours=2)
        await place.work()
        assert room.heard == []
        waiting = (await seen_by(place, "control_room:herts"))["herts"]
        assert (waiting["state"], waiting["waiting"]) == ("paused", 3)
        assert waiting["oldest"] < place.time.now.isoformat()
        async with as_(place, "ops") as client:
            resumed = (await client.post(f"{ROOMS}/herts/resume")).json()
        assert (resumed["state"], resumed["by"]) == ("open", None)
        await place.work()
        assert first_seen(room.heard, "HC-1") == [1, 2, 3]
    assert (await seen_by(place, "ops"))["herts"]["waiting"] == 0


async def test_one_that_fails_says_since_when_and_why_and_shows_no_address(place: Desk) -> None:
    async with receiving(500, 503) as room:
        await place.connect(room.url)
        await place.say("HC-1", 1)
        await place.work()
        since = place.time.now
        place.time.pass_(seconds=3)
        await place.work()
        shown = (await seen_by(place, "coordinator:herts"))["herts"]
    assert (shown["state"], shown["since"], shown["reason"]) == ("failing", since.isoformat(), "http_503")
    assert str(room.port) not in str(shown).replace(shown["since"], "").replace(shown["oldest"], "")
