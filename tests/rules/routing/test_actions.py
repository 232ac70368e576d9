"""Which actions apply: a table of situations, and whoever looks at them."""

from collections.abc import Callable

import pytest

from services.routing.api.open_actions import GRANTED_BY
from services.routing.rules.referral.actions import Viewer, actions_for
from services.routing.rules.referral.answers import Refused, acknowledge
from services.routing.rules.referral.closing import close, reopen
from services.routing.rules.referral.handing_over import hand_over, keep
from services.routing.rules.referral.links import link
from services.routing.rules.referral.overriding import Order, override
from services.routing.rules.referral.pauses import pause
from services.routing.rules.referral.placing import Receipt, hand_off, receive
from services.routing.rules.referral.records import Pause
from services.routing.rules.referral.state import Referral
from shared.identity import GRANTS
from tests.rules.routing.held import HOLDER, SERGEANT, TEAM, held, lived, minutes
from tests.rules.routing.people import NOON, officer, shift
from tests.rules.routing.policies import default
from tests.rules.routing.referrals import facts, opened, passing

MINE, COLLEAGUE = Viewer("officer", officer="H1"), Viewer("officer", officer="H2")
SUPERVISOR, NEIGHBOUR = Viewer("sergeant", "herts"), Viewer("sergeant", "beds")
SHORT = [officer("H1", duty=shift(0, 12.4)), *TEAM[1:]]
ALWAYS = {"link"}
"""Supervisors may link what is over, too."""
PLACING = {"override", "hand-off", "pause", "transfer", "link"}
WORKING = {"contact-attempts", "updates", "handover", "release"}


def a_pause() -> Pause:
    return Pause(since=NOON, until=minutes(120), reason="person_asked", by="sergeant:herts")


def an_order() -> Order:
    return Order("H2", "sergeant:herts", "risk")


def another() -> Referral:
    return opened(reference="M3RV-8K2D", referral_id="0197d2a0-0000-7000-8000-0000000000ff").referral


def received_there() -> Referral:
    sent = hand_off(held(), "essex", "sergeant:herts", minutes(5)).referral
    return receive(sent, Receipt("Sgt Pepper", "EX-9", "sergeant:herts"), minutes(6)).referral


def opened_again() -> Referral:
    closed = close(held(), HOLDER, "supported", default(), minutes(5)).referral
    return reopen(closed, "sergeant:herts", None, default(), minutes(6)).referral


SCENES: dict[str, Callable[[], Referral]] = {
    "on offer": lambda: passing(opened().referral, NOON, *TEAM).referral,
    "held": held,
    "handed over": lambda: hand_over(held(), HOLDER, "H2", facts(minutes(5), *TEAM), minutes(5)).referral,
    "breached": lambda: lived(held(), minutes(61))[0],
    "at risk": lambda: held(risks=("weapon",)),
    "nobody may ring": lambda: held(contact_route="referrer", contact_rules={"refused": True}),
    "duty ends": lambda: lived(held(*SHORT), minutes(10), *SHORT)[0],
    "kept": lambda: keep(lived(held(*SHORT), minutes(10), *SHORT)[0], HOLDER, minutes(11)).referral,
    "paused": lambda: pause(held(), a_pause(), default(), minutes(5)).referral,
    "chosen": lambda: override(held(), an_order(), facts(minutes(5), *TEAM), minutes(5)).referral,
    "sent away": lambda: hand_off(held(), "essex", "sergeant:herts", minutes(5)).referral,
    "received there": received_there,
    "closed": lambda: close(held(), HOLDER, "supported", default(), minutes(5)).referral,
    "linked": lambda: link(held(), another(), "sergeant:herts", minutes(5)).referral,
    "opened again": opened_again,
    "repeat": lambda: held(person="p-owl", earlier={"count": 2, "last_officer": "B7"}),
}


