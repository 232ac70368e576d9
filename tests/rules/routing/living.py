"""A referral under test and the world it lives in: rosters, pictures, how a step is taken, and what always holds."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from services.routing.rules.matching.model import Officer
from services.routing.rules.referral.advance import advance
from services.routing.rules.referral.answers import Refused, Tap, accept, decline, is_asked
from services.routing.rules.referral.bars import kept_under
from services.routing.rules.referral.draft import Transition
from services.routing.rules.referral.holding import Doer, Misgiven
from services.routing.rules.referral.links import barred_by
from services.routing.rules.referral.state import Referral
from services.routing.rules.roster.duty import Duty, Entry, fold
from shared.contracts.lifecycle import ReferralEvent
from shared.contracts.referrals import (
    ReferralAccepted,
    ReferralAssignedByOverride,
    ReferralHandedOver,
    ReferralOffered,
    ReferralReopened,
)
from tests.rules.routing.people import NOON, at, officer, shift
from tests.rules.routing.policies import default
from tests.rules.routing.referrals import facts, opened


def rota(*hours: tuple[float, float], sick: tuple[float, float] | None = None) -> Duty:
    """Duties in hours of the test's day, and a stretch of illness over them."""
    entries = [Entry("duty", at(starts), at(ends), "file") for starts, ends in hours]
    if sick is not None:
        entries.append(Entry("sick", at(sick[0]), at(sick[1]), "own"))
    return fold(entries)


ROSTERS: Sequence[Sequence[Officer]] = (
    (
        officer("H1", duty=rota((7, 17), (31, 41))),
        officer("H2", duty=rota((7, 13), (20, 30))),
        officer("H3", duty=rota((15, 23))),
        officer("H4", gender="woman", duty=shift(0, 400)),
        officer("H5", duty=shift(0, 24, "leave")),
        officer("B1", "beds", duty=shift(0, 200)),
        officer("B2", "beds", duty=rota((20, 40))),
        officer("C1", "cambs", duty=shift(0, 72)),
    ),
    # H1 falls sick, H2 has left, H4 goes home.
    (
        officer("H1", duty=rota((7, 17), sick=(12, 60))),
        officer("H3", duty=rota((12, 60))),
        officer("H4", gender="woman", duty=rota((7, 12.5))),
        officer("B1", "beds", duty=shift(0, 200)),
    ),
    (),
)
NAMES = sorted({one.id for team in ROSTERS for one in team})
WHO = st.sampled_from([*NAMES, "X9"])
ROLES = st.sampled_from(
    [f"{role}:{force}" for role in ("fim", "sergeant", "coordinator") for force in ("herts", "beds")]
)
CLASSES = st.sampled_from(sorted(default().classes))
AHEAD = st.sampled_from([-5.0, 0.0, 1.0, 45.0, 600.0, 30_000.0])
PICTURES = st.fixed_dictionaries(
    {
        "class": CLASSES,
        "risks": st.sampled_from([(), ("weapon",), ("repeat", "child")]),
        "under_18": st.sampled_from([False, False, True]),
        "location_confidence": st.sampled_from(["high", "high", "none", "low"]),
        "contact_route": st.sampled_from(["person", "person", "referrer", "none"]),
        "contact_rules": st.sampled_from([{"means": ["call", "text"]}, {}, {"refused": True}]),
        "contact_windows": st.sampled_from([(), ({"from": "18:00", "until": "20:00"},)]),
        "cross_force": st.booleans(),
        "connected_officers": st.sampled_from([(), ("H1",), ("H4", "B1")]),
        "excluded_officers": st.sampled_from([(), ("H2",)]),
        "complaint_against_police": st.sampled_from([False, False, True]),
        "event": st.sampled_from([None, {"officers_wanted": 3}]),
    }
)
SERGEANT = Doer("sergeant:herts")


