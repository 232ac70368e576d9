"""How patient a class is, by the policy: with receipts, with offers nobody answers, and with people asleep."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.notify.rules.quiet import Quiet
from shared.contracts.policy import PolicyDocument

DEFAULT_PATIENCE = timedelta(seconds=60)
"""Where no policy has been read yet, or the class is not in it."""


@dataclass(frozen=True)
class Patience:
    """One version of a pool's policy: waits for a receipt, in seconds of domain time, by class."""

    pool: str
    version: str
    effective_from: datetime
    receipt_seconds: Mapping[str, int]
    approved_at: datetime | None = None
    """Of two versions effective from the same instant, the one approved later holds."""
    reminder_minutes: Mapping[str, int] = field(default_factory=dict)
    quiet: Quiet | None = None
    quiet_classes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Wait:
    """How long a notice waits for its receipt, and the version of the policy that says so; None where none does.

    An offer is reminded of `remind_after`, if at all; `quiet` are the hours that the class respects.
    """

    patience: timedelta
    policy_version: str | None = None
    remind_after: timedelta | None = None
    quiet: Quiet | None = None


def patience_of(pool: str, document: PolicyDocument) -> Patience:
    """What notify keeps of a policy."""
    classes = document.classes.items()
    return Patience(
        pool,
        document.version,
        document.effective_from,
        {code: its.receipt_seconds for code, its in classes},
        document.approved_at,
        {code: its.reminder_minutes for code, its in classes},
        Quiet.of(document.calendar),
        frozenset(code for code, its in classes if its.respects_quiet_hours),
    )


_FIRST = datetime(1900, 1, 1, tzinfo=UTC)


def wait_for_receipt(policies: Iterable[Patience], pool: str | None, response_class: str | None, at: datetime) -> Wait:
    """How long a class waits under the policy in force at `at`; `DEFAULT_PATIENCE` where none says."""
    holding = [one for one in policies if one.effective_from <= at and pool in {None, one.pool}]
    if not holding:
        return Wait(DEFAULT_PATIENCE)
    latest = max(holding, key=lambda one: (one.effective_from, one.approved_at or _FIRST, one.version))
    code = response_class or ""
    seconds, minutes = latest.receipt_seconds.get(code), latest.reminder_minutes.get(code)
    return Wait(
        DEFAULT_PATIENCE if seconds is None else timedelta(seconds=seconds),
        latest.version,
        None if minutes is None else timedelta(minutes=minutes),
        latest.quiet if code in latest.quiet_classes else None,
    )
