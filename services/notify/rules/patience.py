"""How long a notice waits for a receipt before the next means starts beside it: the policy's, by class."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

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


def patience_of(pool: str, document: PolicyDocument) -> Patience:
    """What notify keeps of a policy."""
    waits = {code: its.receipt_seconds for code, its in document.classes.items()}
    return Patience(pool, document.version, document.effective_from, waits)


def wait_for_receipt(
    policies: Iterable[Patience], pool: str | None, response_class: str | None, at: datetime
) -> timedelta:
    """How long a class waits under the policy in force at `at`; `DEFAULT_PATIENCE` where none says."""
    holding = [one for one in policies if one.effective_from <= at and pool in {None, one.pool}]
    if not holding or response_class is None:
        return DEFAULT_PATIENCE
    seconds = max(holding, key=lambda one: one.effective_from).receipt_seconds.get(response_class)
    return DEFAULT_PATIENCE if seconds is None else timedelta(seconds=seconds)
