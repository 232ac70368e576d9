"""Web push: an officer's own browser, by its push service (RFC 8030), encrypted for that browser alone (RFC 8291).

What a push service takes it has only taken: that it arrived nobody says, so such a message is never more than sent.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import orjson
from pydantic import ValidationError
from pywebpush import WebPusher, WebPushException

from services.notify.channels.channel import Message
from services.notify.channels.posting import BAD_ADDRESS, Answered, Posting, lane_of, origin_of, retry_after
from services.notify.channels.wording import Wording
from services.notify.rules.attempts import Outcome
from services.notify.rules.planning import TELL_FOR
from shared.clock import Clock
from shared.contracts.push import Subscription
from shared.push_key import PushKey

BLOCK = 512
"""Bytes to a multiple of which every payload is filled up: its length tells nobody what it says."""

LONGEST = timedelta(days=28)
"""The most that push services keep a message for."""

TOKEN_FOR = timedelta(hours=12)
TOKEN_RENEWED = timedelta(hours=1)
"""A token says who we are for 12 hours (at most 24: RFC 8292), and is used for one."""

URGENT = frozenset({"task.offered", "task.reminder", "task.shift_ending", "role.alert"})
"""What wakes a device that saves its battery."""

Gone = Callable[[str, str], Awaitable[None]]

_GONE = frozenset({404, 410})
_RETRIED = frozenset({408, 429})


class PushChannel:
    """Posts to push services. `gone` takes note of a browser that is gone: whose it was, and its address."""

    def __init__(self, key: PushKey, posting: Posting, wording: Wording, clock: Clock, gone: Gone) -> None:
        self._key = key
        self._posting = posting
        self._wording = wording
        self._clock = clock
        self._gone = gone
        self._tokens: dict[str, tuple[datetime, str]] = {}

    def lane(self, address: str) -> str:
        """The push service, hashed."""
        device = _read(address)
        return lane_of(device.endpoint if device is not None else "")

    async def send(self, message: Message) -> Outcome:
        """Post once: 2xx sent; 404 and 410 the browser is gone; 5xx, 429 and time-outs retry; all else is refused."""
        device = _read(message.address)
        body = self._encrypted(device, message) if device is not None else None
        if device is None or body is None:
            return BAD_ADDRESS
        answered = await self._posting.post(device.endpoint, body, self._headers(device, message))
        if isinstance(answered, Outcome):
            return answered
        if answered.status in _GONE:
            await self._gone(message.to, message.address)
            return Outcome("refused", "gone")
        return _of(answered, message.sent_at)

    def _encrypted(self, device: Subscription, message: Message) -> bytes | None:
        """The payload for this browser; None where its key is no point of the curve."""
        plain = orjson.dumps(payload_of(message, self._wording))
        filled = plain.ljust(-(-len(plain) // BLOCK) * BLOCK)
        try:
            encoded = WebPusher(device.model_dump(include={"endpoint", "keys"})).encode(filled)
        except (ValueError, WebPushException):
            return None
        return bytes(encoded["body"])

    def _headers(self, device: Subscription, message: Message) -> dict[str, str]:
        """A newer message about the same takes the place of one that the device has not fetched yet."""
        headers = {
            "Authorization": self._token(origin_of(device.endpoint), message.sent_at),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(self._seconds(message)),
            "Urgency": "high" if message.type in URGENT else "normal",
        }
        if message.reference is not None:
            headers["Topic"] = self._key.topic(f"{message.to}|{message.reference}")
        return headers

    def _seconds(self, message: Message) -> int:
        """Real seconds for which it is worth keeping."""
        until = message.respond_by
        left = TELL_FOR if until is None else until - self._clock.domain(message.sent_at)
        return max(int(min(self._clock.real_seconds(left), LONGEST.total_seconds())), 1)

    def _token(self, origin: str, now: datetime) -> str:
        made, token = self._tokens.get(origin, (now - TOKEN_FOR, ""))
        if not token or now - made >= TOKEN_RENEWED:
            token = self._key.authorization(origin, now + TOKEN_FOR)
            self._tokens[origin] = (now, token)
        return token

    async def close(self) -> None:
        """Give back connections."""
        await self._posting.close()


def payload_of(message: Message, wording: Wording) -> dict[str, str | None]:
    """What the browser reads, and nothing else: a neutral sentence in two, the link and the reference."""
    text = wording.push(message)
    return {"title": text.subject, "body": text.body, "url": message.url, "reference": message.reference}


def _read(address: str) -> Subscription | None:
    try:
        return Subscription.model_validate_json(address)
    except ValidationError:
        return None


def _of(answered: Answered, now: datetime) -> Outcome:
    status = answered.status
    if 200 <= status < 300:
        return Outcome("sent")
    if status >= 500 or status in _RETRIED:
        return Outcome("retry", f"http_{status}", retry_after(answered.retry_after, now))
    return Outcome("refused", "redirect" if 300 <= status < 400 else f"http_{status}")
