"""What a warning about the roster asks for."""

from datetime import timedelta

from services.notify.rules.planning import Draft, Kind
from shared.contracts.officers import RosterWarned

WARN_FOR = timedelta(hours=24)
"""How long a warning is worth trying: it is on the roster's page as well."""

NOTE = "cover_tonight"
"""The kind of warning that is a note: it asks for a look, and nobody misses anything who does not take it."""


def warn(event: RosterWarned) -> Draft:
    """What a warning about the roster asks for: one alert or note to the role it names, tried for a day at most."""
    soon = event.at < event.due < event.at + WARN_FOR
    kind: Kind = "role.note" if event.kind == NOTE else "role.alert"
    return Draft(event.role, kind, None, event.due if soon else event.at + WARN_FOR)
