"""What people and programs ask for over HTTPS, in the words of the desk."""

from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from services.intake.answers import required
from services.intake.reception import Batch, Reception, Wanted
from services.intake.rules.accept import Submission
from services.intake.rules.amend import Amendment, Withdrawal
from services.intake.rules.contact import ContactFacts, facts_of
from services.intake.rules.desk import Address, Enclosed
from services.intake.rules.geography import NOWHERE, Geography
from services.intake.rules.people import Mark
from services.intake.rules.report import Rejection, Step
from shared.contracts.contact import Contact, ContactDetails
from shared.contracts.inbound import AmendmentBody, ReportBody
from shared.contracts.particulars import IdempotencyKey
from shared.errors import FieldError, Invalid
from shared.identity import Principal

_KEY: TypeAdapter[str] = TypeAdapter(IdempotencyKey)


@dataclass(frozen=True)
class Submit:
    """A report."""

    submission: Submission
    enclosed: Enclosed

    def want(self, wanted: Wanted) -> None:
        """The report its key may already have, its contact, and a name."""
        wanted.keys.append((self.submission.principal, self.submission.idempotency_key))
        wanted.contact(self.enclosed.handle)
        wanted.marks += self.submission.marks
        wanted.incident(self.submission.source)
        wanted.names += 1

    def ask(self, batch: Batch, now: datetime) -> Step | Rejection:
        """Accept it, answer it again, or reject it."""
        return batch.desk.submit(self.submission, self.enclosed, batch.moment(now))

    def check(self, batch: Batch, now: datetime) -> Step | Rejection:
        """What `ask` would say; nothing is to be saved afterwards."""
        return batch.desk.check(self.submission, self.enclosed, batch.moment(now))


@dataclass(frozen=True)
class Amend:
    """A change to a report."""

    address: Address
    amendment: Amendment
    enclosed: Enclosed

    def want(self, wanted: Wanted) -> None:
        """The report that is meant, and the contact that comes with the change."""
        wanted.address(self.address)
        wanted.contact(self.enclosed.handle)
        wanted.marks += self.amendment.marks
        wanted.incident(self.amendment.changes.source)

    def ask(self, batch: Batch, now: datetime) -> Step | Rejection:
        """Take it in, or reject it."""
        return batch.desk.amend(self.address, self.amendment, self.enclosed, batch.moment(now))


@dataclass(frozen=True)
class Withdraw:
    """That a report is no longer wanted."""

    address: Address
    withdrawal: Withdrawal

    def want(self, wanted: Wanted) -> None:
        """The report that is meant."""
        wanted.address(self.address)

    def ask(self, batch: Batch, now: datetime) -> Step | Rejection:
        """Take it in, or reject it."""
        return batch.desk.withdraw(self.address, self.withdrawal, now)


def submit(reception: Reception, principal: Principal, body: ReportBody, header_key: str | None) -> Submit:
    """A submission out of a request's body. Raises Invalid for what a body alone shows to be wrong."""
    if body.source is None:
        raise required("source")
    key = _one_key(body.idempotency_key, header_key)
    whole = body.model_copy(update={"idempotency_key": key})
    submission = Submission(
        fields=whole,
        source=body.source,
        idempotency_key=key,
        principal=str(principal),
        force=principal.force,
        digests=reception.vault.digests(whole.model_dump_json(by_alias=True, exclude_none=True).encode()),
        contact=_facts(reception, body.contact),
        marks=(*_marks(reception, body.contact), *reception.marking.hint(body.source.force, body.person_hint)),
    )
    kept = whole.model_dump_json(by_alias=True, exclude_none=True, exclude={"contact": {"details"}})
    return Submit(submission, _enclosed(kept.encode(), body.contact))


def amend(reception: Reception, principal: Principal, reference: str, body: AmendmentBody) -> Amend:
    """An amendment out of a request's body."""
    amendment = Amendment(
        body,
        principal.force,
        body.changed(),
        contact=_facts(reception, body.contact),
        marks=_marks(reception, body.contact),
    )
    kept = body.model_dump_json(by_alias=True, exclude_none=True, exclude={"contact": {"details"}})
    return Amend(Address(reference), amendment, _enclosed(kept.encode(), body.contact))


def contact_facts(reception: Reception, details: ContactDetails) -> ContactFacts:
    """The pseudonymous facts of contact details. A home that nobody can find is for a human to ask about."""
    home = NOWHERE
    if details.home is not None:
        home = Geography(reception.gazetteer, reception.policies.current).at_postcode(details.home.postcode)
    return facts_of(details, home)


def _marks(reception: Reception, contact: Contact | None) -> tuple[Mark, ...]:
    return () if contact is None or contact.details is None else reception.marking.of(contact.details)


def _facts(reception: Reception, contact: Contact | None) -> ContactFacts | None:
    if contact is None or contact.details is None:
        return None
    return contact_facts(reception, contact.details)


def _enclosed(body: bytes, contact: Contact | None) -> Enclosed:
    enclosed = Enclosed(body)
    if contact is None:
        return enclosed
    details = contact.details
    clear = None if details is None else details.model_dump_json(by_alias=True, exclude_none=True).encode()
    return replace(enclosed, details=clear, handle=contact.handle)


def _one_key(in_body: str | None, in_header: str | None) -> str:
    if in_header is not None:
        try:
            _KEY.validate_python(in_header)
        except ValidationError:
            raise Invalid(errors=[FieldError("idempotency_key", "not_allowed_value")]) from None
        if in_body is not None and in_body != in_header:
            raise Invalid(errors=[FieldError("idempotency_key", "differs_from_header")])
    key = in_body if in_body is not None else in_header
    if key is None:
        raise required("idempotency_key")
    return key
