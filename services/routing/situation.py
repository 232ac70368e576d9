"""How a referral stands for whoever opens it: what waits for them, what was tried last, what is due. Pure.

Nothing here says why somebody asked for help.
"""

from collections.abc import Iterator
from datetime import datetime

from services.routing.form_words import NEXT_STEPS
from services.routing.rules.referral.actions import Viewer
from services.routing.rules.referral.closing import keeps_open
from services.routing.rules.referral.contacting import agreed_means
from services.routing.rules.referral.handing_over import duty_ends_soon
from services.routing.rules.referral.records import Attempt
from services.routing.rules.referral.roles import unacknowledged
from services.routing.rules.referral.state import Referral
from services.routing.sentences import MEANS, OUTCOMES
from services.routing.views import Due, Said, deadlines, missed, owners_due
from services.routing.wording import plain, who
from shared.local_time import day_and_time

_OBSTACLES = {
    "breach_without_plan": "It cannot be closed before a supervisor has recorded a plan for the missed deadline.",
    "risk_unacknowledged": "It cannot be closed before a supervisor has answered the alert.",
}
_WHY = {"risk": "somebody may be at risk", "plan": "a plan is to be recorded"}
_DONE = {
    "contact-attempts": "The attempt is recorded.",
    "updates": "The update is recorded.",
    "handover": "Your colleague is asked. It stays with you until they accept.",
    "handover/accept": "You have it now.",
    "keep": "It stays with you. You are asked again before your next duty ends.",
    "release": "It was given back. Somebody else is asked.",
    "close": "It is closed.",
    "acknowledge": "Your answer is recorded.",
    "plan": "The plan is recorded, and the missed deadline is cleared.",
    "pause": "The clocks stand still.",
    "resume": "The clocks run again.",
    "link": "They are linked.",
    "unlink": "The link is taken away.",
    "reopen": "It is open again. Somebody is asked now.",
}


def done(action: str, referral: Referral, now: datetime) -> Said | None:
    """What is said once an action has been taken; None for what is none."""
    headline = _DONE.get(action)
    if headline is None:
        return None
    attempt = referral.attempts[-1] if action == "contact-attempts" and referral.attempts else None
    more = [attempt_words(attempt, now)] if attempt else []
    more += [f"{due.what} by {day_and_time(due.at, now)}." for due in deadlines(referral)[-1:]]
    return Said(headline, " ".join(more), "done")


def attempt_words(attempt: Attempt, now: datetime) -> str:
    """`By phone, 14:02: no answer. Next: try again, 15:00.`"""
    how = MEANS.get(attempt.means, f"by {plain(attempt.means)}")
    said = f"{how[:1].upper()}{how[1:]}, {day_and_time(attempt.at, now)}: {OUTCOMES[attempt.outcome]}."
    step = dict(NEXT_STEPS).get(attempt.next_step or "-") or plain(attempt.next_step or "")
    following = [part for part in (step, day_and_time(attempt.next_at, now) if attempt.next_at else "") if part]
    return f"{said} Next: {', '.join(following)[:1].lower()}{', '.join(following)[1:]}." if following else said


def due_list(referral: Referral, viewer: Viewer) -> list[Due]:
    """What was missed, what is due next, and what was promised besides. Its owner need not wait for a role's answer."""
    theirs = (missed(referral), owners_due(referral))
    found = [due for due in theirs if due is not None] if _holds(referral, viewer) else deadlines(referral)
    clocks = referral.clocks
    promised = (("First contact", clocks.first_contact_due), ("Update", clocks.next_update_due))
    known = {due.at for due in found}
    more = [Due(what, at) for what, at in promised if at is not None and at not in known]
    return found + (more if referral.held else [])


def notices(referral: Referral, viewer: Viewer, now: datetime) -> list[Said]:
    """What somebody who may act on it should know first, gravest first."""
    found = [*_for_role(referral, viewer, now), *_duty(referral, viewer, now), *_handover(referral, viewer, now)]
    obstacle = keeps_open(referral) if referral.is_open else None
    if obstacle is not None and _holds(referral, viewer):
        found.append(Said(_OBSTACLES[obstacle]))
    if _works_on(referral, viewer) and referral.held and not agreed_means(referral):
        found.append(Said("They must not be contacted.", "Tell whoever asked for them, and record that as an update."))
    if referral.pause is not None and referral.is_open:
        found.append(Said(f"The clocks stand still until {day_and_time(referral.pause.until, now)}."))
    return found


def _for_role(referral: Referral, viewer: Viewer, now: datetime) -> Iterator[Said]:
    waiting = {referral.alerts[place].why: referral.alerts[place] for place in unacknowledged(referral, _role(viewer))}
    for alert in waiting.values():
        answer = f", answer wanted by {day_and_time(alert.due, now)}" if alert.due else ""
        since = f"Since {day_and_time(alert.asked_at, now)}{answer}."
        yield Said(f"Your answer is wanted: {_WHY.get(alert.why) or plain(alert.why)}.", since, "warning")


def _duty(referral: Referral, viewer: Viewer, now: datetime) -> Iterator[Said]:
    duty = referral.duty
    if duty is None or duty.ends_at is None or not duty_ends_soon(referral) or not _holds(referral, viewer):
        return
    ends = f"Your duty {'ends' if duty.ends_at > now else 'ended'} at {day_and_time(duty.ends_at, now)}."
    yield Said(ends, "Keep it, hand it over, or give it back.", "warning")


def _handover(referral: Referral, viewer: Viewer, now: datetime) -> Iterator[Said]:
    asked = referral.handover
    if asked is None or not _works_on(referral, viewer):
        return
    by = day_and_time(asked.respond_by, now)
    yield Said(f"{who(asked.receiver)} is asked to take over.", f"Answer by {by}. Until then nothing changes.")


def _holds(referral: Referral, viewer: Viewer) -> bool:
    return viewer.officer is not None and referral.holder is not None and referral.holder.id == viewer.officer


def _works_on(referral: Referral, viewer: Viewer) -> bool:
    return viewer.officer is None or _holds(referral, viewer)


def _role(viewer: Viewer) -> str:
    return f"{viewer.role}:{viewer.force}"
