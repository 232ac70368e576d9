"""What changes from one version of the policy to another, in words a superintendent can read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import SequenceMatcher
from typing import Any

from shared.contracts.policy import PolicyDocument

_ABOUT_THE_VERSION = ("version", "effective_from", "proposed_by", "approved_by", "approved_at")
_ORDERED = ("filters",)
"""Lists of codes whose order says something. Of the others only what is in them does."""


@dataclass(frozen=True)
class Change:
    """One thing that changes. `before` None: it is new; `after` None: it is gone."""

    place: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.place}: added {self.after}"
        if self.after is None:
            return f"{self.place}: removed {self.before}"
        return f"{self.place}: {self.before} → {self.after}"


def changes(before: PolicyDocument, after: PolicyDocument) -> tuple[Change, ...]:
    """Everything a version changes, in the document's order; what is about the version itself is left out."""
    left, right = (one.model_dump(exclude=set(_ABOUT_THE_VERSION)) for one in (before, after))
    return tuple(_tables("", left, right))


def _between(place: str, before: Any, after: Any) -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _tables(place, before, after)
    elif isinstance(before, Sequence) and isinstance(after, Sequence) and not isinstance(before, str):
        yield from _lists(place, before, after)
    else:
        yield Change(place, _words(before), _words(after))


def _tables(place: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for key in dict.fromkeys((*before, *after)):
        inner = f"{place}.{key}" if place else key
        if key not in before:
            yield Change(inner, None, _words(after[key]))
        elif key not in after:
            yield Change(inner, _words(before[key]), None)
        else:
            yield from _between(inner, before[key], after[key])


def _lists(place: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[Change]:
    if any(isinstance(one, Mapping) for one in (*before, *after)) or place.endswith(_ORDERED):
        yield from _in_order(place, before, after)
        return
    gone = [one for one in before if one not in after]
    new = [one for one in after if one not in before]
    if new:
        yield Change(place, None, _words(new))
    if gone:
        yield Change(place, _words(gone), None)
    if not new and not gone:
        yield Change(place, _words(before), _words(after))


def _in_order(place: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[Change]:
    """Item by item, counted from 1 as people count; what came in or went out between does not shift the rest."""
    matcher = SequenceMatcher(None, [_words(one) for one in before], [_words(one) for one in after], autojunk=False)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind == "replace" and end - start == new_end - new_start:
            for offset in range(end - start):
                yield from _between(
                    f"{place}[{new_start + offset + 1}]", before[start + offset], after[new_start + offset]
                )
        elif kind != "equal":
            for number in range(start, end):
                yield Change(f"{place}[{number + 1}]", _words(before[number]), None)
            for number in range(new_start, new_end):
                yield Change(f"{place}[{number + 1}]", None, _words(after[number]))


def _words(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        said = [f"{key} {_words(inner)}" for key, inner in value.items() if inner not in (None, (), [], {})]
        return ", ".join(said) or "nothing"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_words, value)) or "nothing"
    return str(value)
