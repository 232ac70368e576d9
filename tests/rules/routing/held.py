"""A referral that somebody holds, for the tests of what they do with it."""

from datetime import datetime, timedelta

from services.routing.rules.matching.model import Officer
from services.routing.rules.referral.advance import advance
from services.routing.rules.referral.answers import Tap, accept
from services.routing.rules.referral.holding import Doer
from services.routing.rules.referral.state import Referral
from shared.contracts.lifecycle import ReferralEvent
from tests.rules.routing.people import NOON, officer, shift
from tests.rules.routing.referrals import facts, opened, passing

HOLDER, SERGEANT = Doer("officer:H1", "H1"), Doer("sergeant:herts")
TEAM = [officer(f"H{number}", duty=shift(0, 240)) for number in range(1, 4)] + [
    officer("B7", "beds", duty=shift(0, 240))
]
"""Officers who are on duty for ten days, so that nobody's shift gets in the way."""
REACHABLE = {"contact_rules": {"means": ["call", "text"], "voicemail_ok": False}}


def minutes(number: float) -> datetime:
    """Minutes after noon."""
    return NOON + timedelta(minutes=number)


def held(*team: Officer, now: datetime = NOON, **changes: object) -> Referral:
    """H1 took it at noon, with first contact due an hour later unless the class says otherwise."""
    officers = team or tuple(TEAM)
    referral = passing(opened(now, **(REACHABLE | changes)).referral, now, officers[0]).referral
    return accept(referral, Tap("H1", "herts"), facts(now, *officers), now).referral


def lived(referral: Referral, until: datetime, *team: Officer) -> tuple[Referral, list[ReferralEvent]]:
    """The referral as time makes it up to `until`, every deadline on the way met, and what was said of it."""
    officers = team or tuple(TEAM)
    said: list[ReferralEvent] = []
    while referral.wakes_at is not None and referral.wakes_at <= until:
        now = max(referral.wakes_at, referral.changed_at)
        referral, events, _ = advance(referral, facts(now, *officers), now)
        said += events
    return referral, said
