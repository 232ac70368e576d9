"""The topics: their keys, who writes and reads them, and which events each carries (contract §1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from types import ModuleType

from shared.contracts import (
    access,
    dead_letters,
    deliveries,
    duty,
    inbound,
    officers,
    outbound,
    policy,
    referrals,
    reports,
)
from shared.contracts.model import Event

PARTITIONS = 12
"""On every topic, fixed for life: it caps the replicas."""


@dataclass(frozen=True)
class Topic:
    """A family of topics. A pattern that ends in `.<force>` stands for one topic a force.

    `retention` of a compacted topic is the longest a value that has been replaced may stay.
    `compacted`: the last value of each key is kept, and no value means deleted. `door`: others write to it, unknown
    fields are refused and every fault is answered.
    """

    pattern: str
    key: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    events: tuple[type[Event], ...]
    retention: timedelta = timedelta(days=7)
    compacted: bool = False
    door: bool = False

    @property
    def stem(self) -> str:
        """The name without its force: `inbound`."""
        return self.pattern.partition(".")[0]

    @property
    def per_force(self) -> bool:
        """Whether there is one for each force."""
        return self.pattern.endswith(".<force>")

    def names(self, forces: Iterable[str]) -> tuple[str, ...]:
        """The topics of this family."""
        return tuple(f"{self.stem}.{force}" for force in forces) if self.per_force else (self.pattern,)


def _events(module: ModuleType) -> tuple[type[Event], ...]:
    """The events a module or its parts define, in their order; those without a name are what they share."""
    return tuple(
        found
        for found in vars(module).values()
        if isinstance(found, type)
        and issubclass(found, Event)
        and f"{found.__module__}.".startswith(f"{module.__name__}.")
        and "name" in vars(found)
    )


TOPICS: tuple[Topic, ...] = (
    Topic(
        "inbound.<force>",
        "the sender's choice",
        ("control room",),
        ("intake",),
        _events(inbound),
        retention=timedelta(hours=72),
        door=True,
    ),
    Topic("duty.<force>", "officer id", ("duty system",), ("routing",), _events(duty), door=True),
    Topic(
        "outbound.<force>",
        "the report's inbound key, else reference",
        ("intake",),
        ("control room", "notify"),
        _events(outbound),
    ),
    Topic("reports", "referral id", ("intake",), ("routing",), _events(reports)),
    Topic("referrals", "referral id", ("routing",), ("intake", "notify"), _events(referrals)),
    Topic("deliveries", "referral id", ("notify",), ("routing",), _events(deliveries)),
    Topic(
        "officers",
        "officer or role id",
        ("routing",),
        ("notify",),
        _events(officers),
        retention=timedelta(hours=24),
        compacted=True,
    ),
    Topic("policy", "pool", ("routing",), ("intake", "notify"), _events(policy), compacted=True),
    Topic("access", "reference", ("routing", "notify"), ("intake",), _events(access)),
    Topic(
        "dead-letters",
        "origin",
        ("intake", "routing", "notify"),
        ("operations",),
        _events(dead_letters),
    ),
)

_FAMILIES: Mapping[str, Topic] = {topic.stem: topic for topic in TOPICS}


@lru_cache(maxsize=1024)
def family(topic_name: str) -> Topic | None:
    """The family a topic belongs to; None for a name that is none of ours."""
    stem, dot, force = topic_name.partition(".")
    found = _FAMILIES.get(stem)
    if found is None or found.per_force != bool(dot and force) or (dot and not found.per_force):
        return None
    return found


def force_of(topic_name: str) -> str | None:
    """The force in a topic's name: `herts` for `inbound.herts`; None where there is none."""
    found = family(topic_name)
    return topic_name.partition(".")[2] if found is not None and found.per_force else None


@lru_cache(maxsize=4096)
def model_for(topic_name: str, ce_type: str) -> type[Event] | None:
    """The model of an event of this type on this topic; None where the topic carries no such event."""
    found = family(topic_name)
    if found is None:
        return None
    return next((event for event in found.events if event.ce_type() == ce_type), None)


def topic_names(forces: Iterable[str]) -> list[str]:
    """Every topic that must exist for these forces."""
    each = tuple(forces)
    return [name for topic in TOPICS for name in topic.names(each)]
