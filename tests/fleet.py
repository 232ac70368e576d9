"""A fleet of service processes on real Kafka and PostgreSQL, for tests that kill them."""

import asyncio
import base64
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.offsets import all_services_begin_at_the_end

SERVICES = ("intake", "routing", "notify")


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Member:
    """One service process."""

    service: str
    port: int
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


@dataclass
class Fleet:
    """The processes, by name ("routing-1"), and what they share."""

    folder: Path
    database_url: str
    bootstrap: str
    extra: dict[str, str] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    key: str = field(default_factory=lambda: "test:" + base64.b64encode(os.urandom(32)).decode())

    def environment(self, port: int = 8080) -> dict[str, str]:
        """Settings of a member."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")}
        return kept | {
            "LIAISON_DATABASE_URL": self.database_url,
            "LIAISON_KAFKA_BOOTSTRAP": self.bootstrap,
            "LIAISON_MASTER_KEYS": self.key,
            "LIAISON_DATA_DIR": str(self.folder / "data"),
            "LIAISON_PORT": str(port),
            **self.extra,
        }

    def command(self, *arguments: str) -> None:
        """Run a `liaison` command to its end."""
        subprocess.run(
            [sys.executable, "-m", "services", *arguments],
            env=self.environment(),
            check=True,
            timeout=120,
            stdout=subprocess.DEVNULL,
        )

    def start(self, name: str) -> Member:
        """Start a member (again)."""
        member = self.members.get(name)
        if member is None:
            member = Member(name.split("-", maxsplit=1)[0], free_port(), self.folder / f"{name}.log")
            self.members[name] = member
        with member.log.open("ab") as log:
            member.process = subprocess.Popen(
                [sys.executable, "-m", "services", member.service],
                env=self.environment(member.port),
                stdout=log,
                stderr=log,
            )
        return member

    def kill(self, name: str) -> None:
        """`kill -9`."""
        process = self.members[name].process
        assert process is not None
        process.send_signal(signal.SIGKILL)
        process.wait(10)

    def stop(self) -> None:
        """Stop every member in an orderly way."""
        for member in self.members.values():
            if member.process is not None and member.process.poll() is None:
                member.process.terminate()
        for member in self.members.values():
            if member.process is not None:
                try:
                    member.process.wait(20)
                except subprocess.TimeoutExpired:
                    member.process.kill()

    def of(self, service: str) -> Member:
        """The first living member of a service."""
        return next(
            member
            for member in self.members.values()
            if member.service == service and member.process is not None and member.process.poll() is None
        )

    async def ready(self, *names: str, seconds: float = 90) -> None:
        """Wait until these members (all, when none is named) are ready."""
        wanted = names or tuple(self.members)
        until = time.monotonic() + seconds
        async with aiohttp.ClientSession() as session:
            for name in wanted:
                while not await _is_ready(session, self.members[name]):
                    if time.monotonic() > until:
                        raise TimeoutError(f"{name} is not ready: {self.members[name].log.read_text()[-2000:]}")
                    await asyncio.sleep(0.1)


async def _is_ready(session: aiohttp.ClientSession, member: Member) -> bool:
    try:
        async with session.get(f"{member.url}/health/ready", timeout=aiohttp.ClientTimeout(total=5)) as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


@asynccontextmanager
async def fleet(folder: Path, database_url: str, bootstrap: str, replicas: int = 1) -> AsyncIterator[Fleet]:
    """A fleet with `replicas` of each service, migrated, with topics, ready."""
    found = Fleet(folder, database_url, bootstrap)
    found.command("migrate")
    found.command("topics")
    await all_services_begin_at_the_end(bootstrap)
    try:
        for service in SERVICES:
            for number in range(1, replicas + 1):
                found.start(f"{service}-{number}")
        yield found
    finally:
        found.stop()
