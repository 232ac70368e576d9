"""Loads rosters: from the command line into routing's database, and for `liaison run`."""

from pathlib import Path

from services.commands.assembly import System, databases
from services.routing.roster import Loaded, load_roster, read_folder
from services.routing.rules.roster.rows import BadLine, RosterRefused
from shared.policy_file import load_policy
from shared.runtime import Sources, platform_for
from shared.settings import Settings


def check_folder(settings: Settings, folder: Path) -> list[str]:
    """What is wrong with a folder's files, a line each: file, line, column, reason. Empty when it can be loaded."""
    try:
        read_folder(folder, load_policy(settings))
    except RosterRefused as refused:
        return [line_of(bad) for bad in refused.bad]
    except NotADirectoryError:
        return [f"{folder}: there is no such folder"]
    return []


def line_of(bad: BadLine) -> str:
    """A bad line as a person reads it: where, and why; never what stands there."""
    return f"{bad.file}:{bad.line}: {bad.column}: {bad.reason}"


async def load_folder(system: System, folder: Path) -> Loaded:
    """Load a folder into the routing of a running system."""
    routing = next(one for one in system.services if one.service.name == "routing")
    rows = read_folder(folder, load_policy(system.settings))
    return await load_roster(routing.platform.database, routing.platform.keys, rows)


async def load_from_command_line(settings: Settings, folder: Path) -> str:
    """Load a folder into routing's database, whether routing runs or not; gives the line to print."""
    rows = read_folder(folder, load_policy(settings))
    async with databases(settings) as urls:
        platform = await platform_for("routing", Sources(settings, urls, ""))
        try:
            loaded = await load_roster(platform.database, platform.keys, rows)
        finally:
            await platform.database.close()
    if not loaded.changed:
        return f"Nothing has changed: version {loaded.version}, {loaded.officers} officers, {loaded.roles} role lines."
    return f"Roster version {loaded.version}: {loaded.officers} officers, {loaded.roles} role lines."
