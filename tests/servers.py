"""The real servers tests stand on: whatever this machine has, best first, and what to say when it has none."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker  # type: ignore[import-untyped]
from testcontainers.community.kafka import KafkaContainer
from testcontainers.community.postgres import PostgresContainer

from shared.embedded import jars
from shared.embedded.native import NativeKafka
from shared.embedded.postgres import EmbeddedPostgres


@dataclass(frozen=True)
class Server:
    """A server that runs: its address, what it is in a few words, and how it stops."""

    address: str
    what: str
    stop: Callable[[], None]


def real_kafka(folder: Path) -> Server | str:
    """A real Kafka: TEST_KAFKA_BOOTSTRAP, else Docker, else Apache Kafka from its jars; else why there is none."""
    if bootstrap := os.environ.get("TEST_KAFKA_BOOTSTRAP"):
        return Server(bootstrap, "the one TEST_KAFKA_BOOTSTRAP names", lambda: None)
    if docker_answers():
        try:
            return _kafka_container()
        except Exception as error:
            print(f"Docker gave no Kafka ({type(error).__name__})")  # noqa: T201
    if lacking := jars.missing():
        return f"no real Kafka: no TEST_KAFKA_BOOTSTRAP, no Docker, no {lacking}"
    native = NativeKafka(folder, quick=True)
    return Server(native.start(), f"Apache Kafka {jars.VERSION} from its Maven jars", native.stop)


def _kafka_container() -> Server:
    container = KafkaContainer().with_kraft()
    container.start()
    return Server(container.get_bootstrap_server(), f"{container.image} in Docker", container.stop)


def postgres(folder: Path) -> Server:
    """A PostgreSQL: Docker's where a daemon answers, else the embedded one. The address is an administrator's."""
    if docker_answers():
        try:
            return _postgres_container()
        except Exception as error:
            print(f"Docker gave no PostgreSQL ({type(error).__name__})")  # noqa: T201
    embedded = EmbeddedPostgres(folder)
    return Server(embedded.start(), "PostgreSQL 18 from a wheel", embedded.stop)


def _postgres_container() -> Server:
    container: Any = PostgresContainer("postgres:18", driver=None).with_command("-c jit=off -c max_connections=200")
    container.start()
    url = container.get_connection_url().replace("postgresql://", "postgresql+asyncpg://", 1)
    return Server(url, f"{container.image} in Docker", container.stop)


def docker_answers() -> bool:
    """Whether a Docker daemon is there to ask."""
    try:
        client = docker.from_env(timeout=3)
    except docker.errors.DockerException:
        return False
    try:
        return bool(client.ping())
    except (docker.errors.DockerException, OSError):
        return False
    finally:
        client.close()


def chromium() -> str | None:
    """A Chromium to drive, from CHROMIUM or the path; None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
