"""What every test may ask for: a database of its own, a real Kafka, a browser; and the account at the end."""

import os
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NoReturn

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from shared.contracts.topics import topic_names
from shared.topics import create_topics
from tests import servers

FORCES = ("herts", "beds", "cambs")
_numbers = count(1)


@dataclass
class Used:
    """What this run stood on, for the account at its end."""

    kafka: str = "none was needed"
    postgres: str = "none was needed"


_used = pytest.StashKey[Used]()


def pytest_configure(config: pytest.Config) -> None:
    """Make room for the account."""
    config.stash[_used] = Used()


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """Where servers of this run keep their data. Not pytest's own folder: it is closed to PostgreSQL's user."""
    with tempfile.TemporaryDirectory(prefix="liaison-test-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres_server(server_folder: Path, pytestconfig: pytest.Config) -> Iterator[str]:
    """An administrator's URL of the PostgreSQL of this run."""
    server = servers.postgres(server_folder)
    pytestconfig.stash[_used].postgres = server.what
    yield server.address
    server.stop()


@pytest.fixture
async def postgres_url(postgres_server: str) -> AsyncIterator[str]:
    """An empty database for one test, asyncpg's URL."""
    async for url in _database(postgres_server):
        yield url


@pytest.fixture(scope="module")
async def module_postgres_url(postgres_server: str) -> AsyncIterator[str]:
    """An empty database for one module's tests together, asyncpg's URL."""
    async for url in _database(postgres_server):
        yield url


async def _database(server: str) -> AsyncIterator[str]:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    plain = server.replace("postgresql+asyncpg://", "postgresql://", 1)
    administrator = await asyncpg.connect(plain)
    try:
        await administrator.execute(f"create database {name} template template0")
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        await administrator.execute(f"drop database {name} with (force)")
    finally:
        await administrator.close()


@pytest.fixture(scope="session")
def kafka(server_folder: Path, pytestconfig: pytest.Config) -> Iterator[str]:
    """Bootstrap addresses of a real Kafka; without one the test is left out, or fails under REQUIRE_REAL_KAFKA=1."""
    server = servers.real_kafka(server_folder)
    if isinstance(server, str):
        pytestconfig.stash[_used].kafka = server
        _left_out(server, "REQUIRE_REAL_KAFKA")
    pytestconfig.stash[_used].kafka = server.what
    yield server.address
    server.stop()


@pytest.fixture(scope="session")
async def kafka_topics(kafka: str) -> str:
    """The same, with every topic of the three forces there."""
    await create_topics(kafka, topic_names(FORCES))
    return kafka


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; without one the test is left out, or fails under REQUIRE_BROWSER=1."""
    return servers.chromium() or _left_out("no Chromium on the path nor in CHROMIUM", "REQUIRE_BROWSER")


def _left_out(reason: str, unless: str) -> NoReturn:
    if os.environ.get(unless) == "1":
        pytest.fail(f"{reason}, and {unless}=1", pytrace=False)
    pytest.skip(reason)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """An empty DATA_DIR."""
    with tempfile.TemporaryDirectory(prefix="liaison-data-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which Kafka and PostgreSQL the run stood on, and what it therefore left out."""
    used = config.stash[_used]
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(_reason(report) for report in skipped)
    terminalreporter.section("what this run stood on")
    terminalreporter.line(f"Kafka:      {used.kafka}")
    terminalreporter.line(f"PostgreSQL: {used.postgres}")
    for reason, number in reasons.most_common():
        terminalreporter.line(f"left out:   {number} {'test' if number == 1 else 'tests'}: {reason}")
    if not reasons:
        terminalreporter.line("left out:   nothing")


def _reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return "no reason given"
