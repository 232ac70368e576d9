"""Addresses of officers and roles, sealed on their way and at rest: bound to whose they are, opened for one attempt."""

import base64
import binascii
import hashlib
import hmac

from shared.sealing import MasterKeys, SealBroken


def seal_address(keys: MasterKeys, recipient: str, kind: str, address: str) -> str:
    """The sealed form of an address, as `officers` carries it."""
    return base64.b64encode(keys.seal(address.encode(), _place(recipient, kind))).decode()


def open_address(keys: MasterKeys, recipient: str, kind: str, sealed: str) -> str:
    """The address in clear; SealBroken where it is another's, another kind, or the key is gone."""
    try:
        return keys.open(base64.b64decode(sealed, validate=True), _place(recipient, kind)).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise SealBroken("not a sealed address") from error


def proofs(keys: MasterKeys, recipient: str, kind: str, sealed: str) -> list[str]:
    """The eight digits that prove who reads what is sent to a sealed address, by each master key, newest first.

    Whoever has the keys can tell them anew, so that no code is written down or sent between services.
    """
    said = f"{_place(recipient, kind)}|{sealed}".encode()
    digests = (hmac.digest(key, said, hashlib.sha256) for key in keys.derive("proof of an address"))
    return [f"{int.from_bytes(digest[:8]) % 10**8:08}" for digest in digests]


def _place(recipient: str, kind: str) -> str:
    return f"officers|{recipient}|{kind}"
