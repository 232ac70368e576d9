"""A record as sealed bytes, for the tables where records wait: dead letters and held events."""

from base64 import b64decode, b64encode

import orjson

from shared.inbox import Record
from shared.sealing import MasterKeys


def pack(record: Record, keys: MasterKeys, place: str) -> bytes:
    """The record, sealed for `place`."""
    return keys.seal(
        orjson.dumps(
            {
                "topic": record.topic,
                "partition": record.partition,
                "offset": record.offset,
                "timestamp": record.timestamp,
                "key": _text(record.key),
                "value": _text(record.value),
                "headers": [[name.encode("utf-8", "replace").decode(), _text(value)] for name, value in record.headers],
            }
        ),
        place,
    )


def unpack(sealed: bytes, keys: MasterKeys, place: str) -> Record:
    """The record sealed for `place`; SealBroken when it does not open there."""
    found = orjson.loads(keys.open(sealed, place))
    return Record(
        topic=found["topic"],
        partition=found["partition"],
        offset=found["offset"],
        timestamp=found["timestamp"],
        key=_bytes(found["key"]),
        value=_bytes(found["value"]),
        headers=tuple((name, _bytes(value)) for name, value in found["headers"]),
    )


def _text(value: bytes | None) -> str | None:
    return None if value is None else b64encode(value).decode()


def _bytes(value: str | None) -> bytes | None:
    return None if value is None else b64decode(value)
