"""How people are reached: officers' own means, and who staffs a role. Addresses come in and are never shown again."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Response
from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.routing.api.answers import answer
from services.routing.own_entries import PUSH, force_of, own_means, set_means
from services.routing.phone_test import ask_for_test
from services.routing.proving import prove, send_new_code
from services.routing.roster_change import changing
from services.routing.rotas import RotaShown, rota_of, set_rota
from services.routing.rules.roster import fields
from services.routing.rules.roster.fields import BadCell
from services.routing.rules.roster.rows import CONTROL_ROOM, ROLES, Means, RoleRow
from shared.addresses import Network, webhook_refusal
from shared.contracts.answers.team import OfficerTold, OneMeans, OwnMeans, RoleRota
from shared.contracts.model import DoorPart, Instant, Label
from shared.contracts.push import MOST_DEVICES, Subscription
from shared.database import Database
from shared.described import answers, reads
from shared.errors import FieldError, Forbidden, Invalid, NotFound
from shared.identity import Principal, allow
from shared.sealing import MasterKeys
from shared.web import Body, SignedIn

_WRITTEN = frozenset({"phone", "email", "webhook"})
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


class Ways(DoorPart):
    """Ways to reach somebody, each left out where there is none."""

    phone: Annotated[str, _Long, AfterValidator(_phone)] | None = None
    email: Annotated[str, _Long, AfterValidator(_email)] | None = None
    webhook: Annotated[str, _Long, AfterValidator(_webhook)] | None = None

    def means(self) -> tuple[Means, ...]:
        """Those that are given."""
        given = (("phone", self.phone), ("email", self.email), ("webhook", self.webhook))
        return tuple(Means(kind, address) for kind, address in given if address is not None)


class Addresses(Ways):
    """An officer's own means. `push` are their browsers; left out, those stay as they are."""

    push: Annotated[tuple[Subscription, ...], Field(max_length=MOST_DEVICES)] | None = None

    def kinds(self) -> frozenset[str]:
        """The kinds of which these are all."""
        return _WRITTEN if self.push is None else _WRITTEN | {PUSH}

    def means(self) -> tuple[Means, ...]:
        """Those that are given."""
        return (*super().means(), *(Means(PUSH, one.address) for one in self.push or ()))


class CodeWanted(DoorPart):
    """Which of one's own addresses is to be sent a new code."""

    kind: Literal["phone", "email", "webhook"]


class Proof(CodeWanted):
    """The eight digits that were sent to an address of this kind."""

    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{8}$", strip_whitespace=True)]


