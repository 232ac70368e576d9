"""Which actions apply to a referral as it stands, for whoever looks at it: what pages show and the API lists.

Who may do a thing at all is granted elsewhere. What an action does, and what else it refuses, is its own rule's to say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.routing.rules.referral.answers import asked_to_take_over, is_asked
from services.routing.rules.referral.closing import keeps_open, may_reopen
from services.routing.rules.referral.contacting import agreed_means
from services.routing.rules.referral.handing_over import duty_ends_soon
from services.routing.rules.referral.helping import helps
from services.routing.rules.referral.repeats import has_earlier
from services.routing.rules.referral.roles import unacknowledged, wants_plan
from services.routing.rules.referral.state import Referral


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody signed in: a role, its force where it has one, and the id of an officer."""

    role: str
    force: str | None = None
    officer: str | None = None


Applies = Callable[[Referral, Viewer], bool]


def actions_for(referral: Referral, viewer: Viewer) -> tuple[str, ...]:
    """The actions that would change something now, by the names of their routes, in the order of a referral's life."""
    return tuple(name for name, applies in _ACTIONS.items() if applies(referral, viewer))


def _asked(referral: Referral, viewer: Viewer) -> bool:
    offer = referral.offer_to(viewer.officer) if viewer.officer else None
    return offer is not None and is_asked(referral, offer)


def _accept(referral: Referral, viewer: Viewer) -> bool:
    return _asked(referral, viewer) and not asked_to_take_over(referral, viewer.officer or "")


def _take_over(referral: Referral, viewer: Viewer) -> bool:
    return _asked(referral, viewer) and asked_to_take_over(referral, viewer.officer or "")


def _for_its_holder(referral: Referral, viewer: Viewer) -> bool:
    """An officer acts on their own alone, a supervisor in the holder's place."""
    return referral.held and referral.holder is not None and viewer.officer in (None, referral.holder.id)


def _release(referral: Referral, viewer: Viewer) -> bool:
    return _for_its_holder(referral, viewer) or (referral.is_open and helps(referral, viewer.officer or ""))


def _contact(referral: Referral, viewer: Viewer) -> bool:
    return _for_its_holder(referral, viewer) and bool(agreed_means(referral))


def _keep(referral: Referral, viewer: Viewer) -> bool:
    return viewer.officer is not None and _for_its_holder(referral, viewer) and duty_ends_soon(referral)


def _acknowledge(referral: Referral, viewer: Viewer) -> bool:
    return bool(unacknowledged(referral, f"{viewer.role}:{viewer.force}"))


def _plan(referral: Referral, _viewer: Viewer) -> bool:
    return referral.is_open and (bool(referral.clocks.breached) or any(map(wants_plan, referral.alerts)))


def _placed(referral: Referral, _viewer: Viewer) -> bool:
    return referral.is_open and not referral.awaits_receipt


def _sent(referral: Referral, _viewer: Viewer) -> bool:
    return referral.is_open and referral.awaits_receipt


def _transfer(referral: Referral, viewer: Viewer) -> bool:
    return _placed(referral, viewer) and viewer.force == referral.force


def _close(referral: Referral, viewer: Viewer) -> bool:
    theirs = referral.is_open if viewer.officer is None else _for_its_holder(referral, viewer)
    return theirs and keeps_open(referral) is None


_ACTIONS: Mapping[str, Applies] = {
    "accept": _accept,
    "handover/accept": _take_over,
    "decline": _asked,
    "keep": _keep,
    "acknowledge": _acknowledge,
    "plan": _plan,
    "contact-attempts": _contact,
    "updates": _for_its_holder,
    "handover": _for_its_holder,
    "release": _release,
    "close": _close,
    "override": _placed,
    "hand-off": _placed,
    "hand-off/receipt": _sent,
    "hand-off/recall": _sent,
    "earlier": lambda referral, _viewer: (
        referral.is_open and has_earlier(referral) and referral.earlier_confirmed is None
    ),
    "pause": lambda referral, _viewer: referral.is_open,
    "resume": lambda referral, _viewer: referral.is_open and referral.pause is not None,
    "transfer": _transfer,
    "link": lambda _referral, viewer: viewer.officer is None,
    "unlink": lambda referral, viewer: viewer.officer is None and bool(referral.links),
    "reopen": lambda referral, _viewer: may_reopen(referral),
}
