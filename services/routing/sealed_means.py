"""Addresses of officers and roles, sealed as soon as they are read and opened by notify alone."""

from collections.abc import Iterable
from typing import Any

from services.routing.rules.roster.rows import Means
from shared.addressees import seal_address
from shared.sealing import MasterKeys

ORDER = ("webhook", "phone", "email")
"""In which means are tried: a device answers at once, an e-mail is read last."""


def seal_means(keys: MasterKeys, recipient: str, means: Iterable[Means]) -> list[dict[str, Any]]:
    """The means of an officer (`H1042`) or a role (`fim:herts`), each bound to whose it is and of what kind."""
    return [
        {"kind": one.kind, "verified": True, "sealed": seal_address(keys, recipient, one.kind, one.address)}
        for one in sorted(means, key=lambda one: ORDER.index(one.kind))
    ]
