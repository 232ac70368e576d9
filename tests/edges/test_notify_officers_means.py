"""An officer's means as they change and are tried: each shows what became of it, and exercises touch none of them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI

from services.notify.api import routes
from services.notify.channels.channel import Message
from services.notify.consumers import RosterConsumer
from services.notify.rules.attempts import Outcome
from shared.addressees import seal_address
from shared.contracts.lifecycle import ReferralEvent
from shared.contracts.officers import OfficerPublished, OfficerTestAsked, SealedMeans
from shared.identity import parse, sign_demo
from shared.web import install
from tests.edges.notify_house import House, Story, house
from tests.edges.webhook_receiver import receiving
from tests.waiting import until

PEGGY = "H1042"
FIRST, SECOND, THIRD = "+447700900041", "+447700900042", "+447700900043"
REAL = ("webhook", "phone", "email", "push")


@dataclass
class Wire:
    """A channel that answers by its script, then says delivered; it keeps whom it told what."""

    script: list[str] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)

    def lane(self, address: str) -> str:
        return "wire"

    async def send(self, message: Message) -> Outcome:
        self.told.append((message.address, message.type))
        kind = self.script.pop(0) if self.script else "delivered"
        return (
            Outcome("retry", "busy")
            if kind == "retry"
            else Outcome("refused", "no")
            if kind == "refused"
            else Outcome("delivered")
        )

    async def close(self) -> None:
        """Nothing to give back."""


@pytest.fixture
async def notify(postgres_url: str) -> AsyncIterator[House]:
    async with house(postgres_url) as made:
        yield made


def wired(notify: House, means: str, *script: str) -> Wire:
    wire = Wire(list(script))
    notify.channels[means] = wire
    return wire


async def known(notify: House, *addresses: tuple[str, str], unverified: tuple[tuple[str, str], ...] = ()) -> None:
    """Peggy as the roster has her, in this order; some of it not proved yet."""
    ways = [(kind, at, True) for kind, at in addresses] + [(kind, at, False) for kind, at in unverified]
    means = tuple(
        SealedMeans(kind=kind, verified=proved, sealed=seal_address(notify.keys, PEGGY, kind, at))
        for kind, at, proved in ways
    )
    notify.offsets += 1
    event = OfficerPublished(id=PEGGY, kind="officer", force="herts", means=means, version=notify.offsets)
    await notify.introduce(event)


async def asked_for_a_test(notify: House, ago: timedelta = timedelta()) -> None:
    event = OfficerTestAsked(officer=PEGGY, at=datetime.now(UTC) - ago)
    await notify._take("officers", RosterConsumer(), [(f"test:{PEGGY}", event)])


@asynccontextmanager
async def signed_in(notify: House, name: str) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install(app)
    app.state.keys = notify.keys
    app.include_router(routes(notify.database, demo=False))
    token = sign_demo(parse(name), notify.keys, int(datetime.now(UTC).timestamp()))
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://n.test", headers=headers) as own:
        yield own


async def test_a_test_goes_over_every_means_and_the_officer_sees_what_became_of_each(notify: House) -> None:
    wired(notify, "email", "refused")
    async with receiving() as hook, notify.at_work():
        await known(
            notify, ("webhook", hook.url), ("phone", FIRST), ("phone", SECOND), ("email", "peggy@herts.example")
        )
        await asked_for_a_test(notify)
        (heard,) = await hook.until(1)
        await notify.until_states("delivered", "delivered", "delivered", "failed")
    said = json.loads(heard.body)
    assert (said["type"], said["reference"], said["respond_by"]) == ("test", None, None)
    async with signed_in(notify, f"officer:{PEGGY}") as peggy:
        items = (await peggy.get("/v1/notices")).json()["items"]
    assert {(one["to"], one["type"]) for one in items} == {(PEGGY, "test")}
    assert [(one["means"], one["state"], one["attempts"][0]["reason"]) for one in reversed(items)] == [
        ("webhook", "delivered", None),
        ("phone", "delivered", None),
        ("phone", "delivered", None),
        ("email", "failed", "no"),
    ]


async def test_nobody_else_sees_an_officers_tests_and_a_supervisor_still_asks_by_reference(notify: House) -> None:
    await known(notify, ("phone", FIRST))
    await asked_for_a_test(notify)
    async with signed_in(notify, "officer:B7") as other:
        assert (await other.get("/v1/notices")).json()["items"] == []
    async with signed_in(notify, "fim:herts") as fim:
        refused = await fim.get("/v1/notices")
        assert (refused.status_code, refused.json()["errors"]) == (
            422,
            [{"field": "reference", "reason": "required"}],
        )
    async with signed_in(notify, "control_room:herts") as room:
        assert (await room.get("/v1/notices")).status_code == 403


async def test_a_test_reaches_no_address_that_is_not_proved_and_one_of_long_ago_nobody(notify: House) -> None:
    phone = wired(notify, "phone")
    await known(notify, ("phone", FIRST), unverified=(("phone", SECOND),))
    async with notify.at_work():
        await asked_for_a_test(notify, ago=timedelta(minutes=16))
        await asked_for_a_test(notify)
        await notify.until_states("delivered")
    assert [told for told in phone.told if told[1] != "answer"] == [(FIRST, "test")]


async def test_a_shift_that_ends_is_told_over_one_means_after_another_until_one_arrives(notify: House) -> None:
    hook, phone, mail = (wired(notify, "webhook", "refused"), wired(notify, "phone", "refused"), wired(notify, "email"))
    await known(notify, ("webhook", "https://p.example/"), ("phone", FIRST), ("email", "peggy@herts.example"))
    story = Story()
    ends = datetime.now(UTC) + timedelta(minutes=30)
    async with notify.at_work():
        await notify.hear(story.event("ReferralDutyEnding", state="accepted", officer=PEGGY, ends_at=ends))
        await notify.until_states("delivered")
    assert [wire.told[0][1] for wire in (hook, phone, mail)] == ["task.shift_ending"] * 3
    (row,) = await notify.rows("select respond_by, not_after from notify.notices")
    assert row.respond_by == row.not_after == ends


async def test_an_officers_second_number_is_tried_where_the_first_will_not_have_it(notify: House) -> None:
    phone = wired(notify, "phone", "refused")
    await known(notify, ("phone", FIRST), ("phone", SECOND))
    async with notify.at_work():
        await notify.hear(Story().offered(PEGGY))
        await notify.until_states("delivered")
    assert [to for to, _ in phone.told] == [FIRST, SECOND]


async def test_a_number_that_changes_while_an_offer_waits_gets_the_next_try(notify: House) -> None:
    phone = wired(notify, "phone", "retry")
    await known(notify, ("phone", FIRST))
    async with notify.at_work():
        await notify.hear(Story().offered(PEGGY))

        async def tried() -> bool | None:
            return bool(phone.told) or None

        await until(tried)
        await known(notify, ("phone", THIRD))
        await notify.until_states("delivered")
    assert [to for to, _ in phone.told] == [FIRST, THIRD]


async def test_a_means_taken_away_while_an_offer_waits_is_not_used_and_the_next_is(notify: House) -> None:
    phone, mail = wired(notify, "phone", "retry"), wired(notify, "email")
    await known(notify, ("phone", FIRST), ("email", "peggy@herts.example"))
    async with notify.at_work():
        await notify.hear(Story().offered(PEGGY))

        async def tried() -> bool | None:
            return bool(phone.told) or None

        await until(tried)
        await known(notify, ("email", "peggy@herts.example"))
        await notify.until_states("delivered")
    assert (len(phone.told), mail.told) == (1, [("peggy@herts.example", "task.offered")])


async def test_an_offer_that_has_lapsed_by_its_next_try_is_not_made_again(notify: House) -> None:
    phone = wired(notify, "phone", *["retry"] * 9)
    await known(notify, ("phone", FIRST))
    async with notify.at_work():
        await notify.hear(Story().offered(PEGGY, seconds=0.7))
        await notify.until_states("expired")
    assert len(phone.told) == 1


def whole_life(story: Story) -> list[ReferralEvent]:
    """Something of every kind to everybody: offers, an alert, a shift's end, taken, closed."""
    now = datetime.now(UTC)
    return [
        story.offered(PEGGY),
        story.event("ReferralRoleAlerted", role="fim", due=now + timedelta(minutes=10), why="risk"),
        story.offered(PEGGY),
        story.accepted("B7"),
        story.event("ReferralDutyEnding", state="accepted", officer=PEGGY, ends_at=now + timedelta(minutes=30)),
        story.offered("B7"),
        story.offered(PEGGY),
        story.event("ReferralWithdrawn", state="withdrawn", reason="no_longer_needed"),
    ]


async def until_quiet(notify: House) -> None:
    """Wait until nothing is on its way."""

    async def quiet() -> bool | None:
        return not await notify.rows("select 1 from notify.notices where state in ('planned', 'sending')") or None

    await until(quiet)


@pytest.mark.parametrize("exercise", [True, False])
async def test_no_message_of_an_exercise_leaves_by_anybodys_means(notify: House, exercise: bool) -> None:
    refusals = {means: ["refused"] * 50 for means in REAL[:-1]}
    wires = {means: wired(notify, means, *refusals.get(means, ())) for means in REAL}
    sink = wired(notify, "exercise")
    for somebody in ("fim:herts", "B7"):
        await notify.publish(somebody, **dict.fromkeys(REAL, "somewhere"))
    await known(notify, *((means, "somewhere else") for means in REAL))
    async with notify.at_work():
        for event in whole_life(Story(exercise=exercise)):
            await notify.hear(event)
            await until_quiet(notify)
    kinds = {"task.offered", "task.reminder", "task.taken", "task.closed", "task.shift_ending", "role.alert"}
    assert {kind for _, kind in sink.told} == (kinds if exercise else set())
    for wire in wires.values():
        assert {kind for _, kind in wire.told} == (set() if exercise else kinds)
