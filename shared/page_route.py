"""Routes whose answers are pages: a refusal is a page too, and a stranger is asked to sign in and brought back."""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from pydantic import ValidationError

from shared.database import is_transient
from shared.errors import Invalid, Refusal, Unauthenticated, Unavailable
from shared.pages import render

SIGN_IN = "/demo/sign-in"


class PageRoute(APIRoute):
    """A route that answers with pages, whatever happens."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, with refusals drawn as pages."""
        handler = super().get_route_handler()

        async def wrapped(request: Request) -> Response:
            try:
                return await handler(request)
            except Unauthenticated as refusal:
                return _sign_in(request) if request.method == "GET" else problem_page(refusal)
            except Refusal as refusal:
                return problem_page(refusal)
            except (RequestValidationError, ValidationError):
                return problem_page(Invalid(title="That could not be read"))
            except Exception as error:
                if is_transient(error):
                    return problem_page(Unavailable())
                raise

        return wrapped


def problem_page(refusal: Refusal) -> Response:
    """A refusal in words for people."""
    response = render("problem.html", {"title": refusal.title, "status": refusal.status}, refusal.status)
    if isinstance(refusal, Unavailable):
        response.headers["retry-after"] = str(refusal.retry_after)
    return response


def _sign_in(request: Request) -> Response:
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{SIGN_IN}?next={quote(path)}", 303)
