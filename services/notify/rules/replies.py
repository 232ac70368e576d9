"""What somebody means who answers a text message, and what they are honestly told."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

Answer = Literal["yes", "no"]
Kind = Literal["yes", "no", "stop", "start", "unclear"]
Verdict = Literal["yes", "no", "yes_again", "no_again", "over", "no_code", "unknown", "unclear", "stopped", "started"]

_WORDS: dict[str, Kind] = {
    "yes": "yes",
    "y": "yes",
    "yep": "yes",
    "yeah": "yes",
    "no": "no",
    "n": "no",
    "nope": "no",
    "stop": "stop",
    "stopall": "stop",
    "unsubscribe": "stop",
    "start": "start",
    "unstop": "start",
}
_POLITE = frozenset({"please", "thanks", "thank", "you", "ta", "cheers", "ok"})
_PIECE = re.compile(r"[^\W\d_]+|\d+")
_READ_AT_MOST = 400
"""Characters: nobody needs more to say yes, and a longer text is a letter."""

MOST_ANSWERS = 5
ANSWERS_WITHIN = timedelta(minutes=10)
"""No more answers than that to one number within that time: two machines would thank each other for ever."""


@dataclass(frozen=True)
class Reply:
    """What a text message says: one word of ours, and the four digits of an offer where it names one."""

    kind: Kind
    code: str | None = None


@dataclass(frozen=True)
class Coded:
    """The offer that a code stands for. `waiting`: this officer is still asked; `answer` is what they said last."""

    recipient: str
    referral_id: UUID
    notice_id: UUID
    reference: str
    waiting: bool
    answer: str | None = None


UNCLEAR = Reply("unclear")


def read_reply(text: str) -> Reply:
    """Read a message as generously as is safe: one answer and one code, in either order, and politeness.

    Anything more is a sentence, whose meaning is not for a program to guess.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    if len(plain) > _READ_AT_MOST or "?" in plain:
        return UNCLEAR
    pieces = [piece for piece in _PIECE.findall(plain) if piece not in _POLITE]
    digits = "".join(piece for piece in pieces if piece.isdigit())
    words = [piece for piece in pieces if not piece.isdigit()]
    kind = _WORDS.get(words[0]) if len(words) == 1 else None
    if kind in ("stop", "start") and not digits:
        return Reply(kind)
    if kind in ("yes", "no") and len(digits) == 4 and digits.isascii():
        return Reply(kind, digits)
    return UNCLEAR


def judge(reply: Reply, *, known: bool, offer: Coded | None) -> Verdict:
    """What is said to a reply; "yes" and "no" are passed on to routing, nothing else is.

    `known`: the number is one we write to. `offer`: what the code stands for between us and this number.
    """
    if reply.kind == "stop":
        return "stopped"
    if reply.kind == "start":
        return "started"
    if not known or reply.kind == "unclear":
        return "unclear" if known else "unknown"
    if offer is None or not offer.waiting:
        return "no_code" if offer is None else "over"
    again: dict[Answer, Verdict] = {"yes": "yes_again", "no": "no_again"}
    return again[reply.kind] if offer.answer == reply.kind else reply.kind


def free_code(taken: frozenset[str], draw: int) -> str | None:
    """The code that `draw` (from 0) picks among those not taken; None when all ten thousand are."""
    free = 10_000 - len(taken)
    if free <= 0:
        return None
    wanted = draw % free
    codes = (f"{number:04}" for number in range(10_000))
    return next(code for place, code in enumerate(one for one in codes if one not in taken) if place == wanted)
