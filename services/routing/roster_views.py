"""What the roster's pages show, in words. Pure: rows and `now` in, frozen views out; no address, no gender, no area."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from services.routing.rotas import RotaShown, TurnShown
from services.routing.rules.calendar import local_day
from services.routing.rules.matching.model import Load, Officer
from services.routing.rules.roster.duty import SOURCES
from services.routing.rules.roster.warnings import TRAINING_AHEAD, Warned
from services.routing.wording import ROLES, who
from shared.contracts.policy import PolicyDocument
from shared.local_time import LONDON, day_and_time

KINDS = {
    "duty": "On duty",
    "on_call": "On call",
    "leave": "On leave",
    "sick": "Off sick",
    "court": "At court",
    "abstracted": "Abstracted",
    "restricted": "On restricted duty",
    "event": "At an event",
    "busy": "Busy",
}
ORIGINS = {"own": "own word", "feed": "duty system", "file": "roster file"}
_TONES = {"duty": "green", "on_call": "turquoise", None: "grey"}


@dataclass(frozen=True, slots=True)
class Line:
    """An entry about somebody's time. `until` None: until further notice; `holds`: it decides now."""

    kind: str
    words: str
    starts: datetime
    until: datetime | None
    source: str
    origin: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Member:
    """An officer as the roster's page shows them. `until` is the end of what holds now, `next` their next duty."""

    id: str
    title: str
    now: str
    tone: str
    origin: str
    until: datetime | None
    next: datetime | None
    training: str
    training_tone: str
    in_hand: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Post:
    """A role as the roster's page shows it: who is there now and then, in words, and when nobody is."""

    name: str
    now: str
    later: tuple[str, ...]
    gaps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Around:
    """What a page knows of the world."""

    policy: PolicyDocument
    now: datetime


def member(officer: Officer, load: Load, entries: Sequence[Any], around: Around) -> Member:
    """One officer, with every entry about their time near now."""
    now, kind = around.now, officer.duty.at(around.now)
    lines = tuple(_line(entry, kind, now) for entry in entries)
    lines = _one_holds(lines)
    holding = next((line for line in lines if line.holds), None)
    training, tone = _training(officer, around)
    return Member(
        id=officer.id,
        title=officer.title,
        now=KINDS.get(kind or "", "Off duty"),
        tone=_TONES.get(kind, "yellow"),
        origin=holding.origin if holding else "",
        until=officer.duty.available_until(now) or (holding.until if holding else None),
        next=officer.duty.next_start(now),
        training=training,
        training_tone=tone,
        in_hand=f"{load.counted} of {officer.cap or around.policy.matching.cap}",
        lines=lines,
    )


def _line(entry: Any, deciding: str | None, now: datetime) -> Line:
    covers = entry.starts <= now and (entry.ends is None or now < entry.ends)
    origin = ORIGINS[entry.source]
    if entry.source == "feed" and str(entry.entry).startswith("ical:"):
        origin = "calendar"
    return Line(
        kind=entry.kind,
        words=KINDS[entry.kind],
        starts=entry.starts,
        until=entry.ends,
        source=entry.source,
        origin=origin,
        holds=covers and entry.kind == deciding,
    )


def _one_holds(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Of several that say the same, the strongest source is the one that holds."""
    holding = min((line for line in lines if line.holds), key=lambda line: SOURCES.index(line.source), default=None)
    return tuple(line if line is holding else replace(line, holds=False) for line in lines)


def _training(officer: Officer, around: Around) -> tuple[str, str]:
    course = around.policy.matching.course
    until = max((day for name, day in officer.trained if name == course), default=None)
    if until is None:
        return "None", "red"
    today = local_day(around.now, around.policy.calendar.timezone)
    if until < today:
        return f"Ended on {written_day(until)}", "red"
    return f"Until {written_day(until)}", "orange" if until <= today + TRAINING_AHEAD else ""


def written_day(day: date) -> str:
    """`23 November 2026`."""
    return f"{day.day} {day:%B %Y}"


def warning(warned: Warned, now: datetime) -> str:
    """What will be missing, in a sentence."""
    if warned.kind == "training" and warned.due is not None:
        last = (warned.due - timedelta(days=1)).astimezone(LONDON).date()
        return f"The training of {warned.subject} ends on {written_day(last)}."
    role = who(warned.subject.partition(":")[0]).removeprefix("the ")
    if warned.due is None or warned.due <= now:
        return f"No {role} now."
    return f"No {role} from {day_and_time(warned.due, now)}."


def posts(rotas: Iterable[RotaShown], now: datetime) -> list[Post]:
    """Every role, with its coming turns and its gaps of the coming week."""
    return [_post(rota, now) for rota in rotas]


def _post(rota: RotaShown, now: datetime) -> Post:
    there = [turn for turn in rota.turns if turn.starts is None or turn.starts <= now]
    later = [turn for turn in rota.turns if turn.starts is not None and turn.starts > now]
    name = ROLES.get(rota.role, rota.role).removeprefix("the ")
    return Post(
        name=name[:1].upper() + name[1:],
        now=", ".join(_somebody(turn, now) for turn in there) or "Nobody",
        later=tuple(_somebody(turn, now) for turn in later[:3]),
        gaps=tuple(_gap(gap.starts, gap.ends, now) for gap in rota.gaps),
    )


def _somebody(turn: TurnShown, now: datetime) -> str:
    begins = f" from {day_and_time(turn.starts, now)}" if turn.starts is not None and turn.starts > now else ""
    ends = f" until {day_and_time(turn.ends, now)}" if turn.ends is not None else ""
    origin = "supervisor" if turn.source == "own" else ORIGINS[turn.source]
    return f"{turn.name or 'Somebody'}{begins}{ends} ({origin})"


def _gap(starts: datetime, ends: datetime | None, now: datetime) -> str:
    begins = "Nobody now" if starts <= now else f"Nobody from {day_and_time(starts, now)}"
    return f"{begins} until {day_and_time(ends, now)}" if ends is not None else begins
