"""What holds for every roster and every request."""

import json
from dataclasses import replace
from datetime import timedelta
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from services.routing.rules.matching import decision
from services.routing.rules.matching.explanation import explained
from services.routing.rules.matching.model import Load, Officer, Request, Roster, Scope
from services.routing.rules.matching.muster import Muster, muster, stand
from services.routing.rules.matching.points import PARTS
from services.routing.rules.matching.rank import anybody, rank, why_not
from services.routing.rules.matching.wishes import unmet
from services.routing.rules.roster.duty import Entry, fold
from tests.rules.routing.people import LUTON, NOON, NORTH_HERTS, at, officer, shift
from tests.rules.routing.policies import default, matching

FORCES = st.sampled_from(["herts", "beds", "cambs"])
SKILLS = st.frozensets(st.sampled_from(["trans", "youth", "chemsex"]), max_size=2).map(sorted).map(tuple)
LANGUAGES = st.frozensets(st.sampled_from(["pl", "uk", "bfi"]), max_size=2).map(sorted).map(tuple)
CODES = st.sampled_from(["connected", "conflict", "excluded", "declined", "already_asked"])
SQUARES = st.none() | st.tuples(st.integers(490, 560), st.integers(200, 310))
KINDS = ("duty", "duty", "duty", "duty", "on_call", "on_call", "leave", "sick", "restricted", "busy")


def drawn(number: int, seed: int) -> Officer:
    """An officer who is fit to be asked more often than not."""
    dice = Random(seed)
    return officer(
        f"O{number}",
        dice.choice(["herts", "beds", "cambs"]),
        districts=_some(dice, [NORTH_HERTS, LUTON]),
        skills=_some(dice, ["trans", "youth", "chemsex"]),
        languages=_some(dice, ["pl", "uk", "bfi"]),
        gender=dice.choice([None, "woman", "man"]),
        cap=dice.choice([None, 1, 5]),
        avoid=dice.choice([frozenset(), frozenset({"SG8 7"})]),
        base_km=dice.choice([None, (dice.randint(490, 560), dice.randint(200, 310))]),
        duty=shift(dice.randint(0, 13), dice.choice([12.2, 13, 18]), dice.choice(KINDS)),
    )


def _some(dice: Random, words: list[str]) -> frozenset[str]:
    return frozenset(dice.sample(words, dice.randint(0, 2)))


SEEDS = st.integers(0, 2**32)


def rosters(least: int = 0) -> st.SearchStrategy[list[Officer]]:
    return st.dictionaries(st.integers(1, 40), SEEDS, min_size=least, max_size=20).map(
        lambda seeds: [drawn(number, seed) for number, seed in seeds.items()]
    )


REQUESTS = st.builds(
    Request,
    force=FORCES,
    response_class=st.just("priority"),
    district=st.sampled_from([None, NORTH_HERTS, LUTON]),
    sector=st.sampled_from([None, "SG8 7"]),
    km=SQUARES,
    skills=SKILLS,
    languages=LANGUAGES,
    required_skills=st.sampled_from([(), (), (), ("trans",)]),
    required_languages=st.sampled_from([(), (), (), ("pl", "uk")]),
    gender=st.sampled_from([None, "woman"]),
    gender_required=st.sampled_from([False, False, True]),
    cross_force=st.sampled_from([True, True, False]),
    known=st.frozensets(st.integers(1, 40).map("O{}".format), max_size=2),
    last=st.none() | st.integers(1, 40).map("O{}".format),
    named=st.dictionaries(st.integers(1, 40).map("O{}".format), CODES, max_size=4),
    broadcast=st.sampled_from([False, False, True]),
)
INSTANTS = st.integers(0, 30 * 86_400 * 10**6).map(lambda micros: NOON - timedelta(microseconds=micros))
LOADS = st.dictionaries(
    st.integers(1, 40).map("O{}".format), st.builds(Load, st.integers(0, 5), st.none() | INSTANTS), max_size=20
)
SCOPES: st.SearchStrategy[Scope] = st.sampled_from(["home_first", "home", "sisters", "pool"])


def mustered(team: list[Officer], loads: dict[str, Load]) -> Muster:
    return muster(Roster(7, tuple(team)), default(), NOON, loads)


@given(rosters(), REQUESTS, LOADS, SCOPES, st.randoms())
def test_the_order_officers_come_in_changes_nothing(
    team: list[Officer], request: Request, loads: dict[str, Load], scope: Scope, random: Random
) -> None:
    shuffled = random.sample(team, len(team))
    assert rank(request, mustered(shuffled, loads), scope) == rank(request, mustered(team, loads), scope)


