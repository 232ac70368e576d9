"""New addresses are proved before they are used: a code goes there, and whoever reads it enters it."""

import hashlib
from collections.abc import Iterable, Iterator

from services.notify.letters import PROOF
from services.notify.store.letters import Letter
from services.notify.store.recipients import Published
from shared.identifiers import uuid7

PROVED = frozenset({"phone", "email", "webhook"})
"""Means to which a code goes: a webhook is handed it in the link of a test, for its officer to follow."""


def asked_to_prove(published: Iterable[Published]) -> Iterator[Letter]:
    """A letter to each address that officers gave themselves and that nobody has proved yet: one for each, ever."""
    for one in published:
        for means in one.event.means if one.event is not None else ():
            if means.verified or means.kind not in PROVED:
                continue
            about = hashlib.sha256(f"{one.id}|{means.kind}|{means.sealed}".encode()).hexdigest()
            yield Letter(uuid7(), f"proof:{about}", means.kind, one.id, one.id, means.sealed, PROOF)
