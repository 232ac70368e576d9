"""Hands for stories told by pages alone: a page as somebody reads it, its forms, and sending one of them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape

import httpx

from shared.contracts.reports import ReportReceived
from shared.identity import parse, sign_demo
from tests.stories.routing_house import House

KEY = re.compile(r'name="key" value="([^"]+)"')
FORM = re.compile(r'<form id="do-([a-z-]+)-form"')


@dataclass(frozen=True)
class Read:
    """A page as somebody reads it: its words, the forms on it, and the key it was drawn with."""

    status: int
    words: str
    markup: str

    @property
    def forms(self) -> set[str]:
        """The actions it has a form for."""
        return set(FORM.findall(self.markup))

    @property
    def key(self) -> str:
        """What its forms are sent with."""
        found = KEY.search(self.markup)
        assert found is not None
        return found[1]


async def reads(house: House, who: str, report: ReportReceived) -> Read:
    """Somebody opens the referral."""
    return await opens(house, who, f"/referrals/{report.reference}")


async def opens(house: House, who: str, path: str) -> Read:
    """Somebody opens a page."""
    return _read(await house.ask(who, "GET", path))


async def sends(house: House, who: str, report: ReportReceived, action: str, **entries: str) -> Read:
    """Somebody opens the referral, fills in one of its forms and sends it; what they read then."""
    page = await reads(house, who, report)
    assert action.replace("/", "-") in page.forms, f"{who} has no form for {action}"
    return await sends_as_drawn(house, who, report, action, {"key": page.key} | entries)


async def sends_as_drawn(house: House, who: str, report: ReportReceived, action: str, entries: dict[str, str]) -> Read:
    """Somebody sends a form, whatever the page shows now."""
    place = "tasks" if action in ("accept", "decline") else "referrals"
    return await posts(house, who, f"/{place}/{report.reference}/{action}", entries)


async def posts(house: House, who: str, path: str, entries: dict[str, str]) -> Read:
    """Somebody sends a form to an address; what they read then."""
    token = sign_demo(parse(who), house.keys, int(datetime.now(UTC).timestamp()))
    sent = await house.people.post(
        path,
        data={"who": who} | entries,
        headers={"authorization": f"Bearer {token}"},
    )
    if sent.status_code != 303:
        return _read(sent)
    await house.decide()
    return _read(await house.ask(who, "GET", sent.headers["location"]))


def _read(answer: httpx.Response) -> Read:
    body = answer.text.partition("<body")[2]
    text = unescape(re.sub(r"<[^>]+>", " ", body))
    return Read(answer.status_code, re.sub(r"\s+", " ", text), answer.text)
