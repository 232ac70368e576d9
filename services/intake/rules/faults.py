"""What is wrong with something: a field and a short reason, never a value that somebody sent."""

from shared.contracts.outbound import Fault

__all__ = ["Fault", "fault"]


def fault(field: str, reason: str) -> Fault:
    """One thing that is wrong."""
    return Fault(field=field, reason=reason)
