"""Staffed roles: told, told again, paged over to operations, until somebody acknowledges."""

from datetime import timedelta

from services.routing.rules.referral.draft import Draft
from services.routing.rules.referral.state import Alert, AlertKind, Referral
from shared.contracts.referrals import (
    ReferralRiskAcknowledged,
    ReferralRoleAcknowledged,
    ReferralRoleAlerted,
)

ENDS_WITH_HOLDER = frozenset({"step", "floor", "place", "wish", "choice", "receipt"})
"""Alerts that ask for an owner: settled once an officer holds the referral."""

COMES_BACK = frozenset({"floor", "place", "breach", "wish", "receipt"})
"""Alerts whose cause an acknowledgement does not take away: the role is asked again after a while."""


DECIDES = frozenset({"place", "wish", "receipt"})
"""Alerts that ask a human to decide or find out something; the policy gives that the same time for every class."""


def new_alert(draft: Draft, kind: AlertKind, role: str, why: str, minutes: int) -> Alert:
    """Put an alert for a role (`fim`) of the owning force, to be acknowledged within `minutes`. Says nothing."""
    floor = draft.referral.terms.floor
    alert = Alert(
        role=draft.referral.role(role),
        kind=kind,
        why=why,
        asked_at=draft.now,
        due=draft.now + timedelta(minutes=minutes),
        ops_at=draft.now + timedelta(minutes=max(floor.page_ops_after_minutes, minutes)),
    )
    draft.put(alerts=(*draft.referral.alerts, alert))
    return alert


def alert_role(draft: Draft, kind: AlertKind, role: str, why: str, minutes: int) -> Alert:
    """Put an alert and say so."""
    alert = new_alert(draft, kind, role, why, minutes)
    say_alerted(draft, alert)
    return alert


def say_alerted(draft: Draft, alert: Alert) -> None:
    """Say that a role is told, for the first time or again."""
    words = {"role": alert.role, "why": alert.why, "due": alert.due, "times": alert.times}
    draft.say(ReferralRoleAlerted, **words, wishes=alert.wishes)


def settle(draft: Draft, kinds: frozenset[str]) -> None:
    """Drop the alerts of these kinds: their cause is gone."""
    draft.put(alerts=tuple(alert for alert in draft.referral.alerts if alert.kind not in kinds))


def remind(draft: Draft) -> None:
    """Tell every role again whose time has run out, each once however many alerts it has; then page operations."""
    told: set[str] = set()
    page: Alert | None = None
    for place, alert in enumerate(draft.referral.alerts):
        if alert.due is None or alert.due > draft.now:
            continue
        again = _again(draft, alert)
        _replace(draft, place, again)
        if again.role not in told:
            told.add(again.role)
            say_alerted(draft, again)
        if draft.now >= again.ops_at:
            page = again
    if page is not None:
        ops = draft.referral.role("ops")
        draft.say(ReferralRoleAlerted, role=ops, why="unacknowledged", due=page.due, times=page.times)


def _again(draft: Draft, alert: Alert) -> Alert:
    floor = draft.referral.terms.floor
    soon = draft.now + timedelta(minutes=floor.repeat_minutes)
    if not alert.acknowledged:
        return alert.model_copy(update={"due": soon, "times": alert.times + 1})
    return alert.model_copy(
        update={
            "asked_at": draft.now,
            "due": soon,
            "times": 1,
            "ops_at": draft.now + timedelta(minutes=floor.page_ops_after_minutes),
            "person": None,
            "outcome": None,
        }
    )


def acknowledged(draft: Draft, place: int, person: str, outcome: str) -> None:
    """Somebody answers for the alert at `place`; where its cause remains, it comes back after the class's time."""
    alert = draft.referral.alerts[place]
    terms = draft.referral.terms
    minutes = terms.place_minutes if alert.kind in DECIDES else max(terms.ack_minutes, terms.floor.ack_minutes)
    stays = alert.kind in COMES_BACK or wants_plan(alert)
    review = draft.now + timedelta(minutes=minutes) if stays else None
    _replace(draft, place, alert.model_copy(update={"person": person, "outcome": outcome, "due": review}))
    event = ReferralRiskAcknowledged if alert.kind == "risk" else ReferralRoleAcknowledged
    draft.say(event, role=alert.role, person=person, outcome=outcome)


def wants_plan(alert: Alert) -> bool:
    """Whether a rung of the ladder asks a role for a plan, which seeing it does not give."""
    return alert.kind == "step" and alert.why == "plan"


def unacknowledged(referral: Referral, role: str) -> tuple[int, ...]:
    """Places of the alerts that wait for a role, given as an address."""
    return tuple(place for place, alert in enumerate(referral.alerts) if alert.role == role and not alert.acknowledged)


def _replace(draft: Draft, place: int, alert: Alert) -> None:
    alerts = draft.referral.alerts
    draft.put(alerts=(*alerts[:place], alert, *alerts[place + 1 :]))
