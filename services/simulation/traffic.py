"""A stream of simulated reports: the same seed, the same stream. Pure; times are arguments.

Some reports come again: the same person later (a repeat), the same event from somebody else (a duplicate), the
same message after a time-out (a resend). Some are hostile. Each says what answer it must get.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from services.simulation import hostile
from services.simulation.counties import FORCES
from services.simulation.items import ACCEPTED, Expected, Item, Way
from services.simulation.people import Person, somebody
from services.simulation.places import Places
from services.simulation.reports import ASKS, CHANNELS, Subject, pick, source_of, write

LONDON = ZoneInfo("Europe/London")
PER_DAY = 6.0
"""Requests a day over all three forces on an ordinary day."""
PRIDE = 10.0
"""How many times as many on a Pride weekend."""

_REMEMBERED = 400
_OF_THE_EVENT = ("need", "occurred_from", "occurred_to", "locations", "incident_kind", "strands", "event")
"""What two reports of one event have in common."""
_FORCE_WEIGHTS = {"herts": 45.0, "beds": 25.0, "cambs": 30.0}


@dataclass(frozen=True)
class Mix:
    """What a stream is made of; shares are of all items.

    `run` is in every key and id, so that two runs with one seed do not meet. `officers`: ids that exist, by force.
    """

    run: str
    seed: int = 1
    forces: tuple[str, ...] = FORCES
    http_share: float = 0.5
    hostile_share: float = 0.05
    resend_share: float = 0.03
    duplicate_share: float = 0.08
    repeat_share: float = 0.22
    exercise: bool = False
    officers: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Traffic:
    """Makes one item after another. `item` is deterministic: seed, mix and the times asked for decide."""

    def __init__(self, mix: Mix, places: Places) -> None:
        self._mix = mix
        self._places = places
        self._draw = Random(mix.seed)
        self._number = 0
        self._people: dict[str, deque[Person]] = {force: deque(maxlen=_REMEMBERED) for force in mix.forces}
        self._recent: deque[Item] = deque(maxlen=_REMEMBERED)
        self._spoilt: Counter[Way] = Counter()

    def item(self, at: datetime) -> Item:
        """The next item, as of `at` (aware)."""
        self._number += 1
        roll, mix = self._draw.random(), self._mix
        if roll < mix.hostile_share:
            return self._hostile(at)
        roll -= mix.hostile_share
        if roll < mix.resend_share and self._recent:
            return self._resend(at)
        roll -= mix.resend_share
        again = roll < mix.duplicate_share and self._recent
        item = self._duplicate(at) if again else self._fresh(at)
        self._recent.append(item)
        return item

    def _fresh(self, at: datetime) -> Item:
        force = pick(self._draw, {force: _FORCE_WEIGHTS.get(force, 20.0) for force in self._mix.forces})
        person, repeat = self._person(force)
        ask = pick(self._draw, ASKS)
        channel = pick(self._draw, CHANNELS[ask])
        return self._written(Subject(self._number, at, force, ask, channel, person, repeat, self._mix.officers))

    def _written(self, subject: Subject) -> Item:
        body, contact = write(subject, self._places, self._draw)
        key = f"{self._mix.run}-{subject.number:06d}"
        body |= {"source": source_of(subject, self._mix.run), "idempotency_key": key}
        if self._mix.exercise:
            body["exercise"] = True
        return Item(
            number=subject.number,
            kind="report",
            way="http" if self._draw.random() < self._mix.http_share else "topic",
            force=subject.force,
            principal=self._principal(subject),
            at=subject.at,
            key=key,
            event_id=f"{key}-e",
            expected=ACCEPTED,
            body=body,
            contact=contact,
        )

    def _principal(self, subject: Subject) -> str:
        """Over HTTP: a partner for third parties, the officer who asks, else the control room."""
        if subject.channel == "third_party":
            return "partner:" + self._draw.choice(("kite_street", "otter_house"))
        if subject.channel == "officer":
            return f"police:{subject.force}:PC{100 + subject.number % 800}"
        return f"control_room:{subject.force}"

    def _person(self, force: str) -> tuple[Person, bool]:
        known = self._people[force]
        if known and self._draw.random() < self._mix.repeat_share:
            return self._draw.choice(known), True
        home = self._draw.choice(self._places.inside[force])[0]
        known.append(somebody(self._number, home, self._draw))
        return known[-1], False

    def _resend(self, at: datetime) -> Item:
        """The same message once more; over a topic now and then with the very same id, as brokers do it."""
        earlier = self._draw.choice(self._recent)
        by_broker = earlier.way == "topic" and self._draw.random() < 0.5
        return replace(
            earlier,
            number=self._number,
            kind="redelivery" if by_broker else "resend",
            at=at,
            event_id=earlier.event_id if by_broker else f"{self._mix.run}-{self._number:06d}-e",
            expected=Expected("accepted", ACCEPTED.statuses, of=earlier.number),
            handle_of=earlier.number if earlier.way == "topic" and earlier.contact is not None else None,
        )

    def _duplicate(self, at: datetime) -> Item:
        """The same event from somebody else, under a key of its own."""
        new = self._fresh(at)
        events = [item for item in self._recent if item.force == new.force and "occurred_from" in item.body]
        if not events:
            return new
        earlier = self._draw.choice(events)
        other = {name: value for name, value in new.body.items() if name not in _OF_THE_EVENT}
        shared = {name: earlier.body[name] for name in _OF_THE_EVENT if name in earlier.body}
        return replace(new, kind="duplicate", body=other | shared)

    def _hostile(self, at: datetime) -> Item:
        """Each kind in turn, so that a short run meets as many of them as it can."""
        good = self._fresh(at)
        # A partner may speak for any force; a control room may not.
        good = replace(good, principal=f"control_room:{good.force}")
        kinds = hostile.TOPIC if good.way == "topic" else hostile.HTTP
        copies = ("reused_key", "reused_id") if good.way == "topic" else ("reused_key",)
        names = [*kinds, *copies]
        kind = names[self._spoilt[good.way] % len(names)]
        self._spoilt[good.way] += 1
        earlier = self._earlier(good.way) if kind in copies else None
        if kind in kinds or earlier is None:
            kind = kind if kind in kinds else "not_json"
            return replace(kinds[kind](good), kind=kind)
        spoil = hostile.reused_key if kind == "reused_key" else hostile.reused_id
        return replace(spoil(good, earlier), kind=kind)

    def _earlier(self, way: Way) -> Item | None:
        """An item without contact details, whose body can be sent again by anybody."""
        fitting = [item for item in self._recent if item.way == way and item.contact is None]
        return self._draw.choice(fitting) if fitting else None


def stream(mix: Mix, places: Places, times: Iterable[datetime]) -> Iterator[Item]:
    """One item for each of `times`."""
    traffic = Traffic(mix, places)
    return (traffic.item(at) for at in times)


def evenly(start: datetime, count: int, rate: float) -> Iterator[datetime]:
    """`count` times from `start`, `rate` a second."""
    return (start + timedelta(seconds=number / rate) for number in range(count))


def arrivals(seed: int, start: datetime, count: int, *, pride: date | None = None) -> Iterator[datetime]:
    """`count` times as requests really arrive from `start` on: by hour and weekday, ten times as many at Pride.

    `pride` is the Saturday of the weekend. About six a day otherwise.
    """
    draw = Random(seed)
    peak = PRIDE * _busyness_peak()
    at = start
    made = 0
    while made < count:
        at += timedelta(days=draw.expovariate(PER_DAY * peak))
        if draw.random() * peak < busyness(at, pride):
            made += 1
            yield at


_BY_HOUR = (0.5, 0.4, 0.15, 0.1, 0.1, 0.1, 0.2, 0.5, 0.8, *(1.45,) * 13, 0.9, 0.7)
"""Of the 24 hours, local: most people call between nine in the morning and ten at night. The mean is 1."""
_BY_DAY = (0.9, 0.9, 0.9, 0.95, 1.1, 1.2, 1.05)
"""From Monday. The mean is 1."""
_WEEKEND_NIGHT = 1.6


def busyness(at: datetime, pride: date | None = None) -> float:
    """How many times the day's mean arrive at `at`; more from Friday to Sunday between 18:00 and 02:00."""
    local = at.astimezone(LONDON)
    evening_of = (local - timedelta(hours=2)).date()
    night = evening_of.weekday() >= 4 and (local.hour >= 18 or local.hour < 2)
    weight = _BY_HOUR[local.hour] * _BY_DAY[local.weekday()] * (_WEEKEND_NIGHT if night else 1.0)
    weekend = pride is not None and timedelta(0) <= evening_of - pride <= timedelta(days=1)
    return weight * (PRIDE if weekend else 1.0)


def _busyness_peak() -> float:
    return max(_BY_HOUR) * max(_BY_DAY) * _WEEKEND_NIGHT
