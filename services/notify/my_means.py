"""What an officer sees of how they are reached: which means, whether proved, and whether a number said STOP."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from services.notify.numbers import Marks
from services.notify.rules.planning import Way
from services.notify.store.codes import stopped_among
from services.notify.store.recipients import recipients
from shared.addressees import open_address
from shared.contracts.answers.team import WayList
from shared.database import Database, Unit
from shared.described import answers
from shared.errors import NotFound
from shared.identity import allow
from shared.sealing import MasterKeys, SealBroken
from shared.web import SignedIn, page_of


@dataclass(frozen=True)
class MyMeans:
    """The route; it opens numbers to compare them, and shows none."""

    database: Database
    keys: MasterKeys

    def router(self) -> APIRouter:
        """Its router."""
        router = APIRouter(tags=["notify"])
        router.add_api_route("/v1/means", self.means, methods=["GET"])
        return router

    @answers(WayList)
    async def means(self, signed_in: SignedIn) -> dict[str, Any]:
        """The officer's own means, in the order they are tried; `stopped`: its number said STOP, START ends that.

        `gone`: this browser is not there any more, says its push service; it is not tried again.
        """
        allow(signed_in, "means.read")
        officer = str(signed_in.id)
        async with self.database.unit() as unit:
            known = await recipients(unit, [officer])
            if officer not in known:
                raise NotFound
            ways = known[officer].ways
            stopped = await self._stopped(unit, officer, ways)
        shown = [
            {"means": way.kind, "verified": way.verified, "stopped": place in stopped, "gone": way.gone}
            for place, way in enumerate(ways)
        ]
        return page_of(shown, None)

    async def _stopped(self, unit: Unit, officer: str, ways: tuple[Way, ...]) -> frozenset[int]:
        """Which of the ways are numbers that said STOP."""
        marks = {place: self._marks(officer, way) for place, way in enumerate(ways) if way.kind == "phone"}
        said = await stopped_among(unit, [mark for mine in marks.values() for mark in mine])
        return frozenset(place for place, mine in marks.items() if said.intersection(mine))

    def _marks(self, officer: str, way: Way) -> list[bytes]:
        try:
            return Marks(self.keys).marks(open_address(self.keys, officer, way.kind, way.sealed))
        except SealBroken:
            return []
