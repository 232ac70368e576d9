"""When only what the person requires keeps everybody out: the person is asked, never overridden (design §6).

The coordinator holds it meanwhile and nobody is asked against the wish. The answer comes as an amendment, or somebody
comes on duty who meets it; the ladder's own steps fall at their own times.
"""

from services.routing.rules.referral.draft import Draft
from services.routing.rules.referral.roles import new_alert, settle
from services.routing.rules.referral.state import Referral
from shared.contracts.referrals import ReferralWaiting

ROLE = "coordinator"
WISH = frozenset({"wish"})


def ask_the_person(draft: Draft, wishes: tuple[str, ...]) -> None:
    """The coordinator is told what to ask the person about, once for the same wishes, within the class's time."""
    if any(alert.kind == "wish" and alert.wishes == wishes for alert in draft.referral.alerts):
        return
    settle(draft, WISH)
    terms = draft.referral.terms
    alert = new_alert(draft, "wish", ROLE, "ask_person", max(min(terms.ack_minutes, terms.place_minutes), 1))
    asked = alert.model_copy(update={"wishes": wishes})
    draft.put(alerts=(*draft.referral.alerts[:-1], asked), state="waiting")
    draft.say(ReferralWaiting, role=asked.role, due=asked.due, why=asked.why, wishes=wishes)


def asking(referral: Referral) -> tuple[str, ...]:
    """What the person is being asked about, empty where they are not."""
    return next((alert.wishes for alert in referral.alerts if alert.kind == "wish"), ())


def hear_answer(draft: Draft, before: Referral) -> None:
    """An amendment while the person is being asked is their answer: somebody is looked for at once."""
    if asking(before) and not before.held and draft.referral.picture != before.picture:
        settle(draft, WISH)
        draft.ladder(vacancies=max(draft.referral.ladder.vacancies, 1))
