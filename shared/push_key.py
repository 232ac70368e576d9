"""Who we are to the push services of browsers: a P-256 key whose public half a browser subscribes with (RFC 8292)."""

import base64
import binascii
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEY_BYTES = 32
_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_TOPIC_BYTES = 24
"""32 characters, which is the most a push service takes."""


@dataclass(frozen=True)
class PushKey:
    """The private key, and whom a push service may write to (`mailto:` or `https:`)."""

    private: ec.EllipticCurvePrivateKey = field(repr=False)
    contact: str

    @property
    def public(self) -> str:
        """What browsers subscribe with: the point, uncompressed, in base64url."""
        return _text(self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    def authorization(self, origin: str, until: datetime) -> str:
        """The `Authorization` header for the push service at `origin`, good until `until` (real time, ≤ 24 h on)."""
        claims = {"aud": origin, "exp": int(until.timestamp()), "sub": self.contact}
        return f"vapid t={jwt.encode(claims, self.private, 'ES256')}, k={self.public}"

    def topic(self, about: str) -> str:
        """A name for what messages are about that says nothing to whoever has not the key."""
        secret = self.private.private_numbers().private_value.to_bytes(KEY_BYTES)
        return _text(hmac.digest(secret, about.encode(), "sha256")[:_TOPIC_BYTES])


def parse_push_key(text: str) -> ec.EllipticCurvePrivateKey:
    """A private key from base64url of its 32 bytes. ValueError says what is wrong with it."""
    try:
        raw = base64.b64decode(text.strip().rstrip("=") + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"is not base64url of {KEY_BYTES} bytes") from None
    if len(raw) != KEY_BYTES:
        raise ValueError(f"has {len(raw)} bytes; {KEY_BYTES} are needed")
    if not 0 < int.from_bytes(raw) < _ORDER:
        raise ValueError("is no key of the curve P-256")
    return ec.derive_private_key(int.from_bytes(raw), _CURVE)


def push_key_from(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """A private key made from 32 secret bytes, the same for the same bytes."""
    return ec.derive_private_key(int.from_bytes(secret) % (_ORDER - 1) + 1, _CURVE)


def must_be_contact(text: str) -> None:
    """ValueError where a push service could not write to this."""
    if not re.fullmatch(r"mailto:[^@\s]+@[^@\s]+|https://[^/\s]+\S*", text):
        raise ValueError("must be mailto:somebody@example.org, or a URL beginning with https://")


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
