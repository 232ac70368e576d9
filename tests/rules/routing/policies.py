"""The default policy, read once, and small changes to it."""

from functools import cache
from pathlib import Path
from typing import Any

from shared.contracts.policy import PolicyDocument, parse_policy

DEFAULT = Path(__file__).parents[3] / "deploy" / "policy.toml"


@cache
def default() -> PolicyDocument:
    """The policy that ships."""
    return parse_policy(DEFAULT.read_text())


def matching(**changes: Any) -> PolicyDocument:
    """The default policy with other words about choosing an officer."""
    policy = default()
    return policy.model_copy(update={"matching": policy.matching.model_copy(update=changes)})
