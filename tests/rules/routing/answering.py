"""A referral under random answers, and what must hold after each: what supervisors' decisions are added to."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.routing.rules.referral.advance import advance
from services.routing.rules.referral.answers import (
    Refused,
    Tap,
    accept,
    acknowledge,
    decline,
    notice_failed,
    release,
)
from services.routing.rules.referral.changes import amend, erase, withdraw
from services.routing.rules.referral.draft import Transition
from services.routing.rules.referral.state import Referral
from shared.contracts.lifecycle import ReferralEvent
from shared.contracts.referrals import ReferralOffered
from tests.rules.routing.people import NOON, officer, shift
from tests.rules.routing.policies import default
from tests.rules.routing.referrals import amended, facts, opened

TEAM = [
    officer("H1"),
    officer("H2", duty=shift(7, 13)),
    officer("H3", duty=shift(15, 23)),
    officer("H4", gender="woman"),
    officer("H5", duty=shift(0, 24, "leave")),
    officer("B1", "beds"),
    officer("B2", "beds", duty=shift(20, 40)),
    officer("C1", "cambs", duty=shift(0, 72)),
]
WHO = st.sampled_from([o.id for o in TEAM] + ["X9"])
CLASSES = st.sampled_from(sorted(default().classes))
ROLES = st.sampled_from(["fim:herts", "sergeant:herts", "coordinator:herts", "inspector:herts"])
PICTURES = st.fixed_dictionaries(
    {
        "class": CLASSES,
        "risks": st.sampled_from([(), ("weapon",), ("repeat", "child")]),
        "location_confidence": st.sampled_from(["high", "none", "low"]),
        "contact_route": st.sampled_from(["person", "referrer", "none"]),
        "cross_force": st.booleans(),
        "connected_officers": st.sampled_from([(), ("H1",), ("H4", "B1")]),
        "complaint_against_police": st.booleans(),
    }
)


class AnyAnswers(RuleBasedStateMachine):
    """Time passes, people answer, the report changes; after each step the promises must still hold."""

    referral: Referral
    now: datetime
    told: list[ReferralEvent]
    conflicted: set[str]

    @initialize(picture=PICTURES)
    def a_report_comes_in(self, picture: dict[str, object]) -> None:
        self.now, self.told, self.conflicted = NOON, [], set()
        self._became(opened(**picture))

    @rule(minutes=st.sampled_from([0.0, 0.5, 2.0, 9.0, 31.0, 200.0, 1500.0]))
    def time_passes(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)
        self._became(advance(self.referral, facts(self.now, *TEAM), self.now))
        wakes_at = self.referral.wakes_at
        assert wakes_at is None or wakes_at > self.now, "nothing is left undone"

    @precondition(lambda self: self.referral.wakes_at is not None)
    @rule()
    def the_next_deadline_comes(self) -> None:
        wakes_at = self.referral.wakes_at
        assert wakes_at is not None
        early = wakes_at - timedelta(microseconds=1)
        if early >= self.now:
            assert advance(self.referral, facts(early, *TEAM), early) == (self.referral, (), ())
        self.now = max(self.now, wakes_at)
        self._became(advance(self.referral, facts(self.now, *TEAM), self.now))

    @rule(who=WHO)
    def somebody_accepts(self, who: str) -> None:
        was = self.referral.holder
        self._try(lambda: accept(self.referral, Tap(who, "herts"), facts(self.now, *TEAM), self.now))
        if was is not None:
            assert self.referral.holder == was, "nobody takes it from its holder"
        if self.referral.holder is not None:
            assert self.referral.holder.id not in self.conflicted

    @precondition(lambda self: self.referral.offers and not self.referral.held)
    @rule(place=st.integers(0, 9))
    def one_of_those_asked_accepts(self, place: int) -> None:
        asked = self.referral.offers[place % len(self.referral.offers)].officer
        self.somebody_accepts(asked)

    @rule(who=WHO, code=st.sampled_from(["conflict", "busy", "too_far", "unfit"]))
    def somebody_declines(self, who: str, code: str) -> None:
        holds = self.referral.holder is not None and self.referral.holder.id == who
        if code == "conflict" and self.referral.offer_to(who) and not holds:
            self.conflicted.add(who)
        self._try(lambda: decline(self.referral, who, code, self.now))

    @rule(who=WHO)
    def somebody_gives_it_back(self, who: str) -> None:
        self._try(lambda: release(self.referral, who, "abstracted", self.now))

    @rule(who=WHO | ROLES)
    def a_notice_fails(self, who: str) -> None:
        self._try(lambda: notice_failed(self.referral, who, self.now))

    @rule(role=ROLES)
    def a_role_acknowledges(self, role: str) -> None:
        self._try(lambda: acknowledge(self.referral, role, role, "seen", self.now))

    @rule(picture=PICTURES)
    def the_report_is_amended(self, picture: dict[str, object]) -> None:
        self._try(lambda: amend(self.referral, amended(["class"], **picture), default(), self.now))

    @precondition(lambda self: len(self.told) > 12)
    @rule(erased=st.booleans())
    def it_ends(self, erased: bool) -> None:
        self._try(lambda: (erase if erased else withdraw)(self.referral, "request", self.now))

    def _try(self, act: Callable[[], Transition]) -> None:
        with suppress(Refused):
            self._became(act())

    def _became(self, transition: Transition) -> None:
        referral, events, decisions = transition
        for event in events:
            assert (event.state, event.next_due, event.holder) == (referral.state, referral.due, referral.holder)
        for decision in decisions:
            out = {id for ids in decision["out"].values() for id in ids}
            assert not out & set(decision["chosen"]), "nobody ruled out is asked"
        self._offers_are_sound(events)
        self.told += events
        self.referral = Referral.model_validate_json(referral.model_dump_json())
        assert self.referral == referral, "what is stored is what was"

    def _offers_are_sound(self, events: tuple[ReferralEvent, ...]) -> None:
        asked = {officer for event in self.told if isinstance(event, ReferralOffered) for officer in event.officers}
        for event in events:
            if isinstance(event, ReferralOffered):
                assert event.respond_by > event.at
                assert not asked & set(event.officers), "each is asked once"
                assert len(set(event.officers)) == len(event.officers)

    @invariant()
    def events_are_numbered_without_a_gap(self) -> None:
        assert [event.sequence for event in self.told] == list(range(1, len(self.told) + 1))
        assert self.referral.sequence == len(self.told)

    @invariant()
    def what_is_open_has_a_deadline_and_what_is_not_has_none(self) -> None:
        assert (self.referral.due is not None) == self.referral.is_open
        assert self.referral.is_open or self.referral.wakes_at is None

    @invariant()
    def while_it_is_open_a_holder_holds_and_nobody_else(self) -> None:
        assert not self.referral.is_open or (self.referral.holder is not None) == self.referral.held

    @invariant()
    def a_risk_is_never_forgotten(self) -> None:
        for alert in self.referral.alerts:
            assert alert.acknowledged or alert.due is not None
