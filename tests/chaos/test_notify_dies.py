"""Notify is killed at every point of a notice's way, over every means, and whoever takes over finishes the work.

No notice is lost, none is shown delivered that was not, and whoever is told twice can tell by the id.
"""

import os
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.chaos.mortal import Orders, Point
from tests.chaos.scene import Scene, dies, scene
from tests.edges.notify_house import Story
from tests.edges.passing import leases_run_out
from tests.edges.receivers import KINDS, Other, other_end
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

POINTS = tuple(point for point in Point if point is not Point.PUBLISHED)
NOT_CLAIMED = {Point.PLANNING, Point.PLANNED, Point.CLAIMING}
NOTHING_LEFT = NOT_CLAIMED | {Point.CLAIMED}
"""Points at which no receiver has heard anything yet."""
NOT_KNOWN = {Point.SENDING, Point.ANSWERED, Point.SETTLING}
"""Points at which its receiver knows more than we do."""

SAMPLE = int(os.environ.get("PROVE_DEATHS", "16"))
"""Deaths drawn beside one at each point; `make prove` takes every point of every means."""
SEED = int(os.environ.get("PROVE_SEED", "20260606"))


def drawn() -> list[tuple[str, Point]]:
    """Every point at least once, every means, and no more than a run has time for."""
    draw = random.Random(SEED)
    everything = [(kind, point) for kind in KINDS for point in POINTS]
    once = [(KINDS[place % len(KINDS)], point) for place, point in enumerate(POINTS)]
    others = [one for one in everything if one not in once]
    return sorted(once + draw.sample(others, min(SAMPLE, len(everything)) - len(once)))


