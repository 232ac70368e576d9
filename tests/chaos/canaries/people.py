"""What people do about simulated reports, with words planted wherever a hand might put them."""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any

import aiohttp
import orjson
from aiokafka import AIOKafkaProducer

from services.simulation.access import Addresses, Answer, Call, Client
from services.simulation.check import accepted
from services.simulation.items import Item
from services.simulation.ledger import Ledger
from shared.contracts.cloudevents import Envelope, to_headers
from tests.chaos.canaries.outside import Outside
from tests.chaos.canaries.planting import Planter, amendment

_CODE = re.compile(r"YES (\d{4})")
AT_ONCE = 8


class Talkative(Client):
    """Asks as anybody does; often it says too much first, which must be refused and forgotten."""

    def __init__(self, session: aiohttp.ClientSession, addresses: Addresses, planter: Planter, seed: int) -> None:
        super().__init__(session, addresses)
        self._planter, self._draw = planter, Random(seed)
        self.said: Counter[str] = Counter()

    async def post(self, path: str, who: str, body: Mapping[str, Any]) -> Answer:
        """A `POST`, after one with a note in it that nobody asked for; a next step is a code of one's own."""
        word = self._planter.planted.word
        if "next_step" in body:
            body = dict(body) | {"next_step": word("a code: next_step")}
        if self._draw.random() < 0.4:
            wordy = dict(body) | {"note": word("a note that is refused"), word("a field that is refused"): True}
            refused = await super().post(path, who, wordy)
            self.said["taken with a note" if refused.good else "refused with a note"] += 1
        return await super().post(path, who, body)


class Meddler:
    """Does to each accepted report what the simulated officers do not: amends, orders, hands off, texts, looks."""

    def __init__(self, client: Client, producer: AIOKafkaProducer, planter: Planter, outside: Outside) -> None:
        self.client, self._producer, self._planter, self._outside = client, producer, planter, outside
        self._draw = Random(1)
        self.did: Counter[str] = Counter()

    async def meddle(self, ledger: Ledger) -> None:
        """Something about every accepted report, two things where they are few; eight reports at once."""
        room = asyncio.Semaphore(AT_ONCE)
        deeds = (self._amend, self._amend_by_topic, self._withdraw, self._supervise, self._hold, self._look)

        given = accepted(ledger)
        number = 2 if len(given) < 200 else 1

        async def each(reference: str, item: Item) -> None:
            async with room:
                for deed in self._draw.sample(deeds, number):
                    await deed(reference, item)

        await asyncio.gather(*(each(reference, sent.item) for reference, sent in given.items()))
        await self._text()

    def _word(self, where: str) -> str:
        return self._planter.planted.word(where)

    async def _do(self, what: str, who: str, path: str, body: Mapping[str, Any]) -> Answer:
        answer = await self.client.post(path, who, body)
        self.did[f"{what}: {'done' if answer.good else answer.status}"] += 1
        return answer

    async def _amend(self, reference: str, item: Item) -> None:
        body = amendment(self._planter, item, "http", self._draw)
        body["contact"] = {"details": self._planter.details(item.contact or {})}
        await self._do("amend", f"control_room:{item.force}", f"/v1/reports/{reference}/amendments", body)

    async def _amend_by_topic(self, reference: str, item: Item) -> None:
        who = f"control_room:{item.force}"
        left = await self._do("leave", who, "/v1/contacts", self._planter.details(item.contact or {}))
        body = amendment(self._planter, item, "topic", self._draw) | {"reference": reference}
        body["contact"] = {"handle": left.body.get("handle", "none")}
        envelope = Envelope(
            id=f"{item.event_id}-amended",
            source="urn:desk",
            type="liaison.report.amended.v1",
            time=item.at,
            subject=None,
        )
        value, key = orjson.dumps(body), item.key.encode()
        await self._producer.send_and_wait(f"inbound.{item.force}", value, key=key, headers=to_headers(envelope))
        self.did["amend by topic"] += 1

    async def _withdraw(self, reference: str, item: Item) -> None:
        reason = self._draw.choice((self._word("a code: withdrawal"), f"because {self._word('a reason in words')}"))
        await self._do(
            "withdraw", f"control_room:{item.force}", f"/v1/reports/{reference}/withdrawal", {"reason": reason}
        )

    async def _supervise(self, reference: str, item: Item) -> None:
        who, place = f"coordinator:{item.force}", f"/v1/referrals/{reference}"
        await self._do(
            "override", who, f"{place}/override", {"officer": "H1001", "reason": self._word("a code that is refused")}
        )
        if self._draw.random() < 0.5:
            await self._do("hand off", who, f"{place}/hand-off", {"desk": "essex"})
            receipt = {"person": self._word("receipt.person"), "their_ref": self._word("receipt.their_ref")}
            await self._do("receipt", who, f"{place}/hand-off/receipt", receipt)
        await self._do(
            "pause",
            who,
            f"{place}/pause",
            {"until": "2026-12-24T12:00:00Z", "reason": self._word("a code that is refused")},
        )
        await self._do("transfer", who, f"{place}/transfer", {"force": self._draw.choice(("beds", "cambs"))})

    async def _hold(self, reference: str, item: Item) -> None:
        seen = await self.client.get(f"/v1/referrals/{reference}", f"coordinator:{item.force}")
        holder = (seen.body.get("holder") or {}).get("id")
        if not holder or ":" in str(holder):
            return
        who, place = f"officer:{holder}", f"/v1/referrals/{reference}"
        words = {"code": f"she said {self._word('a code in words')}"}
        await self._do("decline in words", who, f"{place}/decline", words)
        await self._do("release in words", who, f"{place}/release", words)
        await self._do("update", who, f"{place}/updates", {})
        if self._draw.random() < 0.3:
            await self._do("release", who, f"{place}/release", {"code": self._word("a code: release")})
            return
        await self._do("hand over", who, f"{place}/handover", {"to": self._draw.choice(("H1001", "B2003", "C3004"))})

    async def _look(self, reference: str, item: Item) -> None:
        """People paste the wrong thing into addresses: into paths, into queries."""
        word, who = self._word("an address"), f"control_room:{item.force}"
        for path in (
            f"/v1/reports/{word}",
            f"/v1/referrals/{word}",
            f"/referrals/{word}",
            f"/roster/{word}",
            f"/{word}",
        ):
            await self.client.get(path, who)
        await self.client.get("/v1/reports", who, system=word, incident_ref=word)
        await self.client.get("/v1/notices", f"coordinator:{item.force}", reference=word)
        await self.client.ask(Call("POST", "/v1/reports", who, b"{}", {"Idempotency-Key": word, "Content-Type": word}))
        await self.client.ask(Call("GET", f"/v1/reports/{reference}", "", headers={"X-Name": word}))

    async def _text(self) -> None:
        """Text messages from officers and from strangers, with more in them than an answer."""
        texts = [one for one in self._outside.govuk.taken if one.kind == "sms"]
        for taken in texts[:200]:
            code = _CODE.search(taken.words)
            said = f"{self._draw.choice(('Yes', 'no'))} {code[1] if code else ''} {self._word('a text message')}"
            number = taken.to if self._draw.random() < 0.8 else self._planter.planted.phone("a stranger's phone")
            self.did[f"text: {await self._outside.govuk.text_from(number, said)}"] += 1
            await self._outside.govuk.receipt(taken, "delivered")