class Living(RuleBasedStateMachine):
    """One referral, and another that it may be linked with."""

    referral: Referral
    other: Referral
    now: datetime
    team: Sequence[Officer]
    told: list[ReferralEvent]
    asked: set[str]
    conflicted: set[str]

    @initialize(picture=PICTURES, conflict=st.booleans(), taken=st.sampled_from([False, True, True]))
    def a_report_comes_in(self, picture: dict[str, Any], conflict: bool, taken: bool) -> None:
        self.now, self.told, self.asked, self.conflicted = NOON, [], set(), set()
        self.team = ROSTERS[0]
        self._became(opened(**picture))
        self.other = opened(referral_id=UUID(int=7), reference="M3PX-8W2T").referral
        if conflict:
            self.other = advance(self.other, facts(NOON, *self.team), NOON).referral
            self.other = decline(self.other, self.other.offers[0].officer, "conflict", NOON).referral
        if taken:
            self._drive()
            if self.referral.offers:
                who = self.referral.offers[0].officer
                self._try(lambda: accept(self.referral, Tap(who, who_force(who)), self._facts(), self.now))

    # ---- how a step is taken ----

    def _facts(self, now: datetime | None = None) -> Any:
        barred = dict.fromkeys(kept_under(self.other), barred_by(self.other))
        return facts(now or self.now, *self.team, barred=barred)

    def _in(self, minutes: float) -> datetime:
        return self.now + timedelta(minutes=minutes)

    def _holder(self) -> Doer:
        name = self.referral.holder.id if self.referral.holder else "X9"
        return Doer(f"officer:{name}", name)

    def _drive(self) -> None:
        """The driver works until nothing is due."""
        for _ in range(4):
            self._became(advance(self.referral, self._facts(), self.now))
        wakes_at = self.referral.wakes_at
        assert wakes_at is None or wakes_at > self.now, "nothing is left undone"

    def _try(self, act: Callable[[], Transition]) -> bool:
        try:
            transition = act()
        except (Refused, Misgiven):
            return False
        self._became(transition)
        return True

    def _twice(self, act: Callable[[], Transition]) -> None:
        """Whatever is said twice is said once; a second time it may be refused, never done again."""
        if not self._try(act):
            return
        before, said = self.referral, len(self.told)
        if self._try(act):
            assert (self.referral, len(self.told)) == (before, said), "said twice, done twice"

    def _became(self, transition: Transition) -> None:
        referral, events, decisions = transition
        for event in events:
            assert (event.state, event.next_due, event.holder) == (referral.state, referral.due, referral.holder)
            self._is_sound(event)
        for decision in decisions:
            out = {id for ids in decision["out"].values() for id in ids}
            if decision["why"] != "override":
                assert not out & set(decision["chosen"]), "nobody ruled out is asked"
        self.told += events
        self.referral = Referral.model_validate_json(referral.model_dump_json())
        assert self.referral == referral, "what is stored is what was"

    def _is_sound(self, event: ReferralEvent) -> None:
        match event:
            case ReferralReopened():
                self.asked = set()
            case ReferralOffered():
                assert event.respond_by > event.at, "nobody is asked for what has passed"
                assert len(set(event.officers)) == len(event.officers)
                assert event.why == "override" or not self.asked & set(event.officers), "each is asked once"
                assert not self.conflicted & set(event.officers), "a conflict is for good"
                self.asked |= set(event.officers)
            case ReferralAccepted():
                assert event.officer not in self.conflicted
            case ReferralHandedOver() | ReferralAssignedByOverride():
                named = event.receiver if isinstance(event, ReferralHandedOver) else event.officer
                assert named not in self.conflicted

    # ---- what always holds ----

    @invariant()
    def events_are_numbered_without_a_gap(self) -> None:
        assert [event.sequence for event in self.told] == list(range(1, len(self.told) + 1))
        assert self.referral.sequence == len(self.told)

    @invariant()
    def what_is_open_has_a_deadline_and_what_is_not_has_none(self) -> None:
        assert (self.referral.due is not None) == self.referral.is_open
        assert self.referral.is_open or self.referral.wakes_at is None

    @invariant()
    def it_is_never_ownerless(self) -> None:
        referral = self.referral
        if not referral.is_open or (referral.wakes_at is not None and referral.wakes_at <= self.now):
            return
        owned = referral.holder is not None
        on_offer = any(is_asked(referral, offer) for offer in referral.offers)
        with_a_role = bool(referral.alerts) or referral.pause is not None or referral.plan is not None
        assert owned or on_offer or with_a_role

    @invariant()
    def while_it_is_open_one_holds_it_or_nobody_does(self) -> None:
        referral = self.referral
        assert not referral.is_open or (referral.holder is not None) == referral.held
        helpers = [helper.id for helper in referral.helpers]
        assert len(set(helpers)) == len(helpers)
        assert referral.holder is None or not referral.is_open or referral.holder.id not in helpers
        assert referral.held or not (helpers or referral.handover or referral.duty)

    @invariant()
    def nobody_connected_or_in_conflict_has_any_part_in_it(self) -> None:
        referral = self.referral
        if not referral.is_open:
            return
        away = set(referral.picture.connected_officers) | self.conflicted
        parts = {helper.id for helper in referral.helpers} | {referral.holder.id if referral.holder else ""}
        assert not parts & away

    @invariant()
    def a_risk_is_never_forgotten(self) -> None:
        for alert in self.referral.alerts:
            assert alert.acknowledged or alert.due is not None

    @invariant()
    def a_breach_stays_until_there_is_a_plan(self) -> None:
        missed, planned = [], False
        for event in self.told:
            match event.name:
                case "referral.breached":
                    missed.append(event)
                case "referral.plan_recorded" | "referral.reopened":
                    missed, planned = [], True
        assert bool(missed) == bool(self.referral.clocks.breached) or planned


def who_force(who: str) -> str:
    """H4 is of Hertfordshire."""
    return {"B": "beds", "C": "cambs"}.get(who[0], "herts")
