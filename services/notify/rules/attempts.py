"""How far a notice has got: one leg for each means, and what an attempt's outcome does to them.

The next means starts when one fails for good, or beside it when no receipt has come in the class's time.
A course is stored with its notice; nothing here reads a clock or draws a number.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple


class State(StrEnum):
    """What became of a notice, or of one leg of it (contract §4, `GET /v1/notices`)."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"

    # An enumeration hashes by a function of its own, ten times as slow, at every look into a set of states.
    __hash__ = str.__hash__


OPEN = frozenset({State.PLANNED, State.SENDING, State.SENT})
"""States of a notice that something may still be done about."""

REACHED = frozenset({State.DELIVERED, State.READ})

# What is best known of a notice, whose legs may differ, is what its own state says.
_STANDING = (
    State.READ,
    State.DELIVERED,
    State.SENDING,
    State.SENT,
    State.PLANNED,
    State.EXPIRED,
    State.SUPERSEDED,
    State.FAILED,
)

LEASE = timedelta(seconds=8)
"""Real time an attempt may take before another process tries again; every channel gives up sooner."""

SLOWEST_RETRY = 600.0
"""Seconds; doubling stops here, so that a host back after an hour is found within ten minutes."""

UNKNOWN = "unknown"
"""The means of somebody who is not on the roster yet: their notice waits."""

NOBODY = "none"
"""The means of somebody who is on the roster and cannot be reached at all."""

SINK = "exercise"
"""Where exercise traffic ends: it never goes over anybody's real means."""


class Moment(NamedTuple):
    """One instant in both times: `real` for leases and retries, `domain` for deadlines."""

    real: datetime
    domain: datetime
    speed: float = 1.0

    def real_at(self, deadline: datetime) -> datetime:
        """The real instant at which domain time has reached `deadline`: a rounding never makes it early."""
        return self.real + (deadline - self.domain) / self.speed + timedelta(milliseconds=1)


class Outcome(NamedTuple):
    """What came of one attempt. `reason` is a code; `after` is the least wait the receiver asked for, in seconds.

    `elsewhere`: this way is known to be shut, so that the next means need not wait its time. `provider_id` is the
    provider's own name for the attempt, which its receipts carry.
    """

    kind: Literal["delivered", "sent", "retry", "refused"]
    reason: str | None = None
    after: float | None = None
    elsewhere: bool = False
    provider_id: str | None = None


class Leg(NamedTuple):
    """A notice's course over one means. `nth` tells several of a kind apart (a role's rota).

    `due` is real time: when to start, to try again, or to take over from an attempt whose lease ran out;
    None when nothing is to be done, or not before the leg in front of it has had its time.
    """

    means: str
    nth: int = 0
    state: State = State.PLANNED
    tries: int = 0
    due: datetime | None = None


class Course(NamedTuple):
    """All legs of a notice, in order. `not_after` is domain time, `patience` real seconds to wait for a receipt."""

    legs: tuple[Leg, ...]
    not_after: datetime
    patience: float
    superseded: bool = False

    @property
    def state(self) -> State:
        """The state of the whole notice."""
        states = {leg.state for leg in self.legs}
        return next(state for state in _STANDING if state in states)

    @property
    def due(self) -> datetime | None:
        """When the dispatcher must look at it next (real time); None for never."""
        return min((leg.due for leg in self.legs if leg.due is not None), default=None)

    @property
    def in_flight(self) -> bool:
        """Whether an attempt is under way, so that no newer notice may overtake it."""
        return any(leg.state is State.SENDING for leg in self.legs)

    @property
    def tried(self) -> bool:
        """Whether any attempt was made: first offers go before repeats."""
        return any(leg.tries for leg in self.legs)

    @property
    def waiting(self) -> bool:
        """Whether it waits for its recipient to become known."""
        return self.legs[0].means == UNKNOWN and self.legs[0].state is State.PLANNED

    @property
    def means(self) -> str | None:
        """The means that says most about it: the one that reached, else the last one tried, else the first."""
        means = _best(self).means
        return None if means in {UNKNOWN, NOBODY} else means


class News(NamedTuple):
    """What routing must hear: over which means it was delivered, or failed; `last` when nothing is left to try."""

    kind: Literal["delivered", "failed"]
    means: str | None
    last: bool = False
    reason: str | None = None


def begin(course: Course, leg: Leg, moment: Moment) -> tuple[Course, bool]:
    """Start an attempt on a leg that is due; False when its time is over and the course ends instead."""
    over = State.SUPERSEDED if course.superseded or course.state in REACHED else State.EXPIRED
    if over is State.SUPERSEDED or moment.domain >= course.not_after:
        # An attempt whose lease has run out is under way no more: nobody will report on it.
        return _end(_with(course, leg, leg._replace(state=State.PLANNED, due=None)), over), False
    sending = leg._replace(state=State.SENDING, tries=leg.tries + 1, due=moment.real + LEASE)
    started = _with(course, leg, sending)
    following = _next(started)
    if leg.tries == 0 and following is not None and following.due is None:
        started = set_out(started, following, moment.real + timedelta(seconds=course.patience))
    return started, True


def is_due(course: Course, moment: Moment) -> bool:
    """Whether the dispatcher has something to do about it now."""
    return course.due is not None and course.due <= moment.real