@given(rosters(), REQUESTS, LOADS, SCOPES)
def test_every_officer_is_explained_once_and_nobody_ruled_out_may_be_asked(
    team: list[Officer], request: Request, loads: dict[str, Load], scope: Scope
) -> None:
    ranking = rank(request, mustered(team, loads), scope)
    fitting = [row.officer for row in ranking.ranked]
    out = [id for ids in ranking.ruled_out.values() for id in ids]
    assert sorted(fitting + out) == sorted(one.id for one in team)
    assert not set(fitting) & set(request.named)
    assert anybody(request, mustered(team, loads), scope) is bool(fitting)


@given(rosters(), REQUESTS, LOADS, SCOPES)
def test_nobody_is_offered_whom_a_rule_an_inspector_can_check_by_hand_rules_out(
    team: list[Officer], request: Request, loads: dict[str, Load], scope: Scope
) -> None:
    known = {one.id: one for one in team}
    for row in rank(request, mustered(team, loads), scope).ranked:
        hers = known[row.officer]
        kind = hers.duty.at(NOON)
        assert kind in {"duty", "on_call"} or (kind is None and hers.duty.at(at(12.5)) in {"duty", "on_call"})
        assert request.sector not in hers.avoid
        assert request.cross_force or hers.force == request.force
        assert not request.gender_required or hers.gender == request.gender
        assert set(request.required_skills) <= hers.skills
        assert not request.required_languages or set(request.required_languages) & hers.languages
        assert request.broadcast or loads.get(hers.id, Load()).counted < (hers.cap or 3)


@given(rosters(least=5), SEEDS, REQUESTS, LOADS, SCOPES)
def test_one_more_officer_never_makes_the_best_worse(
    team: list[Officer], seed: int, request: Request, loads: dict[str, Load], scope: Scope
) -> None:
    before = rank(request, mustered(team, loads), scope).ranked
    newcomer = drawn(41, seed)
    after = rank(request, mustered([*team, newcomer], loads), scope).ranked
    assert not before or after[0] == before[0] or (after[0] < before[0] and after[0].officer == newcomer.id)


@given(rosters(least=5), REQUESTS, LOADS, SCOPES, st.integers(1, 3))
def test_more_in_hand_never_raises_a_rank(
    team: list[Officer], request: Request, loads: dict[str, Load], scope: Scope, more: int
) -> None:
    before = [row.officer for row in rank(request, mustered(team, loads), scope).ranked]
    for busier in before:
        load = loads.get(busier, Load())
        busy = loads | {busier: replace(load, counted=load.counted + more)}
        after = [row.officer for row in rank(request, mustered(team, busy), scope).ranked]
        assert busier not in after or after.index(busier) >= before.index(busier)


@given(rosters(), REQUESTS, LOADS)
def test_points_stay_within_their_weights(team: list[Officer], request: Request, loads: dict[str, Load]) -> None:
    weights = default().matching.points
    for row in rank(request, mustered(team, loads), "pool").ranked:
        assert all(0 <= points <= getattr(weights, part) for part, points in zip(PARTS, row.parts, strict=True))


@given(rosters(), REQUESTS, LOADS, SCOPES)
def test_ranking_again_from_the_record_gives_the_same_ranking(
    team: list[Officer], request: Request, loads: dict[str, Load], scope: Scope
) -> None:
    here = mustered(team, loads)
    ranking = rank(request, here, scope)
    chosen = [row.officer for row in ranking.ranked[:2]]
    written = json.loads(json.dumps(decision.record(request, here, ranking, chosen, "first")))
    assert decision.again(written, stand(Roster(7, tuple(team)), default(), NOON)) == ranking
    assert decision.holds(written, here.standing)


@given(rosters(), REQUESTS, LOADS, SCOPES)
def test_the_record_explains_every_officer_of_the_pool_as_the_ranking_did(
    team: list[Officer], request: Request, loads: dict[str, Load], scope: Scope
) -> None:
    here = mustered(team, loads)
    ranking = rank(request, here, scope)
    written = json.loads(json.dumps(decision.record(request, here, ranking, [], "first")))
    lines = explained(written, {one.id: one.force for one in team}, confirmed=True)
    assert sorted(line.officer for line in lines) == sorted(one.id for one in team)
    told = {line.officer: (line.rank, line.total, line.ruled_out) for line in lines}
    for place, row in enumerate(ranking.ranked, 1):
        assert told[row.officer] == (place, row.total, None)
    unsaid = dict.fromkeys(("connected", "conflict", "excluded", "declined", "already_asked"), "not_to_be_asked")
    for code, ids in ranking.ruled_out.items():
        assert {told[id] for id in ids} == {(None, None, unsaid.get(code, code))}


@given(rosters(least=8), REQUESTS, LOADS, SCOPES)
def test_any_other_order_or_choice_is_noticed(
    team: list[Officer], request: Request, loads: dict[str, Load], scope: Scope
) -> None:
    here = mustered(team, loads)
    ranking = rank(request, here, scope)
    if len(ranking.ranked) < 2:
        return
    written = json.loads(json.dumps(decision.record(request, here, ranking, [ranking.ranked[1].officer], "first")))
    assert not decision.holds(written, here.standing)
    assert decision.holds(written | {"why": "override"}, here.standing)
    turned = written | {"chosen": [], "ranked": list(reversed(written["ranked"]))}
    assert not decision.holds(turned, here.standing)


