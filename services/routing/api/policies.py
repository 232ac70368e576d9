"""The policy over HTTPS: proposed by one person, approved by another, read by whoever is bound by it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, TypeAdapter, ValidationError

from services.routing.api.answers import answer
from services.routing.policies import Proposals
from services.routing.rules.policy.diff import Change, changes
from services.routing.rules.policy.house import objections, warnings
from services.routing.rules.policy.proposal import Refused, Version
from services.routing.rules.policy.writing import toml_of
from services.routing.store import policies as store
from shared.contracts.answers.planning import PolicyList, PolicyProposed, PolicyRow, PolicyShown
from shared.contracts.model import DoorPart, Instant
from shared.contracts.policy import PolicyDocument, PolicyError, WrittenPolicy, in_force, read_json, read_toml
from shared.database import Database, Unit
from shared.described import answers, reads
from shared.errors import BadJson, Conflict, FieldError, Forbidden, Invalid, NotFound, Refusal
from shared.idempotency import idempotent_route
from shared.identity import Principal, allow
from shared.web import SignedIn, page_of

TOML_TYPES = ("application/toml", "text/toml", "text/x-toml", "application/x-toml", "text/plain")
_WHAT = "A policy; its JSON Schema is printed by `liaison policy check --schema`."
_DESCRIBED = {
    "requestBody": {
        "required": True,
        "content": {
            TOML_TYPES[0]: {"schema": {"type": "string", "description": _WHAT}},
            "application/json": {"schema": {"type": "object", "description": _WHAT}},
        },
    }
}
_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)
_WORDS = {
    "own_proposal": "You proposed this version yourself. Somebody else must approve it.",
    "already_approved": "Somebody else has approved this version already",
    "version_exists": "There is a version of this name, and it has been approved. Choose another name.",
    "proposal_changed": "This proposal has been changed since you read it. Read it again before you approve it.",
    "effective_from_passed": "The day from which it was to hold has passed. Propose it again with a later one.",
    "would_break_the_house": "As things stand now this version would leave something without an owner",
}


class Approving(DoorPart):
    """The body of an approval; all of it may be left out. `digest`: of the proposal as the approver read it."""

    digest: Annotated[str | None, Field(max_length=64)] = None


@dataclass(frozen=True)
class Standing:
    """A version, the one it takes over from, and whether it is in force."""

    version: Version
    before: PolicyDocument | None
    in_force: bool
    objections: tuple[FieldError, ...] = ()
    warnings: tuple[FieldError, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """What it changes, or has changed when it came."""
        return changes(self.before, self.version.document) if self.before else ()


@dataclass(frozen=True)
class PoliciesApi:
    """The routes about the policy."""

    database: Database
    proposals: Proposals

    def router(self) -> APIRouter:
        """Their router; every POST may carry an `Idempotency-Key`."""
        router = APIRouter(tags=["policy"], route_class=idempotent_route(self.database))
        router.add_api_route("/v1/policies", self.propose, methods=["POST"], status_code=201, openapi_extra=_DESCRIBED)
        router.add_api_route("/v1/policies/{version}/approve", self.approve, methods=["POST"])
        router.add_api_route("/v1/policies", self.listing, methods=["GET"])
        router.add_api_route("/v1/policies/{version}", self.one, methods=["GET"])
        return router

    @answers(PolicyProposed, 201)
    @answers(PolicyProposed)
    async def propose(self, principal: SignedIn, request: Request) -> Response:
        """A version, as TOML or JSON. 201; the same again is 200; a proposal nobody has approved is replaced."""
        allow(principal, "policies.write")
        body, type_ = await request.body(), request.headers.get("content-type", "")
        async with self.database.unit() as unit:
            now = await unit.now()
        written = await asyncio.to_thread(written_policy, body, type_, now)
        try:
            outcome = await self.proposals.propose(written, str(principal))
        except Refused as refused:
            raise refusal(refused) from None
        shown = row(Standing(outcome.version, None, False)) | {"warnings": [_said(one) for one in outcome.warnings]}
        return answer(201 if outcome.new else 200, shown)

    @answers(PolicyRow)
    @reads(Approving, required=False)
    async def approve(self, principal: SignedIn, version: str, request: Request) -> Response:
        """Put a proposal into force from its date. Never one's own."""
        allow(principal, "policies.write")
        asked = Approving.model_validate_json(await request.body() or b"{}")
        return answer(200, row(await self.approved(principal, version, asked.digest)))

    async def approved(self, principal: Principal, version: str, digest: str | None) -> Standing:
        """Approve, whichever way somebody says so. Raises a Refusal."""
        allow(principal, "policies.write")
        try:
            found = await self.proposals.approve(version, str(principal), digest)
        except Refused as refused:
            raise refusal(refused) from None
        if found is None:
            raise NotFound
        async with self.database.unit() as unit:
            return await standing(unit, self.proposals, found)

    @answers(PolicyList)
    async def listing(self, principal: SignedIn, at: Annotated[str | None, Query(max_length=40)] = None) -> Response:
        """Every version, the last to take effect first; `at` an instant, the one in force then alone."""
        allow(principal, "policies.read")
        when = None if at is None else instant(at)
        async with self.database.unit() as unit:
            now = await unit.now()
            found = all_standing(await store.all_versions(unit.connection), when or now)
        return answer(200, page_of([row(one) for one in found if when is None or one.in_force], None))

    @answers(PolicyShown)
    async def one(self, principal: SignedIn, version: str, request: Request) -> Response:
        """One version whole, and what it changes; as TOML alone to whoever asks for that."""
        allow(principal, "policies.read")
        async with self.database.unit() as unit:
            found = await store.one(unit.connection, version)
            if found is None:
                raise NotFound
            shown = await standing(unit, self.proposals, found)
        if any(type_ in request.headers.get("accept", "") for type_ in TOML_TYPES[:2]):
            return Response(toml_of(found.document), media_type="application/toml")
        said = {
            "objections": [_said(one) for one in shown.objections],
            "warnings": [_said(one) for one in shown.warnings],
        }
        document = found.document.model_dump(mode="json", by_alias=True)
        return answer(200, row(shown) | {"changes": list(map(str, shown.changes)), **said, "document": document})


