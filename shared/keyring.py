"""Where master keys come from: a setting (`id:base64,…`) or, in embedded mode, a file made on first use."""

import base64
import binascii
import os
from pathlib import Path

from shared.sealing import KEY_BYTES, MasterKeys, new_key

FILE = "master.keys"


def parse_master_keys(text: str) -> MasterKeys:
    """Keys from `id:base64 of 32 bytes`, newest first, by commas. ValueError says which entry is wrong."""
    keys: dict[str, bytes] = {}
    for number, entry in enumerate(text.split(","), start=1):
        identity, colon, encoded = entry.strip().partition(":")
        if not (colon and identity.isascii() and identity.replace("-", "").replace("_", "").isalnum()):
            raise ValueError(f"entry {number} must read id:base64, its id of letters, digits, - and _")
        if identity in keys:
            raise ValueError(f"entry {number} repeats an id")
        keys[identity] = _key(number, encoded)
    return MasterKeys(keys)


def _key(number: int, encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"entry {number} is not base64") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"entry {number} has {len(key)} bytes; {KEY_BYTES} are needed")
    return key


def own_master_keys(data_dir: Path) -> MasterKeys:
    """The keys kept in `data_dir`/master.keys (mode 0600), made on first use; whoever is first makes them.

    OSError or ValueError when the file cannot be read or is not keys; neither says what is in it.
    """
    path = data_dir / FILE
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        _make(path)
    return parse_master_keys(path.read_text().strip())


def _make(path: Path) -> None:
    fresh = path.with_name(f".{FILE}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"own-1:{base64.b64encode(new_key()).decode()}\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # Unlike a rename, a link never replaces keys that something is already sealed with.
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
