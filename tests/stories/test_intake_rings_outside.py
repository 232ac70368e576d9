"""When Liaison cannot be relied on, somebody outside hears of it: the break-glass webhook, `/unrouted`, and drills."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook

from services.intake.alarms import BreakGlass
from services.intake.drills import Drills
from services.intake.marking import Marking
from services.intake.policies import Policies
from services.intake.reception import Reception
from services.intake.submissions import Counter
from services.intake.vault import Vault
from services.intake.watching import Watch
from shared.contracts.referrals import ReferralClosed
from shared.gazetteer import Gazetteer
from shared.policy_file import load_policy
from shared.service import Platform
from shared.settings import load_settings
from tests.stories.intake_house import NOON, House, opened
from tests.stories.test_intake_watches_what_it_holds import open_it, time_runs_out

SECRET = "whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="


@pytest.fixture
async def house(postgres_url: str) -> AsyncIterator[House]:
    async with opened(postgres_url) as house:
        yield house


@dataclass
class Porter:
    """Somebody awake outside, who answers the bell as told to."""

    answers: list[int]
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    async def ring(self, request: web.Request) -> web.Response:
        self.heard.append((dict(request.headers), await request.read()))
        return web.Response(status=self.answers.pop(0) if self.answers else 204)


@asynccontextmanager
async def porter(*answers: int) -> AsyncIterator[Porter]:
    found = Porter(list(answers))
    app = web.Application()
    app.router.add_post("/ring", found.ring)
    async with TestServer(app) as server:
        found.url = str(server.make_url("/ring"))
        yield found


def with_porter(house: House, url: str) -> Platform:
    settings = load_settings(env_file=None, break_glass_webhook=url, webhook_secrets=SECRET)
    return replace(house.platform, settings=settings)


def policies(house: House) -> Policies:
    return Policies(house.platform.database, load_policy(house.platform.settings), house.platform.bell("policies"))


async def unrouted_report(house: House) -> str:
    reference = await house.report()
    await time_runs_out(house)
    assert await Watch(house.platform, policies(house)).look() == 1
    return reference


async def test_an_unrouted_report_rings_the_porter_until_he_takes_it(house: House) -> None:
    reference = await unrouted_report(house)
    async with porter(503, 204) as outside:
        bell = BreakGlass(with_porter(house, outside.url))
        assert await bell.send_due() == 1
        assert await bell.send_due() == 0, "not at once again"
        await house.rows("update intake.alarms set next_try_at = clock_timestamp()")
        assert await bell.send_due() == 1
        await house.rows("update intake.alarms set next_try_at = clock_timestamp() where taken_at is null")
        assert await bell.send_due() == 0, "he has it"
    first, second = outside.heard
    assert first[0]["webhook-id"] == second[0]["webhook-id"]
    said = Webhook(SECRET).verify(second[1], {name.lower(): value for name, value in second[0].items()})
    assert {name: said[name] for name in ("type", "force", "reference")} == {
        "type": "report.unrouted", "force": "herts", "reference": reference,
    }  # fmt: skip
    assert set(said) == {"id", "type", "force", "reference", "at", "url"}


async def test_a_porter_whose_house_is_gone_loses_nothing(house: House) -> None:
    await unrouted_report(house)
    bell = BreakGlass(with_porter(house, "http://127.0.0.1:9/ring"))
    assert await bell.send_due() == 1
    (row,) = await house.rows("select tries, taken_at, next_try_at > clock_timestamp() as later from intake.alarms")
    assert (row["tries"], row["taken_at"], row["later"]) == (1, None, True)


async def test_the_page_of_unrouted_reports_is_the_forces_own(house: House) -> None:
    reference = await unrouted_report(house)
    mine = await house.call("GET", "/unrouted", "coordinator:herts")
    assert mine.status_code == 200
    assert reference in mine.text
    assert reference not in (await house.call("GET", "/unrouted", "fim:beds")).text
    assert (await house.call("GET", "/unrouted", "officer:H1042")).status_code == 403
    await open_it(house, reference)
    assert reference not in (await house.call("GET", "/unrouted", "coordinator:herts")).text


async def drills_of(house: House) -> Drills:
    known, gazetteer = policies(house), Gazetteer()
    gazetteer.open()
    hourly = known.current.deadlines.model_copy(update={"drill_minutes": 60})
    known.current = known.current.model_copy(update={"deadlines": hourly})
    reception = Reception(known, gazetteer, Vault(house.keys), Marking(house.keys))
    return Drills(house.platform, known, reception, Counter(house.platform.database, reception))


async def test_a_drill_is_sent_once_an_hour_and_is_plainly_an_exercise(house: House) -> None:
    drills = await drills_of(house)
    await drills.look("beds")
    await drills.look("beds")
    (received,) = await house.published("reports")
    assert (received["exercise"], received["drill"], received["force"]) == (True, True, "beds")
    (told,) = await house.published("outbound.beds")
    assert told["log_line"].startswith("EXERCISE")


async def test_a_control_room_cannot_pass_a_real_report_off_as_a_drill(house: House) -> None:
    await house.report(source={"system": "drill", "force": "herts"})
    (received,) = await house.published("reports")
    assert received["drill"] is False


async def test_a_drill_that_does_not_come_back_is_an_alarm_once_and_is_taken_back_before_the_next(house: House) -> None:
    drills = await drills_of(house)
    await drills.look("herts")
    await house.rows("update intake.subject_keys set created_at = created_at - interval '3 minutes'")
    await drills.look("herts")
    await drills.look("herts")
    (alarm,) = await house.rows("select kind, force, reference from intake.alarms")
    assert (alarm["kind"], alarm["force"], alarm["reference"]) == ("drill.overdue", "herts", None)
    await house.rows("update intake.beats set at = at - interval '2 hours'")
    await drills.look("herts")
    names = [one["type"] for one in await house.published("reports")]
    assert names == ["liaison.report.received.v1", "liaison.report.withdrawn.v1", "liaison.report.received.v1"]


async def test_a_drill_that_comes_back_clears_the_alarm(house: House) -> None:
    drills = await drills_of(house)
    await drills.look("herts")
    (row,) = await house.rows("select reference, referral_id from intake.reports")
    await house.rows("update intake.subject_keys set created_at = created_at - interval '3 minutes'")
    await drills.look("herts")
    await open_it(house, row["reference"])
    its = {"referral_id": row["referral_id"], "reference": row["reference"], "sequence": 2, "at": NOON}
    closed = {"force": "herts", "state": "closed", "outcome": "drill_complete", "by": "ops", "exercise": True}
    await house.inside("referrals", ReferralClosed.model_validate(its | closed))
    await drills.look("herts")
    assert await house.rows("select 1 from intake.degraded") == []
    assert len(await house.rows("select 1 from intake.alarms")) == 1, "no second one"
