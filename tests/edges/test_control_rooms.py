"""A control room's webhook that works, and one that does not: real requests, real PostgreSQL, time in a hand."""

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook

from services.notify.channels.webhook import WebhookChannel
from services.notify.rules.control_rooms import KEPT, PROBE_EVERY
from tests.edges.control_room_house import Desk, a_heartbeat, a_record, an_event, desk, first_seen, said
from tests.edges.notify_house import EARLIER_SECRET, SECRET
from tests.edges.webhook_receiver import receiving


@pytest.fixture
async def place(postgres_url: str) -> AsyncIterator[Desk]:
    async with desk(postgres_url) as made:
        yield made


async def test_an_event_arrives_signed_as_a_structured_cloud_event_with_its_payload_unchanged(place: Desk) -> None:
    async with receiving() as room:
        await place.connect(room.url)
        record = a_record(an_event(3, place.time.now), "HC-0417", "herts", place.time.now)
        await place.hear(record)
        await place.work()
    (heard,) = room.heard
    identity = (dict(record.headers)["ce_id"] or b"").decode()
    assert heard.headers["Content-Type"] == "application/cloudevents+json"
    assert heard.headers["webhook-id"] == identity
    for secret in (SECRET, EARLIER_SECRET):
        Webhook(secret).verify(heard.body, heard.headers)
    assert json.loads(heard.body) == {
        "specversion": "1.0",
        "id": identity,
        "source": "liaison/intake",
        "type": "liaison.referral.update_given.v1",
        "time": place.time.now.isoformat(),
        "subject": "HC-0417",
        "data": json.loads(record.value or b""),
    }
    assert (record.value or b"?") in heard.body
    assert await place.waiting() == 0


async def test_without_a_webhook_nothing_is_kept_and_taking_it_off_the_roster_forgets_all(place: Desk) -> None:
    await place.say("HC-1", 1)
    assert await place.waiting() == 0
    await place.connect("http://127.0.0.1:9/hook")
    await place.say("HC-1", 2)
    assert await place.waiting() == 1
    await place.notify.remove("control_room:herts")
    await place.sending().tidy()
    assert await place.waiting() == 0
    assert await place.notify.rows("select 1 from notify.outgoing_keys") == []


async def test_what_follows_under_a_key_waits_for_what_failed_and_other_keys_do_not(place: Desk) -> None:
    async def answer(request: web.Request) -> web.Response:
        stuck = (await request.json())["subject"] == "HC-1" and len(room.heard) <= 3
        return web.Response(status=500 if stuck else 204)

    async with receiving(*[answer] * 20) as room:
        await place.connect(room.url)
        await place.say("HC-1", 1, 2, 3)
        await place.say("HC-2", 1, 2)
        await place.work()
        assert first_seen(room.heard, "HC-1") == [1]
        assert first_seen(room.heard, "HC-2") == [1, 2]
        place.time.pass_(seconds=2)
        await place.work()
        assert first_seen(room.heard, "HC-1") == [1, 2, 3]
    repeated = [one.headers["webhook-id"] for one in room.heard if json.loads(one.body)["subject"] == "HC-1"]
    assert repeated[0] == repeated[1]
    assert len(set(repeated)) == 3


async def test_the_same_bytes_and_the_same_id_go_out_however_often_it_takes(place: Desk) -> None:
    async with receiving(500, 503, 429, 500) as room:
        await place.connect(room.url)
        (identity,) = await place.say("HC-1", 1)
        for _ in range(8):
            await place.work()
            place.time.pass_(seconds=75)
    assert [one.headers["webhook-id"] for one in room.heard] == [identity] * 5
    assert len({one.body for one in room.heard}) == 1


async def test_a_receiver_that_is_gone_is_paused_at_once_probed_and_found_again(place: Desk) -> None:
    async with receiving(410, 410) as room, receiving() as phone:
        await place.notify.publish("ops:herts", webhook=phone.url)
        await place.connect(room.url)
        await place.say("HC-1", 1, 2)
        await place.say("HC-2", 1)
        await place.work(one := place.sending())
        paused = await place.room()
        assert (paused.state, paused.reason, paused.by) == ("paused", "http_410", None)
        tried = len(room.heard)
        place.time.pass_(minutes=4)
        await place.work(one)
        assert len(room.heard) == tried
        place.time.pass_(seconds=70)
        await place.work(one)
        assert (await place.room()).state == "open"
        assert first_seen(room.heard, "HC-1") == [1, 2]
        assert first_seen(room.heard, "HC-2") == [1]
        async with place.notify.at_work():
            (alert,) = await phone.until(1)
        assert json.loads(alert.body)["type"] == "role.alert"
        assert b"herts" not in alert.body.replace(b"http", b"")