def set_out(course: Course, first: Leg, due: datetime) -> Course:
    """The same course, this leg due then; with a browser, all of its person's, which are one means."""
    together = {leg for leg in course.legs if leg.means == first.means == "push" and not leg.tries} | {first}
    return course._replace(legs=tuple(leg._replace(due=due) if leg in together else leg for leg in course.legs))


def put_off(course: Course, leg: Leg, until: datetime) -> Course:
    """The same course, this leg not due before `until` (real time)."""
    return _with(course, leg, leg._replace(due=until))


def settle(
    course: Course, tried: Leg, outcome: Outcome, moment: Moment, jitter: float
) -> tuple[Course, tuple[News, ...]]:
    """Take in the outcome of the attempt started as `tried`; `jitter` is a number from 0 up to 1.

    A late answer of an attempt that somebody else has taken over since counts only when it says delivered.
    """
    now = _find(course, tried)
    if now is None or now.state in REACHED or (outcome.kind != "delivered" and not _same_attempt(now, tried)):
        return course, ()
    return _take_in(course, now, outcome, moment, jitter)


def receive(
    course: Course, told: Leg, outcome: Outcome, moment: Moment, jitter: float
) -> tuple[Course, tuple[News, ...]]:
    """Take in a provider's receipt on the attempt `told`, whenever it comes and however often.

    About an older attempt, or one already settled otherwise, only that it was delivered counts.
    """
    now = _find(course, told)
    if now is None or now.state in REACHED:
        return course, ()
    current = now.tries == told.tries and now.state in {State.SENDING, State.SENT}
    if outcome.kind != "delivered" and not current:
        return course, ()
    return _take_in(course, now, outcome, moment, jitter)


def _take_in(
    course: Course, now: Leg, outcome: Outcome, moment: Moment, jitter: float
) -> tuple[Course, tuple[News, ...]]:
    match outcome.kind:
        case "delivered":
            return _delivered(course, now, outcome)
        case "sent":
            return _stopped_if_over(_with(course, now, now._replace(state=State.SENT, due=None))), ()
        case "refused":
            return _refused(course, now, outcome, moment)
        case "retry":
            wait = max(backoff(now.tries, jitter), outcome.after or 0.0)
            due = min(moment.real + timedelta(seconds=wait), moment.real_at(course.not_after))
            planned = _stopped_if_over(_with(course, now, now._replace(state=State.PLANNED, due=due)))
            return _hurried(planned, moment) if outcome.elsewhere else planned, ()


def supersede(course: Course) -> Course:
    """A newer notice for the same person and referral exists: nothing of this one is tried again."""
    return _end(course._replace(superseded=True), State.SUPERSEDED)


def read(course: Course) -> Course:
    """The recipient has opened the task after signing in: there is nothing left to tell them."""
    if course.state is State.READ:
        return course
    best = _best(course)
    return _end(_with(course, best, best._replace(state=State.READ, due=None)), State.SUPERSEDED)


def backoff(tries: int, jitter: float, slowest: float = SLOWEST_RETRY) -> float:
    """Seconds before the next try: 1, 2, 4, 8 … ± 20 % (contract §5); `jitter` from 0 up to 1."""
    return min(2.0 ** (min(tries, 30) - 1), slowest) * (0.8 + 0.4 * jitter)


def _delivered(course: Course, leg: Leg, outcome: Outcome) -> tuple[Course, tuple[News, ...]]:
    first = course.state not in REACHED
    reached = _with(course, leg, leg._replace(state=State.DELIVERED, due=None))
    news = (News("delivered", leg.means, reason=outcome.reason),) if first else ()
    return _end(reached, State.SUPERSEDED), news


def _refused(course: Course, leg: Leg, outcome: Outcome, moment: Moment) -> tuple[Course, tuple[News, ...]]:
    failed = _hurried(_stopped_if_over(_with(course, leg, leg._replace(state=State.FAILED, due=None))), moment)
    if failed.superseded or failed.state in REACHED:
        return failed, ()
    return failed, (News("failed", leg.means, failed.state is State.FAILED, outcome.reason),)


def _hurried(course: Course, moment: Moment) -> Course:
    """The next means starts now."""
    following = _next(course)
    return course if following is None else set_out(course, following, moment.real)


def _stopped_if_over(course: Course) -> Course:
    if course.state in REACHED or course.superseded:
        return _end(course, State.SUPERSEDED)
    return course


def _end(course: Course, state: State) -> Course:
    """No further attempt on any leg; those under way are left to report."""
    if all(leg.state is not State.PLANNED for leg in course.legs):
        return course
    ended = (leg._replace(state=state, due=None) if leg.state is State.PLANNED else leg for leg in course.legs)
    return course._replace(legs=tuple(ended))


def _best(course: Course) -> Leg:
    reached = [leg for leg in course.legs if leg.state in REACHED]
    tried = [leg for leg in course.legs if leg.tries]
    return (reached[:1] or tried[-1:] or list(course.legs[:1]))[0]


def _with(course: Course, old: Leg, new: Leg) -> Course:
    return course._replace(legs=tuple(new if leg == old else leg for leg in course.legs))


def _find(course: Course, tried: Leg) -> Leg | None:
    return next((leg for leg in course.legs if (leg.means, leg.nth) == (tried.means, tried.nth)), None)


def _same_attempt(now: Leg, tried: Leg) -> bool:
    return now.state is State.SENDING and now.tries == tried.tries


def _next(course: Course) -> Leg | None:
    return next((leg for leg in course.legs if leg.state is State.PLANNED and leg.tries == 0), None)
