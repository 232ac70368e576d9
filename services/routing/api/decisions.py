"""Why these officers and no others: every decision about a referral, with every officer of the pool in it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from services.routing.api.answers import answer
from services.routing.api.places import looked, reference_of, visible
from services.routing.explaining import Explained, explain
from services.routing.rules.matching.explanation import Line
from services.routing.store import decisions as store
from services.routing.store import referrals
from shared.contracts.answers.referrals import DecisionList
from shared.database import Database
from shared.described import answers
from shared.errors import FieldError, Invalid
from shared.identity import allow
from shared.web import SignedIn, page_of

AT_ONCE = 20
"""Decisions on one page."""


@dataclass(frozen=True)
class Decisions:
    """The route that explains."""

    database: Database

    def router(self) -> APIRouter:
        """Its router."""
        router = APIRouter(tags=["referrals"])
        router.add_api_route("/v1/referrals/{reference}/decisions", self.listing, methods=["GET"])
        return router

    @answers(DecisionList)
    async def listing(
        self, principal: SignedIn, reference: str, after: Annotated[str | None, Query(max_length=40)] = None
    ) -> Response:
        """Every ranking behind this referral's offers, oldest first, for its supervisors alone."""
        allow(principal, "decisions.read")
        place = read_place(after)
        async with self.database.unit() as unit:
            referral = visible(principal, await referrals.one(unit.connection, reference_of(reference)))
            await looked(unit, principal, "decisions", referral)
            kept = await store.about(unit.connection, referral.id, place, AT_ONCE)
            confirmed = referral.earlier_confirmed is True
            found = [await explain(unit.connection, one, confirmed=confirmed) for one in kept]
        return answer(200, page_of([_item(one) for one in found], next_place(kept)))


def read_place(text: str | None) -> tuple[int, int]:
    """A place among a referral's decisions; Invalid for what `next_place` did not make."""
    sequence, _, number = (text or "0.0").partition(".")
    if not (sequence.isascii() and sequence.isdigit() and number.isascii() and number.isdigit()):
        raise Invalid(errors=[FieldError("after", "not_allowed_value")])
    return min(int(sequence), 2**31 - 1), min(int(number), 2**31 - 1)


def next_place(kept: Sequence[store.Kept]) -> str | None:
    """Where the next page begins, None after the last one."""
    return f"{kept[-1].sequence}.{kept[-1].number}" if len(kept) == AT_ONCE else None


def _item(explained: Explained) -> dict[str, Any]:
    kept, written, choice = explained.kept, explained.kept.decision, explained.choice
    return {
        "sequence": kept.sequence,
        "number": kept.number,
        "at": written["at"],
        "why": written["why"],
        "by": choice.by if choice else None,
        "reason": choice.reason if choice else None,
        "scope": written["scope"],
        "roster_version": written["roster"],
        "policy_version": written["policy"],
        "chosen": written["chosen"],
        "withheld": list(explained.withheld),
        "candidates": [_candidate(line) for line in explained.lines],
    }


def _candidate(line: Line) -> dict[str, Any]:
    return asdict(line) | {"total": line.total}
