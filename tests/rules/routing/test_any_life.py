"""What holds in every life of a referral, whoever does what and whenever: invariants 2 to 5 of design §1.

People tap, twice or late; time passes, with the driver running or stopped; reports change, notices fail, supervisors
decide, officers fall sick and leave. After each step the referral is written down and read again, as by a restart.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from services.routing.rules.referral.advance import advance
from services.routing.rules.referral.answers import (
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
from services.routing.rules.referral.changes import amend, erase, withdraw
from services.routing.rules.referral.closing import close, reopen
from services.routing.rules.referral.contacting import Tried, agreed_means, attempt, safeguarded
from services.routing.rules.referral.draft import Transition
from services.routing.rules.referral.handing_over import hand_over, keep
from services.routing.rules.referral.links import link, unlink
from services.routing.rules.referral.overriding import Order, override
from services.routing.rules.referral.pauses import pause, resume
from services.routing.rules.referral.placing import Receipt, hand_off, recall, receive
from services.routing.rules.referral.promises import give_update, record_plan
from services.routing.rules.referral.records import Pause, Plan
from services.routing.rules.referral.transfers import transfer
from tests.rules.routing.living import AHEAD, PICTURES, ROLES, ROSTERS, SERGEANT, WHO, Living, who_force
from tests.rules.routing.policies import default
from tests.rules.routing.referrals import amended

LIVES = int(os.environ.get("PROVE_LIVES", "60"))
"""A sample here; `make prove` lives thousands."""


class AnyLife(Living):
    """Everything that people, reports and time can do to it."""

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


TestAnyLife = AnyLife.TestCase
TestAnyLife.settings = settings(
    max_examples=LIVES,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
