"""What notify answers: what became of a referral's notices, and in the demo the phones themselves."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from services.notify.store.notices import Shown, notices_of, tests_of
from services.notify.store.phones import PhoneMessage, messages
from services.notify.store.referrals import task_of
from shared.contracts.access import AccessRecorded
from shared.contracts.answers.notices import NoticeList
from shared.database import Database, Unit
from shared.described import answers
from shared.errors import FieldError, Forbidden, Invalid, NotFound
from shared.identifiers import normalise_reference
from shared.identity import Principal, allow, may
from shared.journal import Outgoing
from shared.local_time import LONDON
from shared.pages import render
from shared.web import SignedIn, page_of

NEWEST = 200
"""Messages on the demo's phones page."""

TESTS = 20
"""Of an officer's own tests, one for each means, that are shown."""

Limit = Annotated[int, Query(ge=1, le=500)]


def routes(database: Database, *, demo: bool) -> APIRouter:
    """Notify's routes; `/phones` is there in the demo alone."""
    router = APIRouter(tags=["notify"])

    @answers(NoticeList)
    async def notices(
        signed_in: SignedIn, reference: str | None = None, after: UUID | None = None, limit: Limit = 100
    ) -> dict[str, Any]:
        """What became of each notice about a reference, oldest first; without one, of an officer's own tests."""
        if reference is None:
            return await _tests(database, signed_in)
        if not may(signed_in, "notices.read"):
            raise Forbidden
        meant = normalise_reference(reference)
        if meant is None:
            raise Invalid(errors=[FieldError("reference", "not_a_reference")])
        async with database.unit() as unit:
            task = await task_of(unit, meant)
            if task is None:
                raise NotFound
            allow(signed_in, "notices.read", task.force, task.holder_force)
            await _record(unit, signed_in, task.reference)
            found = await notices_of(unit, meant, after, limit)
        return page_of([_shown(one) for one in found], str(found[-1].id) if len(found) == limit else None)

    async def phones(
        request: Request, to: str | None = None, format_: Annotated[str | None, Query(alias="format")] = None
    ) -> Response:
        """Every message as its receiver sees it, newest first."""
        async with database.unit() as unit:
            found = await messages(unit, NEWEST, to)
        if format_ == "json" or "application/json" in request.headers.get("accept", ""):
            return JSONResponse(page_of([_message(one) for one in found], None))
        return render("phones.html", {"messages": [_card(one) for one in found], "to": to, "demo": True})

    router.add_api_route("/v1/notices", notices, methods=["GET"])
    if demo:
        router.add_api_route("/phones", phones, methods=["GET"], include_in_schema=False)
    return router


async def _tests(database: Database, signed_in: Principal) -> dict[str, Any]:
    """What became of an officer's own tests; whoever may read notices otherwise has to name a reference."""
    if not may(signed_in, "means.read"):
        allow(signed_in, "notices.read")
        raise Invalid(errors=[FieldError("reference", "required")])
    async with database.unit() as unit:
        found = await tests_of(unit, str(signed_in.id), TESTS)
    return page_of([_shown(one) for one in found], None)


async def _record(unit: Unit, principal: Principal, reference: str) -> None:
    """Every look is on the journal before it is shown."""
    now = await unit.now()
    look = AccessRecorded(
        actor=str(principal),
        role=principal.role,
        force=principal.force,
        reference=reference,
        what="notices",
        at=now,
    )
    await unit.append([Outgoing("access", reference, look, now)])


def _shown(notice: Shown) -> dict[str, Any]:
    return {
        "id": str(notice.id),
        "to": notice.to,
        "type": notice.type,
        "means": notice.means,
        "state": notice.state,
        "at": notice.at.isoformat(),
        "policy_version": notice.policy_version,
        "attempts": [
            {
                "means": one.means,
                "at": one.at.isoformat(),
                "state": one.state,
                "reason": one.reason,
                "wording": one.wording,
            }
            for one in notice.attempts
        ],
    }


def _message(message: PhoneMessage) -> dict[str, Any]:
    return {
        "id": str(message.notice_id),
        "to": message.to,
        "type": message.type,
        "means": message.means,
        "reference": message.reference,
        "subject": message.subject,
        "text": message.body,
        "exercise": message.exercise,
        "respond_by": message.respond_by.isoformat() if message.respond_by else None,
        "at": message.at.isoformat(),
    }


_MEANS = {"phone": "Text message", "email": "E-mail", "exercise": "Exercise, not sent"}


def _card(message: PhoneMessage) -> dict[str, Any]:
    local = message.at.astimezone(LONDON)
    return _message(message) | {
        "kind": _MEANS.get(message.means, message.means),
        "time": f"{local:%H:%M}",
        "day": f"{local:%A} {local.day} {local:%B}",
        "lines": [line for line in message.body.splitlines() if line.strip()],
    }
