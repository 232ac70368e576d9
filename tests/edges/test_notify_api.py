"""What notify answers over HTTP, to whom, and what it is put together from."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from fastapi import FastAPI

from services.notify.api import routes
from services.notify.app import build, channels, gathered
from services.notify.channels.channel import NoChannel
from services.notify.channels.email import EmailChannel
from services.notify.channels.govuk_notify import GovukNotifyChannel
from services.notify.channels.phones import PhonesChannel
from services.notify.heartbeat import Heartbeat
from services.notify.rules.wordings import EDITION
from services.notify.store import control_room_tables
from services.notify.store.tables import metadata
from shared.contracts.model import Holder
from shared.identifiers import new_reference
from shared.identity import parse, sign_demo
from shared.service import Platform
from shared.settings import SettingsError, load_settings
from shared.web import install
from tests.edges.govuk_stand_in import API_KEY, EMAIL_TEMPLATE, SMS_TEMPLATE
from tests.edges.notify_house import House, Story, house, message
from tests.edges.webhook_receiver import receiving

PEGGY, IRIS = "H1042", "B0007"


@pytest.fixture
async def notify(postgres_url: str) -> AsyncIterator[House]:
    async with house(postgres_url) as made:
        yield made


@asynccontextmanager
async def asking(notify: House, who: str | None, *, demo: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    """A client signed in as `who`."""
    app = FastAPI()
    install(app)
    app.state.keys = notify.keys
    app.include_router(routes(notify.database, demo=demo))
    headers = {}
    if who is not None:
        headers["authorization"] = f"Bearer {sign_demo(parse(who), notify.keys, int(time.time()))}"
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://notify.test", headers=headers
    ) as client:
        yield client


async def one_delivered(notify: House, story: Story) -> None:
    async with receiving(503) as peggy, notify.at_work():
        await notify.publish(PEGGY, webhook=peggy.url)
        await notify.hear(story.offered(PEGGY))
        await notify.until_states("delivered")


async def test_a_coordinator_reads_what_became_of_each_notice_with_every_attempt(notify: House) -> None:
    story = Story()
    await one_delivered(notify, story)
    async with asking(notify, "coordinator:herts") as client:
        answer = await client.get("/v1/notices", params={"reference": story.reference.lower()})
    assert answer.status_code == 200
    (item,) = answer.json()["items"]
    assert set(item) == {"id", "to", "type", "means", "state", "at", "policy_version", "attempts"}
    assert (item["to"], item["type"], item["means"], item["state"]) == (PEGGY, "task.offered", "webhook", "delivered")
    assert [(one["means"], one["state"], one["reason"]) for one in item["attempts"]] == [
        ("webhook", "failed", "http_503"),
        ("webhook", "delivered", None),
    ]
    assert [one["wording"] for one in item["attempts"]] == [EDITION, EDITION]
    assert answer.json()["next"] is None


async def test_every_look_is_on_the_journal_before_it_is_shown_and_a_refused_one_is_not(notify: House) -> None:
    story = Story()
    await notify.hear(story.offered(PEGGY))
    for who in ("coordinator:herts", "fim:beds"):
        async with asking(notify, who) as client:
            await client.get("/v1/notices", params={"reference": story.reference})
    rows = await notify.rows(
        "select key, convert_from(payload, 'utf8')::jsonb as look from notify.journal where topic = 'access'"
    )
    ((key, look),) = rows
    assert key == story.reference
    assert (look["actor"], look["role"], look["what"]) == ("coordinator:herts", "coordinator", "notices")


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (None, 401),
        ("ops", 403),
        ("officer:H1042", 403),
        ("control_room:herts", 403),
        ("fim:beds", 403),
        ("fim:herts", 200),
        ("sergeant:cambs", 200),
    ],
)
async def test_only_supervisors_of_the_owning_or_holding_force_may_look(
    notify: House, who: str | None, status: int
) -> None:
    story = Story()
    held = story.event("ReferralAccepted", officer="C2210", state="accepted", holder=Holder(force="cambs", id="C2210"))
    await notify.hear(held)
    async with asking(notify, who) as client:
        answer = await client.get("/v1/notices", params={"reference": story.reference})
    assert answer.status_code == status


@pytest.mark.parametrize(("reference", "status"), [(None, 422), ("K7QM-4T9Q", 422), ("nonsense", 422)])
async def test_what_is_no_reference_is_said_by_field_and_reason(
    notify: House, reference: str | None, status: int
) -> None:
    async with asking(notify, "fim:herts") as client:
        answer = await client.get("/v1/notices", params={"reference": reference} if reference else {})
    assert answer.status_code == status
    assert [error["field"] for error in answer.json()["errors"]] == ["reference"]


async def test_an_unknown_reference_is_not_found(notify: House) -> None:
    async with asking(notify, "fim:herts") as client:
        answer = await client.get("/v1/notices", params={"reference": new_reference()})
    assert answer.status_code == 404


async def test_a_long_list_comes_in_pages(notify: House) -> None:
    story = Story()
    await notify.hear(story.offered(*(f"H{number:04}" for number in range(5))))
    seen: list[str] = []
    async with asking(notify, "fim:herts") as client:
        after = None
        for _ in range(3):
            page = {"reference": story.reference, "limit": "2"} | ({"after": after} if after else {})
            answer = (await client.get("/v1/notices", params=page)).json()
            seen += [item["to"] for item in answer["items"]]
            after = answer["next"]
    assert seen == [f"H{number:04}" for number in range(5)]
    assert after is None


async def test_the_phones_show_every_message_as_its_receiver_sees_it(notify: House) -> None:
    story = Story()
    async with notify.at_work():
        await notify.publish(PEGGY, phone="+447700900042")
        await notify.hear(story.offered(PEGGY))
        await notify.until_states("delivered")
    async with asking(notify, None) as client:
        as_json = (await client.get("/phones", params={"format": "json"})).json()
        accepted = (await client.get("/phones", headers={"accept": "application/json"})).json()
        page = await client.get("/phones", headers={"accept": "text/html"})
        nobody = (await client.get("/phones", params={"format": "json", "to": IRIS})).json()
    (item,) = as_json["items"]
    assert (item["to"], item["means"], item["type"]) == (PEGGY, "phone", "task.offered")
    assert item["text"].startswith(f"You have a new task. Sign in. {story.reference} by ")
    assert accepted == as_json
    assert nobody["items"] == []
    assert page.headers["content-type"].startswith("text/html")
    assert item["text"] in page.text
    assert "+447700900042" not in page.text


async def test_beyond_the_demo_there_are_no_phones_to_look_at(notify: House) -> None:
    async with asking(notify, "fim:herts", demo=False) as client:
        assert (await client.get("/phones")).status_code == 404


async def test_many_messages_at_once_are_kept_together_and_each_once(notify: House) -> None:
    phones = notify.channels["phone"]
    same = message("+447700900042", means="phone")
    outcomes = await asyncio.gather(*(phones.send(same) for _ in range(50)))
    assert {outcome.kind for outcome in outcomes} == {"delivered"}
    ((count,),) = await notify.rows("select count(*) from notify.phone_messages")
    assert count == 1


async def test_a_heartbeat_names_the_instance(notify: House) -> None:
    await Heartbeat(notify.database, "harbour-1").beat()
    ((key, instance),) = await notify.rows(
        "select key, convert_from(payload, 'utf8')::jsonb ->> 'instance' from notify.journal where topic = 'deliveries'"
    )
    assert (key, instance) == ("harbour-1", "harbour-1")


async def test_the_migration_makes_what_the_tables_say(notify: House) -> None:
    def differences(connection: sa.Connection) -> list[object]:
        options = {
            "version_table_schema": "notify",
            "include_schemas": True,
            "include_name": lambda name, kind, _parents: kind != "schema" or name == "notify",
            "compare_type": True,
        }
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    assert control_room_tables.ControlRoomRow.__tablename__ == "control_rooms"
    async with notify.database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


def platform(notify: House, **settings: object) -> Platform:
    return Platform(load_settings(env_file=None, **settings), notify.database, notify.keys, "harbour-1")


OIDC = {
    "auth": "oidc",
    "oidc_issuer": "https://id.example",
    "oidc_client_id": "liaison",
    "webhook_secrets": "whsec_c2VjcmV0",
}


async def test_in_the_demo_texts_and_emails_stay_on_the_page(notify: House) -> None:
    kinds = {means: type(channel) for means, channel in channels(platform(notify)).items()}
    assert (kinds["phone"], kinds["email"], kinds["exercise"]) == (PhonesChannel, PhonesChannel, PhonesChannel)


async def test_in_the_demo_a_mail_server_is_used_where_one_is_given(notify: House) -> None:
    assert isinstance(channels(platform(notify, smtp_url="smtp://127.0.0.1:2525"))["email"], EmailChannel)


async def test_beyond_the_demo_a_means_without_a_provider_fails_visibly_and_exercises_are_kept(notify: House) -> None:
    made = channels(platform(notify, **OIDC))
    assert isinstance(made["phone"], NoChannel)
    assert isinstance(made["email"], NoChannel)
    assert isinstance(made["push"], NoChannel)
    assert isinstance(made["exercise"], PhonesChannel)
    assert (await made["phone"].send(message("+447700900042"))).reason == "no_provider"


async def test_the_service_consumes_what_it_must_and_is_ready_only_when_it_has_caught_up(notify: House) -> None:
    given = platform(notify)
    behind = {"officers"}
    given.caught_up = lambda topic: topic not in behind
    service = build(given)
    told = {f"outbound.{force}" for force in ("herts", "beds", "cambs")}
    assert {topic for one in service.subscriptions for topic in one.topics} == {
        "referrals",
        "officers",
        "policy",
    } | told
    rooms = {f"control_room.{force}" for force in ("herts", "beds", "cambs")}
    assert set(service.tasks) == {"dispatcher", "newcomers", "letters", "reminding", "heartbeat"} | rooms
    assert [await check() for check in service.readiness.values()] == [False, True]
    behind.clear()
    assert [await check() for check in service.readiness.values()] == [True, True]


async def test_with_a_key_of_govuk_notify_texts_leave_the_house_and_a_storm_of_them_is_one(notify: House) -> None:
    given = platform(
        notify,
        govuk_notify_api_key=API_KEY,
        govuk_notify_sms_template=SMS_TEMPLATE,
        govuk_notify_email_template=EMAIL_TEMPLATE,
    )
    made = channels(given)
    assert isinstance(made["phone"], GovukNotifyChannel)
    assert isinstance(made["email"], GovukNotifyChannel)
    assert gathered(made) == {"phone", "email", "push"}
    assert isinstance(made["exercise"], PhonesChannel)
    assert gathered(channels(platform(notify))) == {"push"}


async def test_a_mail_server_of_ones_own_comes_before_govuk_notifys_email(notify: House) -> None:
    settings = {"govuk_notify_api_key": API_KEY, "govuk_notify_sms_template": SMS_TEMPLATE}
    made = channels(
        platform(notify, **settings, govuk_notify_email_template=EMAIL_TEMPLATE, smtp_url="smtp://a.example")
    )
    assert isinstance(made["email"], EmailChannel)
    assert isinstance(channels(platform(notify, **settings))["email"], PhonesChannel)


async def test_a_key_that_is_none_stops_the_start_without_being_shown(notify: House) -> None:
    given = platform(notify, govuk_notify_api_key="heliotrope-badger", govuk_notify_sms_template=SMS_TEMPLATE)
    with pytest.raises(SettingsError, match="LIAISON_GOVUK_NOTIFY_API_KEY: must end in") as caught:
        channels(given)
    assert "badger" not in str(caught.value)
