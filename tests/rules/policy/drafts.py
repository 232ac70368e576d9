"""Policies to propose: the default's text with a few words changed, and the people who propose and approve them."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from services.routing.rules.policy.house import House
from services.routing.rules.policy.proposal import Version
from shared.contracts.policy import PolicyDocument, parse_policy
from shared.contracts.policy_checks import ROLES

NOON = datetime(2026, 6, 6, 12, tzinfo=UTC)
WINIFRED, OSBERT = "policy:winifred", "policy:osbert"


@cache
def shipped() -> str:
    """The text that ships."""
    return (Path(__file__).parents[3] / "deploy" / "policy.toml").read_text()


def text(*changes: tuple[str, str], version: str = "june", begins: datetime | None = NOON) -> str:
    """That text under another name and date, each change made at its first place."""
    line = "" if begins is None else f"effective_from = {begins.isoformat()}"
    found = shipped()
    for old, new in (
        ('version = "default-1"', f'version = "{version}"'),
        ("effective_from = 1970-01-01T00:00:00Z", line),
        *changes,
    ):
        assert old in found, old
        found = found.replace(old, new, 1)
    return found


def policy(*changes: tuple[str, str], **words: Any) -> PolicyDocument:
    """The document that text says."""
    return parse_policy(text(*changes, **words))


def default() -> PolicyDocument:
    """The policy that ships."""
    return parse_policy(shipped())


def proposed(*changes: tuple[str, str], on_approval: bool = False, **words: Any) -> Version:
    """What Winifred has proposed."""
    document = policy(*changes, **words).model_copy(update={"proposed_by": WINIFRED})
    return Version(document, NOON, on_approval=on_approval)


def house(**words: Any) -> House:
    """A house in which every post of the three forces is staffed and nothing is open."""
    forces = ("herts", "beds", "cambs")
    plain: dict[str, Any] = {
        "before": default(),
        "open": (),
        "staffed": frozenset((force, role) for force in forces for role in ROLES),
        "with_topics": frozenset(forces),
    }
    return House(**(plain | words))


NEW_STRAND = ('"religion", "disability"]', '"religion", "disability", "asexual"]')
NEW_STRAND_OURS = (
    'strands = ["sexual_orientation", "transgender"]',
    'strands = ["sexual_orientation", "transgender", "asexual"]',
)
RENAMED_GRADE = ('prompt = "priority"', 'p2_urgent = "priority"')
