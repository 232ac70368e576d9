"""What holds in every history in which supervisors decide as well: choosing, handing off, taking back, confirming."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from services.routing.rules.referral.changes import amend
from services.routing.rules.referral.draft import Transition
from services.routing.rules.referral.overriding import Order, choices, override
from services.routing.rules.referral.placing import Receipt, hand_off, recall, receive
from services.routing.rules.referral.repeats import confirm_repeat, shown_earlier
from shared.contracts.lifecycle import ReferralEvent
from shared.contracts.referrals import ReferralHandedOff, ReferralOffered
from tests.rules.routing.answering import PICTURES, TEAM, WHO, AnyAnswers
from tests.rules.routing.policies import default
from tests.rules.routing.referrals import amended, facts

COORDINATOR = "coordinator:herts"
DESKS = st.sampled_from(["essex", "suffolk", "community_desk"])
WISHES = st.fixed_dictionaries(
    {
        "desk": st.sampled_from([None, None, "essex"]),
        "officer_gender": st.sampled_from([None, {"value": "woman", "required": True}]),
        "cross_force": st.booleans(),
        "earlier": st.sampled_from([None, {"count": 2, "last_officer": "H1"}]),
    }
)


class AnyDecision(AnyAnswers):
    """People answer, and supervisors who decide."""

    @initialize(picture=PICTURES, wishes=WISHES)
    def a_report_comes_in(self, picture: dict[str, object], wishes: dict[str, object]) -> None:
        super().a_report_comes_in(picture=picture | wishes)

    @rule(picture=PICTURES, wishes=WISHES)
    def the_wishes_are_amended(self, picture: dict[str, object], wishes: dict[str, object]) -> None:
        changed = amended(["preferences"], **(picture | wishes))
        self._try(lambda: amend(self.referral, changed, default(), self.now))

    @rule(who=WHO, reason=st.sampled_from(["local_knowledge", "person_agreed"]))
    def a_supervisor_chooses(self, who: str, reason: str) -> None:
        order = Order(who, COORDINATOR, reason)
        before = self.referral
        self._try(lambda: override(self.referral, order, facts(self.now, *TEAM), self.now))
        if self.referral != before:
            assert who not in self.conflicted
            assert who not in self.referral.picture.connected_officers

    @rule(place=st.integers(0, 9))
    def a_supervisor_chooses_from_the_list(self, place: int) -> None:
        may = choices(self.referral, facts(self.now, *TEAM))
        assert not set(may) & (self.conflicted | set(self.referral.picture.connected_officers))
        if may and self.referral.is_open and not self.referral.awaits_receipt:
            who = may[place % len(may)]
            self.a_supervisor_chooses(who, "person_agreed")
            assert self.referral.choice is not None
            assert self.referral.choice.officer == who, "whoever is listed can be chosen"

    @rule(desk=DESKS)
    def it_is_handed_off(self, desk: str) -> None:
        self._try(lambda: hand_off(self.referral, desk, COORDINATOR, self.now))

    @rule(person=st.sampled_from(["Quince", "Rhubarb"]))
    def the_desk_has_it(self, person: str) -> None:
        self._try(lambda: receive(self.referral, Receipt(person, "X-1", COORDINATOR), self.now))

    @rule()
    def it_is_taken_back(self) -> None:
        self._try(lambda: recall(self.referral, self.now))

    @rule(confirmed=st.booleans())
    def somebody_says_whether_it_is_a_repeat(self, confirmed: bool) -> None:
        self._try(lambda: confirm_repeat(self.referral, confirmed, COORDINATOR, self.now))

    def _became(self, transition: Transition) -> None:
        ranked = tuple(decision for decision in transition.decisions if decision["why"] != "override")
        super()._became(transition._replace(decisions=ranked))

    def _offers_are_sound(self, events: tuple[ReferralEvent, ...]) -> None:
        chosen = [event for event in events if isinstance(event, ReferralOffered) and event.why == "override"]
        assert all(len(event.officers) == 1 and event.respond_by > event.at for event in chosen)
        super()._offers_are_sound(tuple(event for event in events if event not in chosen))

    @invariant()
    def while_a_desk_is_awaited_or_one_is_asked_alone_nobody_else_is_asked(self) -> None:
        in_hand = {offer.officer for offer in self.referral.offers if offer.answer == "open"}
        if self.referral.is_open and self.referral.awaits_receipt:
            assert (self.referral.state, self.referral.holder, in_hand) == ("waiting", None, set())
            assert any(alert.kind == "receipt" and alert.due is not None for alert in self.referral.alerts)
        if self.referral.is_open and self.referral.choice is not None:
            assert in_hand <= {self.referral.choice.officer}
            assert not self.referral.held

    @invariant()
    def it_is_handed_off_only_by_a_receipt(self) -> None:
        received = [event for event in self.told if isinstance(event, ReferralHandedOff) and event.received]
        assert (self.referral.state == "handed_off") == bool(received)

    @invariant()
    def nobody_is_offered_against_a_wish(self) -> None:
        gender = self.referral.picture.officer_gender
        for offer in self.referral.offers:
            woman = next((one.gender == "woman" for one in TEAM if one.id == offer.officer), False)
            named = offer.at == self.now and offer.answer == "open" and self.referral.choice is None
            if named and gender is not None and gender.required and self.told[-1].at == self.now:
                assert woman or not isinstance(self.told[-1], ReferralOffered)

    @invariant()
    def earlier_reports_show_only_once_confirmed(self) -> None:
        assert shown_earlier(self.referral) is None or self.referral.earlier_confirmed


TestAnyDecision: Any = AnyDecision.TestCase
TestAnyDecision.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
