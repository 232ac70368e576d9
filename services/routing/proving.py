"""Proving officers' own addresses: a code goes there by notify, and whoever reads it enters it here.

The code is told from the sealed address by both services. A new one is the same address sealed anew.
"""

import hmac
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.routing.reaching import publish_officers
from services.routing.roster_change import RosterChange
from services.routing.rules.roster.proof import WITHIN, Verdict, judge, may_send
from services.routing.store import proofs as store
from services.routing.store import roster
from services.routing.store.roster_tables import OwnMeansRow
from shared.addressees import open_address, proofs, seal_address
from shared.errors import FieldError, Invalid
from shared.identifiers import uuid7


async def ask_to_prove(change: RosterChange, officer: str, new: Sequence[dict[str, Any]]) -> None:
    """Count the codes that go to these new rows. Invalid, naming the kinds, where they would be too many."""
    if not new:
        return
    now = await change.unit.real_now()
    connection = change.unit.connection
    if not may_send(await store.sent_since(connection, officer, now - WITHIN), len(new)):
        raise Invalid(errors=[FieldError(kind, "too_many_codes") for kind in sorted({row["kind"] for row in new})])
    await store.forget(connection, officer, now - WITHIN)
    await store.begin(connection, officer, [row["id"] for row in new], now)


async def prove(change: RosterChange, officer: str, kind: str, code: str) -> Verdict:
    """Take an officer's own address of this kind as proved, if `code` went there and was not tried too often."""
    rows = await _own(change, officer, kind)
    if any(row.verified and _is_right(change, row, code) for row in rows):
        return "proved"
    waiting = [row for row in rows if not row.verified]
    # There is one address of a kind; without one every code is wrong.
    return await _try(change, waiting[0], code) if waiting else "not_the_code"


async def _try(change: RosterChange, row: Any, code: str) -> Verdict:
    connection, right = change.unit.connection, _is_right(change, row, code)
    verdict = judge(await store.wrong_tries(connection, row.id), right=right)
    if verdict == "proved":
        await _replace(change, row, row.sealed, verified=True)
    elif not right:
        await store.count_wrong(connection, row.officer, row.id, await change.unit.real_now())
    return verdict


async def send_new_code(change: RosterChange, officer: str, kind: str) -> bool:
    """Have a new code sent to an officer's own address of this kind, which voids the one before; False: there is none.

    The address is opened and sealed again at once, for the code is told from how it is sealed.
    """
    waiting = [row for row in await _own(change, officer, kind) if not row.verified]
    for row in waiting:
        address = open_address(change.keys, officer, kind, row.sealed)
        new = await _replace(change, row, seal_address(change.keys, officer, kind, address), verified=False)
        await ask_to_prove(change, officer, [{"id": new, "kind": kind}])
    return bool(waiting)


async def _replace(change: RosterChange, row: Any, sealed: str, *, verified: bool) -> UUID:
    new = {"id": uuid7(), "officer": row.officer, "kind": row.kind, "sealed": sealed, "digest": row.digest}
    await change.replace(OwnMeansRow, [row.id], [new | {"verified": verified}])
    await publish_officers(change, [row.officer])
    return UUID(str(new["id"]))


async def _own(change: RosterChange, officer: str, kind: str) -> list[Any]:
    where = "officer = :officer and kind = :kind"
    return await roster.current(change.unit.connection, OwnMeansRow, where, officer=officer, kind=kind)


def _is_right(change: RosterChange, row: Any, code: str) -> bool:
    # Every key's code is compared, so that the time it takes tells nothing.
    return sum(hmac.compare_digest(code, one) for one in proofs(change.keys, row.officer, row.kind, row.sealed)) > 0
