"""HTTP as the simulated people use it: they sign in, ask, and ask again when nobody answers."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

TIMEOUT = aiohttp.ClientTimeout(total=20)
PATIENCE = 60.0
"""Seconds for which somebody tries again before giving up."""
_AWAY = frozenset({502, 503, 504})
_INTAKE = ("/v1/reports", "/v1/contacts", "/v1/outbound", "/v1/codes", "/v1/access-log")
_NOTIFY = ("/v1/notices", "/phones", "/v1/receipts", "/v1/replies")


class SimulationFailed(RuntimeError):
    """The simulation itself cannot go on; the message is one line."""


@dataclass(frozen=True)
class Addresses:
    """Where the three services are; `one` where they share an address. No slash at the end."""

    intake: str
    routing: str
    notify: str

    @classmethod
    def one(cls, base_url: str) -> "Addresses":
        """All three at one address."""
        base = base_url.rstrip("/")
        return cls(base, base, base)

    def url(self, path: str) -> str:
        """The full address of a path of the contract."""
        base = self.intake if path.startswith(_INTAKE) else self.notify if path.startswith(_NOTIFY) else self.routing
        return base + path


@dataclass(frozen=True)
class Call:
    """One request. `who` is the name to sign in as; empty: with a token that is none."""

    method: str
    path: str
    who: str
    data: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """Status 0: nobody answered in time. `body` is the JSON object of the answer, empty where there is none."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300

    @property
    def comes_later(self) -> bool:
        """Whether the same call may be answered in a moment: somebody is away, or still at work on it."""
        return self.status in _AWAY or self.status == 0 or self.body.get("code") == "still_at_work"


class Client:
    """Asks on behalf of anybody. `tokens` are for names that need no demo sign-in (outside `AUTH=demo`)."""

    def __init__(
        self, session: aiohttp.ClientSession, addresses: Addresses, tokens: Mapping[str, str] | None = None
    ) -> None:
        self._session = session
        self._addresses = addresses
        self._given = dict(tokens or {})
        self._tokens: dict[str, str] = {}

    async def demo(self) -> bool:
        """Whether anybody may sign in as anybody here."""
        answer = await self._once(Call("POST", "/demo/token", "", orjson.dumps({"as": "ops"})), token=None)
        return answer.good and "token" in answer.body

    async def ask(self, call: Call, patience: float = PATIENCE) -> Answer:
        """The answer to a call; asked again with growing pauses while nobody answers, for `patience` seconds."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + patience
        pause = 0.1
        while True:
            answer = await self._signed(call)
            if not answer.comes_later:
                return answer
            if loop.time() + pause > give_up:
                return answer
            await asyncio.sleep(pause)
            pause = min(pause * 2, 3.0)

    async def get(self, path: str, who: str, **query: str) -> Answer:
        """A `GET` as somebody."""
        return await self.ask(Call("GET", path, who, query=query))

    async def post(self, path: str, who: str, body: Mapping[str, Any]) -> Answer:
        """A `POST` of JSON as somebody."""
        return await self.ask(Call("POST", path, who, orjson.dumps(body)))

    async def pages(self, path: str, who: str, **query: str) -> AsyncIterator[Mapping[str, Any]]:
        """Every item of a list, page after page. SimulationFailed where the list is refused."""
        after: dict[str, str] = {}
        while True:
            answer = await self.get(path, who, **query, **after)
            if not answer.good:
                raise SimulationFailed(f"GET {path} as {who}: {answer.status or 'no answer'}")
            for item in answer.body.get("items", ()):
                yield item
            following = answer.body.get("next")
            if not following:
                return
            after = {"after": str(following)}

    async def _signed(self, call: Call) -> Answer:
        token = await self._token(call.who)
        if token == "":
            return Answer(0)
        answer = await self._once(call, token)
        if answer.status == 401 and call.who and call.who not in self._given:
            self._tokens.pop(call.who, None)
            answer = await self._once(call, await self._token(call.who))
        return answer

    async def _token(self, who: str) -> str:
        """A token for `who`; a useless one for nobody, and none ("") while nobody answers."""
        if not who:
            return "this-is-no-token"
        known = self._given.get(who) or self._tokens.get(who)
        if known is not None:
            return known
        answer = await self._once(Call("POST", "/demo/token", "", orjson.dumps({"as": who})), token=None)
        if not answer.good and answer.status not in _AWAY | {0, 429}:
            raise SimulationFailed(f"cannot sign in as {who}: {answer.status}; outside AUTH=demo tokens must be given")
        token = str(answer.body.get("token", ""))
        if token:
            self._tokens[who] = token
        return token

    async def _once(self, call: Call, token: str | None) -> Answer:
        headers = {"Content-Type": "application/json", "Accept": "application/json", **call.headers}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        url = self._addresses.url(call.path)
        try:
            async with self._session.request(
                call.method, url, data=call.data or None, headers=headers, params=call.query
            ) as response:
                return Answer(response.status, _object(await response.read()))
        except (aiohttp.ClientError, TimeoutError, OSError):
            return Answer(0)


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


@asynccontextmanager
async def client(addresses: Addresses, tokens: Mapping[str, str] | None = None) -> AsyncIterator[Client]:
    """A client with pooled connections for the length of the block."""
    connector = aiohttp.TCPConnector(limit=100)
    async with aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as session:
        yield Client(session, addresses, tokens)
