"""Random histories on real PostgreSQL with two replicas: what must hold is counted after every step."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.contracts.reports import ReportReceived
from tests.stories.replica import another_replica
from tests.stories.routing_house import House, a_report, amended, failed, replied, routing

STEPS = 60 if int(os.environ.get("PROVE_LIVES", "0")) < 1000 else 600
"""A sample here; `make prove` goes on for longer."""
TEAM = ("H1,herts,,,2", "H2,herts,,,2", "H3,herts", "B7,beds,,,2", "C4,cambs")
NAMES = [line.split(",")[0] for line in TEAM]
CLASSES = ("immediate", "priority", "scheduled", "officer_advice", "community_event")
HELD = "state in ('accepted', 'contacted')"
OPEN = "state in ('waiting', 'offered', 'accepted', 'contacted')"
KINDLY = {200, 403, 404, 409, 422}


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these histories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


class History:
    """One history: its dice, the two replicas, and the reports so far."""

    def __init__(self, seed: int, replicas: list[House]) -> None:
        self.dice, self.replicas = random.Random(seed), replicas
        self.reports: list[ReportReceived] = []

    @property
    def house(self) -> House:
        """Either replica."""
        return self.dice.choice(self.replicas)

    async def step(self) -> None:
        """Something happens."""
        steps: list[Callable[[], Awaitable[Any]]] = [self.report, self.tap, self.tap, self.tap, self.work, self.work]
        steps += [self.supervise, self.hear, self.time]
        await self.dice.choice(steps if self.reports else [self.report])()

    async def report(self) -> None:
        """A report comes in, twice and at both replicas."""
        words: dict[str, Any] = {"class": self.dice.choice(CLASSES), "risks": self.dice.choice([[], [], ["weapon"]])}
        words |= {"person": self.dice.choice([None, "p-otter"]), "event": {"officers_wanted": 2}}
        report = a_report(**words, contact_rules={"means": ["call"]})
        record = self.replicas[0].record("reports", report)
        await asyncio.gather(*(replica.hear_records("reports", record) for replica in self.replicas))
        self.reports.append(report)
        await self.drive()

    async def tap(self) -> None:
        """Several officers answer in the same instant, at whichever replica they reach."""
        report = self.dice.choice(self.reports)
        who = self.dice.sample(NAMES, 3)
        answers = [self._tap(officer, report) for officer in who]
        assert {answer.status_code for answer in await asyncio.gather(*answers)} <= KINDLY

    def _tap(self, officer: str, report: ReportReceived) -> Awaitable[httpx.Response]:
        action = self.dice.choice(["accept", "accept", "accept", "decline", "release", "handover/accept"])
        code = self.dice.choice(["busy", "conflict", "unfit"])
        body = {} if "accept" in action else {"code": code}
        return self.house.tap(officer, report, action, **body)

    async def work(self) -> None:
        """Somebody does what only a holder may."""
        report, officer = self.dice.choice(self.reports), self.dice.choice(NAMES)
        now = self.house.clock.now
        what, body = self.dice.choice(
            [
                ("contact-attempts", {"means": "call", "at": now, "outcome": self.dice.choice(["spoke", "no_answer"])}),
                ("updates", {"next_update_by": now + timedelta(minutes=90)}),
                ("handover", {"to": self.dice.choice(NAMES)}),
                ("keep", None),
                ("close", {"outcome": "supported"}),
            ]
        )
        await self._ask(f"officer:{officer}", report, what, body)

    async def supervise(self) -> None:
        """A supervisor decides something."""
        report, now = self.dice.choice(self.reports), self.house.clock.now
        other = self.dice.choice(self.reports).reference
        ahead = now + timedelta(minutes=self.dice.choice([5, 240]))
        force = self.dice.choice(["herts", "beds"])
        what, body = self.dice.choice(
            [
                ("acknowledge", {"role": "fim", "outcome": "seen"}),
                ("plan", {"next_contact_by": ahead, "told": "not_safe_until"}),
                ("pause", {"until": ahead, "reason": "person_asked"}),
                ("resume", None),
                ("link", {"reference": other}),
                ("unlink", {"reference": other}),
                ("transfer", {"force": self.dice.choice(["herts", "beds"])}),
                ("override", {"officer": self.dice.choice(NAMES), "reason": "risk"}),
                ("release", {"code": "abstracted"}),
                ("close", {"outcome": "supported"}),
                ("reopen", None),
            ]
        )
        await self._ask(f"fim:{force}", report, what, body)

    async def hear(self) -> None:
        """Late news from notify, and an amendment."""
        report, officer = self.dice.choice(self.reports), self.dice.choice(NAMES)
        news = self.dice.choice(
            [failed(report, officer), replied(report, officer, "yes"), replied(report, officer, "no")]
        )
        await self.house.hear("deliveries", news)
        regraded = amended(report, ["grade"], **{"class": self.dice.choice(CLASSES)})
        await self.house.hear("reports", regraded)

    async def time(self) -> None:
        """Time passes while nobody decides, and then both replicas do at once."""
        self.replicas[0].clock.now += timedelta(minutes=self.dice.choice([0, 3, 16, 61, 600]))
        await self.drive()

    async def drive(self) -> None:
        """Both drivers until nothing is due."""
        for _ in range(30):
            turns = await asyncio.gather(*(replica.driver.turn("bch") for replica in self.replicas))
            if not any(turn.handled for turn in turns):
                break

    async def _ask(self, who: str, report: ReportReceived, what: str, body: Any) -> None:
        answer = await self.house.ask(who, "POST", f"/v1/referrals/{report.reference}/{what}", body)
        assert answer.status_code in KINDLY, answer.text
        await self.drive()


async def what_must_hold(house: House) -> None:
    async def none(statement: str) -> None:
        found = await house.rows(statement)
        assert found == [], (statement, [tuple(row) for row in found])

    await none(f"select id from routing.referrals where {OPEN} and (due is null or wakes_at is null)")
    await none(f"select id from routing.referrals where not ({OPEN}) and (due is not null or wakes_at is not null)")
    await none(f"select id from routing.referrals where {OPEN} and (holder is not null) <> ({HELD})")
    await none(
        "select r.id from routing.referrals r left join routing.engagements e on e.referral_id = r.id "
        f"and e.kind = 'held' where {HELD} group by r.id, r.holder, r.life having "
        "count(e.officer) <> 1 + jsonb_array_length(r.life -> 'helpers') or not bool_or(e.officer = r.holder)"
    )
    await none(
        "select l.officer from routing.loads l full join (select officer, count(*) as n from routing.engagements "
        "where counts_for_cap group by 1) e using (officer) where coalesce(l.counted, 0) <> coalesce(e.n, 0)"
    )
    await none(
        "select r.id from routing.referrals r join routing.timeline t on t.referral_id = r.id "
        "group by r.id, r.sequence having count(*) <> r.sequence or max(t.sequence) <> r.sequence"
    )


@pytest.mark.parametrize("seed", [11, 2026, 60606])
async def test_after_every_step_each_has_one_owner_or_a_deadline_and_nothing_was_counted_twice(
    service: House, module_postgres_url: str, seed: int
) -> None:
    house = await service.as_new(*TEAM)
    async with another_replica(house, module_postgres_url) as other:
        history = History(seed, [house, other])
        for _ in range(STEPS):
            await history.step()
            await what_must_hold(house)
