"""Addresses of officers and roles, sealed on their way and at rest: bound to whose they are, opened for one attempt."""

import base64
import binascii

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


def _place(recipient: str, kind: str) -> str:
    return f"officers|{recipient}|{kind}"
