"""Officers' webhooks: signed by Standard Webhooks, one notice each, and nothing said but what the contract names."""

from collections.abc import Sequence
from datetime import datetime

import orjson

from services.notify.channels.channel import Message
from services.notify.channels.posting import Posting, lane_of, retry_after
from services.notify.rules.attempts import Outcome
from shared.addresses import Network
from shared.signing import signed_headers, signing_keys

NOTICE_TYPE = "application/json"

_RETRIED = frozenset({408, 429})


class WebhookChannel:
    """Posts notices over pooled connections; follows no redirect, reaches no private address unless allowed.

    `secrets` are `whsec_…`, newest first: each signs, so that receivers may change theirs over in their own time.
    """

    def __init__(self, secrets: Sequence[str], allowed: Sequence[Network]) -> None:
        self._keys = signing_keys(secrets)
        self._posting = Posting(allowed)

    def lane(self, address: str) -> str:
        """The receiver's origin, hashed."""
        return lane_of(address)

    async def send(self, message: Message) -> Outcome:
        """Post a notice once; see `post`."""
        return await self.post(message.address, str(message.notice_id), message.sent_at, body_of(message))

    async def post(
        self, address: str, identity: str, at: datetime, body: bytes, content_type: str = NOTICE_TYPE
    ) -> Outcome:
        """Post once: 2xx delivered; 5xx, 429, time-outs and unreachable hosts retry; anything else is refused.

        `identity` is the `webhook-id`, the same on every repeat; `at` is real time.
        """
        headers = signed_headers(identity, at, body, self._keys) | {"Content-Type": content_type}
        answered = await self._posting.post(address, body, headers)
        if isinstance(answered, Outcome):
            return answered
        return _of_status(answered.status, retry_after(answered.retry_after, at))

    async def close(self) -> None:
        """Close every pooled connection."""
        await self._posting.close()


def body_of(message: Message) -> bytes:
    """The six fields of contract §5 and nothing else."""
    return orjson.dumps(
        {
            "id": str(message.notice_id),
            "type": message.type,
            "reference": message.reference,
            "class": message.response_class,
            "respond_by": message.respond_by.isoformat() if message.respond_by else None,
            "url": message.url,
        }
    )


def _of_status(status: int, after: float | None) -> Outcome:
    if 200 <= status < 300:
        return Outcome("delivered")
    if status >= 500 or status in _RETRIED:
        return Outcome("retry", f"http_{status}", after)
    return Outcome("refused", "redirect" if 300 <= status < 400 else f"http_{status}")
