"""Notify is stopped: within half a minute the control room's log says so, and then that it is back."""

import os
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.benchmarks.figures import token
from tests.fleet import Fleet
from tests.offsets import all_services_begin_at_the_end
from tests.waiting import until

pytestmark = [
    pytest.mark.real_kafka,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif("PROVE_SEED" not in os.environ, reason="a long run: make prove"),
]


async def test_the_control_rooms_log_says_that_notify_is_stopped_and_when_it_is_back(
    data_dir: Path, postgres_url: str, kafka_topics: str
) -> None:
    found = Fleet(data_dir, postgres_url, kafka_topics)
    try:
        await _open_up(found)
        found.kill("notify-1")
        (away,) = await until(lambda: _said(found, "degraded"), 45)
        assert (away["parts"], away["log_line"][5:]) == (["notify"], " Liaison cannot send messages. Ring the officer.")
        found.start("notify-1")
        (back,) = await until(lambda: _said(found, "restored"), 90)
        assert (back["parts"], back["log_line"][5:]) == (["notify"], " Liaison sends messages again.")
        assert len(await _said(found, "degraded") or []) == 1
    finally:
        found.stop()


async def _open_up(found: Fleet) -> None:
    found.command("migrate")
    found.command("topics")
    await all_services_begin_at_the_end(found.bootstrap)
    for service in ("intake", "routing", "notify"):
        found.start(f"{service}-1")
    await found.ready()
    # A first beat is heard before the silence, which otherwise would have begun with the start.
    await until(lambda: _notify_is_heard(found), 30)


async def _notify_is_heard(found: Fleet) -> bool | None:
    answer = await _get(found.of("routing").url, "fim:herts", "/v1/referrals")
    return answer["degraded"] == [] or None


async def _said(found: Fleet, what: str) -> list[dict[str, Any]] | None:
    items = (await _get(found.of("intake").url, "control_room:herts", "/v1/outbound"))["items"]
    return [item for item in items if item["type"] == f"liaison.service.{what}.v1"] or None


async def _get(url: str, who: str, path: str) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session:
        headers = {"authorization": f"Bearer {await token(session, url, who)}"}
        async with session.get(f"{url}{path}", headers=headers) as answer:
            answer.raise_for_status()
            found: dict[str, Any] = await answer.json()
            return found
