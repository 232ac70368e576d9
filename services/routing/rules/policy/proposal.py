"""Proposing and approving: two different people, a date that never rewrites the past, approval of what was read.

Rules of design §6 and domain.md §7, story 29.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.contracts.policy import PolicyDocument, in_force
from shared.contracts.policy_checks import FieldError

JUST_NOW = timedelta(minutes=5)
"""An `effective_from` this little in the past means "now": its writer's clock and ours need not agree."""
LARGEST = 192 * 1024
"""Bytes of a document as JSON: it and another must fit into one event."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")


@dataclass(frozen=True)
class Version:
    """A version of the policy: proposed, and once `approved_at` is set, unchangeable.

    `on_approval`: it takes effect when it is approved, and its `effective_from` until then is the day of the proposal.
    """

    document: PolicyDocument
    proposed_at: datetime | None
    approved_at: datetime | None = None
    on_approval: bool = False

    @property
    def name(self) -> str:
        """What it is called."""
        return self.document.version

    @property
    def digest(self) -> str:
        """What somebody read who approves it: changes with every word of it."""
        said = self.document.model_dump(mode="json", exclude={"proposed_by", "approved_by", "approved_at"})
        return hashlib.sha256(json.dumps([said, self.on_approval], sort_keys=True).encode()).hexdigest()[:16]


class Refused(Exception):
    """It cannot be done: a stable code, and the places that are to blame."""

    def __init__(self, code: str, errors: Iterable[FieldError] = ()) -> None:
        self.code = code
        self.errors = tuple(errors)
        super().__init__(code)


def propose(document: PolicyDocument, by: str, existing: Version | None, now: datetime) -> Version:
    """The proposal `by` makes. Proposed again while nobody has approved it, it is replaced, and `by` stands for it.

    What the document says of its own proposer and approver is not its writer's to say. Raises Refused.
    """
    if not _NAME.fullmatch(document.version):
        raise Refused("invalid", [FieldError("version", "not_an_id")])
    if len(document.model_dump_json()) > LARGEST:
        raise Refused("invalid", [FieldError("body", "too_large")])
    if document.effective_from < now - JUST_NOW:
        raise Refused("invalid", [FieldError("effective_from", "in_the_past")])
    on_approval = document.effective_from <= now
    begins = now if on_approval else document.effective_from
    words = {"effective_from": begins, "proposed_by": by, "approved_by": None, "approved_at": None}
    wanted = Version(document.model_copy(update=words), now, on_approval=on_approval)
    if existing is None or (existing.approved_at is None and not _same(existing, wanted)):
        return wanted
    if _same(existing, wanted) and existing.document.proposed_by == by:
        return existing
    if existing.approved_at is None:
        return wanted
    raise Refused("version_exists", [FieldError("version", "already_approved")])


def _same(existing: Version, wanted: Version) -> bool:
    """Whether both say the same; the instant of two that begin on approval says nothing."""
    blank = {"proposed_by": None, "approved_by": None, "approved_at": None}
    if existing.on_approval and wanted.on_approval:
        blank["effective_from"] = None
    return existing.on_approval == wanted.on_approval and existing.document.model_copy(
        update=blank
    ) == wanted.document.model_copy(update=blank)


def approve(proposal: Version, by: str, now: datetime, read: str | None = None) -> Version:
    """The version in its final form. `read` is the digest of what the approver had before them. Raises Refused.

    Two people are two different names, and a capital letter makes no second person. Whoever signs in without a name
    cannot be told from another who does.
    """
    if proposal.approved_at is not None:
        if proposal.document.approved_by == by:
            return proposal
        raise Refused("already_approved")
    proposer = proposal.document.proposed_by
    if proposer is None or proposer.casefold() == by.casefold():
        raise Refused("own_proposal")
    if read is not None and read != proposal.digest:
        raise Refused("proposal_changed")
    begins = proposal.document.effective_from
    if not proposal.on_approval and begins < now - JUST_NOW:
        raise Refused("effective_from_passed", [FieldError("effective_from", "in_the_past")])
    words = {"effective_from": max(begins, now), "approved_by": by, "approved_at": now}
    return replace(proposal, document=proposal.document.model_copy(update=words), approved_at=now)


def still_to_be_said(versions: Iterable[PolicyDocument], now: datetime, most: int) -> tuple[PolicyDocument, ...]:
    """Versions in force now or later, soonest last, as far as they fit into `most` bytes of JSON together."""
    known = tuple(versions)
    if not known:
        return ()
    current = in_force(known, now)
    kept: list[PolicyDocument] = []
    for one in (
        current,
        *sorted((one for one in known if one.effective_from > now), key=lambda one: one.effective_from),
    ):
        most -= len(one.model_dump_json())
        if most < 0:
            break
        kept.append(one)
    return tuple(reversed(kept))
