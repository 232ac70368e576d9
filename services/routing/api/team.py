"""Officers as their supervisors see them, and an officer's own word about their time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query, Response
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.routing.api.answers import answer
from services.routing.api.reading import own_force
from services.routing.officers import Officers
from services.routing.policies import Policies
from services.routing.rules.matching.model import IDLE, Load, Officer
from services.routing.store import loads
from services.routing.store import roster as store
from services.routing.store.tables import DutyRow, OfficerRow
from shared.contracts.duty import DutyKind
from shared.contracts.model import DoorPart, Instant
from shared.contracts.policy import PolicyDocument
from shared.database import Database, Unit
from shared.errors import Forbidden, NotFound
from shared.identifiers import uuid7
from shared.identity import Principal, allow
from shared.web import Body, SignedIn, page_of


class OwnEntry(DoorPart):
    """A stretch of an officer's time in their own word; no `until`: until further notice."""

    kind: DutyKind
    start: Instant = Field(alias="from")
    until: Instant | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.until is not None and self.until <= self.start:
            raise PydanticCustomError("ends_before_it_starts", "ends first", {"field": "until"})
        return self


class OwnEntries(DoorPart):
    """All of an officer's own entries: what is not among them any more does not stand any more."""

    entries: Annotated[tuple[OwnEntry, ...], Field(max_length=500)]


@dataclass(frozen=True)
class Team:
    """The routes about officers."""

    database: Database
    policies: Policies
    officers: Officers

    def router(self) -> APIRouter:
        """Their router."""
        router = APIRouter(tags=["officers"])
        router.add_api_route("/v1/officers", self.listing, methods=["GET"])
        router.add_api_route("/v1/officers/{officer}/duties", self.set_duties, methods=["PUT"])
        return router

    async def listing(self, principal: SignedIn, force: Annotated[str | None, Query(max_length=40)] = None) -> Response:
        """The officers of one's own force: who is on duty, until when, and how much they have in hand."""
        allow(principal, "officers.read")
        mine = own_force(principal, force)
        async with self.database.unit() as unit:
            await self.policies.refresh(unit.connection)
            now = await unit.now()
            policy = self.policies.at(now)
            pool = policy.pool_of(mine) or ""
            roster = await self.officers.roster(unit.connection, pool, policy, now)
            in_hand = await loads.of_officers(unit.connection)
        items = [
            _row(officer, in_hand.get(officer.id, IDLE), policy, now)
            for officer in roster.officers
            if officer.force == mine
        ]
        return answer(200, page_of(items, None))

    async def set_duties(self, principal: SignedIn, officer: str, body: Body) -> Response:
        """An officer's own entries, all of them; they beat the feed and the file from now on."""
        allow(principal, "duties.write")
        given = OwnEntries.model_validate_json(body)
        async with self.database.unit() as unit:
            force = _may_speak_for(principal, officer, await _force_of(unit, officer))
            await _replace(unit, force, officer, given.entries)
        return answer(200, {"officer": officer, "entries": [_entry(entry) for entry in given.entries]})


async def _force_of(unit: Unit, officer: str) -> str | None:
    rows = await store.current(unit.connection, OfficerRow, "id = :officer", officer=officer)
    return rows[0].force if rows else None


def _may_speak_for(principal: Principal, officer: str, force: str | None) -> str:
    if principal.role == "officer" and principal.id != officer:
        raise Forbidden("another_officer")
    if force is None or (principal.role != "officer" and principal.force != force):
        raise NotFound
    return force


async def _replace(unit: Unit, force: str, officer: str, entries: tuple[OwnEntry, ...]) -> None:
    now = await unit.now()
    version = await store.lock_version(unit.connection, now) + 1
    rows = await store.current(unit.connection, DutyRow, "source = 'own' and officer = :officer", officer=officer)
    had = {(row.kind, row.starts, row.ends): row.id for row in rows}
    wanted = {(entry.kind, entry.start, entry.until) for entry in entries}
    if had.keys() == wanted:
        return
    await store.end(unit.connection, DutyRow, [had[key] for key in had.keys() - wanted], version)
    new = [_duty(force, officer, *key) for key in wanted - had.keys()]
    await store.begin(unit.connection, DutyRow, new, version)
    await store.set_version(unit.connection, version, now)
    unit.wake("driver")


def _duty(force: str, officer: str, kind: str, starts: datetime, ends: datetime | None) -> dict[str, Any]:
    words = {"kind": kind, "starts": starts, "ends": ends, "source": "own", "entry": None}
    return {"id": uuid7(), "force": force, "officer": officer, **words}


def _entry(entry: OwnEntry) -> dict[str, Any]:
    return {"kind": entry.kind, "from": entry.start, "until": entry.until}


def _row(officer: Officer, load: Load, policy: PolicyDocument, now: datetime) -> dict[str, Any]:
    """What a supervisor needs to know. Gender and the areas an officer avoids are for matching alone."""
    course = policy.matching.course
    until = max((day for name, day in officer.trained if name == course), default=None)
    return {
        "id": officer.id,
        "force": officer.force,
        "title": officer.title,
        "districts": sorted(officer.districts),
        "skills": sorted(officer.skills),
        "languages": sorted(officer.languages),
        "trained_until": until,
        "duty": officer.duty.at(now),
        "on_duty_until": officer.duty.available_until(now),
        "next_duty": officer.duty.next_start(now),
        "cap": officer.cap or policy.matching.cap,
        "in_hand": load.counted,
    }
