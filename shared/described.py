"""What the OpenAPI document says beyond what the framework sees: bodies read by the contract's models, and refusals.

Our routes take their bodies as bytes, so that a contract's model reads them and its own reasons come back. `reads`
names that model on the handler, `answers` those of what it says; `described` writes them into the document, with the
examples kept for them.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from inspect import cleandoc
from pathlib import Path
from typing import Any, TypeVar

from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel
from starlette.routing import BaseRoute

from shared.errors import (
    AlreadyHeld,
    BadJson,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    Refusal,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from shared.web import details, signed_in

Json = dict[str, Any]
Handler = TypeVar("Handler", bound=Callable[..., Any])

EXAMPLES = Path(__file__).parent / "contracts" / "bodies"
"""An example for each body, `<model's name>.json`; committed ones are never edited."""
ANSWERS = Path(__file__).parent / "contracts" / "answers"
"""The same for answers, beside their models."""

_DEFINITIONS = "#/$defs/"
_PROBLEM = "#/components/schemas/Problem"
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_READS = "body_it_reads"
_ANSWERS = "answers_it_gives"
_STREAMS = "events_it_streams"
_KEY_HEADER: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same client, key and body get the same answer again; another body is a 409.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}


@dataclass(frozen=True)
class BodyRead:
    """The model a handler reads its body with; one that is not `required` may be left out altogether."""

    model: type[BaseModel]
    required: bool = True


def reads(model: type[BaseModel], *, required: bool = True) -> Callable[[Handler], Handler]:
    """Say which model a handler reads its body with."""

    def mark(handler: Handler) -> Handler:
        setattr(handler, _READS, BodyRead(model, required))
        return handler

    return mark


def answers(model: type[BaseModel] | None, status: int = 200) -> Callable[[Handler], Handler]:
    """Say which model an answer of a handler looks like, by its status; None: it has no body. One line for each."""

    def mark(handler: Handler) -> Handler:
        setattr(handler, _ANSWERS, {status: model, **getattr(handler, _ANSWERS, {})})
        return handler

    return mark


def streams(example: str) -> Callable[[Handler], Handler]:
    """Say that a handler answers with server-sent events, and what they look like."""

    def mark(handler: Handler) -> Handler:
        setattr(handler, _STREAMS, example)
        return handler

    return mark


def answers_given_by(route: APIRoute) -> Mapping[int, type[BaseModel] | None]:
    """What a route's handler says that it answers, by status; empty where it says nothing."""
    found: Mapping[int, type[BaseModel] | None] = getattr(route.endpoint, _ANSWERS, {})
    return found


def body_read_by(route: APIRoute) -> BodyRead | None:
    """What a route's handler says that it reads, None where it says nothing."""
    return getattr(route.endpoint, _READS, None)


def example_of(model: type[BaseModel], folder: Path = EXAMPLES) -> Any:
    """The example kept for a model, None where there is none."""
    path = folder / f"{model.__name__}.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def described(document: Json, routes: Sequence[BaseRoute]) -> Json:
    """The document with bodies, problem answers and sign-in in every operation of the contract."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = _problem_schema()
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for route in api_routes(routes):
        for method in sorted(route.methods or ()):
            _describe(document["paths"][route.path_format][method.lower()], route, method)
    return document


def api_routes(routes: Sequence[BaseRoute]) -> Iterator[APIRoute]:
    """The routes that the document describes, those of included routers among them."""
    for context in iter_route_contexts(routes):
        route = context.original_route
        if isinstance(route, APIRoute) and route.include_in_schema:
            yield route


def _describe(operation: Json, route: APIRoute, method: str) -> None:
    body = body_read_by(route)
    if body is not None:
        operation["requestBody"] = _body(body)
    if _signs_in(route):
        operation["security"] = [{"token": []}]
    if method == "POST" and type(route).__name__ == "IdempotentRoute":
        operation.setdefault("parameters", []).append(_KEY_HEADER)
    told = operation.setdefault("responses", {})
    for status, model in answers_given_by(route).items():
        told[str(status)] = _success(status, model)
    if (events := getattr(route.endpoint, _STREAMS, None)) is not None:
        told["200"] = _stream(events)
    for refusal in _refusals(route, method):
        told[str(refusal.status)] = _answer(refusal)


def _signs_in(route: APIRoute) -> bool:
    return any(inner.call is signed_in for inner in route.dependant.dependencies)


def _body(body: BodyRead) -> Json:
    return {"required": body.required, "content": {"application/json": _content(body.model, EXAMPLES)}}


def _success(status: int, model: type[BaseModel] | None) -> Json:
    """An answer as its model has it, in the model's own words."""
    if model is None:
        return {"description": HTTPStatus(status).phrase}
    content = {"application/json": _content(model, ANSWERS)}
    return {"description": cleandoc(model.__doc__ or model.__name__), "content": content}


def _stream(events: str) -> Json:
    content = {"schema": {"type": "string"}, "examples": {"example": {"value": events}}}
    return {"description": "Server-sent events, without end.", "content": {"text/event-stream": content}}


def _content(model: type[BaseModel], folder: Path) -> Json:
    schema = model.model_json_schema()
    content: Json = {"schema": _inlined(schema, schema.pop("$defs", {}))}
    example = example_of(model, folder)
    if example is not None:
        content["examples"] = {"example": {"value": example}}
    return content


def _inlined(part: Any, definitions: Mapping[str, Any]) -> Any:
    """`part` with every reference replaced by what it names: nothing in a body contains itself."""
    if isinstance(part, list):
        return [_inlined(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    reference = part.get("$ref")
    if isinstance(reference, str):
        rest = {name: value for name, value in part.items() if name != "$ref"}
        return _inlined(definitions[reference.removeprefix(_DEFINITIONS)], definitions) | rest
    return {name: _inlined(value, definitions) for name, value in part.items()}


def _refusals(route: APIRoute, method: str) -> list[Refusal]:
    """What a caller of this route may be told instead of an answer."""
    found: list[Refusal] = [Invalid(errors=[FieldError("after", "not_allowed_value")]), Unavailable()]
    if _signs_in(route):
        found += [Unauthenticated(), Forbidden()]
    if "{" in route.path_format:
        found.append(NotFound())
    if method in _CHANGING:
        found += [BadJson(), TooLarge(), AlreadyHeld("herts", "H1042")]
    return sorted(found, key=lambda refusal: refusal.status)


def _answer(refusal: Refusal) -> Json:
    content = {"schema": {"$ref": _PROBLEM}, "examples": {"example": {"value": details(refusal)}}}
    return {"description": refusal.default_title, "content": {"application/problem+json": content}}


def _problem_schema() -> Json:
    text = {"type": "string"}
    error = {
        "type": "object",
        "required": ["field", "reason"],
        "properties": {"field": text, "reason": text, "line": {"type": "integer", "minimum": 1}},
    }
    holder = {"type": "object", "required": ["force", "id"], "properties": {"force": text, "id": text}}
    return {
        "type": "object",
        "description": "RFC 9457 problem details. `code` is for programs; no value that was sent comes back.",
        "required": ["type", "title", "status", "code", "errors"],
        "properties": {
            "type": text,
            "title": text,
            "status": {"type": "integer"},
            "code": text,
            "errors": {"type": "array", "items": error},
            "holder": {**holder, "description": "Who has the referral, where somebody else does."},
        },
    }