class RotaEntry(Ways):
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
    allowed: tuple[Network, ...] = ()
    """Private networks that webhooks may reach."""

    def router(self) -> APIRouter:
        """Their router."""
        router = APIRouter(tags=["officers"])
        router.add_api_route("/v1/officers/{officer}/means", self.set_means, methods=["PUT"])
        router.add_api_route("/v1/officers/{officer}/means/proof", self.prove_means, methods=["POST"])
        router.add_api_route("/v1/officers/{officer}/means/new-code", self.new_code, methods=["POST"], status_code=202)
        router.add_api_route("/v1/officers/{officer}/test-notice", self.test_notice, methods=["POST"], status_code=202)
        router.add_api_route("/v1/roles/{force}/{role}", self.set_rota, methods=["PUT"])
        return router

    @answers(OwnMeans)
    @reads(Addresses)
    async def set_means(self, principal: SignedIn, officer: str, body: Body) -> Response:
        """An officer's own means, all of them; a new one is used after the roster's, until it is verified."""
        _themselves(principal, officer)
        given = Addresses.model_validate_json(body)
        self._judge([("webhook", given)])
        async with self.database.unit() as unit:
            if await force_of(unit, officer) is None:
                raise NotFound
            async with changing(unit, self.keys) as change:
                await set_means(change, officer, given.means(), given.kinds())
            rows = await own_means(unit, officer)
        shown = [{"kind": row.kind, "verified": row.verified} for row in sorted(rows, key=lambda row: str(row.kind))]
        return answer(200, {"officer": officer, "means": shown})

    @answers(OneMeans)
    @reads(Proof)
    async def prove_means(self, principal: SignedIn, officer: str, body: Body) -> Response:
        """Prove a new address by the code that was sent there: from now on it stands in for the roster's.

        After five wrong tries the code is void: a new one has to be asked for.
        """
        given = Proof.model_validate_json(body)
        await self.prove(principal, officer, given)
        return answer(200, {"officer": officer, "kind": given.kind, "verified": True})

    @answers(OneMeans, 202)
    @reads(CodeWanted)
    async def new_code(self, principal: SignedIn, officer: str, body: Body) -> Response:
        """Have a new code sent to an address that is not proved yet; the one before is void. Five an hour at most."""
        given = CodeWanted.model_validate_json(body)
        await self.send_code(principal, officer, given)
        return answer(202, {"officer": officer, "kind": given.kind, "verified": False})

    @answers(OfficerTold, 202)
    async def test_notice(self, principal: SignedIn, officer: str) -> Response:
        """Tell an officer something over each of their means, five times an hour at most; no body is read.

        What came of it shows in notify's `GET /v1/notices`, asked for without a reference.
        """
        await self.send_test(principal, officer)
        return answer(202, {"officer": officer})

    async def prove(self, principal: Principal, officer: str, given: Proof) -> None:
        """Prove one's own new address. Invalid where that is not its code, or it is void."""
        _themselves(principal, officer)
        async with self.database.unit() as unit, changing(unit, self.keys) as change:
            verdict = await prove(change, officer, given.kind, given.code)
        # A wrong try is counted first, and refused when that is written down.
        if verdict != "proved":
            raise Invalid(errors=[FieldError("code", verdict)])

    async def send_code(self, principal: Principal, officer: str, given: CodeWanted) -> None:
        """Send a new code to one's own address. Invalid where there is nothing to prove, or after five an hour."""
        _themselves(principal, officer)
        async with self.database.unit() as unit, changing(unit, self.keys) as change:
            if not await send_new_code(change, officer, given.kind):
                raise Invalid(errors=[FieldError("kind", "nothing_to_prove")])

    async def send_test(self, principal: Principal, officer: str) -> None:
        """Have oneself told something over each means. Invalid after five an hour; NotFound on no roster."""
        _themselves(principal, officer)
        async with self.database.unit() as unit:
            if await force_of(unit, officer) is None:
                raise NotFound
            await ask_for_test(unit, officer)

    @answers(RoleRota)
    @reads(Rota)
    async def set_rota(self, principal: SignedIn, force: str, role: str, body: Body) -> Response:
        """Who staffs a role of one's own force; beats the files for the time it speaks of. Shows what is missing."""
        allow(principal, "roles.write", force)
        if role not in ROLES:
            raise NotFound
        given = Rota.model_validate_json(body)
        if role == CONTROL_ROOM:
            _each_has_a_webhook(given)
        self._judge([(f"entries.{place}.webhook", entry) for place, entry in enumerate(given.entries)])
        async with self.database.unit() as unit:
            async with changing(unit, self.keys) as change:
                await set_rota(change, force, role, [_row(force, role, entry) for entry in given.entries])
            shown = await rota_of(unit, force, role, change.now)
        return answer(200, {"force": force, "role": role} | _rota(shown))

    def _judge(self, named: Iterable[tuple[str, Ways]]) -> None:
        """Refuse webhooks that could never be reached, as far as their addresses show; each by its field."""
        judged = ((field, webhook_refusal(ways.webhook, self.allowed)) for field, ways in named if ways.webhook)
        errors = [FieldError(field, reason) for field, reason in judged if reason]
        if errors:
            raise Invalid(errors=errors)


def _themselves(principal: Principal, officer: str) -> None:
    allow(principal, "means.write")
    if principal.id != officer:
        raise Forbidden("another_officer")


def _each_has_a_webhook(given: Rota) -> None:
    missing = [place for place, entry in enumerate(given.entries) if entry.webhook is None]
    if missing:
        raise Invalid(errors=[FieldError(f"entries.{place}.webhook", "required") for place in missing])


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
