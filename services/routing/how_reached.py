"""How an officer is reached, as their own page shows it: kinds and where each comes from, never an address.

What routing knows is shown. Whether a number said STOP, or a browser is gone, notify knows (`GET /v1/means`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from services.routing.forms import Entry, Form
from services.routing.own_entries import own_means
from services.routing.sealed_means import Sealed, to_try
from services.routing.store import roster as store
from services.routing.store.tables import OfficerRow
from services.routing.views import Said
from shared.database import Unit

Written = Literal["phone", "email", "webhook"]
"""The kinds that an officer writes down, and proves by a code."""

TEST = "test-notice"
_KINDS: Mapping[str, str] = {
    "webhook": "Webhook",
    "push": "Your own browser",
    "phone": "Text message",
    "email": "E-mail",
}
_GIVEN: Mapping[str, str] = {"phone": "number", "email": "e-mail address", "webhook": "webhook"}

_SAID: Mapping[str, Said] = {
    "proof": Said("That was the code.", "What you gave is used from now on, in place of the roster's.", "done"),
    "new-code": Said("A new code is on its way.", "The one before is void.", "done"),
    TEST: Said(
        "A test is on its way.",
        "It goes out over everything that is used. Tell your coordinator what has not come in a few minutes.",
        "done",
    ),
}
"""What is said once a form has gone through, by the first part of its action."""

_WEBHOOK = "proof/webhook"
_CODE = re.compile(r"[0-9]{8}")


@dataclass(frozen=True, slots=True)
class Way:
    """One kind of means in words: what it is, where it comes from, and whether it waits for its code."""

    kind: str
    words: str
    waits: bool


@dataclass(frozen=True, slots=True)
class Proving:
    """What is asked about an own address that waits for its code: the code, or a new one."""

    code: Form
    again: Form


@dataclass(frozen=True, slots=True)
class HowReached:
    """All of it. `test` is None for whoever is on no roster: there is nobody to send one to."""

    ways: tuple[Way, ...] = ()
    proving: tuple[Proving, ...] = ()
    test: Form | None = None


async def how_reached(unit: Unit, officer: str) -> HowReached:
    """How an officer is reached, in the order in which it is tried."""
    rows = await store.current(unit.connection, OfficerRow, "id = :officer", officer=officer)
    if not rows:
        return HowReached()
    own = [{"kind": row.kind, "verified": row.verified, "own": True} for row in await own_means(unit, officer)]
    return shown(({**one, "own": False} for one in store.json_of(rows[0].means)), own)


def shown(given: Iterable[Sealed], own: Iterable[Sealed]) -> HowReached:
    """The roster's means and the officer's own (each with `kind`, `verified` and `own`) in words and forms. Pure."""
    tried = [(one["kind"], one["own"], one["verified"]) for one in to_try(given, own)]
    waiting = [kind for kind, _, verified in tried if not verified]
    return HowReached(
        ways=tuple(_way(*one, len(list(same))) for one, same in groupby(tried)),
        proving=tuple(_proving(kind) for kind in waiting),
        test=_test(),
    )


def proof_link(reached: HowReached, code: str) -> tuple[str, Mapping[str, str]]:
    """The form that a webhook's link fills in, and with what; ("", {}) where it fills in nothing."""
    waits = any(one.code.action == _WEBHOOK for one in reached.proving)
    return (_WEBHOOK, {"code": code}) if waits and _CODE.fullmatch(code) else ("", {})


def said_of(reached: HowReached, done: str, code: str) -> Said | None:
    """What is said above the page after a form was sent, or when a webhook's link was followed."""
    if not code:
        return _SAID.get(done)
    if proof_link(reached, code)[0]:
        return Said("The code of your webhook is filled in below.", "The webhook is used once you have sent it.")
    return Said("No webhook of yours waits for this code.", "It is proved already, or it is not yours any more.")


def _way(kind: str, own: bool, verified: bool, number: int) -> Way:
    name = f"Your own browsers: {number}" if number > 1 and kind == "push" else _KINDS.get(kind, kind)
    if not verified:
        return Way(name, "Given by you. Not used before its code is entered", True)
    return Way(name, "Given by you" if own else "From the roster", False)


def _proving(kind: str) -> Proving:
    given = _GIVEN.get(kind, kind)
    hint = "Eight digits. Its link fills them in." if kind == "webhook" else "Eight digits, as they were sent to it."
    code = Entry("code", "Code", "digits", hint=hint)
    return Proving(
        Form(f"proof/{kind}", f"Your {given} waits for its code", "This is the code", (code,), place="tasks"),
        Form(
            f"new-code/{kind}",
            f"Have a new code sent to your {given}",
            "Send a new code",
            more="The one before is void then. There are five codes an hour at most.",
            place="tasks",
        ),
    )


def _test() -> Form:
    more = "It goes out over all of the above that is used, and says only that it is a test. Five an hour at most."
    return Form(TEST, "See whether it works", "Send me a test", more=more, place="tasks")
