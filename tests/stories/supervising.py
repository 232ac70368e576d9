"""Hands for stories about supervisors: they decide over HTTP or by a page's form, and read what came of it."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx

from shared.contracts.reports import ReportAmended, ReportReceived
from shared.identity import parse, sign_demo
from tests.stories.routing_house import House

COORDINATOR, SERGEANT = "coordinator:herts", "sergeant:herts"
A_WOMAN = {"officer_gender": {"value": "woman", "required": True}}


async def decide(house: House, who: str, report: ReportReceived, action: str, **body: Any) -> httpx.Response:
    """Somebody decides over HTTP, and the driver does what follows."""
    answer = await house.ask(who, "POST", f"/v1/referrals/{report.reference}/{action}", body)
    await house.decide()
    return answer


async def seen(house: House, report: ReportReceived, who: str = COORDINATOR) -> dict[str, Any]:
    """The referral as a supervisor reads it."""
    found: dict[str, Any] = (await house.ask(who, "GET", f"/v1/referrals/{report.reference}")).json()
    return found


def in_hand(referral: dict[str, Any]) -> list[str]:
    """Who is asked at the moment."""
    return [offer["officer"] for offer in referral["offers"] if offer["answer"] == "open"]


def as_amended(report: ReportReceived, sequence: int, **changes: Any) -> ReportAmended:
    """The report's picture after an amendment."""
    words = json.loads(report.to_json()) | {"sequence": sequence, "changed": ["preferences"]}
    return ReportAmended.model_validate(words | changes)


async def page(house: House, report: ReportReceived, who: str = COORDINATOR) -> str:
    """The referral's page as somebody signed in gets it."""
    answer = await house.ask(who, "GET", f"/referrals/{report.reference}")
    assert answer.status_code == 200, answer.text
    return answer.text


async def submit(house: House, report: ReportReceived, form: str, **words: str) -> httpx.Response:
    """The coordinator sends one of the page's forms."""
    body = "&".join(f"{name}={value}" for name, value in words.items())
    token = sign_demo(parse(COORDINATOR), house.keys, int(datetime.now(UTC).timestamp()))
    kind = {"content-type": "application/x-www-form-urlencoded", "authorization": f"Bearer {token}"}
    sent = await house.people.post(f"/referrals/{report.reference}/{form}", content=body, headers=kind)
    await house.decide()
    return sent
