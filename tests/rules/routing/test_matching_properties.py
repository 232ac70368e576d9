"""What holds for every roster and every request."""

import json
from datetime import timedelta
from random import Random
from time import perf_counter

from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.rules.matching import decision
from services.routing.rules.matching.model import Load, Officer, Request, Roster, Scope
from services.routing.rules.matching.muster import Muster, muster, stand
from services.routing.rules.matching.rank import rank
from tests.rules.routing.people import LUTON, NOON, NORTH_HERTS, officer, shift
from tests.rules.routing.policies import default

FORCES = st.sampled_from(["herts", "beds", "cambs"])
SKILLS = st.frozensets(st.sampled_from(["trans", "youth", "chemsex"]), max_size=2)
CODES = st.sampled_from(["connected", "conflict", "excluded", "declined", "already_asked"])


@st.composite
def rosters(draw: st.DrawFn) -> list[Officer]:
    ids = draw(st.lists(st.integers(1, 40), unique=True, max_size=25))
    return [
        officer(
            f"O{number}",
            draw(FORCES),
            districts=draw(st.frozensets(st.sampled_from([NORTH_HERTS, LUTON]), max_size=2)),
            skills=draw(SKILLS),
            gender=draw(st.sampled_from([None, "woman", "man"])),
            cap=draw(st.sampled_from([None, 1, 5])),
            duty=shift(draw(st.integers(0, 13)), 18, draw(st.sampled_from(["duty", "on_call", "leave"]))),
        )
        for number in ids
    ]


REQUESTS = st.builds(
    Request,
    force=FORCES,
    response_class=st.just("priority"),
    district=st.sampled_from([None, NORTH_HERTS, LUTON]),
    skills=SKILLS.map(tuple),
    gender=st.sampled_from([None, "woman"]),
    gender_required=st.booleans(),
    cross_force=st.booleans(),
    named=st.dictionaries(st.integers(1, 40).map("O{}".format), CODES, max_size=8),
)
LOADS = st.dictionaries(
    st.integers(1, 40).map("O{}".format),
    st.builds(lambda n, hours: Load(n, NOON - timedelta(hours=hours)), st.integers(0, 5), st.integers(0, 300)),
)
SCOPES: st.SearchStrategy[Scope] = st.sampled_from(["home_first", "home", "sisters", "pool"])


@given(rosters(), REQUESTS, LOADS, SCOPES, st.randoms())
def test_the_order_officers_come_in_changes_nothing(
    officers: list[Officer], request: Request, loads: dict[str, Load], scope: Scope, random: Random
) -> None:
    shuffled = random.sample(officers, len(officers))
    first = rank(request, muster(Roster(1, tuple(officers)), default(), NOON, loads), scope)
    assert rank(request, muster(Roster(1, tuple(shuffled)), default(), NOON, loads), scope) == first


@given(rosters(), REQUESTS, LOADS, SCOPES)
def test_every_officer_is_explained_once_and_nobody_ruled_out_may_be_asked(
    officers: list[Officer], request: Request, loads: dict[str, Load], scope: Scope
) -> None:
    ranking = rank(request, muster(Roster(1, tuple(officers)), default(), NOON, loads), scope)
    fitting = [row.officer for row in ranking.ranked]
    out = [id for ids in ranking.ruled_out.values() for id in ids]
    assert sorted(fitting + out) == sorted(o.id for o in officers)
    assert not set(fitting) & set(request.named)


@given(rosters(), REQUESTS, LOADS, SCOPES)
def test_ranking_again_from_the_record_gives_the_same_order(
    officers: list[Officer], request: Request, loads: dict[str, Load], scope: Scope
) -> None:
    roster = Roster(7, tuple(officers))
    at = muster(roster, default(), NOON, loads)
    ranking = rank(request, at, scope)
    written = json.loads(json.dumps(decision.record(request, at, ranking, ["O1"], "first")))
    assert decision.again(written, roster, default()) == ranking


@given(rosters(), REQUESTS, st.integers(0, 30 * 60))
def test_a_standing_holds_until_it_says_so(officers: list[Officer], request: Request, seconds: int) -> None:
    roster = Roster(1, tuple(officers))
    standing = stand(roster, default(), NOON)
    later = min(NOON + timedelta(seconds=seconds), standing.until - timedelta(microseconds=1))
    fresh = rank(request, muster(roster, default(), later, {}))
    assert rank(request, Muster(standing, later, {})) == fresh


@settings(max_examples=1)
@given(st.just(300))
def test_three_hundred_officers_are_ranked_within_a_few_milliseconds(size: int) -> None:
    officers = tuple(officer(f"O{n:03}", ["herts", "beds", "cambs"][n % 3]) for n in range(size))
    at = muster(Roster(1, officers), default(), NOON, {})
    request = Request(force="herts", response_class="officer_advice", district=LUTON, broadcast=True)
    fastest = min(_seconds(request, at) for _ in range(20))
    assert fastest < 0.005


def _seconds(request: Request, at: object) -> float:
    begun = perf_counter()
    rank(request, at, "pool")  # type: ignore[arg-type]
    return perf_counter() - begun
