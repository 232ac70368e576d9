"""Officers' own browsers as a means: each says for itself whether it wants to be told."""

from services.routing.own_entries import PUSH, own_means, set_means
from services.routing.roster_change import RosterChange
from services.routing.rules.roster.rows import Means
from shared.addressees import open_address
from shared.contracts.push import MOST_DEVICES, Subscription
from shared.database import Unit
from shared.sealing import MasterKeys, SealBroken


async def add_device(change: RosterChange, officer: str, device: Subscription) -> None:
    """Tell this browser too; beyond `MOST_DEVICES` the one that has been told longest gives way."""
    others = [one for one in await devices_of(change.unit, change.keys, officer) if one != device.address]
    await _set(change, officer, [*others[-(MOST_DEVICES - 1) :], device.address])


async def stop_device(change: RosterChange, officer: str, device: Subscription) -> None:
    """Tell this browser no more; nothing changes where it was not told."""
    addresses = await devices_of(change.unit, change.keys, officer)
    await _set(change, officer, [one for one in addresses if one != device.address])


async def devices_of(unit: Unit, keys: MasterKeys, officer: str) -> list[str]:
    """The addresses of an officer's browsers, the one told longest first; one that does not open is left out."""
    rows = [row for row in await own_means(unit, officer) if row.kind == PUSH]
    found = []
    for row in sorted(rows, key=lambda row: (row.since_version, row.id)):
        try:
            found.append(open_address(keys, officer, PUSH, row.sealed))
        except SealBroken:
            continue
    return found


async def _set(change: RosterChange, officer: str, addresses: list[str]) -> None:
    await set_means(change, officer, [Means(PUSH, one) for one in addresses], {PUSH})
