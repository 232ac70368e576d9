"""Reading a roster's four files: all of it or none of it, each bad line named with its reason."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

from services.routing.rules.roster import fields
from services.routing.rules.roster.rows import (
    CONTROL_ROOM,
    DUTY_KINDS,
    ROLES,
    BadLine,
    DutyRow,
    Means,
    OfficerRow,
    RoleRow,
    RosterRefused,
    RosterRows,
    TrainingRow,
)
from services.routing.rules.roster.table import Columns, Row, rows

T = TypeVar("T")

FILES = ("officers.csv", "training.csv", "duties.csv", "roles.csv")

_MEANS = ("phone", "email", "webhook")
_OFFICERS = Columns(
    ("id", "force"),
    ("title", "districts", "skills", "languages", "gender", "cap", *_MEANS, "avoid", "base_postcode"),
)
_TRAINING = Columns(("officer", "valid_until"), ("course", "attended"))
_DUTIES = Columns(("officer", "kind", "from", "until"))
_ROLES = Columns(("force", "role"), ("name", *_MEANS, "from", "until"))

_NO_DAY = date.min
_NO_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Known:
    """What a roster may speak of. An empty set of districts, skills or courses leaves that unchecked."""

    forces: frozenset[str]
    districts: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    courses: frozenset[str] = frozenset()
    default_course: str = "llo"


def read_roster(files: Mapping[str, bytes], known: Known) -> RosterRows:
    """The roster in `files` (name → content). Raises RosterRefused naming every bad line, sorted by place."""
    bad: list[BadLine] = [BadLine(name, 0, "", "missing_file") for name in FILES if name not in files]
    officers = _officers(files.get("officers.csv"), known, bad)
    ids = {officer.id for officer in officers}
    roster = RosterRows(
        officers=tuple(sorted(officers, key=lambda row: row.id)),
        training=_training(files.get("training.csv"), known, ids, bad),
        duties=_duties(files.get("duties.csv"), ids, bad),
        roles=_roles(files.get("roles.csv"), known, bad),
    )
    if bad:
        raise RosterRefused(tuple(sorted(bad, key=lambda line: (FILES.index(line.file), line.line, line.column))))
    return roster


def _officers(content: bytes | None, known: Known, bad: list[BadLine]) -> list[OfficerRow]:
    found: dict[str, OfficerRow] = {}
    for row in _rows("officers.csv", content, _OFFICERS, bad):
        officer = _officer(row, known)
        if officer.id in found:
            row.refuse("id", "repeated")
        found[officer.id] = officer
    return list(found.values())


def _officer(row: Row, known: Known) -> OfficerRow:
    return OfficerRow(
        id=row.needed("id", fields.identifier, ""),
        force=row.needed("force", _one_of(known.forces, "unknown_force"), ""),
        title=row.optional("title", fields.words) or "",
        districts=row.several("districts", _known(fields.district, known.districts, "unknown_district")),
        skills=row.several("skills", _known(fields.code, known.skills, "unknown_skill")),
        languages=row.several("languages", fields.language),
        gender=row.optional("gender", fields.code),
        cap=row.optional("cap", fields.number),
        means=_means(row),
        avoid=row.several("avoid", fields.sector),
        base_postcode=row.optional("base_postcode", fields.postcode),
    )


def _training(content: bytes | None, known: Known, ids: set[str], bad: list[BadLine]) -> tuple[TrainingRow, ...]:
    found = {_course(row, known, ids) for row in _rows("training.csv", content, _TRAINING, bad)}
    return tuple(sorted(found, key=lambda row: (row.officer, row.course, row.valid_until, str(row.attended))))


def _course(row: Row, known: Known, ids: set[str]) -> TrainingRow:
    before = len(row.bad)
    course = TrainingRow(
        officer=row.needed("officer", _one_of(ids, "unknown_officer"), ""),
        course=row.optional("course", _known(fields.code, known.courses, "unknown_course")) or known.default_course,
        attended=row.optional("attended", fields.day),
        valid_until=row.needed("valid_until", fields.day, _NO_DAY),
    )
    if len(row.bad) == before and course.attended and course.valid_until < course.attended:
        row.refuse("valid_until", "before_attended")
    return course


def _duties(content: bytes | None, ids: set[str], bad: list[BadLine]) -> tuple[DutyRow, ...]:
    lines: dict[DutyRow, int] = {}
    for row in _rows("duties.csv", content, _DUTIES, bad):
        before = len(bad)
        duty = _duty(row, ids)
        if len(bad) == before:
            lines.setdefault(duty, row.line)
    bad.extend(BadLine("duties.csv", line, "from", "overlaps_another_line") for line in _overlapping(lines))
    return tuple(sorted(lines, key=lambda row: (row.officer, row.starts, row.ends, row.kind)))


def _overlapping(lines: Mapping[DutyRow, int]) -> set[int]:
    """Lines that say of a time what another line says of part of it: one of the two is a slip.

    The same line twice says nothing new, and different kinds may overlap: leave on top of a shift is how rotas work.
    """
    found: set[int] = set()
    last: DutyRow | None = None
    for duty in sorted(lines, key=lambda duty: (duty.officer, duty.kind, duty.starts, duty.ends)):
        if last and (last.officer, last.kind) == (duty.officer, duty.kind) and duty.starts < last.ends:
            found.add(max(lines[last], lines[duty]))
            last = max(last, duty, key=lambda one: one.ends)
        else:
            last = duty
    return found


def _duty(row: Row, ids: set[str]) -> DutyRow:
    before = len(row.bad)
    duty = DutyRow(
        officer=row.needed("officer", _one_of(ids, "unknown_officer"), ""),
        kind=row.needed("kind", _one_of(DUTY_KINDS, "unknown_kind"), ""),
        starts=row.needed("from", fields.starts, _NO_TIME),
        ends=row.needed("until", fields.ends, _NO_TIME),
    )
    if len(row.bad) == before and duty.ends <= duty.starts:
        row.refuse("until", "not_after_from")
    return duty


def _roles(content: bytes | None, known: Known, bad: list[BadLine]) -> tuple[RoleRow, ...]:
    found = {_role(row, known) for row in _rows("roles.csv", content, _ROLES, bad)}
    return tuple(sorted(found, key=lambda row: (row.force, row.role, row.starts or _NO_TIME, row.name, str(row.means))))


def _role(row: Row, known: Known) -> RoleRow:
    before = len(row.bad)
    role = RoleRow(
        force=row.needed("force", _one_of(known.forces, "unknown_force"), ""),
        role=row.needed("role", _one_of(ROLES, "unknown_role"), ""),
        name=row.optional("name", fields.words) or "",
        means=_means(row),
        starts=row.optional("from", fields.starts),
        ends=row.optional("until", fields.ends),
    )
    if len(row.bad) == before and role.starts and role.ends and role.ends <= role.starts:
        row.refuse("until", "not_after_from")
    if len(row.bad) == before and role.role == CONTROL_ROOM and not any(one.kind == "webhook" for one in role.means):
        row.refuse("webhook", "required")
    return role


def _means(row: Row) -> tuple[Means, ...]:
    readers: dict[str, Callable[[str], str]] = {
        "phone": fields.phone,
        "email": fields.email,
        "webhook": fields.webhook,
    }
    before = len(row.bad)
    found = [(kind, row.optional(kind, readers[kind])) for kind in _MEANS]
    means = tuple(Means(kind, address) for kind, address in found if address)
    if not means and len(row.bad) == before:
        row.refuse("phone", "no_means")
    return means


def _rows(file: str, content: bytes | None, columns: Columns, bad: list[BadLine]) -> Iterable[Row]:
    return () if content is None else rows(file, content, columns, bad)


def _one_of(allowed: Iterable[str], reason: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise fields.BadCell(reason)
        return text

    return read


def _known(read: Callable[[str], str], allowed: frozenset[str], reason: str) -> Callable[[str], str]:
    def reader(text: str) -> str:
        value = read(text)
        if allowed and value not in allowed:
            raise fields.BadCell(reason)
        return value

    return reader
