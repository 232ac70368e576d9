"""A made-up roster of three forces, written as the four CSV files of contract §5. The same seed, the same roster."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

from services.simulation.counties import FORCE_NAMES, FORCES, District, districts_of
from services.simulation.names import drama_mobile, full_name, mailbox
from services.simulation.shifts import DAYS, LONDON, TEAMS, Duty, Pattern, Worker, absences, nights_on_call, shifts

SIZES: Mapping[str, int] = {"herts": 80, "beds": 35, "cambs": 40}
NIGHT_TEAMS: Mapping[str, int] = {"herts": 5, "beds": 1, "cambs": 1}
"""How many of each force have the night; seven in all."""

ROLES = ("coordinator", "sergeant", "inspector", "fim", "psd")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "officers.csv": (
        "id", "force", "title", "districts", "skills", "languages", "gender", "cap", "phone", "email", "webhook",
        "avoid", "base_postcode",
    ),
    "training.csv": ("officer", "course", "attended", "valid_until"),
    "duties.csv": ("officer", "kind", "from", "until"),
    "roles.csv": ("force", "role", "name", "phone", "email", "webhook", "from", "until"),
}  # fmt: skip

_FIRST_ID = {"herts": ("H", 1001), "beds": ("B", 2001), "cambs": ("C", 3001)}
_PHONES = {"herts": 100, "beds": 200, "cambs": 300}
"""The first of each force's numbers for drama; roles begin at 900."""
_SKILLS = ("trans", "youth", "same_sex_domestic_abuse", "chemsex")
_LANGUAGES = ("pl", "ro", "ur", "bn", "pa", "gu", "pt", "lt", "so", "bfi")
_RANKS: Mapping[Pattern, Sequence[str]] = {
    "response": ("PC", "PC", "PC", "Sergeant"),
    "neighbourhood": ("PC", "PC", "PCSO", "DC", "Sergeant"),
    "staff": ("Victim care officer", "Custody detention officer", "Community officer", "Contact supervisor"),
}
_POST_HOLDERS = {
    "coordinator": "Liaison coordinator",
    "sergeant": "Duty sergeant",
    "inspector": "Duty inspector",
    "psd": "Professional standards desk",
}

Line = Sequence[str]


@dataclass(frozen=True)
class RosterPlan:
    """What the roster is to be like. `now` is aware.

    `webhooks`: where `officers.receiver` listens, such as `http://127.0.0.1:9099`; None: phone and e-mail alone,
    so that everything shows under `/phones`. `cap`: one cap for all, None for a mixture.
    """

    now: datetime
    seed: int = 1
    webhooks: str | None = None
    cap: int | None = None


@dataclass(frozen=True)
class Person:
    """An officer or member of staff of the made-up roster."""

    worker: Worker
    number: int
    force: str
    title: str
    name: str
    home: District


def write_roster(folder: Path, now: datetime, *, seed: int = 1, webhooks: str | None = None) -> Path:
    """Write the four files into `folder`, made if need be, for the two weeks after `now`; gives the folder back."""
    return write_files(folder, roster_files(RosterPlan(now, seed, webhooks)))


def write_files(folder: Path, files: Mapping[str, Sequence[Line]]) -> Path:
    """Write each file with its header."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS[name])
            writer.writerows(lines)
    return folder


def roster_files(plan: RosterPlan) -> dict[str, list[Line]]:
    """The lines of each file, without headers."""
    draw = Random(plan.seed)
    people = [person for force in FORCES for person in _people(force, draw)]
    return {
        "officers.csv": [_officer(person, plan, draw) for person in people],
        "training.csv": [line for person in people for line in _training(person, plan.now, draw)],
        "duties.csv": [_duty(duty) for duty in duties(people, plan.now, draw)],
        "roles.csv": list(_roles(plan, draw)),
    }


def officer_ids(force: str) -> tuple[str, ...]:
    """Everybody's id in one force's roster: `H1001` and so on."""
    letter, first = _FIRST_ID[force]
    return tuple(f"{letter}{first + number}" for number in range(SIZES[force]))


def everybody(seed: int = 1) -> tuple[Person, ...]:
    """The people of all forces, as a roster of this seed has them."""
    draw = Random(seed)
    return tuple(person for force in FORCES for person in _people(force, draw))


def titles(seed: int = 1) -> dict[str, str]:
    """Everybody's title by id, as a roster of this seed has it."""
    return {person.worker.id: person.title for person in everybody(seed)}


def _people(force: str, draw: Random) -> Iterator[Person]:
    districts = districts_of(force)
    for number, officer in enumerate(officer_ids(force)):
        pattern = _pattern(force, number, draw)
        name = full_name(draw)
        title = f"{draw.choice(_RANKS[pattern])} {name}"
        yield Person(Worker(officer, pattern, number), number, force, title, name, districts[number % len(districts)])


