"""The reckoning: asks the services, over HTTP, who has every report that was accepted."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from services.simulation.access import Client, SimulationFailed
from services.simulation.ledger import Ledger, Sent, Wrong, faults, owner

AT_ONCE = 16
"""Requests under way together."""
TWICE_LOOKED_AT = 500
"""References whose notices are looked at for doubles; each look is on the access log."""
BY_INTAKE = "held by intake"
"""Accepted, and routing has not opened a referral yet."""
LOST, OWNERLESS = "lost", "ownerless"
_MAY_CHANGE = frozenset({BY_INTAKE, LOST, OWNERLESS})


@dataclass(frozen=True)
class Verdict:
    """Who has every reference (`lost` and `ownerless` are nobody), who was asked twice, and answers that are wrong.

    Surprises are refusals with another code than was looked for: told, and no fault.
    """

    places: Mapping[str, str]
    told_twice: frozenset[str]
    wrong: tuple[Wrong, ...]
    surprises: tuple[Wrong, ...]

    @property
    def owners(self) -> Counter[str]:
        """How many references have which kind of owner."""
        return Counter(self.places.values())

    @property
    def settled(self) -> bool:
        """Whether looking again would not help: nothing is wrong, and routing has everything."""
        return not (self.wrong or self.told_twice or _MAY_CHANGE & self.owners.keys())


def accepted(ledger: Ledger) -> dict[str, Sent]:
    """Every reference that was given out, with the first item that got it."""
    given: dict[str, Sent] = {}
    for sent in ledger.sent.values():
        reference = None if sent.item.hostile else ledger.reference_of(sent.item)
        if reference is not None:
            given.setdefault(reference, sent)
    return given


class Reckoning:
    """Asks about what was accepted; asked again, only about what was not settled before."""

    def __init__(self, client: Client, ledger: Ledger, forces: Sequence[str]) -> None:
        self._client = client
        self._ledger = ledger
        self._forces = forces
        self._places: dict[str, str] = {}
        self._told_twice: set[str] = set()
        self._looked_at: set[str] = set()

    async def look(self) -> Verdict:
        """The verdict as of now."""
        given = accepted(self._ledger)
        open_ = {ref: sent for ref, sent in given.items() if self._places.get(ref, LOST) in _MAY_CHANGE}
        rows = await self._listed() if open_ else {}
        asking = asyncio.Semaphore(AT_ONCE)

        async def place(reference: str, sent: Sent) -> None:
            async with asking:
                self._places[reference] = await self._place(reference, sent.item.force, rows.get(reference))
                if reference in rows:
                    await self._look_for_doubles(reference, str(rows[reference].get("force")))

        await asyncio.gather(*(place(reference, sent) for reference, sent in open_.items()))
        judged = tuple(faults(self._ledger))
        return Verdict(
            dict(self._places),
            frozenset(self._told_twice),
            tuple(one for one in judged if one.what != "surprise"),
            tuple(one for one in judged if one.what == "surprise"),
        )

    async def _listed(self) -> dict[str, Mapping[str, Any]]:
        """Routing's own lists, by reference; nothing of a force whose list is not to be had just now."""
        rows: dict[str, Mapping[str, Any]] = {}
        for force in self._forces:
            with suppress(SimulationFailed):
                async for row in self._client.pages("/v1/referrals", f"coordinator:{force}", force=force):
                    rows[str(row.get("reference"))] = row
        return rows

    async def _place(self, reference: str, force: str, row: Mapping[str, Any] | None) -> str:
        """Who has it: by routing's list, else by the report as its own control room may read it."""
        if row is not None:
            return owner(row) or OWNERLESS
        answer = await self._client.get(f"/v1/reports/{reference}", f"control_room:{force}")
        if not answer.good:
            return LOST
        return BY_INTAKE if answer.body.get("opened") is False else owner(answer.body) or OWNERLESS

    async def _look_for_doubles(self, reference: str, force: str) -> None:
        """Whether anybody was given two offers of one referral, by notify's own account."""
        if reference in self._looked_at or len(self._looked_at) >= TWICE_LOOKED_AT:
            return
        self._looked_at.add(reference)
        offers: Counter[str] = Counter()
        try:
            async for notice in self._client.pages("/v1/notices", f"coordinator:{force}", reference=reference):
                offers[str(notice.get("to"))] += notice.get("type") == "task.offered"
        except SimulationFailed:
            # Nothing has been planned about it yet, or it has gone to another force in between.
            self._looked_at.discard(reference)
        if any(count > 1 for count in offers.values()):
            self._told_twice.add(reference)
