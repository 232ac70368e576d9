"""Input that must be refused: broken, forged or careless, one kind at a time.

Each kind takes a good item and spoils it. HTTP statuses are the contract's; where it leaves a choice, any of them
will do. Topic codes are those of today and only looked for.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from services.simulation.items import Expected, Item

Spoil = Callable[[Item], Item]

TOO_LARGE = 300 * 1024
"""Bytes; over the limit of 256 KiB, under what a broker takes."""

Json = dict[str, Any]


def _refused(*statuses: int, codes: str = "invalid") -> Expected:
    return Expected("rejected", frozenset(statuses), frozenset(codes.split()))


def _wire(text: bytes, expected: Expected) -> Spoil:
    return lambda item: replace(item, wire=text, contact=None, expected=expected)


def _body(change: Callable[[Json], Json], expected: Expected) -> Spoil:
    def spoil(item: Item) -> Item:
        return replace(item, body=change(dict(item.body)), contact=None, expected=expected)

    return spoil


def _headers(changed: Mapping[str, bytes | None], expected: Expected) -> Spoil:
    return lambda item: replace(item, headers=changed, contact=None, expected=expected)


def _without(name: str) -> Callable[[Json], Json]:
    return lambda body: {key: value for key, value in body.items() if key != name}


def _other_force(body: Json) -> Json:
    force = body["source"]["force"]
    return body | {"source": body["source"] | {"force": "beds" if force != "beds" else "cambs"}}


def _nul(body: Json) -> Json:
    return body | {"source": body["source"] | {"operator": "desk\u0000four"}}


def _no_offset(body: Json) -> Json:
    return body | {"received_at": str(body["received_at"])[:19]}


def _strand(body: Json) -> Json:
    return body | {"strands": [{"strand": "left_handed", "perceived_by": "other"}]}


def _home(body: Json) -> Json:
    return body | {"locations": [{"kind": "home", "postcode": "SG8 6RX"}]}


def _surrogate(item: Item) -> Item:
    """JSON that escapes half a character, which no database stores."""
    body = dict(item.body) | {"person_hint": "HALF"}
    text = json.dumps(body).replace("HALF", "\\ud83d")
    return replace(item, wire=text.encode(), contact=None, expected=_refused(400, 422, codes="invalid not_json"))


def _too_large(item: Item) -> Item:
    body = dict(item.body) | {"person_hint": "x" * TOO_LARGE}
    return replace(item, body=body, contact=None, expected=_refused(413, codes="too_large"))


def _empty(item: Item) -> Item:
    return replace(item, empty=True, contact=None, expected=_refused(400, 422, codes="no_body"))


_HANDLE = _body(
    lambda body: body | {"contact": {"handle": "handle-that-nobody-was-given"}},
    _refused(404, 409, 422, codes="invalid unknown_handle"),
)
_NOT_JSON = _wire(b'{"source": {"system": "cad-herts", ', _refused(400, codes="not_json"))

_BOTH: Mapping[str, Spoil] = {
    "not_json": _NOT_JSON,
    "not_an_object": _wire(b'["report", "submitted"]', _refused(400, 422, codes="not_an_object")),
    "empty": _empty,
    "too_large": _too_large,
    "unknown_field": _body(lambda body: body | {"favourite_colour": "teal"}, _refused(422)),
    "missing_field": _body(_without("need"), _refused(422)),
    "unknown_code": _body(_strand, _refused(422)),
    "wrong_force": _body(_other_force, _refused(403, 422)),
    "nul": _body(_nul, _refused(422)),
    "half_a_character": _surrogate,
    "no_offset": _body(_no_offset, _refused(422)),
    "home_in_clear": _body(_home, _refused(422, codes="invalid details_in_clear")),
    "unknown_handle": _HANDLE,
}
_HEADER = _refused(codes="unreadable_header")
_IN_CLEAR = _refused(codes="details_in_clear")

TOPIC: Mapping[str, Spoil] = {
    **_BOTH,
    "details_in_clear": _body(lambda body: body | {"contact": {"details": {"name": "Kit Sparrow"}}}, _IN_CLEAR),
    "phone_in_clear": _body(lambda body: body | {"contact": {"phone": "+447700900123"}}, _IN_CLEAR),
    "missing_header": _headers({"ce_id": None}, _HEADER),
    "unreadable_header": _headers({"ce_source": b"\xff\xfe\xfa"}, _HEADER),
    "bad_time": _headers({"ce_time": b"yesterday teatime"}, _HEADER),
    "wrong_version": _headers({"ce_specversion": b"0.3"}, _HEADER),
    "unknown_event": _headers({"ce_type": b"liaison.report.imagined.v1"}, _refused(codes="unknown_event")),
}
HTTP: Mapping[str, Spoil] = {
    **_BOTH,
    "bad_token": lambda item: replace(item, principal="", contact=None, expected=_refused(401)),
    "two_keys": _headers({"Idempotency-Key": b"another-key-altogether"}, _refused(400, 409, 422)),
}


def reused_key(item: Item, earlier: Item) -> Item:
    """Another body under the key of an earlier item: refused, and never a second report."""
    body = dict(earlier.body) | {"need": "support" if earlier.body["need"] == "advice" else "advice"}
    expected = replace(_refused(409, codes="key_reused"), of=earlier.number)
    return _like(item, earlier, body, expected)


def reused_id(item: Item, earlier: Item) -> Item:
    """Another body under the `ce_id` of an earlier record."""
    body = dict(item.body) | {"source": earlier.body["source"]}
    expected = replace(_refused(codes="id_reused invalid"), of=earlier.number)
    return replace(_like(item, earlier, body, expected), event_id=earlier.event_id)


def _like(item: Item, earlier: Item, body: Json, expected: Expected) -> Item:
    """Sent by the same sender with the same record key, so that it comes after the one it copies."""
    return replace(
        item,
        way=earlier.way,
        force=earlier.force,
        principal=earlier.principal,
        key=earlier.key,
        body=body,
        contact=None,
        expected=expected,
    )