def written_policy(body: bytes, content_type: str, begins: datetime) -> WrittenPolicy:
    """What a body says, by its type; one without a telling type by its first character. Invalid with every fault."""
    kind = content_type.partition(";")[0].strip().lower()
    json_given = kind == "application/json" or kind.endswith("+json")
    if not json_given and kind not in TOML_TYPES:
        json_given = body.lstrip()[:1] == b"{"
    try:
        text = body.decode("utf-8-sig")
        return read_json(text, begins) if json_given else read_toml(text, begins)
    except UnicodeDecodeError:
        raise _unreadable(json_given, (FieldError("body", "not_utf8"),)) from None
    except PolicyError as error:
        raise _unreadable(json_given, error.errors) from None


def _unreadable(json_given: bool, errors: tuple[FieldError, ...]) -> Refusal:
    if json_given and {error.reason for error in errors} <= {"not_json", "not_an_object", "too_deep", "not_utf8"}:
        return BadJson()
    return Invalid("invalid_policy", "This is no policy that can be used", errors=errors)


def refusal(refused: Refused) -> Refusal:
    """What a person is told when their proposal or approval does not apply."""
    if refused.code == "own_proposal":
        return Forbidden(refused.code, _WORDS[refused.code])
    if refused.code == "invalid":
        return Invalid("invalid_policy", "This is no policy that can be used", errors=refused.errors)
    return Conflict(refused.code, _WORDS.get(refused.code), errors=refused.errors)


def instant(text: str) -> datetime:
    """An instant in a query; an unescaped `+` of its offset arrives as a space."""
    try:
        return _INSTANT.validate_python(text.replace(" ", "+"))
    except ValidationError:
        raise Invalid(errors=[FieldError("at", "not_a_time")]) from None


async def standing(unit: Unit, proposals: Proposals, version: Version) -> Standing:
    """How a version stands now: what it takes over from, and for a proposal what speaks against it."""
    now = await unit.now()
    (found,) = (one for one in all_standing(await store.all_versions(unit.connection), now) if one.version == version)
    if version.approved_at is not None:
        return found
    house = await proposals.house(unit, max(version.document.effective_from, now))
    against = tuple(objections(version.document, house))
    return Standing(version, house.before, False, against, tuple(warnings(version.document, house)))


def all_standing(versions: list[Version], at: datetime) -> list[Standing]:
    """Every version as it stands at an instant."""
    approved = [one.document for one in versions if one.approved_at is not None]
    current = in_force(approved, at).version if approved else None
    return [Standing(one, _taken_over(one, approved), one.name == current) for one in versions]


def _taken_over(version: Version, approved: list[PolicyDocument]) -> PolicyDocument | None:
    document = version.document
    earlier = [
        one for one in approved if one.version != document.version and one.effective_from <= document.effective_from
    ]
    return in_force(earlier, document.effective_from) if earlier else None


def row(found: Standing) -> dict[str, Any]:
    """A version in a list."""
    version = found.version
    return {
        "version": version.name,
        "state": "proposed" if version.approved_at is None else "approved",
        "in_force": found.in_force,
        "effective_from": version.document.effective_from,
        "on_approval": version.on_approval and version.approved_at is None,
        "proposed_by": version.document.proposed_by,
        "proposed_at": version.proposed_at,
        "approved_by": version.document.approved_by,
        "approved_at": version.approved_at,
        "digest": version.digest,
    }


def _said(error: FieldError) -> dict[str, Any]:
    said: dict[str, Any] = {"field": error.field, "reason": error.reason}
    return said if error.line is None else said | {"line": error.line}