@given(rosters(), REQUESTS, st.integers(0, 30 * 60))
def test_a_standing_holds_until_it_says_so(team: list[Officer], request: Request, seconds: int) -> None:
    roster = Roster(1, tuple(team))
    standing = stand(roster, default(), NOON)
    later = min(NOON + timedelta(seconds=seconds), standing.until - timedelta(microseconds=1))
    fresh = muster(roster, default(), later, {})
    assert rank(request, Muster(standing, later, {})) == rank(request, fresh)
    assert standing.roll == fresh.standing.roll


@given(rosters(1), st.lists(st.tuples(REQUESTS, SCOPES), min_size=2, max_size=6), LOADS)
def test_what_was_ranked_before_from_one_muster_changes_nothing_but_loads(
    team: list[Officer], asked: list[tuple[Request, Scope]], loads: dict[str, Load]
) -> None:
    used = mustered(team, loads)
    for request, scope in asked * 2:
        fresh = Muster(used.standing, used.now, dict(used.loads))
        ranking = rank(request, used, scope)
        assert ranking == rank(request, fresh, scope)
        assert used.written() == fresh.written()
        for row in ranking.ranked[:1]:
            used.charge(row.officer, 1)


@given(rosters(), REQUESTS, LOADS)
def test_one_officers_rule_is_the_same_asked_alone(
    team: list[Officer], request: Request, loads: dict[str, Load]
) -> None:
    ranking = rank(request, mustered(team, loads), "pool")
    for one in team:
        assert why_not(request, mustered(team, loads), one.id) == ranking.why_not(one.id)


@given(rosters(), REQUESTS, LOADS, SCOPES)
def test_without_what_they_are_asked_about_somebody_can_be_asked(
    team: list[Officer], request: Request, loads: dict[str, Load], scope: Scope
) -> None:
    given_up: dict[str, dict[str, Any]] = {
        "gender": {"gender_required": False},
        "language": {"required_languages": ()},
        "skill": {"required_skills": ()},
        "other_force": {"cross_force": True},
    }
    wishes = unmet(request, mustered(team, loads), scope)
    without = {name: value for wish in wishes for name, value in given_up[wish].items()}
    if wishes:
        assert not anybody(request, mustered(team, loads), scope)
        assert anybody(replace(request, **without), mustered(team, loads), scope)


def duty(starts: float, ends: float) -> Entry:
    return Entry("duty", at(starts), at(ends), "file")


HOURS = st.integers(-30 * 24, 30 * 24)
ENTRIES = st.lists(
    st.builds(
        lambda kind, starts, length, source: Entry(kind, at(starts), at(starts + length), source),
        st.sampled_from(["duty", "duty", "on_call", "leave", "busy"]),
        HOURS,
        st.integers(1, 200),
        st.sampled_from(["own", "feed", "file"]),
    ),
    max_size=30,
)


@given(ENTRIES, HOURS, st.integers(0, 7 * 24 - 1), st.integers(0, 20_000), st.integers(0, 525_600))
@example([duty(-200, -49), duty(-48.5, 400)], 0, 160, 1_440, 660)
@example([duty(-1, 201), duty(201, 401)], 0, 160, 20_000, 0)
@example([duty(205, 215)], 0, 160, 20_000, 0)
def test_it_makes_no_difference_when_the_driver_had_read_its_roster(
    entries: list[Entry], hour: int, read_before: int, minutes: int, rest: int
) -> None:
    """`store/roster.read` reads duty from two days before an instant to fifteen after; a driver keeps that a week."""
    now = at(hour)
    policy = matching(due_on_within_minutes=minutes, task_minutes=minutes, rest_minutes=rest)
    then = now - timedelta(hours=read_before)
    results = []
    for read_at in (then, now):
        window = (read_at - timedelta(days=2), read_at + timedelta(days=15))
        seen = [entry for entry in entries if entry.starts < window[1] and entry.ends > window[0]]
        roster = Roster(1, (officer("H1", duty=fold(seen)),))
        results.append(rank(Request(force="herts", response_class="priority"), muster(roster, policy, now, {})))
    assert results[0] == results[1]


def test_three_hundred_officers_are_ranked_in_about_a_millisecond() -> None:
    team = [officer(f"O{n:03}", ["herts", "beds", "cambs"][n % 3], base_km=(500 + n % 50, 220)) for n in range(300)]
    request = Request(force="herts", response_class="priority", district=LUTON, sector="LU1 1", km=(508, 221))
    here = mustered(team, {})
    assert median(_seconds(request, here) for _ in range(50)) < 0.005


def _seconds(request: Request, here: Muster) -> float:
    begun = perf_counter()
    rank(request, here)
    return perf_counter() - begun
