"""Where a planted word or a telling code may be found all the same, each with its reason. Data, and nothing else."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.chaos.canaries.words import Finding


@dataclass(frozen=True)
class Exception_:
    """`what` (see `Finding`) may be found at `place`; both with `*`."""

    place: str
    what: str
    reason: str

    def holds(self, finding: Finding) -> bool:
        """Whether this finding is the one meant."""
        return fnmatchcase(finding.place, self.place) and fnmatchcase(finding.what, self.what)


_OURS = "what a force tells of itself in `source` goes back to that force, by contract"
_CODES_LISTED = "lists which codes there are, and says nothing of anybody"
_RISKS = "risks are in `report.received` by contract: pseudonymous, and never why"
_RECEIPT = "who took it over at the other desk, by contract: staff there, not the person"
_CODE = "a code by contract (a-z, 0-9, _), for which the policy has no list"
_SHARED = "a sender put it there itself: postcodes are real, and people who share one are many"
_TYPO = "an unknown field is named to its sender where it looks like a field (a-z and _), so that a typo is found"
RISKS = ("suicide_or_self_harm", "domestic_abuse", "honour_based", "offender_nearby")


def _each(places: str, what: str, reason: str) -> Iterator[Exception_]:
    return (Exception_(place, what, reason) for place in places.split(";"))


EXCEPTIONS: tuple[Exception_, ...] = (
    Exception_("topic inbound.*", "topic: *", "what a sender put there itself, kept for 72 hours at most"),
    Exception_("topic inbound.*", "code *", "what a sender put there itself, kept for 72 hours at most"),
    Exception_("topic inbound.*", "*postcode", _SHARED),
    *_each("topic outbound.* value;table intake.told.event;table intake.journal.payload", "topic: a name of*", _TYPO),
    *_each("control room's webhook body;table notify.outgoing.*;answer /v1/outbound", "topic: a name of*", _TYPO),
    Exception_(
        "table intake.inbox.source", "topic: ce_source", "a repeat is known by the sender's own id of its system"
    ),
    *_each("topic outbound.*;table intake.reports.source;table intake.told.event", "*: source.operator", _OURS),
    *_each("table intake.journal.payload;answer /v1/outbound;answer /v1/reports/*", "*: source.operator", _OURS),
    *_each("topic policy value;table *.policies.document;table routing.journal.payload", "code *", _CODES_LISTED),
    *_each("page /policy;answer /v1/policies;answer /v1/codes;answer /docs/*", "code *", _CODES_LISTED),
    *(
        exception
        for risk in RISKS
        for exception in _each(
            "topic reports value;topic referrals value;table intake.reports.picture;table intake.journal.payload;"
            "table routing.referrals.life;table routing.decisions.decision;table routing.timeline.event;"
            "answer /v1/reports*;answer /v1/referrals*;page /referrals/{reference}*",
            f"code {risk}",
            _RISKS,
        )
    ),
    *_each("topic referrals value;answer /v1/referrals/*;table routing.referrals.life", "receipt.*", _RECEIPT),
    *_each("table routing.timeline.event;table routing.journal.payload", "receipt.*", _RECEIPT),
    *_each("page /referrals/{reference}*", "receipt.*", _RECEIPT),
    *_each("page /referrals/{reference}*", "a code: *", _CODE),
    *_each("topic outbound.* value;topic reports value;topic referrals value", "a code: *", _CODE),
    *_each("table routing.*;table intake.journal.payload;table intake.told.event", "a code: *", _CODE),
    *_each("answer /v1/referrals/*;answer /v1/outbound", "a code: *", _CODE),
    *_each(
        "control room's webhook body;table notify.outgoing.*;table notify.outgoing_keys.*", "*: source.operator", _OURS
    ),
    *_each("control room's webhook body;table notify.outgoing.*", "a code: *", _CODE),
    *_each("table intake.reports.ended_as", "a code: withdrawal", _CODE),
    Exception_("GOV.UK Notify body", "a stranger's phone", "an answer goes to the number that wrote"),
)


def leaks(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that no exception explains, each once."""
    return sorted(
        {one for one in findings if not any(exception.holds(one) for exception in EXCEPTIONS)},
        key=lambda one: (one.place, one.what),
    )
