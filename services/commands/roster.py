"""Loads rosters: from the command line into routing's database, and for `liaison run`."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from services.commands.assembly import System, databases
from services.routing.calendar_file import CalendarRefused
from services.routing.calendars import Whose, import_calendar
from services.routing.policies import Policies
from services.routing.roster import Loaded, load_roster, read_folder
from services.routing.rules.roster.rows import BadLine, RosterRefused
from shared.contracts.policy import PolicyDocument
from shared.database import Database
from shared.migrate import at_head
from shared.policy_file import load_policy
from shared.runtime import Sources, platform_for
from shared.settings import Settings


async def check_folder(settings: Settings, folder: Path) -> list[str]:
    """What is wrong with a folder's files, a line each: file, line, column, reason. Empty when it can be loaded."""
    try:
        read_folder(folder, await _policy_to_check_by(settings))
    except RosterRefused as refused:
        return [line_of(bad) for bad in refused.bad]
    except NotADirectoryError:
        return [f"{folder}: there is no such folder"]
    return []


async def _policy_to_check_by(settings: Settings) -> PolicyDocument:
    """The version in force, where there is a database to ask; before the first start, the one to start from."""
    if settings.database_url("routing") is None and not (settings.data_dir / "postgres").is_dir():
        return load_policy(settings)
    async with databases(settings) as urls:
        platform = await platform_for("routing", Sources(settings, urls, ""))
        try:
            return await _policy_in_force(settings, platform.database)
        finally:
            await platform.database.close()


async def _policy_in_force(settings: Settings, database: Database) -> PolicyDocument:
    policies = Policies(database)
    if not await at_head(database.engine, "routing"):
        return load_policy(settings)
    async with database.unit() as unit:
        await policies.refresh(unit.connection)
        return policies.at(await unit.now()) if policies.pools() else load_policy(settings)


def line_of(bad: BadLine) -> str:
    """A bad line as a person reads it: where, and why; never what stands there."""
    return f"{bad.file}:{bad.line}: {bad.column}: {bad.reason}"


async def load_folder(system: System, folder: Path) -> Loaded:
    """Load a folder into the routing of a running system."""
    routing = next(one for one in system.services if one.service.name == "routing")
    policy = await _policy_in_force(system.settings, routing.platform.database)
    rows = await asyncio.to_thread(read_folder, folder, policy)
    return await load_roster(routing.platform.database, routing.platform.keys, rows)


@dataclass(frozen=True)
class Said:
    """What a command has to say: what it did, or what was wrong, a line each."""

    done: str = ""
    wrong: tuple[str, ...] = ()


async def import_from_command_line(settings: Settings, content: bytes, whose: tuple[str, str | None]) -> Said:
    """Import a calendar for (force, officer or None) into routing's database, whether routing runs or not."""
    force, officer = whose
    if force not in load_policy(settings).forces:
        return Said(wrong=("0: VCALENDAR: force: unknown_force",))
    async with databases(settings) as urls:
        platform = await platform_for("routing", Sources(settings, urls, ""))
        try:
            done = await import_calendar(platform.database, platform.keys, content, Whose(force, officer))
        except CalendarRefused as refused:
            lines = (f"{bad.line}: {bad.component}: {bad.name}: {bad.reason}" for bad in refused.bad)
            return Said(wrong=tuple(lines))
        finally:
            await platform.database.close()
    said = f"Roster version {done.version}:" if done.changed else f"Nothing has changed: version {done.version},"
    return Said(done=f"{said} {done.entries} entries of {done.officers} officers.")


async def load_from_command_line(settings: Settings, folder: Path) -> str:
    """Load a folder into routing's database, whether routing runs or not; gives the line to print."""
    async with databases(settings) as urls:
        platform = await platform_for("routing", Sources(settings, urls, ""))
        try:
            policy = await _policy_in_force(settings, platform.database)
            rows = read_folder(folder, policy)
            loaded = await load_roster(platform.database, platform.keys, rows)
        finally:
            await platform.database.close()
    return _said(loaded)


def _said(loaded: Loaded) -> str:
    said = "Roster version {}:" if loaded.changed else "Nothing has changed: version {},"
    line = f"{said.format(loaded.version)} {loaded.officers} officers, {loaded.roles} role lines."
    if loaded.unplaced:
        # The directory may be older than the postcode: it is worth a word, and no reason to refuse a roster.
        line += f" The postcode directory does not know the base of {loaded.unplaced}: their travel is not reckoned."
    return line