async def test_ten_refusals_in_a_row_pause_it_and_the_desk_of_operations_hears_of_it_once(place: Desk) -> None:
    async with receiving(*[400] * 12) as room:
        await place.connect(room.url)
        await place.say("HC-1", 1)
        for _ in range(12):
            await place.work()
            place.time.pass_(seconds=75)
        assert (await place.room()).state == "paused"
        assert 10 <= len(room.heard) <= 12
        for _ in range(3):
            place.time.now += PROBE_EVERY
            await place.work()
        assert (await place.room()).state == "open"
    told = await place.notify.rows("select recipient, type from notify.notices")
    assert [tuple(row) for row in told] == [("ops:herts", "role.alert")]


@pytest.mark.parametrize("minutes", [50, 70])
async def test_a_room_that_fails_for_an_hour_is_paused(place: Desk, minutes: int) -> None:
    async with receiving(*[503] * 200) as room:
        await place.connect(room.url)
        await place.say("HC-1", 1)
        for _ in range(minutes):
            await place.work()
            place.time.pass_(seconds=75)
    assert ((await place.room()).state == "paused") == (minutes * 75 / 60 >= 60)


async def test_a_redirect_is_refused_and_a_private_address_is_never_asked(place: Desk) -> None:
    async def elsewhere(request: web.Request) -> web.Response:
        return web.Response(status=308, headers={"Location": f"http://{request.host}/elsewhere"})

    async with receiving(elsewhere) as room:
        await place.connect(room.url)
        await place.say("HC-1", 1)
        await place.work()
        assert ((await place.room()).reason, len(room.heard)) == ("redirect", 1)
        place.channel = WebhookChannel([SECRET], ())
        place.time.pass_(seconds=5)
        await place.work()
        assert ((await place.room()).reason, len(room.heard)) == ("private_address", 1)
    assert await place.waiting() == 1


async def test_only_the_newest_heartbeat_is_worth_sending(place: Desk) -> None:
    async with receiving() as room:
        await place.connect(room.url)
        beats = []
        for _ in range(4):
            beats.append(a_record(a_heartbeat(place.time.now), "service", "herts", place.time.now))
            await place.hear(beats[-1])
            place.time.pass_(seconds=30)
        await place.say("HC-1", 1)
        await place.work()
    types = [event["type"] for event in said(room.heard)]
    assert types.count("liaison.service.heartbeat.v1") == 1
    assert said(room.heard)[0]["id"] == (dict(beats[-1].headers)["ce_id"] or b"").decode()


async def test_an_event_of_a_later_release_is_passed_on_as_it_came_and_nonsense_is_left_out(place: Desk) -> None:
    async with receiving() as room:
        await place.connect(room.url)
        known = a_record(an_event(1, place.time.now), "HC-1", "herts", place.time.now)
        headers = tuple((name, b"liaison.referral.sung_about.v1" if name == "ce_type" else value)
                        for name, value in known.headers)  # fmt: skip
        newer = type(known)("outbound.herts", 0, 901, 0, b"HC-1", b'{"sequence": 7, "tune": "in C"}', headers)
        nonsense = type(known)("outbound.herts", 0, 902, 0, b"HC-1", b"not json", (("ce_id", b"x"),))
        await place.hear(newer, nonsense)
        await place.work()
    assert [(event["type"], event["data"]) for event in said(room.heard)] == [
        ("liaison.referral.sung_about.v1", {"sequence": 7, "tune": "in C"})
    ]
    assert await place.notify.rows("select 1 from notify.dead_letters") == []


async def test_what_nobody_took_in_72_hours_is_given_up_and_counted(place: Desk) -> None:
    await place.connect("http://127.0.0.1:9/hook")
    await place.say("HC-1", 1, 2)
    place.time.now += KEPT
    await place.say("HC-1", 3)
    place.time.pass_(minutes=1)
    await place.sending().tidy()
    assert await place.waiting() == 1
    assert (await place.room()).dropped == 2


async def test_the_same_event_brought_twice_is_sent_once(place: Desk) -> None:
    async with receiving() as room:
        await place.connect(room.url)
        record = a_record(an_event(1, place.time.now), "HC-1", "herts", place.time.now)
        await place.hear(record)
        await place.hear(record)
        await place.work()
    assert len(room.heard) == 1
