"""The demo's sign-in: anybody may be anybody, on this machine only (`AUTH=demo`)."""

import time
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from shared.identity import LIFETIME, parse, sign_demo, verify_demo
from shared.pages import render
from shared.settings import Settings
from shared.web import COOKIE


class WhoToBe(BaseModel):
    """The body of `POST /demo/token`: a well-formed name, for example `officer:H1042`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    who: str = Field(alias="as", max_length=130)


def _ours(target: str) -> str:
    """A path on this origin to go on to; anything else becomes `/`."""
    parts = urlsplit(target)
    local = not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if local else "/"


def demo_routes(settings: Settings) -> APIRouter:
    """`POST /demo/token` for programs, `/demo/sign-in` for pages, and `/` to wherever one's work is."""
    router = APIRouter(include_in_schema=False)
    keys = settings.keys()

    def token_for(name: str) -> str:
        # Token lifetimes run in real time, and nothing is decided by them but when to sign in again.
        return sign_demo(parse(name), keys, int(time.time()))

    async def token(request: Request) -> Response:
        return JSONResponse({"token": token_for(WhoToBe.model_validate_json(await request.body()).who)})

    async def page(request: Request) -> Response:
        wanted = request.query_params.get("as")
        target = _ours(request.query_params.get("next", "/"))
        if wanted is None:
            return render("sign_in.html", {"next": target})
        return _signed_in(token_for(wanted), target)

    async def submit(
        name: Annotated[str, Form(alias="as")], next_: Annotated[str, Form(alias="next")] = "/"
    ) -> Response:
        return _signed_in(token_for(name.strip()), _ours(next_))

    async def sign_out() -> Response:
        response = RedirectResponse("/demo/sign-in", 303)
        response.delete_cookie(COOKIE)
        return response

    router.add_api_route("/", _home, methods=["GET"])
    router.add_api_route("/demo/token", token, methods=["POST"])
    router.add_api_route("/demo/sign-in", page, methods=["GET"])
    router.add_api_route("/demo/sign-in", submit, methods=["POST"])
    router.add_api_route("/demo/sign-out", sign_out, methods=["POST"])
    return router


def _signed_in(token: str, target: str) -> Response:
    response = RedirectResponse(target, 303)
    response.set_cookie(COOKIE, token, max_age=LIFETIME, httponly=True, samesite="lax", path="/")
    return response


async def _home(request: Request) -> Response:
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        return RedirectResponse("/demo/sign-in", 303)
    role = verify_demo(cookie, request.app.state.keys).role
    return RedirectResponse({"officer": "/tasks", "policy": "/policy"}.get(role, "/board"), 303)
