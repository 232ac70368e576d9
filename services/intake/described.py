"""Request bodies in the OpenAPI document, for routes that read their bytes by the contract's own models."""

from typing import Any

from pydantic import BaseModel

_DEFINITIONS = "#/$defs/"


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """The part of a route's OpenAPI description that says what its body is."""
    schema = model.model_json_schema()
    whole = _inlined(schema, schema.pop("$defs", {}))
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": whole}}}}


def _inlined(part: Any, definitions: dict[str, Any]) -> Any:
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
