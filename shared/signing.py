"""Signatures on what goes out by webhook: Standard Webhooks, so that every receiver has a library for them."""

import base64
import hmac
import math
from collections.abc import Sequence
from datetime import datetime


def signing_keys(secrets: Sequence[str]) -> list[bytes]:
    """The keys behind `whsec_…` secrets, in the same order."""
    return [base64.b64decode(secret.removeprefix("whsec_") + "==") for secret in secrets]


def signed_headers(identity: str, at: datetime, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """`webhook-id`, `webhook-timestamp` (`at` is real time) and one signature for each key, newest first."""
    timestamp = str(math.floor(at.timestamp()))
    signed = b".".join((identity.encode(), timestamp.encode(), body))
    signatures = (base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys)
    return {
        "webhook-id": identity,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
