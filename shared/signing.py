"""Signatures on what goes out by webhook: Standard Webhooks, so that every receiver has a library for them."""

import base64
import hmac
import math
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache


def signing_keys(secrets: Sequence[str]) -> list[bytes]:
    """The keys behind `whsec_…` secrets, in the same order."""
    return [base64.b64decode(secret.removeprefix("whsec_") + "==") for secret in secrets]


def _signature(key: bytes, signed: bytes) -> str:
    digest = _begun(key).copy()
    digest.update(signed)
    return base64.b64encode(digest.digest()).decode()


@lru_cache(maxsize=16)
def _begun(key: bytes) -> hmac.HMAC:
    """The beginning of every digest under a key, which is most of the work for a short text."""
    return hmac.new(key, digestmod="sha256")


def signed_headers(identity: str, at: datetime, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """`webhook-id`, `webhook-timestamp` (`at` is real time) and one signature for each key, newest first."""
    timestamp = str(math.floor(at.timestamp()))
    signed = b".".join((identity.encode(), timestamp.encode(), body))
    signatures = (_signature(key, signed) for key in keys)
    return {
        "webhook-id": identity,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
