"""How people are reached: officers' own means, and who staffs a role. Addresses come in and are never shown again."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Response
from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.routing.api.answers import answer
from services.routing.own_entries import force_of, own_means, prove, set_means
from services.routing.roster_change import changing
from services.routing.rotas import RotaShown, rotas_of, set_rota
from services.routing.rules.roster import fields
from services.routing.rules.roster.fields import BadCell
from services.routing.rules.roster.rows import ROLES, Means, RoleRow
from shared.contracts.model import DoorPart, Instant, Label
from shared.database import Database
from shared.described import reads
from shared.errors import FieldError, Forbidden, Invalid, NotFound
from shared.identity import allow
from shared.sealing import MasterKeys
from shared.web import Body, SignedIn

_Long = StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)


def _phone(text: str) -> str:
    return _cell(fields.phone, text)


def _email(text: str) -> str:
    return _cell(fields.email, text)


def _webhook(text: str) -> str:
    return _cell(fields.webhook, text)


def _cell(read: Any, text: str) -> str:
    """An address by the same reader as in a roster's files, so that both take the same."""
    try:
        found: str = read(text)
    except BadCell as error:
        raise PydanticCustomError(error.reason, "is not an address") from error
    return found


class Addresses(DoorPart):
    """Ways to reach somebody, each left out where there is none."""

    phone: Annotated[str, _Long, AfterValidator(_phone)] | None = None
    email: Annotated[str, _Long, AfterValidator(_email)] | None = None
    webhook: Annotated[str, _Long, AfterValidator(_webhook)] | None = None

    def means(self) -> tuple[Means, ...]:
        """Those that are given."""
        given = (("phone", self.phone), ("email", self.email), ("webhook", self.webhook))
        return tuple(Means(kind, address) for kind, address in given if address is not None)


class Proof(DoorPart):
    """The eight digits that were sent to an address of this kind."""

    kind: Literal["phone", "email"]
    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{8}$", strip_whitespace=True)]


class RotaEntry(Addresses):
    """Who staffs a role for a time; at least one way to reach them. No `from`: already; no `until`: for good."""

    name: Label | None = None
    start: Instant | None = Field(default=None, alias="from")
    until: Instant | None = None

    @model_validator(mode="after")
    def _stands(self) -> Self:
        if not self.means():
            raise PydanticCustomError("required", "nobody can be reached", {"field": "phone"})
        if self.start is not None and self.until is not None and self.until <= self.start:
            raise PydanticCustomError("ends_before_it_starts", "ends first", {"field": "until"})
        return self


class Rota(DoorPart):
    """All that supervisors say about a role; an empty list leaves it to the roster's files again."""

    entries: Annotated[tuple[RotaEntry, ...], Field(max_length=300)]


@dataclass(frozen=True)
class Reached:
    """The routes that set means and rotas."""

    database: Database
    keys: MasterKeys

    def router(self) -> APIRouter:
        """Their router."""
        router = APIRouter(tags=["officers"])
        router.add_api_route("/v1/officers/{officer}/means", self.set_means, methods=["PUT"])
        router.add_api_route("/v1/officers/{officer}/means/proof", self.prove_means, methods=["POST"])
        router.add_api_route("/v1/roles/{force}/{role}", self.set_rota, methods=["PUT"])
        return router

    @reads(Addresses)
    async def set_means(self, principal: SignedIn, officer: str, body: Body) -> Response:
        """An officer's own means, all of them; a new one is used after the roster's, until it is verified."""
        allow(principal, "means.write")
        if principal.id != officer:
            raise Forbidden("another_officer")
        given = Addresses.model_validate_json(body)
        async with self.database.unit() as unit:
            if await force_of(unit, officer) is None:
                raise NotFound
            async with changing(unit, self.keys) as change:
                await set_means(change, officer, given.means())
            rows = await own_means(unit, officer)
        shown = [{"kind": row.kind, "verified": row.verified} for row in sorted(rows, key=lambda row: str(row.kind))]
        return answer(200, {"officer": officer, "means": shown})

    @reads(Proof)
    async def prove_means(self, principal: SignedIn, officer: str, body: Body) -> Response:
        """Prove a new address by the code that was sent there: from now on it stands in for the roster's."""
        allow(principal, "means.write")
        if principal.id != officer:
            raise Forbidden("another_officer")
        given = Proof.model_validate_json(body)
        async with self.database.unit() as unit, changing(unit, self.keys) as change:
            proved = await prove(change, officer, given.kind, given.code)
        if not proved:
            raise Invalid(errors=[FieldError("code", "not_the_code")])
        return answer(200, {"officer": officer, "kind": given.kind, "verified": True})

    @reads(Rota)
    async def set_rota(self, principal: SignedIn, force: str, role: str, body: Body) -> Response:
        """Who staffs a role of one's own force; beats the files for the time it speaks of. Shows what is missing."""
        allow(principal, "roles.write", force)
        if role not in ROLES:
            raise NotFound
        given = Rota.model_validate_json(body)
        async with self.database.unit() as unit:
            async with changing(unit, self.keys) as change:
                await set_rota(change, force, role, [_row(force, role, entry) for entry in given.entries])
            shown = (await rotas_of(unit, force, change.now))[role]
        return answer(200, {"force": force, "role": role} | _rota(shown))


def _row(force: str, role: str, entry: RotaEntry) -> RoleRow:
    return RoleRow(force, role, entry.name or "", entry.means(), entry.start, entry.until)


def _rota(shown: RotaShown) -> dict[str, Any]:
    return {
        "entries": [
            {
                "name": one.name or None,
                "means": list(one.kinds),
                "from": one.starts,
                "until": one.ends,
                "source": one.source,
            }
            for one in shown.turns
        ],
        "gaps": [{"from": gap.starts, "until": gap.ends} for gap in shown.gaps],
    }
