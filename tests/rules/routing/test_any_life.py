"""What holds in every life of a referral, whoever does what and whenever: invariants 2 to 5 of design §1.

People tap, twice or late; time passes, with the driver running or stopped; reports change, notices fail, supervisors
decide, officers fall sick and leave. After each step the referral is written down and read again, as by a restart.
"""

import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.routing.rules.matching.model import Officer
from services.routing.rules.referral.advance import advance
from services.routing.rules.referral.answers import (
    Refused,
    Tap,
    accept,
    acknowledge,
    decline,
    has_part,
    is_asked,
    notice_failed,
    release,
    view,
)
from services.routing.rules.referral.bars import kept_under
from services.routing.rules.referral.changes import amend, erase, withdraw
from services.routing.rules.referral.closing import close, reopen
from services.routing.rules.referral.contacting import Tried, agreed_means, attempt, safeguarded
from services.routing.rules.referral.draft import Transition
from services.routing.rules.referral.handing_over import hand_over, keep
from services.routing.rules.referral.holding import Doer, Misgiven
from services.routing.rules.referral.links import barred_by, link, unlink
from services.routing.rules.referral.overriding import Order, override
from services.routing.rules.referral.pauses import pause, resume
from services.routing.rules.referral.placing import Receipt, hand_off, recall, receive
from services.routing.rules.referral.promises import give_update, record_plan
from services.routing.rules.referral.records import Pause, Plan
from services.routing.rules.referral.state import Referral
from services.routing.rules.referral.transfers import transfer
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
from tests.rules.routing.referrals import amended, facts, opened

LIVES = int(os.environ.get("PROVE_LIVES", "60"))
"""A sample here; `make prove` lives thousands."""


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


