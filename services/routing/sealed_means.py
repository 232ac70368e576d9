"""Addresses of officers and roles, sealed as soon as they are read and opened by notify alone."""

from collections.abc import Iterable
from typing import Any

from services.routing.rules.roster.rows import Means
from shared.addressees import seal_address
from shared.sealing import MasterKeys

ORDER = ("webhook", "push", "phone", "email")
"""In which means are tried: a device answers at once, a browser rings for nothing, an e-mail is read last."""

Sealed = dict[str, Any]
"""`kind`, `verified` and `sealed`, as the roster's tables and the topic have them."""


def seal_means(keys: MasterKeys, recipient: str, means: Iterable[Means]) -> list[Sealed]:
    """The means of an officer (`H1042`) or a role (`fim:herts`), each bound to whose it is and of what kind."""
    return [
        {"kind": one.kind, "verified": True, "sealed": seal_address(keys, recipient, one.kind, one.address)}
        for one in sorted(means, key=_place)
    ]


def to_try(given: Iterable[Sealed], own: Iterable[Sealed]) -> list[Sealed]:
    """An officer's means in the order they are tried: what the roster gives, and their own word about it.

    An own address that is verified stands in for the roster's of its kind. One that is not comes last: nobody is
    cut off by a slip of the thumb.
    """
    ours = sorted(own, key=lambda one: ORDER.index(one["kind"]))
    proved = [one for one in ours if one["verified"]]
    kinds = {one["kind"] for one in proved}
    kept = [one for one in given if one["kind"] not in kinds]
    first = sorted((*kept, *proved), key=lambda one: ORDER.index(one["kind"]))
    return [*first, *(one for one in ours if not one["verified"])]


def _place(means: Means) -> int:
    return ORDER.index(means.kind)
