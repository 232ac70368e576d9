"""UK postcodes as people type them: a full one, or its outward half alone, in any case, spacing and punctuation."""

import re
from dataclasses import dataclass

_AREA = r"[A-Z]{1,2}[0-9][A-Z0-9]?|GIR|NPT"
"""The shapes of an outward code, and the two in the directory that have none of them: Girobank's and old Newport's."""
_APART = r"[^\w?*#]*"
"""Punctuation that may stand at either end and between the halves; not what stands for a letter nobody knew."""
_FULL = re.compile(rf"{_APART}({_AREA}){_APART}([0-9][A-Z]{{2}}){_APART}")
_OUTWARD = re.compile(rf"{_APART}({_AREA}){_APART}")


@dataclass(frozen=True)
class Postcode:
    """`outward` is `SG8`; `inward` is `5AB`, or None where only the outward code was given."""

    outward: str
    inward: str | None = None

    @property
    def sector(self) -> str | None:
        """`SG8 5`, or None for an outward code alone."""
        return None if self.inward is None else f"{self.outward} {self.inward[0]}"


def parse_postcode(text: str) -> Postcode | None:
    """The postcode in `text`, or None where it has not the shape of one. Whether it exists is not asked."""
    compact = "".join(text.split()).upper()
    full = _FULL.fullmatch(compact)
    if full is not None:
        return Postcode(full[1], full[2])
    outward = _OUTWARD.fullmatch(compact)
    return Postcode(outward[1]) if outward is not None else None
