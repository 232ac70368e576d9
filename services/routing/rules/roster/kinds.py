"""What an entry of somebody's calendar says about their duty. Pure."""

from collections.abc import Iterable, Mapping

from services.routing.rules.roster.rows import DUTY_KINDS

OTHER_WORDS: Mapping[str, str] = {
    "annual_leave": "leave",
    "holiday": "leave",
    "court_duty": "court",
    "abstraction": "abstracted",
    "oncall": "on_call",
    "standby": "on_call",
    "on_duty": "duty",
    "shift": "duty",
    "sickness": "sick",
    "sick_leave": "sick",
    "restricted_duty": "restricted",
    "restricted_duties": "restricted",
}
"""What duty systems call our kinds."""


def kind_of(categories: Iterable[str], summary: str) -> str | None:
    """The kind that the first fitting category names, else the summary as a whole; None where neither names one.

    Case, spaces and hyphens make no difference: `On call`, `ON-CALL` and `on_call` are the same word.
    """
    words = (_word(text) for text in (*categories, summary))
    kinds = (word if word in DUTY_KINDS else OTHER_WORDS.get(word) for word in words)
    return next((kind for kind in kinds if kind is not None), None)


def _word(text: str) -> str:
    return "_".join(text.lower().replace("-", " ").replace("_", " ").split())
