"""What a warning about the roster asks for."""

from datetime import timedelta

from services.notify.rules.planning import Draft
from shared.contracts.officers import RosterWarned

WARN_FOR = timedelta(hours=24)
"""How long a warning is worth trying: it is on the roster's page as well."""


def warn(event: RosterWarned) -> Draft:
    """What a warning about the roster asks for: one alert to the role it names, tried for a day at most."""
    soon = event.at < event.due < event.at + WARN_FOR
    return Draft(event.role, "role.alert", None, event.due if soon else event.at + WARN_FOR)
