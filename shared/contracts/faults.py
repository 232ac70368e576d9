"""What was wrong with a payload, as field and reason; never a value that somebody sent."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from shared.errors import FieldError

MOST = 40
"""Errors reported for one payload; a thousand unknown fields are one mistake."""

_SAFE_NAME = re.compile(r"[a-z_]{1,40}")

_OURS = frozenset(
    {
        "control_character",
        "details_in_clear",
        "ends_before_it_starts",
        "no_offset",
        "not_a_date",
        "not_a_reference",
        "not_a_time",
        "not_a_phone_number",
        "not_a_web_address",
        "not_an_email",
        "not_an_email_address",
        "not_allowed_value",
        "nothing_to_change",
        "nul_or_surrogate",
        "one_of_these",
        "out_of_range",
        "required",
        "unknown_code",
    }
)
"""Types our own validators raise; they are reasons already."""

_REASONS: Mapping[str, str] = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "literal_error": "not_allowed_value",
    "enum": "not_allowed_value",
    "too_long": "too_long",
    "string_too_long": "too_long",
    "too_short": "too_short",
    "string_too_short": "too_short",
    "string_unicode": "nul_or_surrogate",
    "int_from_float": "wrong_type",
    "int_parsing": "wrong_type",
    "int_parsing_size": "out_of_range",
    "timezone_naive": "no_offset",
    "recursion_loop": "too_deep",
    "value_error": "not_allowed_value",
    "assertion_error": "not_allowed_value",
}

_PREFIXES: Sequence[tuple[str, str]] = (
    ("datetime_", "not_a_time"),
    ("time_", "not_a_time"),
    ("date_", "not_a_date"),
    ("uuid_", "not_a_uuid"),
    ("greater_than", "out_of_range"),
    ("less_than", "out_of_range"),
)

_PATTERNS: Mapping[str, str] = {
    "[a-z0-9_]{1,40}": "not_a_code",
    "[0-9A-HJKMNP-TV-Z]{4}-": "not_a_reference",
    "[A-Za-z0-9_.": "not_an_id",
}


def faults(error: ValidationError) -> tuple[FieldError, ...]:
    """Each thing Pydantic found, as dotted field path and a short stable reason; at most `MOST`, never empty.

    A root that is no JSON object comes as field `body`. The name of an unknown field is the sender's own and
    could be a person's: it is echoed only if it looks like a field name, else as `?`.
    """
    found = error.errors(include_url=False, include_input=False)[:MOST]
    return tuple(FieldError(_path(one["type"], one["loc"], one.get("ctx")), _reason(one)) for one in found)


def _path(kind: str, loc: Sequence[int | str], ctx: Mapping[str, Any] | None) -> str:
    steps = [str(step) for step in loc]
    if kind == "extra_forbidden" and not _SAFE_NAME.fullmatch(steps[-1]):
        steps[-1] = "?"
    # A check over several fields says in `field` which one is to blame.
    if kind in _OURS and ctx and "field" in ctx:
        steps.append(str(ctx["field"]))
    return ".".join(steps) or "body"


def _reason(error: Any) -> str:
    kind: str = error["type"]
    said: Mapping[str, Any] = error.get("ctx") or {}
    if kind in _OURS:
        return kind
    if kind == "json_invalid":
        return _why_not_json(str(said.get("error", "")))
    if kind == "string_pattern_mismatch":
        return _pattern_reason(str(said.get("pattern", "")))
    if kind.endswith("_type") and kind not in _REASONS:
        return "wrong_type" if error["loc"] else "not_an_object"
    begun = (reason for start, reason in _PREFIXES if kind.startswith(start))
    return _REASONS.get(kind) or next(begun, "not_allowed_value")


def _why_not_json(said: str) -> str:
    if "surrogate" in said or "hex escape" in said or "unicode code point" in said:
        return "nul_or_surrogate"
    return "too_deep" if "recursion" in said else "not_json"


def _pattern_reason(pattern: str) -> str:
    for start, reason in _PATTERNS.items():
        if pattern.lstrip("^").startswith(start):
            return reason
    return "not_allowed_value"
