"""Officers for the tests: on duty from seven to five today unless said otherwise."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.routing.rules.matching.model import Load, Officer, Roster
from services.routing.rules.matching.muster import Muster, muster
from services.routing.rules.roster.duty import Duty, Entry, fold
from shared.contracts.policy import PolicyDocument
from tests.rules.routing.policies import default

DAY = datetime(2026, 11, 23, tzinfo=UTC)
NOON = DAY + timedelta(hours=12)
NORTH_HERTS, STEVENAGE, LUTON, FENLAND = "E07000099", "E07000243", "E06000032", "E07000010"


def at(hour: float) -> datetime:
    """That hour of the test's day."""
    return DAY + timedelta(hours=hour)


def shift(starts: float = 7, ends: float = 17, kind: str = "duty") -> Duty:
    """One stretch of today."""
    return fold([Entry(kind, at(starts), at(ends), "file")])


def officer(id: str, force: str = "herts", **changes: Any) -> Officer:
    """A trained officer on duty today."""
    words: dict[str, Any] = {"trained": (("llo", date(2027, 5, 19)),), "duty": shift()}
    return Officer(id=id, force=force, **(words | changes))


def mustered(
    *officers: Officer,
    now: datetime = NOON,
    loads: Mapping[str, Load] | None = None,
    policy: PolicyDocument | None = None,
) -> Muster:
    """Those officers as they stand at `now`."""
    return muster(Roster(1, officers), policy or default(), now, loads or {})
