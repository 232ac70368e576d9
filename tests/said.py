"""Whether an answer is what the OpenAPI document says of it: every field is described, and of the kind it says."""

from collections.abc import Iterator
from typing import Any

import httpx
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.routing import Match

from shared.described import answers_given_by, api_routes


def unsaid(model: type[BaseModel], answer: Any) -> list[str]:
    """Places in an answer of which its model says nothing. Raises ValidationError where it says something else."""
    read = model.model_validate_json(_json(answer))
    return list(_more(answer, read.model_dump(mode="json", by_alias=True), ""))


def as_described(router: APIRouter, answered: httpx.Response) -> httpx.Response:
    """The answer, once it has been held against what its route says."""
    request = answered.request
    scope = {"type": "http", "method": request.method, "path": request.url.path}
    for route in api_routes(router.routes):
        if route.matches(scope)[0] is Match.FULL and answered.is_success:
            described = answers_given_by(route)
            assert answered.status_code in described, f"{route.path} says nothing of {answered.status_code}"
            model = described[answered.status_code]
            if model is not None and answered.headers["content-type"] == "application/json":
                assert unsaid(model, answered.json()) == [], route.path
    return answered


def _json(answer: Any) -> bytes:
    return httpx.Request("POST", "http://said.test", json=answer).content


def _more(answer: Any, said: Any, place: str) -> Iterator[str]:
    if isinstance(answer, dict) and isinstance(said, dict):
        for name, value in answer.items():
            if name not in said:
                yield f"{place}.{name}"
            else:
                yield from _more(value, said[name], f"{place}.{name}")
    elif isinstance(answer, list) and isinstance(said, list):
        for number, (value, known) in enumerate(zip(answer, said, strict=True)):
            yield from _more(value, known, f"{place}[{number}]")
