"""Text messages and e-mails by GOV.UK Notify, after its REST documentation.

It knows no idempotency: a message's id goes along as `reference`, and before a second try it is asked what it has
under that reference. Its 201 means that it took the message; that it arrived is said by a receipt, later.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import httpx
import jwt

from services.notify.channels.channel import Message
from services.notify.channels.posting import retry_after
from services.notify.channels.wording import Wording
from services.notify.numbers import number_of
from services.notify.rules.attempts import Outcome
from services.notify.rules.receipts import outcome_of

TIMEOUT = 5.0
"""Seconds for everything one attempt asks, a look-up included."""

CONNECTIONS = 32

_HOLDS = {"RateLimitError": ("rate_limit", 10.0), "TooManyRequestsError": ("daily_limit", 600.0)}
# By the type of error, which stays, and not by its message, which may change.
_REFUSED = {"ValidationError": "govuk_validation", "BadRequestError": "govuk_bad_request"}
_ON_ITS_WAY = frozenset({"created", "sending", "pending", "sent", "accepted"})


@dataclass(frozen=True)
class Account:
    """A service of GOV.UK Notify: its id and secret, as they stand at the end of an API key, and where it answers."""

    url: str
    service_id: str
    secret: str = field(repr=False)

    @classmethod
    def of(cls, url: str, api_key: str) -> "Account":
        """From a key as the website shows it: name, service id and secret, joined by hyphens. Raises ValueError."""
        service_id, secret = api_key[-73:-37], api_key[-36:]
        for part in (service_id, secret):
            UUID(part)
        return cls(url, service_id, secret)

    def authorization(self, at: datetime) -> dict[str, str]:
        """Who is asking; good for 30 seconds around `at` (real time)."""
        claims = {"iss": self.service_id, "iat": int(at.timestamp())}
        return {"authorization": f"Bearer {jwt.encode(claims, self.secret, algorithm='HS256')}"}


@dataclass(frozen=True)
class Form:
    """What differs between its text messages and its e-mails. The template says `((message))` and nothing else."""

    kind: Literal["sms", "email"]
    template_id: str

    @property
    def address_field(self) -> str:
        """What the receiver's address is called in a request and in an answer."""
        return "phone_number" if self.kind == "sms" else "email_address"

    def personalisation(self, message: Message, wording: Wording) -> dict[str, str]:
        """The words: all of them ours, neutral, from one place."""
        if self.kind == "sms":
            return {"message": wording.sms(message).body}
        text = wording.email(message)
        return {"subject": text.subject, "message": text.body}

    def same(self, one: str, other: str) -> bool:
        """Whether two spellings are one address."""
        if self.kind == "sms":
            return (number_of(one) or one) == (number_of(other) or other)
        return one.casefold() == other.casefold()


class GovukNotifyChannel:
    """Sends one kind of message through one service of GOV.UK Notify."""

    def __init__(self, account: Account, form: Form, wording: Wording) -> None:
        self._account = account
        self._form = form
        self._wording = wording
        self._client: httpx.AsyncClient | None = None
        self._held: tuple[datetime, str] | None = None

    def lane(self, address: str) -> str:
        """One provider, one lane for each kind."""
        return f"govuk-{self._form.kind}"

    async def send(self, message: Message) -> Outcome:
        """Send once: 201 is sent; 429, 5xx, 403 and no answer retry; any other 4xx is refused.

        A repeat looks first what became of the attempt before it. 403 is our key or our clock, not the receiver.
        """
        if (held := self._still_held(message.sent_at)) is not None:
            return held
        try:
            async with asyncio.timeout(TIMEOUT):
                there = await self._look_up(message) if message.tries > 1 else None
                return there or await self._post(message)
        except (httpx.TimeoutException, TimeoutError):
            return Outcome("retry", "timeout")
        except (httpx.HTTPError, httpx.InvalidURL):
            return Outcome("retry", "unreachable")

    async def close(self) -> None:
        """Close every pooled connection."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _still_held(self, now: datetime) -> Outcome | None:
        if self._held is None or now >= self._held[0]:
            return None
        until, reason = self._held
        return Outcome("retry", reason, (until - now).total_seconds(), elsewhere=True)

    async def _look_up(self, message: Message) -> Outcome | None:
        """What an earlier try led to; None where it never got there, or failed for want of trying."""
        query = {"reference": str(message.notice_id), "template_type": self._form.kind}
        response = await self._ask("GET", "/v2/notifications", message, params=query)
        if response.status_code != 200:
            return self._not_taken(response, message)
        for one in _items(response):
            if not self._form.same(str(one.get(self._form.address_field)), message.address):
                continue
            outcome = _of_status(str(one.get("status")), str(one.get("id")))
            if outcome is not None and outcome.kind != "retry":
                return outcome
        return None

    async def _post(self, message: Message) -> Outcome:
        body = {
            self._form.address_field: message.address,
            "template_id": self._form.template_id,
            "personalisation": self._form.personalisation(message, self._wording),
            "reference": str(message.notice_id),
        }
        response = await self._ask("POST", f"/v2/notifications/{self._form.kind}", message, json=body)
        if response.status_code == 201:
            return Outcome("sent", provider_id=_identity(response))
        return self._not_taken(response, message)

    async def _ask(self, method: str, path: str, message: Message, **more: Any) -> httpx.Response:
        if self._client is None:
            limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
            self._client = httpx.AsyncClient(base_url=self._account.url, timeout=TIMEOUT, limits=limits)
        headers = self._account.authorization(message.sent_at)
        return await self._client.request(method, path, headers=headers, **more)

    def _not_taken(self, response: httpx.Response, message: Message) -> Outcome:
        status, error = response.status_code, _error(response)
        if status == 429:
            reason, pause = _HOLDS.get(error, _HOLDS["RateLimitError"])
            asked = retry_after(response.headers.get("retry-after"), message.sent_at)
            wait = pause if asked is None else asked
            self._held = (message.sent_at + timedelta(seconds=wait), reason)
            return Outcome("retry", reason, wait, elsewhere=True)
        if status in (401, 403):
            return Outcome("retry", "govuk_sign_in", elsewhere=True)
        if status >= 500 or status == 408:
            return Outcome("retry", f"http_{status}")
        return Outcome("refused", _REFUSED.get(error, f"http_{status}"))


def _of_status(status: str, provider_id: str) -> Outcome | None:
    if status in _ON_ITS_WAY:
        return Outcome("sent", provider_id=provider_id)
    return outcome_of(status, provider_id)


def _json(response: httpx.Response) -> Mapping[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _items(response: httpx.Response) -> Sequence[Mapping[str, Any]]:
    """Newest first, as it lists them."""
    found = _json(response).get("notifications")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _identity(response: httpx.Response) -> str | None:
    found = _json(response).get("id")
    return found if isinstance(found, str) else None


def _error(response: httpx.Response) -> str:
    errors = _json(response).get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    return str(first.get("error")) if isinstance(first, dict) else ""
