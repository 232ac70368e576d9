"""Climbing: whom to ask next and when, every step counted from opening.

A step with nobody to ask is skipped at once; steps that passed during a stop become one transition, in which
everybody still eligible is asked once and every role told once.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from services.routing.rules.referral.asking import EVERYBODY, SCOPES, Asking
from services.routing.rules.referral.asking_the_person import WISH, ask_the_person
from services.routing.rules.referral.draft import Draft
from services.routing.rules.referral.roles import new_alert, say_alerted, settle, unacknowledged
from services.routing.rules.referral.state import Alert, Referral
from services.routing.rules.referral.wanted import Facts
from shared.contracts.escalation import Step, StepKind
from shared.contracts.referrals import ReferralEscalated, ReferralWaiting


@dataclass
class Climb:
    """What one transition does to the ladder."""

    draft: Draft
    facts: Facts
    asking: Asking
    why: str = "step_due"
    told: list[Alert] = field(default_factory=list)
    dry: bool = False
    """The last thing tried found nobody, so the next rung is now."""
    wishes: tuple[str, ...] = ()
    """What the person requires, where that alone is why the last thing tried found nobody."""


def climb(draft: Draft, facts: Facts) -> None:
    """Take every rung that is due, replace who declined, skip what finds nobody, and end at the floor."""
    before = draft.referral.ladder.taken
    going = Climb(draft, facts, Asking(draft, facts))
    _make_good(going)
    while _next_is_now(going):
        _take(going)
    _announce(going, before)
    _mind_wishes(going)
    _stand_on_floor(going)
    _look_out(going)


def _make_good(going: Climb) -> None:
    """Fill the places of those who declined; with nobody left to hope for, the next rung is now."""
    draft, ladder = going.draft, going.draft.referral.ladder
    if ladder.hurried:
        going.dry, going.why = True, "unreachable"
    if ladder.vacancies:
        found = _refill(going, ladder.vacancies, "refill")
        if not found and not _hopeful(draft.referral, draft):
            going.dry, going.why = not going.wishes, "declined"
    elif _somebody_came_on(draft):
        _refill(going, 1, "came_on_duty")
    draft.ladder(vacancies=0, hurried=False)


def _somebody_came_on(draft: Draft) -> bool:
    recheck = draft.referral.recheck_at
    return recheck is not None and recheck <= draft.now


def _refill(going: Climb, count: int, why: str) -> bool:
    """Ask the next best in place of others; a search that finds nobody is not worth keeping."""
    decided = len(going.draft.decisions)
    kind: StepKind = "pool_on_duty" if going.draft.referral.terms.broadcast else "next"
    found = going.asking.choose(kind, count, why)
    if not found:
        del going.draft.decisions[decided:]
        going.wishes = going.asking.unmet(kind)
    return found


def _next_is_now(going: Climb) -> bool:
    ladder = going.draft.referral.ladder
    if ladder.taken >= len(ladder.rungs) or going.draft.referral.pause is not None:
        return False
    return going.dry or ladder.rungs[ladder.taken].at <= going.draft.now


def _take(going: Climb) -> None:
    ladder = going.draft.referral.ladder
    rung = ladder.rungs[ladder.taken]
    early = rung.at > going.draft.now
    if early and going.why == "step_due":
        going.why = "nobody_available"
    going.draft.ladder(taken=ladder.taken + 1)
    if rung.step.kind in SCOPES:
        found = _ask(going, rung.step, "first" if ladder.taken == 0 else going.why)
        # Where only a wish is in the way the person is asked, and the steps keep their own times meanwhile.
        going.wishes = () if found else going.asking.unmet(rung.step.kind)
        going.dry = not found and not going.wishes
    else:
        _tell(going, rung.step)
        going.dry = False


def _ask(going: Climb, step: Step, why: str) -> bool:
    """Whether the step has somebody: asked under an earlier class already, or chosen now."""
    credit = going.draft.referral.ladder.credit
    wanted = step.count if step.kind in EVERYBODY else max(step.count - credit, 0)
    going.draft.ladder(credit=max(credit - step.count, 0))
    return wanted == 0 or going.asking.choose(step.kind, wanted, why)


def _tell(going: Climb, step: Step) -> None:
    draft = going.draft
    role = step.role or draft.referral.terms.floor.role
    if draft.referral.role(role) in {alert.role for alert in going.told}:
        return
    why = "plan" if step.kind == "plan" else "ladder"
    going.told.append(new_alert(draft, "step", role, why, draft.referral.terms.floor.ack_minutes))


def _announce(going: Climb, before: int) -> None:
    """Say in one breath what happened: the ladder moved, these officers are asked, these roles are told."""
    draft, chosen = going.draft, tuple(going.asking.chosen)
    taken = draft.referral.ladder.taken
    step = max(taken - 1, 0)
    if chosen or going.told:
        draft.put(state="offered" if chosen else "waiting")
    if taken > max(before, 1) and (chosen or going.told or not going.wishes):
        last = going.told[-1] if going.told else None
        words = {"role": last.role, "due": last.due} if last else {}
        steps = tuple(range(before, taken))
        draft.say(ReferralEscalated, step=step, steps=steps, to=chosen, why=going.why, **words)
        for alert in going.told[:-1]:
            say_alerted(draft, alert)
    else:
        for alert in going.told:
            _wait(draft, alert)
    if chosen:
        going.asking.offer(step, _why_offered(going, before))


def _why_offered(going: Climb, before: int) -> str:
    found = [str(decision["why"]) for decision in going.draft.decisions if decision["chosen"]]
    if going.draft.referral.ladder.taken == before or "nobody_at_home" in found:
        return found[-1]
    return "first" if before == 0 and going.draft.referral.ladder.taken == 1 else going.why


def _mind_wishes(going: Climb) -> None:
    if going.asking.chosen:
        settle(going.draft, WISH)
    elif going.wishes and not _hopeful(going.draft.referral, going.draft):
        ask_the_person(going.draft, going.wishes)


def _stand_on_floor(going: Climb) -> None:
    """Once the ladder ends, the role under it: at once if its last rung found nobody, else after a little time."""
    draft, terms = going.draft, going.draft.referral.terms
    ladder = draft.referral.ladder
    if draft.referral.pause is not None:
        return
    if ladder.taken < len(ladder.rungs) or any(alert.kind == "floor" for alert in draft.referral.alerts):
        return
    if ladder.floor_at is None and not going.dry:
        draft.ladder(floor_at=draft.now + timedelta(minutes=terms.floor.ack_minutes))
        return
    if not going.dry and ladder.floor_at is not None and ladder.floor_at > draft.now:
        return
    draft.ladder(floor_at=None)
    _alert_floor(draft)


def _alert_floor(draft: Draft) -> None:
    """Tell the floor's role, unless it is being told about this ladder already: then that alert is the floor."""
    floor = draft.referral.terms.floor
    for place in unacknowledged(draft.referral, draft.referral.role(floor.role)):
        alert = draft.referral.alerts[place]
        if alert.kind == "step":
            raised = alert.model_copy(update={"kind": "floor"})
            alerts = draft.referral.alerts
            draft.put(alerts=(*alerts[:place], raised, *alerts[place + 1 :]))
            if draft.referral.state != "waiting":
                _wait(draft, raised)
            return
    _wait(draft, new_alert(draft, "floor", floor.role, "ladder_ended", floor.ack_minutes))


def _wait(draft: Draft, alert: Alert) -> None:
    """The role holds it from here."""
    draft.put(state="waiting")
    draft.say(ReferralWaiting, role=alert.role, due=alert.due, why=alert.why)


def _look_out(going: Climb) -> None:
    """Where nobody is left to hope for, look again when somebody comes on duty."""
    draft = going.draft
    if _hopeful(draft.referral, draft):
        draft.put(looking=False, recheck_at=None)
        return
    picture = draft.referral.picture
    forces = set(going.facts.muster.standing.forces.values()) if picture.cross_force else {draft.referral.force}
    draft.put(looking=True, recheck_at=going.facts.muster.next_on_duty(forces))


def _hopeful(referral: Referral, draft: Draft) -> bool:
    return any(offer.live(draft.now) for offer in referral.offers)
