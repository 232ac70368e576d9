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
from services.routing.own_entries import OwnTime, force_of, set_time
from services.routing.policies import Policies
from services.routing.roster_change import changing
from services.routing.rules.matching.model import IDLE, Load, Officer
from services.routing.store import loads
from services.routing.store import roster as store
from shared.contracts.answers.team import OfficerList, OwnTimes
from shared.contracts.duty import DutyKind
from shared.contracts.model import DoorPart, Instant
from shared.contracts.policy import PolicyDocument
from shared.database import Database
from shared.described import answers, reads
from shared.errors import Forbidden, NotFound
from shared.identity import Principal, allow
from shared.sealing import MasterKeys
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
    keys: MasterKeys

    def router(self) -> APIRouter:
        """Their router."""
        router = APIRouter(tags=["officers"])
        router.add_api_route("/v1/officers", self.listing, methods=["GET"])
        router.add_api_route("/v1/officers/{officer}/duties", self.set_duties, methods=["PUT"])
        return router

    @answers(OfficerList)
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
            ours = [officer for officer in roster.officers if officer.force == mine]
            entries = await store.entries(unit.connection, (officer.id for officer in ours), now)
        items = [
            _row(officer, in_hand.get(officer.id, IDLE), policy, now)
            | {"entries": [_stored(row) for row in entries.get(officer.id, ())]}
            for officer in ours
        ]
        return answer(200, page_of(items, None))

    @answers(OwnTimes)
    @reads(OwnEntries)
    async def set_duties(self, principal: SignedIn, officer: str, body: Body) -> Response:
        """An officer's own entries, all of them; they beat the feed and the file from now on."""
        allow(principal, "duties.write")
        given = OwnEntries.model_validate_json(body)
        async with self.database.unit() as unit:
            force = may_speak_for(principal, officer, await force_of(unit, officer))
            async with changing(unit, self.keys) as change:
                await set_time(change, force, officer, [OwnTime(*_words(entry)) for entry in given.entries])
        return answer(200, {"officer": officer, "entries": [_entry(entry) for entry in given.entries]})


def may_speak_for(principal: Principal, officer: str, force: str | None) -> str:
    """The officer's force, if it is theirs or their supervisor's to say; a Refusal if not."""
    if principal.role == "officer" and principal.id != officer:
        raise Forbidden("another_officer")
    if force is None or (principal.role != "officer" and principal.force != force):
        raise NotFound
    return force


def _words(entry: OwnEntry) -> tuple[str, datetime, datetime | None]:
    return (entry.kind, entry.start, entry.until)


def _entry(entry: OwnEntry) -> dict[str, Any]:
    return {"kind": entry.kind, "from": entry.start, "until": entry.until}


def _stored(row: Any) -> dict[str, Any]:
    """An entry with where it comes from: the officer's own word, the feed or the file."""
    return {"kind": row.kind, "from": row.starts, "until": row.ends, "source": row.source}


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