TABLE: list[tuple[str, Viewer, set[str]]] = [
    ("on offer", MINE, {"accept", "decline"}),
    ("on offer", COLLEAGUE, set()),
    ("on offer", SUPERVISOR, PLACING | {"close"}),
    ("on offer", NEIGHBOUR, (PLACING | {"close"}) - {"transfer"}),
    ("held", MINE, WORKING | {"close"}),
    ("held", COLLEAGUE, set()),
    ("held", SUPERVISOR, WORKING | PLACING | {"close"}),
    ("handed over", MINE, WORKING | {"close"}),
    ("handed over", COLLEAGUE, {"handover/accept", "decline"}),
    ("breached", MINE, WORKING),
    ("breached", SUPERVISOR, WORKING | PLACING | {"plan", "acknowledge"}),
    ("breached", NEIGHBOUR, WORKING | (PLACING - {"transfer"}) | {"plan"}),
    ("at risk", MINE, WORKING),
    ("at risk", Viewer("fim", "herts"), WORKING | PLACING | {"acknowledge"}),
    ("at risk", SUPERVISOR, WORKING | PLACING),
    ("nobody may ring", MINE, (WORKING | {"close"}) - {"contact-attempts"}),
    ("duty ends", MINE, WORKING | {"close", "keep"}),
    ("duty ends", SUPERVISOR, WORKING | PLACING | {"close"}),
    ("kept", MINE, WORKING | {"close"}),
    ("paused", SUPERVISOR, WORKING | PLACING | {"close", "resume"}),
    ("paused", MINE, WORKING | {"close"}),
    ("chosen", MINE, set()),
    ("chosen", COLLEAGUE, {"accept", "decline"}),
    ("sent away", SUPERVISOR, {"hand-off/receipt", "hand-off/recall", "pause", "link", "close"}),
    ("sent away", MINE, set()),
    ("received there", SUPERVISOR, ALWAYS | {"reopen"}),
    ("closed", SUPERVISOR, ALWAYS | {"reopen"}),
    ("closed", MINE, set()),
    ("linked", SUPERVISOR, WORKING | PLACING | {"close", "unlink"}),
    ("opened again", SUPERVISOR, PLACING | {"close"}),
    ("repeat", SUPERVISOR, WORKING | PLACING | {"close", "earlier"}),
]


def granted(viewer: Viewer, referral: Referral) -> set[str]:
    """What applies, without what the viewer's role is never granted."""
    return {action for action in actions_for(referral, viewer) if viewer.role in GRANTS[GRANTED_BY[action]]}


@pytest.mark.parametrize(
    ("scene", "viewer", "open_to"),
    TABLE,
    ids=lambda value: getattr(value, "officer", None) or getattr(value, "role", None),
)
def test_only_what_applies_is_open(scene: str, viewer: Viewer, open_to: set[str]) -> None:
    assert granted(viewer, SCENES[scene]()) == open_to


def test_once_a_role_has_answered_it_is_asked_no_more_and_the_referral_may_be_closed() -> None:
    referral = acknowledge(held(risks=("weapon",)), "fim:herts", "fim:herts", "taken_on", minutes(1)).referral
    assert "acknowledge" not in actions_for(referral, Viewer("fim", "herts"))
    assert "close" in actions_for(referral, MINE)


@pytest.mark.parametrize("scene", SCENES)
def test_closing_is_open_exactly_where_the_rule_closes(scene: str) -> None:
    referral = SCENES[scene]()
    try:
        closes = close(referral, SERGEANT, "supported", default(), minutes(70)).events != ()
    except Refused:
        closes = False
    assert ("close" in actions_for(referral, SUPERVISOR)) == closes


def test_every_action_is_granted_by_a_line_of_the_table() -> None:
    everything: set[str] = set()
    for scene in SCENES.values():
        for viewer in (MINE, COLLEAGUE, SUPERVISOR, Viewer("fim", "herts")):
            everything |= set(actions_for(scene(), viewer))
    assert everything <= GRANTED_BY.keys()
    assert all(line in GRANTS for line in GRANTED_BY.values())
