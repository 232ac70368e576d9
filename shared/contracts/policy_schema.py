"""The JSON Schema of a policy as people write it, for editors and for whoever makes one by program."""

from typing import Any

from shared.contracts.policy import PolicyDocument

_OURS_TO_SAY = ("proposed_by", "approved_by", "approved_at")


def policy_schema() -> dict[str, Any]:
    """As strict as the door: no unknown keys. `effective_from` may be left out, and then it holds from its approval."""
    schema = PolicyDocument.model_json_schema(by_alias=True)
    for name in _OURS_TO_SAY:
        del schema["properties"][name]
    schema["required"] = [name for name in schema["required"] if name != "effective_from"]
    for part in (schema, *schema["$defs"].values()):
        if "properties" in part:
            part["additionalProperties"] = False
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:liaison:policy:document"}
    return head | schema
