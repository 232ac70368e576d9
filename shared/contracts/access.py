"""`access`: who looked at what. Routing and notify tell intake, which keeps the one log."""

from typing import ClassVar

from shared.contracts.model import Addressee, Code, Event, Instant, Label, Reference


class AccessRecorded(Event):
    """Somebody looked; `what` names the thing looked at, never what it said."""

    name: ClassVar[str] = "access.recorded"

    actor: Addressee
    role: Code
    force: Code | None = None
    reference: Reference | None = None
    what: Label
    at: Instant