@pytest.fixture(scope="module")
async def place(module_postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with scene(module_postgres_url, tmp_path_factory.mktemp("mortal")) as made:
        yield made


@pytest.mark.parametrize(("kind", "point"), drawn(), ids=str)
async def test_what_a_dead_process_left_is_finished_and_told_truly(place: Scene, kind: str, point: Point) -> None:
    story = Story()
    async with other_end(kind) as other:
        await place.town.notify.publish("H1042", **{other.means: other.address})
        orders = place.orders(other, (place.offered(story, "H1042"),), story, point)
        await _dies_and_is_survived(place, story, other, orders)


@pytest.mark.parametrize("point", [Point.PLANNING, *sorted(set(POINTS) - NOT_CLAIMED)])
async def test_so_is_what_left_in_the_transaction_that_planned_it(place: Scene, point: Point) -> None:
    story = Story()
    async with other_end("webhook") as other:
        await place.town.notify.publish("H1042", **{other.means: other.address})
        orders = place.orders(other, (place.offered(story, "H1042"),), story, point)
        await _dies_and_is_survived(place, story, other, orders.leaving_at_once())


async def _dies_and_is_survived(place: Scene, story: Story, other: Other, orders: Orders) -> None:
    point = orders.point
    await dies(orders, other)

    assert len(other.heard()) == (0 if point in NOTHING_LEFT else 1)
    await _nothing_is_claimed_that_is_not_known(place, story, other, point)

    await leases_run_out(place.town.notify)
    async with place.taken_over(orders):
        (notice,) = await until(lambda: place.finished(story.reference))
    await _is_true(place, story, notice, (other, point))
    assert len(set(other.heard())) == 1
    assert not other.named or other.heard()[0] == notice["id"]
    assert len(other.heard()) == (2 if point in NOT_KNOWN and other.repeats else 1)
    if other.govuk is not None:
        await _its_receipt_is_believed(place, story, other)


async def _nothing_is_claimed_that_is_not_known(place: Scene, story: Story, other: Other, point: Point) -> None:
    """What is seen while nobody is at work."""
    states = [one["state"] for one in await place.shown(story.reference)]
    if point is Point.PLANNING:
        assert states == []
    elif point in NOT_CLAIMED:
        assert states == ["planned"]
    else:
        assert states == [other.final if point is Point.SETTLED else "sending"]
    known = point is Point.SETTLED and other.final == "delivered"
    assert await place.told(story) == (["notice.delivered"] if known else [])


async def _is_true(place: Scene, story: Story, notice: dict[str, Any], death: tuple[Other, Point]) -> None:
    """What is shown and told in the end: the attempt nobody came back from, and the one that went well."""
    other, point = death
    assert notice["state"] == other.final
    left = [] if point in NOT_CLAIMED or point is Point.SETTLED else [("failed", "interrupted")]
    assert [(one["state"], one["reason"]) for one in notice["attempts"]] == [*left, (other.final, None)]
    assert await place.told(story) == (["notice.delivered"] if other.final == "delivered" else [])


async def _its_receipt_is_believed(place: Scene, story: Story, other: Other) -> None:
    assert other.govuk is not None
    other.govuk.caller = place.town.client
    assert await other.govuk.receipt(other.govuk.taken[0], "delivered") == 204
    (notice,) = await place.shown(story.reference)
    assert notice["state"] == "delivered"
    assert await place.told(story) == ["notice.delivered"]


@pytest.mark.parametrize("point", [Point.CLAIMED, Point.SENDING, Point.ANSWERED, Point.SETTLING])
async def test_a_storm_of_tasks_whose_one_text_may_have_gone_out_is_no_second_text(place: Scene, point: Point) -> None:
    stories = [Story() for _ in range(9)]
    async with other_end("govuk-sms") as other:
        assert other.govuk is not None
        await place.town.notify.publish("B0007", phone=other.address)
        records = tuple(place.offered(story, "B0007") for story in stories)
        orders = place.orders(other, records, stories[0], point).gathering("phone")
        await dies(orders, other)
        await leases_run_out(place.town.notify)
        async with place.taken_over(orders):
            for story in stories:
                await until(lambda story=story: place.finished(story.reference))  # type: ignore[misc]
        (taken,) = other.govuk.taken
        assert "9 tasks" in taken.words
        other.govuk.caller = place.town.client
        await other.govuk.receipt(taken, "delivered")
        for story in stories:
            assert [one["state"] for one in await place.shown(story.reference)] == ["delivered"]
            assert await place.told(story) == ["notice.delivered"]


@pytest.mark.parametrize(
    ("kind", "point", "left"),
    [
        ("govuk-sms", Point.SENDING, 8),
        ("govuk-sms", Point.SETTLING, 1),
        ("govuk-email", Point.ANSWERED, 2),
        ("smtp", Point.ANSWERED, 8),
        ("smtp", Point.SENDING, 2),
    ],
)
async def test_a_storms_one_message_is_known_by_its_id_though_its_first_task_and_others_were_taken_meanwhile(
    place: Scene, kind: str, point: Point, left: int
) -> None:
    stories = [Story() for _ in range(9)]
    async with other_end(kind) as other:
        await place.town.notify.publish("S0044", **{other.means: other.address})
        records = tuple(place.offered(story, "S0044") for story in stories)
        orders = place.orders(other, records, stories[0], point).gathering(other.means)
        await dies(orders, other)
        (first,) = other.heard()
        await leases_run_out(place.town.notify)
        here = await place.town.notify.rows(
            "select reference from notify.notices where reference = any(:ours) order by id = cast(:first as uuid)",
            first=first,
            ours=[story.reference for story in stories],
        )
        staying = {row.reference for row in here[:left]}
        await place.town.notify.hear(*(one.accepted("S0044") for one in stories if one.reference not in staying))
        async with place.taken_over(orders):
            for reference in staying:
                await until(lambda reference=reference: place.finished(reference))  # type: ignore[misc]
        assert other.heard() == [first] * (2 if other.repeats else 1)
        if other.govuk is not None:
            await _its_receipt_is_everybodys(place, other, staying)


async def _its_receipt_is_everybodys(place: Scene, other: Other, references: set[str]) -> None:
    assert other.govuk is not None
    other.govuk.caller = place.town.client
    await other.govuk.receipt(other.govuk.taken[0], "delivered")
    for reference in references:
        assert [one["state"] for one in await place.shown(reference)] == ["delivered"]


@pytest.mark.parametrize("point", [Point.CLAIMED, Point.SENDING, Point.ANSWERED])
async def test_the_answer_to_a_text_is_given_once_whoever_dies_over_it(place: Scene, point: Point) -> None:
    story = Story()
    async with other_end("govuk-sms") as other:
        govuk = other.govuk
        assert govuk is not None
        govuk.caller = place.town.client
        number = "+447700900077"
        assert await govuk.text_from(number, "Who is there") == 204
        orders = place.orders(other, (), story, point)
        await dies(orders, other)
        assert len(other.heard()) == (0 if point is Point.CLAIMED else 1)
        await leases_run_out(place.town.notify)
        async with place.taken_over(orders):
            await until(lambda: _answered(place))
        (words,) = govuk.texts_to(number)
        assert words == "This number is not one that we write to. Nothing was changed."


async def _answered(place: Scene) -> bool | None:
    rows = await place.town.notify.rows("select 1 from notify.letters where state <> 'sent'")
    return not rows or None


def test_a_run_dies_at_every_point_and_of_every_means() -> None:
    assert {kind for kind, _ in drawn()} == set(KINDS)
    assert {point for _, point in drawn()} == set(POINTS)
