"""The watchdog's repair: a referral that is open and waits for nothing is given its deadline back."""

from datetime import datetime

from services.routing.rules.referral.draft import Draft, Transition
from services.routing.rules.referral.state import Referral


def mend(referral: Referral, now: datetime) -> Transition:
    """The referral with its deadline reckoned anew from what it is: its clocks, alerts, offers and ladder.

    Nobody is told anything, because nothing happened to it; where nothing at all is left to wait for, the driver
    looks within the floor's time. One that is not open is left alone.
    """
    return Draft(referral, now).done() if referral.is_open else Transition(referral)
