"""Choosing whom to ask for a rung of the ladder, and putting the offer to them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from services.routing.rules.calendar import after
from services.routing.rules.matching.decision import record
from services.routing.rules.matching.model import Scope
from services.routing.rules.matching.rank import rank
from services.routing.rules.matching.wishes import unmet
from services.routing.rules.referral.draft import Draft
from services.routing.rules.referral.state import Offer
from services.routing.rules.referral.wanted import Facts, request_of
from shared.contracts.escalation import StepKind
from shared.contracts.referrals import ReferralOffered

SCOPES: Mapping[StepKind, Scope] = {
    "one": "home_first",
    "next": "home_first",
    "force_on_duty": "home",
    "sister_forces": "sisters",
    "pool_on_duty": "pool",
}
EVERYBODY: frozenset[StepKind] = frozenset({"force_on_duty", "sister_forces", "pool_on_duty"})


class Asking:
    """The officers chosen in one transition, over all the rungs it takes; each is asked once."""

    def __init__(self, draft: Draft, facts: Facts) -> None:
        self.draft, self.facts = draft, facts
        self.chosen: list[str] = []

    def choose(self, kind: StepKind, count: int, why: str) -> bool:
        """Choose for one rung: everybody, or the best `count`. Whether anybody was found; kept as a decision."""
        request = request_of(self.draft.referral, self.facts, self.chosen)
        ranking = rank(request, self.facts.muster, SCOPES[kind])
        rows = ranking.ranked[: None if kind in EVERYBODY else count]
        if SCOPES[kind] == "home_first" and any(row.force != request.force for row in rows):
            why = "nobody_at_home"
        found = [row.officer for row in rows]
        self.chosen += found
        self.draft.decisions.append(record(request, self.facts.muster, ranking, found, why))
        return bool(found)

    def unmet(self, kind: StepKind) -> tuple[str, ...]:
        """The person's wishes that alone keep everybody out of a rung."""
        return unmet(request_of(self.draft.referral, self.facts, self.chosen), self.facts.muster, SCOPES[kind])

    def offer(self, step: int, why: str) -> None:
        """Put one offer to everybody chosen, with the class's own time to answer."""
        draft, terms = self.draft, self.draft.referral.terms
        respond_by = after(draft.now, terms.ack_minutes, terms.counts, self.facts.policy.calendar)
        respond_by = max(respond_by, draft.now + timedelta(minutes=1))
        offer_id = draft.offer_id()
        made = (
            Offer(offer_id=offer_id, officer=officer, step=step, at=draft.now, respond_by=respond_by)
            for officer in self.chosen
        )
        draft.put(offers=(*draft.referral.offers, *made), state="offered")
        officers = tuple(self.chosen)
        words = {"offer_id": offer_id, "officers": officers, "respond_by": respond_by, "step": step, "why": why}
        draft.say(ReferralOffered, **words, on_duty_until=self._on_duty_until(officers))

    def _on_duty_until(self, officers: tuple[str, ...]) -> tuple[datetime, ...]:
        """Until when each is on duty or on call, a week ahead at most, so that what can wait wakes nobody."""
        latest, asked = (self.draft.now + timedelta(days=7)).timestamp(), frozenset(officers)
        present = self.facts.muster.standing.present
        ends = {one.officer.id: min(one.ends, latest) for one in present if one.officer.id in asked}
        known = ends.keys() >= asked
        return tuple(datetime.fromtimestamp(ends[officer], UTC) for officer in officers) if known else ()
