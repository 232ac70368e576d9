"""The forms of how an officer is reached, on their tasks: the code of a new address, another code, a test.

They act through what the API does. Looking never proves anything: a program may follow the link that it was handed.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.routing.api.reached import CodeWanted, Proof, Reached
from services.routing.how_reached import TEST, Written
from services.routing.pages.desk import Looking, Pages
from services.routing.pages.same_person import same_person
from services.routing.pages.sent import Filled, Sent
from shared.contracts.faults import faults
from shared.errors import Conflict, Invalid
from shared.idempotency import only_once
from shared.identifiers import uuid7
from shared.identity import Principal
from shared.page_route import PageRoute
from shared.web import SignedIn

_WRONG: Mapping[str, str] = {
    "not_the_code": "This is not the code that was sent last. Look at the digits again",
    "code_is_void": "There were too many wrong codes, and this one is void. Have a new one sent",
}
_REFUSED: Mapping[str, str] = {
    "too_many_codes": "There were five codes within the hour. Try again later",
    "too_many_tests": "There were five tests within the hour. Try again later",
    "nothing_to_prove": "Nothing waits for a code any more",
}
Deed = Callable[[], Awaitable[None]]
Given = Annotated[Filled, Form()]


@dataclass(frozen=True)
class MeansPages:
    """The routes that the forms lead to; `desk` draws the page they stand on."""

    reached: Reached
    desk: Pages

    def router(self) -> APIRouter:
        """Their router."""
        router = APIRouter(route_class=PageRoute, include_in_schema=False)
        router.add_api_route("/tasks/means/proof/{kind}", self.prove, methods=["POST"])
        router.add_api_route("/tasks/means/new-code/{kind}", self.new_code, methods=["POST"])
        router.add_api_route(f"/tasks/means/{TEST}", self.test, methods=["POST"])
        router.add_api_route("/tasks/means/{action:path}", self.come_back, methods=["GET"])
        return router

    async def prove(self, request: Request, principal: SignedIn, kind: Written, form: Given) -> Response:
        """The code that went to an address of this kind; the page then says that it is used."""

        async def deed() -> None:
            await self.reached.prove(principal, principal.id or "", _proof(kind, form))

        return await self._do(request, principal, form, deed)

    async def new_code(self, request: Request, principal: SignedIn, kind: Written, form: Given) -> Response:
        """Another code goes there."""

        async def deed() -> None:
            await self.reached.send_code(principal, principal.id or "", CodeWanted(kind=kind))

        return await self._do(request, principal, form, deed)

    async def test(self, request: Request, principal: SignedIn, form: Given) -> Response:
        """A test goes out over each of the officer's means."""

        async def deed() -> None:
            await self.reached.send_test(principal, principal.id or "")

        return await self._do(request, principal, form, deed)

    async def come_back(self, action: str) -> Response:
        """Somebody comes back to where a form was sent: the tasks are the page."""
        del action
        return RedirectResponse("/tasks", 303)

    async def _do(self, request: Request, principal: Principal, form: Filled, deed: Deed) -> Response:
        same_person(principal, form.who)
        action = request.url.path.removeprefix("/tasks/means/")
        try:
            await only_once(self.reached.database, request, form.key or str(uuid7()), repr(form.entries), deed)
        except (Invalid, Conflict) as refusal:
            return await self.desk.drawn(principal, Looking.model_validate({}), _sent(action, form, refusal))
        return RedirectResponse(f"/tasks?done={action.partition('/')[0]}", 303)


def _proof(kind: Written, form: Filled) -> Proof:
    """The body that the form stands for; people write digits in groups. Raises Invalid."""
    try:
        return Proof(kind=kind, code="".join(form.code.split()))
    except ValidationError as error:
        raise Invalid(errors=faults(error)) from None


def _sent(action: str, form: Filled, refusal: Invalid | Conflict) -> Sent:
    """What did not go through: beside the code if that is wrong, else above everything."""
    for one in refusal.errors:
        if one.field == "code":
            return Sent(action, form.entries, {"code": _WRONG.get(one.reason, "Enter the eight digits of the code")})
    said = next((_REFUSED[one.reason] for one in refusal.errors if one.reason in _REFUSED), refusal.title)
    return Sent(action, form.entries, refused=said)
