"""Who works on a referral, for the stories: its holder, its supervisors, and what they see of it."""

from datetime import timedelta
from typing import Any

from shared.contracts.reports import ReportReceived
from tests.stories.routing_house import NOON, House

REACHABLE: dict[str, Any] = {"contact_rules": {"means": ["call", "text"], "voicemail_ok": False}}


def after(minutes: float) -> str:
    """Minutes after noon, written out."""
    return (NOON + timedelta(minutes=minutes)).isoformat()


async def held(house: House, **words: Any) -> ReportReceived:
    """A report that H1 has accepted."""
    report = await house.report(**(REACHABLE | words))
    assert (await house.tap("H1", report, "accept")).status_code == 200
    return report


async def said(house: House, who: str, report: ReportReceived, what: str, **body: Any) -> tuple[int, dict[str, Any]]:
    """Somebody signed in does something: the status, and the answer."""
    answer = await house.ask(who, "POST", f"/v1/referrals/{report.reference}/{what}", body)
    return answer.status_code, answer.json()


async def tried(house: House, report: ReportReceived, outcome: str, **body: Any) -> tuple[int, dict[str, Any]]:
    """H1 tells of an attempt to reach the person."""
    words = {"means": "call", "at": house.clock.now.isoformat(), "outcome": outcome} | body
    return await said(house, "officer:H1", report, "contact-attempts", **words)


async def whole(house: House, report: ReportReceived, who: str = "sergeant:herts") -> dict[str, Any]:
    """The referral as somebody sees it."""
    found: dict[str, Any] = (await house.ask(who, "GET", f"/v1/referrals/{report.reference}")).json()
    return found
