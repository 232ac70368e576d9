"""From what routing says to what control rooms are told: fewer facts, one log line, never why somebody declined."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.intake.rules.faults import Fault, fault
from services.intake.rules.log_lines import NO_DESKS, Desks, line, log_line, of_part, sentence
from services.intake.rules.report import F, Followed, Followup
from shared.contracts import outbound, referrals
from shared.contracts.lifecycle import ReferralEvent
from shared.contracts.logline import Outbound, OutboundReport, SourceEcho
from shared.contracts.model import Part
from shared.contracts.particulars import Source

MOST_FAULTS = 64


def _by_name() -> Mapping[str, type[OutboundReport]]:
    found = (kind for kind in vars(outbound).values() if isinstance(kind, type) and issubclass(kind, OutboundReport))
    return {kind.name: kind for kind in found if "name" in vars(kind)}


_OUTBOUND = _by_name()
_COMMON = frozenset(OutboundReport.model_fields)


def echo(source: Source) -> SourceEcho:
    """The sender's own terms, given back."""
    return SourceEcho(**dict(source))


def tell(
    kind: type[OutboundReport], report: Followed, at: datetime, desks: Desks = NO_DESKS, **facts: Any
) -> OutboundReport:
    """An outbound event about a report as it stands, in the numbers of the force it came from."""
    facts.setdefault("in_reply_to", report.in_reply_to)
    says = sentence(kind.name, facts, desks)
    return kind(
        reference=report.reference,
        source=report.source,
        idempotency_key=report.idempotency_key,
        sequence=report.outbound_sequence,
        at=at,
        state=report.state,
        holder=report.holder,
        next_due=report.next_due,
        log_line=line(says, at, reference=report.reference, due=report.next_due, exercise=report.exercise),
        **facts,
    )


def follow(report: F, event: ReferralEvent, desks: Desks = NO_DESKS) -> Followup[F]:
    """Take in what routing says of a referral, and tell the control rooms what is theirs to know.

    `desks` are the names of hand-off desks by their codes.
    """
    told_in = _OUTBOUND.get(event.name)
    after = replace(
        report,
        force=event.force,
        state=event.state,
        holder=event.holder,
        next_due=event.next_due,
        changed_at=event.at,
        held_until=None,
        transferred=report.transferred or isinstance(event, referrals.ReferralTransferred),
        last_officer=_last_officer(report, event),
        ended_as=_ended_as(report, event),
    )
    if told_in is None:
        return Followup(after)
    also = _gave_it_away(after, event)
    counted = after.counted(also)
    return Followup(counted, (tell(told_in, counted, event.at, desks, **_facts(told_in, counted, event)),), also)


def _gave_it_away(after: Followed, event: ReferralEvent) -> tuple[str, ...]:
    """The force that a transfer takes it from hears that it is gone, and nothing after that."""
    if not isinstance(event, referrals.ReferralTransferred) or event.from_force in after.told:
        return ()
    return (event.from_force,)


def _last_officer(report: Followed, event: ReferralEvent) -> str | None:
    if event.holder is not None:
        return event.holder.id
    gave_back = isinstance(event, referrals.ReferralReleased) and event.code == "conflict"
    return None if gave_back else report.last_officer


def _ended_as(report: Followed, event: ReferralEvent) -> str | None:
    if isinstance(event, referrals.ReferralWithdrawn):
        return event.reason
    if isinstance(event, referrals.ReferralClosed):
        return event.outcome
    return None if isinstance(event, referrals.ReferralReopened) else report.ended_as


def _facts(kind: type[OutboundReport], report: Followed, event: ReferralEvent) -> dict[str, Any]:
    """What the two events have in common by name, and what is worked out."""
    shared = (kind.model_fields.keys() - _COMMON) & type(event).model_fields.keys()
    facts = {name: getattr(event, name) for name in shared}
    more = _MORE.get(type(event))
    return facts | (more(report, event) if more is not None else {})


def _offered(_report: Followed, event: Any) -> dict[str, Any]:
    return {"officers_asked": len(event.officers)}


def _amended(report: Followed, _event: Any) -> dict[str, Any]:
    return {"in_reply_to": report.amended_by or report.in_reply_to}


def _withdrawn(report: Followed, _event: Any) -> dict[str, Any]:
    return {"in_reply_to": report.withdrawn_by or report.in_reply_to}


_MORE: Mapping[type[Part], Callable[[Followed, Any], dict[str, Any]]] = {
    referrals.ReferralOffered: _offered,
    referrals.ReferralAmended: _amended,
    referrals.ReferralWithdrawn: _withdrawn,
}


def unrouted(report: F, at: datetime) -> Followup[F]:
    """Routing has not taken the report on in time."""
    after = replace(report, unrouted_at=at).counted()
    return Followup(after, (tell(outbound.ReportUnrouted, after, at),))


def rejected(
    code: str, errors: tuple[Fault, ...], at: datetime, *, in_reply_to: str | None, key: str | None = None
) -> Outbound:
    """The answer to a record that could not be used. `key` is the sender's idempotency key, where it was readable."""
    return outbound.ReportRejected(
        code=code,
        errors=errors[:MOST_FAULTS] or (fault("body", code),),
        at=at,
        in_reply_to=in_reply_to,
        idempotency_key=key,
        log_line=log_line("report.rejected", at),
    )


def away_or_back(part: str, at: datetime, *, away: bool) -> Outbound:
    """That a part of Liaison is away or back; the line says what to do meanwhile, `parts` which it is."""
    kind = outbound.ServiceDegraded if away else outbound.ServiceRestored
    return kind(at=at, parts=(part,), log_line=line(of_part(kind.name, part), at))
