"""Rosters from folders into a real database: all or nothing, again the same is nothing new, bases found on the map."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from services.routing.roster import Loaded, load_roster, read_folder
from services.routing.rules.roster.rows import RosterRefused
from services.routing.store import roster as store
from services.routing.store import roster_tables
from services.routing.store.tables import metadata
from shared.policy_file import load_policy
from shared.settings import load_settings
from tests.edges.test_calendar_files import calendar, event
from tests.rules.routing.test_roster_badness import BAD
from tests.rules.routing.test_roster_files import GOOD
from tests.stories.routing_house import FORCES, NOON, House, routing

TABLES = ("officers", "training", "duties", "roles", "own_means", "roster_state")


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """Nobody on the roster."""
    return await service.as_new()


def folder_of(folder: Path, changes: Mapping[str, bytes] | None = None) -> Path:
    """The good files, with some of them changed."""
    files = {name: text.encode() for name, text in GOOD.items()} | dict(changes or {})
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


async def load(house: House, folder: Path) -> Loaded:
    rows = read_folder(folder, load_policy(load_settings(env_file=None)))
    return await load_roster(house.database, house.keys, rows)


async def everything(house: House) -> list[Any]:
    """Every row of the roster, and all that notify was told."""
    rows = [await house.rows(f"select cast(t as text) from routing.{table} t order by 1") for table in TABLES]
    return [*rows, await house.published("officers")]


async def test_loading_twice_changes_nothing_and_any_bad_file_changes_nothing(house: House, tmp_path: Path) -> None:
    assert (await load(house, folder_of(tmp_path))).changed
    before = await everything(house)
    for name, (changes, fault) in BAD.items():
        with pytest.raises(RosterRefused) as caught:
            await load(house, folder_of(tmp_path, changes))
        assert fault[0] in [bad.file for bad in caught.value.bad], name
        assert await everything(house) == before, name
    assert not (await load(house, folder_of(tmp_path))).changed
    assert await everything(house) == before


async def test_every_past_version_can_be_read_as_it_was(house: House, tmp_path: Path) -> None:
    rosters = []
    for skills in ("trans", "trans; youth", "youth", ""):
        lines = GOOD["officers.csv"].replace("trans; youth", skills)
        loaded = await load(house, folder_of(tmp_path, {"officers.csv": lines.encode()}))
        async with house.database.unit() as unit:
            rosters.append((loaded.version, await store.read(unit.connection, FORCES, loaded.version, NOON)))
    assert len({roster.officers for _, roster in rosters}) == 4
    for version, roster in rosters:
        async with house.database.unit() as unit:
            assert await store.read(unit.connection, FORCES, version, NOON) == roster


async def test_a_base_is_found_on_the_map_and_one_nobody_knows_is_no_reason_to_refuse(
    house: House, tmp_path: Path
) -> None:
    known = GOOD["officers.csv"].replace("sg1 1aa", "sg1 1ez")
    loaded = await load(house, folder_of(tmp_path, {"officers.csv": known.encode()}))
    async with house.database.unit() as unit:
        roster = await store.read(unit.connection, FORCES, loaded.version, NOON)
    (east, north) = next(one.base_km for one in roster.officers if one.id == "H1042") or (0, 0)
    assert (east, north) == (523, 224)
    assert loaded.unplaced == 0
    strange = GOOD["officers.csv"].replace("sg1 1aa", "zz99 9zz")
    moved = await load(house, folder_of(tmp_path, {"officers.csv": strange.encode()}))
    assert (moved.changed, moved.unplaced) == (True, 1)


async def test_a_file_too_large_is_not_read_into_memory(house: House, tmp_path: Path) -> None:
    folder_of(tmp_path)
    with (tmp_path / "duties.csv").open("wb") as file:
        file.truncate(8 * 1024**3)
    with pytest.raises(RosterRefused) as caught:
        await load(house, tmp_path)
    assert [(bad.file, bad.reason) for bad in caught.value.bad] == [("duties.csv", "too_large")]


async def test_the_migrations_make_what_the_tables_say(house: House) -> None:
    assert roster_tables.WarningRow.__tablename__ == "roster_warnings"

    def differences(connection: sa.Connection) -> list[object]:
        options = {
            "version_table_schema": "routing",
            "include_schemas": True,
            "include_name": lambda name, kind, _parents: kind != "schema" or name == "routing",
            "compare_type": True,
        }
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    async with house.database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


def liaison(folder: Path, url: str, *words: str, given: bytes = b"") -> tuple[int, str, str]:
    """(exit code, what was said, what was wrong) of a command."""
    own = {"LIAISON_DATABASE_URL": url, "LIAISON_DATA_DIR": str(folder), "LIAISON_MASTER_KEYS": f"t:{'QUFB' * 10}QUE="}
    done = subprocess.run(
        [sys.executable, "-m", "services", *words], input=given, capture_output=True, env=os.environ | own, check=False
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_the_command_line_names_each_bad_line_and_says_what_it_did(postgres_url: str, tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.mkdir()
    folder_of(good)
    assert liaison(tmp_path, postgres_url, "migrate")[0] == 0
    first = liaison(tmp_path, postgres_url, "roster", "load", str(good))
    assert (first[0], first[1][:17]) == (0, "Roster version 1:")
    folder_of(good, BAD["two lines overlapping"][0])
    code, said, wrong = liaison(tmp_path, postgres_url, "roster", "load", str(good))
    assert (code, said, wrong) == (1, "", "duties.csv:3: from: overlaps_another_line\n")
    shift = event("DTSTART:20261123T090000Z", "DURATION:PT8H")
    whose = ("roster", "calendar", "-", "--force", "herts", "--officer", "H1042")
    assert liaison(tmp_path, postgres_url, *whose, given=calendar(shift))[1].endswith("1 entries of 1 officers.\n")
    bad = liaison(tmp_path, postgres_url, *whose, given=calendar(shift.replace("CATEGORIES:Duty", "SUMMARY:Dentist")))
    assert (bad[0], bad[2]) == (1, "-:4: VEVENT 1: CATEGORIES: unknown_kind\n")
