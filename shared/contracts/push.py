"""A browser's push subscription (W3C Push API): where its push service takes messages, and how they are encrypted."""

import base64
import binascii
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from shared.contracts.model import DoorPart

MOST_DEVICES = 5
"""Browsers of one officer that are told; a sixth takes the place of the first."""


def _endpoint(text: str) -> str:
    try:
        parts = urlsplit(text)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
    except ValueError:
        known = False
    if not known or not text.isascii() or not text.isprintable():
        raise PydanticCustomError("not_a_web_address", "is not an address")
    return text


def _point(text: str) -> str:
    raw = _bytes(text)
    if len(raw) != 65 or raw[0] != 4:
        raise PydanticCustomError("not_allowed_value", "is not a point of P-256, uncompressed")
    return text


def _secret(text: str) -> str:
    if len(_bytes(text)) != 16:
        raise PydanticCustomError("not_allowed_value", "is not 16 bytes")
    return text


def _bytes(text: str) -> bytes:
    """The bytes of base64url, padded or not."""
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise PydanticCustomError("not_allowed_value", "is not base64url") from None


class PushKeys(DoorPart):
    """What a message for a browser is encrypted with (RFC 8291), in base64url."""

    p256dh: Annotated[str, StringConstraints(max_length=90), AfterValidator(_point)] = Field(repr=False)
    auth: Annotated[str, StringConstraints(max_length=24), AfterValidator(_secret)] = Field(repr=False)

    @property
    def public(self) -> bytes:
        """The browser's public key."""
        return _bytes(self.p256dh)

    @property
    def secret(self) -> bytes:
        """What the browser and whoever writes to it share."""
        return _bytes(self.auth)


class Subscription(DoorPart):
    """A subscription as `PushSubscription.toJSON()` gives it. Whoever knows its endpoint and keys can write to it."""

    endpoint: Annotated[str, StringConstraints(min_length=1, max_length=2000), AfterValidator(_endpoint)] = Field(
        repr=False
    )
    keys: PushKeys
    expiration_time: Any = Field(default=None, alias="expirationTime")
    """Not believed: the push service says when a subscription is over."""

    @property
    def address(self) -> str:
        """The one spelling in which it is kept: endpoint and keys in JSON, without spaces."""
        return self.model_dump_json(include={"endpoint", "keys"})
