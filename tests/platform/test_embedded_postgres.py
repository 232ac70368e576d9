"""The PostgreSQL from a wheel keeps what it was given, whoever is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from shared.embedded.postgres import EmbeddedPostgres
from shared.embedded.tenancy import StartFailed

_OWNER_WHO_IS_KILLED = """
import asyncio, asyncpg, os, pathlib, sys
from shared.embedded.postgres import EmbeddedPostgres
url = EmbeddedPostgres(pathlib.Path(sys.argv[1])).start()

async def write():
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute("create table parrot (state text)")
    await connection.execute("insert into parrot values ('resting')")

asyncio.run(write())
os.kill(os.getpid(), 9)
"""


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def killed_owner(data_dir: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _OWNER_WHO_IS_KILLED, str(data_dir)], check=False)
    assert done.returncode == -signal.SIGKILL


async def test_a_killed_owner_leaves_a_server_that_the_next_one_adopts(data_dir: Path) -> None:
    killed_owner(data_dir)
    postgres = EmbeddedPostgres(data_dir)
    before = postgres.pid
    try:
        url = postgres.start()
        assert before is not None
        assert postgres.pid == before
        assert await ask(url, "select state from parrot") == "resting"
    finally:
        postgres.stop()
    assert postgres.pid is None


async def test_what_was_committed_outlives_owner_and_server(data_dir: Path) -> None:
    killed_owner(data_dir)
    postgres = EmbeddedPostgres(data_dir)
    assert postgres.pid is not None
    os.kill(postgres.pid, signal.SIGKILL)
    try:
        assert await ask(postgres.start(), "select state from parrot") == "resting"
    finally:
        postgres.stop()


async def test_a_lock_file_whose_pid_is_somebody_else_by_now_is_no_obstacle(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir)
    postgres.start()
    lock = data_dir / "postgres" / "cluster" / "postmaster.pid"
    lines = lock.read_text().splitlines()
    postgres.stop()
    lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert postgres.pid is None
    try:
        assert await ask(postgres.start(), "select 1") == 1
    finally:
        postgres.stop()


async def test_the_last_to_leave_stops_it_and_nobody_before(data_dir: Path) -> None:
    service, purge = EmbeddedPostgres(data_dir), EmbeddedPostgres(data_dir)
    url = service.start()
    assert purge.start() == url
    purge.stop()
    assert await ask(url, "select 1") == 1
    service.stop()
    assert service.pid is None


async def test_it_never_trades_a_commit_for_speed_and_never_compiles_a_query(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir)
    try:
        url = postgres.start()
        shown = [await ask(url, f"show {name}") for name in ("fsync", "synchronous_commit", "full_page_writes", "jit")]
    finally:
        postgres.stop()
    assert shown == ["on", "on", "on", "off"]


async def test_an_error_does_not_bring_the_value_it_failed_on_into_the_server_log(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir)
    try:
        with pytest.raises(asyncpg.PostgresError):
            await ask(postgres.start(), "select 'Mrs Miggins of the pie shop'::integer")
    finally:
        postgres.stop()
    assert "Miggins" not in (data_dir / "postgres" / "server.log").read_text()


def test_a_folder_of_another_postgresql_says_so_in_one_line(data_dir: Path) -> None:
    cluster = data_dir / "postgres" / "cluster"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("16\n")
    with pytest.raises(StartFailed, match=r"of PostgreSQL 16 and this is 18.*LIAISON_DATA_DIR") as caught:
        EmbeddedPostgres(data_dir).start()
    assert "\n" not in str(caught.value)


async def test_a_long_data_folder_still_gets_a_socket(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir / ("l" + "o" * 90 + "ng"))
    try:
        assert await ask(postgres.start(), "select 1") == 1
    finally:
        postgres.stop()
