"""How many referrals to expect: the policy's assumptions, drawn towards what the past year has shown.

One estimator throughout (Gamma-Poisson): a rate assumed to be m a week counts as much as b weeks of experience, so
that n referrals in T weeks make it (m·b + n) / (b + T) a week. The hours of the week are drawn in the same way
from all referrals of the pool together, because no one district has enough of them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from services.routing.rules.coverage.model import WEEK, Estimate, Forecast, History, Line, Seen
from shared.contracts.demand import Demand

Places = Mapping[str, Sequence[str]]
"""The districts of every force of a pool."""


def forecast(demand: Demand, districts: Places, lines: Sequence[Line], history: History) -> Forecast:
    """Referrals to expect in every district of a pool, by line and by hour of the week.

    Lines part what is expected: a referral that asks for a skill or language belongs to that line (to each of
    several in equal parts), any other to its need's. An erased one is divided among the lines as is assumed.
    """
    assumed = _assumed(demand, _geography(demand, districts), lines)
    seen = _seen(demand, history, lines)
    weekly = {place: _estimate(rate, seen[place], history.weeks, demand.prior_weeks) for place, rate in assumed.items()}
    return Forecast(weekly, _shape(demand, history), history.weeks, demand.prior_weeks)


def _estimate(assumed: float, seen: float, weeks: float, prior_weeks: int) -> Estimate:
    return Estimate(assumed, seen, (assumed * prior_weeks + seen) / (prior_weeks + weeks))


def _assumed(demand: Demand, places: Mapping[str, float], lines: Sequence[Line]) -> dict[tuple[str, str], float]:
    week = demand.per_day * 7
    shares = _shares(demand, lines)
    return {
        (district, line.code): week * part * shares[line.code] for district, part in places.items() for line in lines
    }


def _shares(demand: Demand, lines: Sequence[Line]) -> dict[str, float]:
    """The part of all referrals that each line has; less than 1 together where some needs are no line."""
    needs = {line.code: line for line in lines if line.kind == "need"}
    weights = dict(demand.needs) | _filled(demand.needs, needs)
    everything = sum(weights.values()) or 1.0
    parts = {code: weights[code] / everything for code in needs}
    skills = _skills(demand, lines)
    one_by_one = sum(parts[code] for code, line in needs.items() if not line.pool_at_once)
    plain = 1 - sum(skills.values())
    shares = {code: part * (1.0 if needs[code].pool_at_once else plain) for code, part in parts.items()}
    shares |= {code: one_by_one * part for code, part in skills.items()}
    # Which languages people will need nobody assumes; experience alone says.
    return shares | {line.code: 0.0 for line in lines if line.kind == "language"}


def _skills(demand: Demand, lines: Sequence[Line]) -> dict[str, float]:
    """The part of the referrals put to one officer at a time that asks for each skill; at most all of them."""
    asked = {line.code: demand.skills.get(line.code, 0.0) for line in lines if line.kind == "skill"}
    too_many = max(sum(asked.values()), 1.0)
    return {code: share / too_many for code, share in asked.items()}


def _geography(demand: Demand, districts: Places) -> dict[str, float]:
    """Each district's part of the pool's referrals: the force's volume, divided by population."""
    people = {force: _filled(demand.population, its) for force, its in districts.items()}
    volume = {force: sum(its.values()) for force, its in people.items()}
    share = _filled(demand.forces, people) if demand.forces else volume
    everything = sum(share.values()) or 1.0
    return {
        district: share[force] / everything * number / (volume[force] or 1.0)
        for force, its in people.items()
        for district, number in its.items()
    }


def _filled(named: Mapping[str, float], wanted: Iterable[str]) -> dict[str, float]:
    """The weights of what is wanted; whatever is not named counts as the mean of what is."""
    mean = sum(named.values()) / len(named) if named else 1.0
    return {code: float(named.get(code, mean)) for code in wanted}


def _seen(demand: Demand, history: History, lines: Sequence[Line]) -> Counter[tuple[str, str]]:
    known = {line.code: line for line in lines}
    skills = _skills(demand, lines)
    found: Counter[tuple[str, str]] = Counter()
    for seen in history.seen:
        for code, part in _parts(seen, known, skills).items():
            found[seen.district, code] += seen.number * part  # type: ignore[assignment]
    return found


def _parts(seen: Seen, lines: Mapping[str, Line], skills: Mapping[str, float]) -> Mapping[str, float]:
    """The part of a past referral that each line has."""
    its = lines.get(seen.need)
    if its is None:
        return {}
    if its.pool_at_once:
        return {its.code: 1.0}
    if seen.erased:
        return {its.code: 1 - sum(skills.values()), **skills}
    asked = {*seen.skills, *(f"language_{language}" for language in seen.languages)} & lines.keys()
    return dict.fromkeys(asked, 1 / len(asked)) if asked else {its.code: 1.0}


def _shape(demand: Demand, history: History) -> tuple[float, ...]:
    weights = [_busyness(demand, hour) for hour in range(WEEK)]
    total = sum(weights) or 1.0
    seen: Counter[int] = Counter()
    for one in history.seen:
        seen[one.hour] += one.number
    strength = demand.prior_referrals
    return tuple((weights[hour] / total * strength + seen[hour]) / (strength + seen.total()) for hour in range(WEEK))


def _busyness(demand: Demand, hour: int) -> float:
    day, clock = divmod(hour, 24)
    # Two hours back, so that what is left of the night belongs to the evening before.
    evening = (hour - 2) // 24 % 7 >= 4 and (clock >= 18 or clock < 2)
    return demand.days[day] * demand.hours[clock] * (demand.weekend_evening if evening else 1.0)
