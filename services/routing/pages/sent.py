"""A form of a referral's page as it was sent: read into the API's own bodies, and kept when it cannot stand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.routing.form_words import wrong_words
from services.routing.rules.roster.fields import BadCell
from services.routing.typed_times import Lies, read_time
from shared.contracts.faults import faults
from shared.contracts.model import DoorPart
from shared.errors import Conflict, FieldError, Invalid

_TIMES: Mapping[str, Lies] = {
    "at": "behind",
    "told_at": "behind",
    "next_at": "ahead",
    "next_update_by": "ahead",
    "next_contact_by": "ahead",
    "until": "ahead",
}
"""The times among the entries, and whether they are told of or promised."""


class Filled(BaseModel):
    """Any of the page's forms. `who` was signed in when it was drawn; `key` is that one drawing's own.

    `tapped_at` is empty without scripts. Times are local, as a phone's date field gives them.
    """

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)
    who: str = Field("", max_length=130)
    key: str = Field("", max_length=40, pattern=r"^[0-9a-f-]*$")
    tapped_at: str = Field("", max_length=40)
    means: str = Field("", max_length=40)
    outcome: str = Field("", max_length=40)
    at: str = Field("", max_length=40)
    next_step: str = Field("", max_length=40)
    next_at: str = Field("", max_length=40)
    next_update_by: str = Field("", max_length=40)
    to: str = Field("", max_length=40)
    code: str = Field("", max_length=40)
    next_contact_by: str = Field("", max_length=40)
    told: str = Field("", max_length=40)
    told_at: str = Field("", max_length=40)
    told_by: str = Field("", max_length=80)
    until: str = Field("", max_length=40)
    reason: str = Field("", max_length=40)
    reference: str = Field("", max_length=40)
    force: str = Field("", max_length=40)

    @property
    def entries(self) -> dict[str, str]:
        """What was filled in, by entry."""
        said: dict[str, str] = self.model_dump(exclude={"who", "key", "tapped_at"})
        return {name: text.strip() for name, text in said.items() if text.strip()}


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that did not go through: what was typed, what is wrong with which entry, or why it is refused."""

    action: str
    values: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""


def body_of(model: type[DoorPart], form: Filled, now: datetime, **ours: str) -> DoorPart:
    """The body that a form stands for; `ours` is said by us and not by the form. Raises Invalid.

    An attempt without a time was made when it was tapped.
    """
    given: dict[str, object] = {name: text for name, text in form.entries.items() if name in model.model_fields}
    errors = []
    for name in _TIMES.keys() & given.keys():
        try:
            given[name] = read_time(str(given[name]), now, _TIMES[name])
        except BadCell as bad:
            errors.append(FieldError(name, bad.reason))
    if errors:
        raise Invalid(errors=errors)
    tapped = {"tapped_at": form.tapped_at} if form.tapped_at and "tapped_at" in model.model_fields else {}
    told_now = {"at": form.tapped_at or now} if "at" in model.model_fields else {}
    try:
        return model.model_validate(told_now | given | tapped | ours)
    except ValidationError as error:
        raise Invalid(errors=faults(error)) from None


def status_of(sent: Sent | None) -> int:
    """The status of a page that draws a form again; 200 where none was sent."""
    if sent is None:
        return 200
    return Conflict.status if sent.refused else Invalid.status


def wrong_with(error: Invalid) -> dict[str, str]:
    """What is wrong with which entry, in sentences."""
    return {one.field: wrong_words(one.field, one.reason) for one in error.errors}