class AnyLife(RuleBasedStateMachine):
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
                self.somebody_accepts(self.referral.offers[0].officer, None)

    # ---- time ----

    @rule(minutes=st.sampled_from([0.0, 0.5, 2.0, 9.0, 31.0, 200.0, 1500.0]))
    def time_passes(self, minutes: float) -> None:
        """With the driver stopped meanwhile: what passed comes as one transition."""
        self.now += timedelta(minutes=minutes)
        self._drive()

    @precondition(lambda self: self.referral.wakes_at is not None)
    @rule()
    def the_next_deadline_comes(self) -> None:
        wakes_at = self.referral.wakes_at
        assert wakes_at is not None
        early = wakes_at - timedelta(microseconds=1)
        if early >= self.now:
            assert advance(self.referral, self._facts(early), early) == (self.referral, (), ()), "nothing comes early"
        self.now = max(self.now, wakes_at)
        self._drive()

    @rule(number=st.integers(0, len(ROSTERS) - 1))
    def the_roster_changes(self, number: int) -> None:
        self.team = ROSTERS[number]
        if self.referral.is_open:
            self.referral = self.referral.model_copy(update={"recheck_at": self.now})
        self._drive()

    # ---- officers ----

    @rule(who=WHO, late=st.sampled_from([None, 0.0, 20.0]))
    def somebody_accepts(self, who: str, late: float | None) -> None:
        was, asks = self.referral.holder, self.referral.handover
        tapped_at = None if late is None else self.now - timedelta(minutes=late)
        self._twice(lambda: accept(self.referral, Tap(who, who_force(who), tapped_at), self._facts(), self.now))
        if was is not None and (asks is None or asks.receiver != who) and self.referral.held:
            assert self.referral.holder == was, "nobody takes it from its holder"

    @precondition(lambda self: any(is_asked(self.referral, offer) for offer in self.referral.offers))
    @rule(place=st.integers(0, 9), late=st.sampled_from([None, 3.0]))
    def one_of_those_asked_accepts(self, place: int, late: float | None) -> None:
        asked = [offer.officer for offer in self.referral.offers if is_asked(self.referral, offer)]
        self.somebody_accepts(asked[place % len(asked)], late)

    @rule(who=WHO, code=st.sampled_from(["conflict", "busy", "too_far", "unfit"]))
    def somebody_declines(self, who: str, code: str) -> None:
        offer = self.referral.offer_to(who)
        holds = self.referral.holder is not None and self.referral.holder.id == who
        connected = who in self.referral.picture.connected_officers
        if code == "conflict" and offer is not None and not holds and not connected:
            self.conflicted.add(who)
        self._twice(lambda: decline(self.referral, who, code, self.now))

    @rule(who=WHO, code=st.sampled_from(["abstracted", "conflict"]))
    def somebody_gives_it_back(self, who: str, code: str) -> None:
        if code == "conflict" and self.referral.is_open and has_part(self.referral, who):
            self.conflicted.add(who)
        self._try(lambda: release(self.referral, who, code, self.now))

    @rule(who=WHO)
    def somebody_opens_the_task(self, who: str) -> None:
        self._twice(lambda: view(self.referral, who, self.now))

    @rule(who=WHO | ROLES)
    def a_notice_fails(self, who: str) -> None:
        self._try(lambda: notice_failed(self.referral, who, self.now))

    # ---- the holder at work ----

    @rule(
        means=st.sampled_from(["call", "text", "face_to_face"]),
        outcome=st.sampled_from(["spoke", "no_answer", "message_left", "unsafe"]),
        ago=st.sampled_from([0.0, 7.0]),
        promise=AHEAD | st.none(),
    )
    def somebody_tries_to_reach_the_person(self, means: str, outcome: str, ago: float, promise: float | None) -> None:
        by = None if promise is None else self._in(promise)
        tried = Tried(means, self.now - timedelta(minutes=ago), outcome, next_update_by=by)  # type: ignore[arg-type]
        self._twice(lambda: attempt(self.referral, self._holder(), tried, self.now))

    @precondition(lambda self: self.referral.held and agreed_means(self.referral))
    @rule(outcome=st.sampled_from(["spoke", "no_answer", "no_answer"]), child=st.booleans())
    def the_holder_tries_by_a_means_the_person_agreed_to(self, outcome: str, child: bool) -> None:
        means = min(agreed_means(self.referral))
        if child:
            self._try(lambda: acknowledge(self.referral, f"fim:{self.referral.force}", "fim:herts", "seen", self.now))
        before = self.referral.state
        tried = Tried(means, self.now, outcome)  # type: ignore[arg-type]
        self._twice(lambda: attempt(self.referral, self._holder(), tried, self.now))
        if outcome == "spoke" and safeguarded(self.referral):
            assert self.referral.state == "contacted"
        assert outcome == "spoke" or self.referral.state == before

    @rule(promise=AHEAD)
    def an_update_is_given(self, promise: float) -> None:
        self._twice(lambda: give_update(self.referral, self._holder(), self._in(promise), self.now))

    @rule(to=WHO)
    def the_holder_hands_over(self, to: str) -> None:
        self._twice(lambda: hand_over(self.referral, self._holder(), to, self._facts(), self.now))

    @precondition(lambda self: self.referral.handover is not None)
    @rule()
    def the_receiver_takes_over(self) -> None:
        assert self.referral.handover is not None
        self.somebody_accepts(self.referral.handover.receiver, None)

    @rule()
    def the_holder_keeps_it(self) -> None:
        self._twice(lambda: keep(self.referral, self._holder(), self.now))

    # ---- supervisors ----

    @rule(role=ROLES)
    def a_role_acknowledges(self, role: str) -> None:
        self._twice(lambda: acknowledge(self.referral, role, role, "seen", self.now))

    @rule(told=st.sampled_from(["person", "referrer", "not_safe_until"]), ahead=AHEAD)
    def a_plan_is_made(self, told: str, ahead: float) -> None:
        whom = {"told_at": self.now, "told_by": "H1"}
        words = {"by": "inspector:herts", "next_contact_by": self._in(ahead), "told": told} | whom
        self._twice(lambda: record_plan(self.referral, Plan.model_validate(words), self.now))

    @rule(ahead=AHEAD)
    def the_clocks_are_stopped(self, ahead: float) -> None:
        asked = Pause(since=self.now, until=self._in(ahead), reason="person_asked", by="sergeant:herts")
        self._twice(lambda: pause(self.referral, asked, default(), self.now))

    @rule()
    def the_clocks_run_again(self) -> None:
        self._twice(lambda: resume(self.referral, "sergeant:herts", default(), self.now))

    @rule(force=st.sampled_from(["herts", "beds", "atlantis"]))
    def it_is_transferred(self, force: str) -> None:
        self._twice(lambda: transfer(self.referral, force, "coordinator:herts", default(), self.now))

    @rule(who=WHO)
    def a_supervisor_chooses(self, who: str) -> None:
        order = Order(who, "sergeant:herts", "local_knowledge")
        self._twice(lambda: override(self.referral, order, self._facts(), self.now))

    @precondition(lambda self: len(self.told) > 15)
    @rule(step=st.sampled_from(["send", "receipt", "recall"]))
    def it_is_handed_off(self, step: str) -> None:
        by = "coordinator:herts"
        steps: dict[str, Callable[[], Transition]] = {
            "send": lambda: hand_off(self.referral, "essex", by, self.now),
            "receipt": lambda: receive(self.referral, Receipt("desk", "EX-1", by), self.now),
            "recall": lambda: recall(self.referral, self.now),
        }
        self._try(steps[step])

    @rule(part=st.booleans())
    def it_is_linked_or_parted(self, part: bool) -> None:
        join = unlink if part else link
        self._twice(lambda: join(self.referral, self.other, "coordinator:herts", self.now))
        if not part and self.referral.is_open:
            barred = {offer.officer for offer in self.other.offers if offer.code == "conflict"}
            assert self.referral.holder is None or self.referral.holder.id not in barred

    @precondition(lambda self: len(self.told) > 8)
    @rule(supervisor=st.booleans(), outcome=st.sampled_from(["supported", "supported", "eaten_by_the_cat"]))
    def it_is_closed(self, supervisor: bool, outcome: str) -> None:
        doer = SERGEANT if supervisor else self._holder()
        breached = bool(self.referral.clocks.breached) and self.referral.is_open
        self._twice(lambda: close(self.referral, doer, outcome, default(), self.now))
        assert not (breached and self.referral.state == "closed"), "no breach is closed away"

    @rule()
    def it_is_opened_again(self) -> None:
        self._twice(lambda: reopen(self.referral, "sergeant:herts", None, default(), self.now))

    # ---- the report ----

    @rule(picture=PICTURES, changed=st.sampled_from([("grade",), ("locations",)]))
    def the_report_is_amended(self, picture: dict[str, Any], changed: tuple[str, ...]) -> None:
        self._try(lambda: amend(self.referral, amended(changed, **picture), default(), self.now))

    @precondition(lambda self: len(self.told) > 25)
    @rule(erased=st.booleans())
    def it_ends(self, erased: bool) -> None:
        self._twice(lambda: (erase if erased else withdraw)(self.referral, "request", self.now))

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


TestAnyLife = AnyLife.TestCase
TestAnyLife.settings = settings(
    max_examples=LIVES,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
