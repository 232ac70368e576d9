"""Who may be the same person as before (design §6 "Repeats"): pseudonyms, earlier reports, suspected duplicates.

A person is known again by marks: keyed hashes of a phone number or an e-mail address, and of the sender's own opaque
id of them, which only helps. Two people turn out to be one when one report gives marks of both; a hint alone never
says that of two who left different ways to reach them. All of it is a suggestion until a human confirms it.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from services.intake.rules.report import OPEN, Report
from shared.contracts.logline import SourceEcho
from shared.contracts.policy import PolicyDocument
from shared.contracts.reports import Earlier

Kind = Literal["phone", "email", "hint"]
_FIRST: tuple[Kind, ...] = ("phone", "email", "hint")
"""Which mark names somebody new: what changes least."""

ORGANISED = frozenset({"community_event", "awareness_session"})
"""Needs behind which stands an organiser, who is nobody to be recognised."""

Incident = tuple[str, str, str, date | None]
"""Force, system, number and its date: numbers start again every day, and every force has its own."""


@dataclass(frozen=True)
class Mark:
    """Something a person can be known again by: a keyed hash under each key still valid, the newest first."""

    kind: Kind
    digests: tuple[bytes, ...]


@dataclass(frozen=True)
class Sighting:
    """That a report gave a mark, and whose it was taken to be. `exercise`: its report was none in earnest."""

    mark: bytes
    kind: Kind
    referral_id: UUID
    person: str
    at: datetime
    exercise: bool


@dataclass(frozen=True)
class Past:
    """Another report, as far as it matters here. `ended_as` is the code it was closed or withdrawn with."""

    referral_id: UUID
    reference: str
    at: datetime
    open: bool
    exercise: bool
    incident: Incident | None
    ended_as: str | None
    last_officer: str | None


@dataclass(frozen=True)
class Asked:
    """The report somebody is to be recognised in: `referral_id` None while it has no name yet, `at` when it came."""

    at: datetime
    exercise: bool
    incident: Incident | None
    referral_id: UUID | None = None
    person: str | None = None


@dataclass(frozen=True)
class Repeat:
    """What is told of it: the pseudonym, how many earlier reports and who held the last, and what it may double."""

    person: str | None = None
    earlier: Earlier | None = None
    suspected_duplicate_of: str | None = None


NOBODY = Repeat()


def incident_of(source: SourceEcho) -> Incident | None:
    """The incident a source names; None where it names none."""
    if source.incident_ref is None:
        return None
    return source.force, source.system, source.incident_ref, source.incident_date


def past_of(report: Report) -> Past:
    """A report as the past of another."""
    return Past(
        referral_id=report.referral_id,
        reference=report.reference,
        at=report.at,
        open=report.state in OPEN and report.withdrawn_at is None,
        exercise=report.exercise,
        incident=incident_of(report.source),
        ended_as=report.ended_as,
        last_officer=report.last_officer,
    )


@dataclass
class People:
    """The people one batch may be about, as far as they are known, and what the batch adds."""

    pasts: dict[UUID, Past] = field(default_factory=dict)
    sightings: dict[UUID, list[Sighting]] = field(default_factory=lambda: defaultdict(list))
    new: list[Sighting] = field(default_factory=list)
    dropped: dict[UUID, None] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    _by_mark: dict[bytes, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    _by_person: dict[str, dict[UUID, None]] = field(default_factory=lambda: defaultdict(dict))
    _by_incident: dict[Incident, dict[UUID, None]] = field(default_factory=lambda: defaultdict(dict))

    def heard(self, past: Past) -> None:
        """Take in how a report stands."""
        self.pasts[past.referral_id] = past
        if past.incident is not None:
            self._by_incident[past.incident][past.referral_id] = None

    def saw(self, sighting: Sighting) -> None:
        """Take in a mark that was given before."""
        self.sightings[sighting.referral_id].append(sighting)
        self._by_mark[sighting.mark][sighting.person] = None
        self._by_person[sighting.person][sighting.referral_id] = None

    def recognise(self, marks: Sequence[Mark], asked: Asked, policy: PolicyDocument) -> Repeat:
        """Who gave these marks, and what they reported before."""
        person = self._who(marks, asked)
        theirs = self._reports_of({person, *self._by_contact(marks, asked)} - {None}, asked)
        return Repeat(person, _earlier(theirs, asked, policy), self._double(theirs, asked, policy))

    def note(self, report: Report, marks: Sequence[Mark], at: datetime) -> None:
        """Remember a report's marks instead of those it gave before; people it shows to be one become one."""
        person, asked = report.picture.person, _asked_again(report)
        if person is None:
            return
        for other in self._by_contact(marks, asked):
            if other != person:
                self._merge(other, person)
        self._forget(report.referral_id)
        for mark in marks:
            sighting = Sighting(mark.digests[0], mark.kind, report.referral_id, person, at, report.exercise)
            self.new.append(sighting)
            self.saw(sighting)

    def marks_now(self, report: Report, given: Sequence[Mark]) -> tuple[Mark, ...]:
        """A report's marks once `given` came in: those of the same kind are replaced, the others stay."""
        kinds = {mark.kind for mark in given}
        kept = (Mark(one.kind, (one.mark,)) for one in self.sightings[report.referral_id] if one.kind not in kinds)
        return (*kept, *given)

    def _who(self, marks: Sequence[Mark], asked: Asked) -> str | None:
        known = self._by_contact(marks, asked) or self._by_hint(marks, asked)
        if known:
            return min(known, key=self._since)
        if asked.person is not None and not set(self._by_person[asked.person]) - {asked.referral_id}:
            return asked.person
        return next(_new_names(marks, asked), None)

    def _by_contact(self, marks: Iterable[Mark], asked: Asked) -> list[str]:
        return self._others([mark for mark in marks if mark.kind != "hint"], asked)

    def _by_hint(self, marks: Sequence[Mark], asked: Asked) -> list[str]:
        """Whom a hint means; nobody where they, like this report, left a way to reach them: it is another one."""
        hinted = self._others([mark for mark in marks if mark.kind == "hint"], asked)
        if len(hinted) != 1 or not any(mark.kind != "hint" for mark in marks):
            return hinted[:1] if len(hinted) == 1 else []
        given = (one for id_ in self._by_person[hinted[0]] for one in self.sightings[id_])
        return [] if any(one.kind != "hint" for one in given) else hinted

    def _others(self, marks: Iterable[Mark], asked: Asked) -> list[str]:
        """The people who gave any of these marks in another report, in earnest or not as this one is."""
        found = {
            person: None
            for mark in marks
            for digest in mark.digests
            for person in self._by_mark[digest]
            if any(
                one.mark == digest and one.exercise == asked.exercise
                for id_ in self._by_person[person]
                if id_ != asked.referral_id
                for one in self.sightings[id_]
            )
        }
        return list(found)

    def _since(self, person: str) -> tuple[datetime, str]:
        return min(one.at for id_ in self._by_person[person] for one in self.sightings[id_]), person

    def _reports_of(self, people: Iterable[str | None], asked: Asked) -> list[Past]:
        ids = {id_ for person in people if person for id_ in self._by_person[person]} - {asked.referral_id}
        found = (self.pasts[id_] for id_ in ids if id_ in self.pasts)
        return sorted((past for past in found if past.exercise == asked.exercise), key=lambda past: past.at)

    def _double(self, theirs: Iterable[Past], asked: Asked, policy: PolicyDocument) -> str | None:
        """The first open report of the same person or incident within the policy's time."""
        since = asked.at - timedelta(minutes=policy.repeats.duplicate_minutes)
        same = self._by_incident[asked.incident] if asked.incident else {}
        others = [self.pasts[id_] for id_ in same if id_ != asked.referral_id]
        fitting = [
            past
            for past in (*theirs, *others)
            if past.open and since <= past.at <= asked.at and past.exercise == asked.exercise
        ]
        return min(fitting, key=lambda past: (past.at, past.reference)).reference if fitting else None

    def _merge(self, other: str, person: str) -> None:
        self.merged = {gone: person if into == other else into for gone, into in self.merged.items()} | {other: person}
        for id_ in self._by_person.pop(other, {}):
            moved = [replace(one, person=person) for one in self.sightings[id_] if one.person == other]
            self.sightings[id_] = [one for one in self.sightings[id_] if one.person != other]
            for one in moved:
                self._by_mark[one.mark].pop(other, None)
                self.saw(one)
        self.new = [replace(one, person=person) if one.person == other else one for one in self.new]

    def _forget(self, referral_id: UUID) -> None:
        before = self.sightings.pop(referral_id, [])
        if before:
            self.dropped[referral_id] = None
            self.new = [one for one in self.new if one.referral_id != referral_id]
        for one in before:
            self._by_person[one.person].pop(referral_id, None)


def _asked_again(report: Report) -> Asked:
    return Asked(
        report.at, report.exercise, incident_of(report.source), report.referral_id, person=report.picture.person
    )


def _earlier(theirs: Sequence[Past], asked: Asked, policy: PolicyDocument) -> Earlier | None:
    since = asked.at - timedelta(days=policy.retention.person_pseudonym_days)
    counted = [
        past for past in theirs if since <= past.at <= asked.at and past.ended_as not in policy.repeats.not_counted
    ]
    if not counted:
        return None
    held = [past.last_officer for past in counted if past.last_officer]
    return Earlier(count=len(counted), last_officer=held[-1] if held else None)


def _new_names(marks: Sequence[Mark], asked: Asked) -> Iterator[str]:
    """A pseudonym out of a mark, so that two who meet it at once give the same; with the month, so that somebody whose
    marks were forgotten gets another one than before."""
    for kind in _FIRST:
        for mark in marks:
            if mark.kind == kind:
                said = f"|{asked.at:%Y-%m}|{'exercise' if asked.exercise else 'earnest'}"
                yield hashlib.sha256(mark.digests[0] + said.encode()).hexdigest()[:32]
