"""`make run` on one machine: what got a 202 is there after `kill -9`, however full the pipes were."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from tests.benchmarks.reports import body_of
from tests.fleet import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

BURST = int(os.environ.get("PROVE_BURST", "600"))
"""A sample by default; `make prove` sends 5,000."""


def start(data_dir: Path, port: int) -> subprocess.Popen[bytes]:
    """`liaison run` on an own folder and port."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")}
    environment = kept | {"LIAISON_DATA_DIR": str(data_dir), "LIAISON_PORT": str(port)}
    return subprocess.Popen(
        [sys.executable, "-m", "services", "run", "--demo-roster"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def ready(session: aiohttp.ClientSession, url: str, seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            async with session.get(f"{url}/health/ready") as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.2)
    raise TimeoutError


async def signed_in(session: aiohttp.ClientSession, url: str, name: str) -> dict[str, str]:
    async with session.post(f"{url}/demo/token", json={"as": name}) as answer:
        return {"authorization": f"Bearer {(await answer.json())['token']}"}


async def send(session: aiohttp.ClientSession, url: str, accepted: list[str]) -> None:
    headers = await signed_in(session, url, "control_room:herts")
    left = iter(range(BURST))

    async def worker() -> None:
        for _ in left:
            try:
                async with session.post(f"{url}/v1/reports", json=body_of("herts"), headers=headers) as answer:
                    if answer.status == 202:
                        accepted.append((await answer.json())["reference"])
            except aiohttp.ClientError:
                return

    await asyncio.gather(*(worker() for _ in range(16)))


async def referrals(session: aiohttp.ClientSession, url: str) -> dict[str, str]:
    """Reference → state of everything routing has in Hertfordshire."""
    headers = await signed_in(session, url, "coordinator:herts")
    found: dict[str, str] = {}
    after = ""
    while True:
        async with session.get(f"{url}/v1/referrals?force=herts{after}", headers=headers) as answer:
            page = await answer.json()
        found |= {item["reference"]: item["state"] for item in page["items"]}
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


async def test_nothing_that_got_a_202_is_missing_after_a_kill_in_mid_burst(data_dir: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    accepted: list[str] = []
    async with aiohttp.ClientSession() as session:
        first = start(data_dir, port)
        try:
            await ready(session, url)
            sending = asyncio.create_task(send(session, url, accepted))
            while len(accepted) < BURST // 2:
                await asyncio.sleep(0.01)
            first.send_signal(signal.SIGKILL)
            await sending
        finally:
            first.kill()
            first.wait(10)
        again = start(data_dir, port)
        try:
            await ready(session, url)
            missing = set(accepted)
            until = time.monotonic() + 120
            while missing and time.monotonic() < until:
                missing -= (await referrals(session, url)).keys()
                await asyncio.sleep(0.5)
        finally:
            again.terminate()
            again.wait(30)
    assert len(accepted) >= BURST // 2
    assert missing == set()
