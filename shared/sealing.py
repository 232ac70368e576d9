"""Sealing: AES-256-GCM under master keys that rotate, and keys that are themselves sealed.

A sealed value is `version | key id length | key id | nonce | ciphertext and tag`. The associated data
binds it to where it stands, so that a sealed value copied into another row does not open.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = b"\x01"
_NONCE = 12
KEY_BYTES = 32


class SealBroken(ValueError):
    """The value does not open: another key, another place, or not a sealed value. Names no content."""


@dataclass(frozen=True)
class MasterKeys:
    """Master keys by id, newest first: the first seals, all of them open."""

    keys: Mapping[str, bytes]

    @property
    def newest(self) -> str:
        """Id of the key that seals."""
        return next(iter(self.keys))

    def seal(self, value: bytes, place: str) -> bytes:
        """Seal `value` for `place` (for example "vault|contact|<referral id>")."""
        key_id = self.newest
        identity = key_id.encode()
        return _VERSION + bytes([len(identity)]) + identity + seal(self.keys[key_id], value, place)

    def open(self, sealed: bytes, place: str) -> bytes:
        """The value sealed for `place`; SealBroken when the key is gone or the place is another."""
        if len(sealed) < 2 or sealed[:1] != _VERSION:
            raise SealBroken("not a sealed value")
        end = 2 + sealed[1]
        key = self.keys.get(sealed[2:end].decode("ascii", "replace"))
        if key is None:
            raise SealBroken("sealed with a key that is not here")
        return unseal(key, sealed[end:], place)

    def derive(self, purpose: str) -> list[bytes]:
        """A 32-byte key for one purpose from each master key, newest first (HMAC-SHA256 of the purpose)."""
        return [hmac.new(key, purpose.encode(), hashlib.sha256).digest() for key in self.keys.values()]


def new_key() -> bytes:
    """A fresh random key of 32 bytes."""
    return os.urandom(KEY_BYTES)


def seal(key: bytes, value: bytes, place: str) -> bytes:
    """`nonce | ciphertext and tag` under one 32-byte key, bound to `place`."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, value, place.encode())


def unseal(key: bytes, sealed: bytes, place: str) -> bytes:
    """The inverse of `seal`; SealBroken when anything differs."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())
    except (InvalidTag, ValueError) as error:
        raise SealBroken("the seal does not open here") from error