def _pattern(force: str, number: int, draw: Random) -> Pattern:
    if number < NIGHT_TEAMS[force] * TEAMS:
        return "response"
    return "staff" if draw.random() < 0.2 else "neighbourhood"


def _officer(person: Person, plan: RosterPlan, draw: Random) -> Line:
    number = _PHONES[person.force] + person.number
    phone, email, webhook = _means(plan, f"officers/{person.worker.id}", person.name, number)
    return (
        person.worker.id,
        person.force,
        person.title,
        ";".join(_beat(person, draw)),
        ";".join(skill for skill in _SKILLS if draw.random() < 0.3),
        ";".join(draw.sample(_LANGUAGES, draw.choice((0, 0, 0, 1, 1, 2)))),
        draw.choice(("female", "female", "male", "male", "non_binary", "")),
        str(plan.cap or draw.choice(("", "", "", 2, 4, 5))),
        phone,
        email,
        webhook,
        _avoided(person, draw),
        draw.choice(person.home.postcodes),
    )


def _beat(person: Person, draw: Random) -> Iterable[str]:
    """Their own district, and often the next one."""
    others = [one.code for one in districts_of(person.force) if one.code != person.home.code]
    return [person.home.code, *draw.sample(others, draw.choice((0, 0, 1, 2)))]


def _avoided(person: Person, draw: Random) -> str:
    """Where a few of them would rather not be sent: a postcode sector, with no reason."""
    if person.number % 20 != 7:
        return ""
    postcode = draw.choice(person.home.postcodes)
    return postcode[:-2]


def _means(plan: RosterPlan, path: str, name: str, number: int) -> tuple[str, str, str]:
    webhook = f"{plan.webhooks.rstrip('/')}/{path}" if plan.webhooks else ""
    return drama_mobile(number), mailbox(name, number), webhook


def _training(person: Person, now: datetime, draw: Random) -> Iterator[Line]:
    """Three years from the course. Of those without a night to hold, some have lapsed and one in forty never went."""
    today = now.astimezone(LONDON).date()
    lapses = person.worker.pattern != "response" and draw.random() < 0.08
    if person.worker.pattern != "response" and draw.random() < 0.025:
        return
    ago = timedelta(days=draw.randint(1_100, 1_500) if lapses else draw.randint(20, 1_000))
    yield _course(person.worker.id, today - ago)
    if not lapses and draw.random() < 0.15:
        yield _course(person.worker.id, today - ago - timedelta(days=900))


def _course(officer: str, attended: date) -> Line:
    return (officer, "llo", attended.isoformat(), (attended + timedelta(days=3 * 365)).isoformat())


def duties(people: Sequence[Person], now: datetime, draw: Random) -> Iterator[Duty]:
    """Everybody's shifts for the two weeks after `now`, their absences, and who is on call at night."""
    for person in people:
        yield from shifts(person.worker, now)
    yield from absences([person.worker for person in people], now, draw)
    for force in FORCES:
        staff = [person for person in people if person.force == force and person.worker.pattern == "staff"]
        yield from nights_on_call(staff[0].worker, now)


def _duty(duty: Duty) -> Line:
    return (duty.officer, duty.kind, duty.starts.isoformat(), duty.ends.isoformat())


def _roles(plan: RosterPlan, draw: Random) -> Iterator[Line]:
    for force_number, force in enumerate(FORCES):
        for number, role in enumerate((*ROLES, "ops")):
            # Operations are one desk for all forces, reached in one way.
            path = "roles/ops" if role == "ops" else f"roles/{force}/{role}"
            phone = 900 if role == "ops" else 910 + 10 * force_number + number
            if role == "fim":
                yield from _rota(plan, force, path, draw)
                continue
            title = "Operations desk" if role == "ops" else f"{_POST_HOLDERS[role]}, {FORCE_NAMES[force]}"
            box = "operations" if role == "ops" else f"{role} {force}"
            yield (force, role, title, *_means(plan, path, box, phone), "", "")


def _rota(plan: RosterPlan, force: str, path: str, draw: Random) -> Iterator[Line]:
    """The force incident manager changes every morning at seven; the last one stays until further notice."""
    people = [full_name(draw) for _ in range(5)]
    first = plan.now.astimezone(LONDON).date() - timedelta(days=1)
    changes = [datetime.combine(first + timedelta(days=day), time(7), LONDON) for day in range(DAYS + 2)]
    for number, starts in enumerate(changes):
        person = number % len(people)
        means = _means(plan, path, f"fim {force}", 940 + 10 * FORCES.index(force) + person)
        until = changes[number + 1].isoformat() if number + 1 < len(changes) else ""
        yield (force, "fim", f"Inspector {people[person]}", *means, starts.isoformat(), until)
