"""A policy as TOML again, so that what is in force can be read, changed and proposed anew."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from shared.contracts.policy import PolicyDocument

_OURS_TO_SAY = {"proposed_by", "approved_by", "approved_at"}
_PLAIN_KEY = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_WIDTH = 110


def toml_of(document: PolicyDocument) -> str:
    """The document as TOML; reading it gives the same document. Who proposed and approved it stands in comments."""
    about = [
        f"# {name.replace('_', ' ')} {getattr(document, name)}"
        for name in ("proposed_by", "approved_by")
        if getattr(document, name)
    ]
    written = document.model_dump(mode="python", by_alias=True, exclude_none=True, exclude=_OURS_TO_SAY)
    return "\n".join([*about, *_table((), written)]).strip() + "\n"


def _table(path: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[str]:
    plain = {key: value for key, value in table.items() if not _stands_alone(value)}
    if path and (plain or not table):
        yield f"\n[{'.'.join(map(_key, path))}]"
    for key, value in plain.items():
        yield _pair(key, value)
    for key, value in table.items():
        if key not in plain:
            yield from _table((*path, key), value)


def _stands_alone(value: Any) -> bool:
    """Whether a table is better read under a heading of its own than on one line."""
    return isinstance(value, Mapping) and (
        len(_value(value)) > _WIDTH or any(isinstance(inner, Mapping) for inner in value.values())
    )


def _pair(key: str, value: Any) -> str:
    line = f"{_key(key)} = {_value(value)}"
    if len(line) <= _WIDTH or not isinstance(value, Sequence) or isinstance(value, str):
        return line
    return f"{_key(key)} = [\n" + "".join(f"  {_value(one)},\n" for one in value) + "]"


def _key(key: str) -> str:
    return key if key and _PLAIN_KEY.issuperset(key) else _text(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_value, value))}]"
    return _text(value) if isinstance(value, str) else str(value)


def _text(value: str) -> str:
    # JSON's escapes are TOML's, but for the DEL, which TOML wants escaped and no label of a policy may hold.
    return json.dumps(value, ensure_ascii=False)
