"""Refusals: what a caller is told when something cannot be done.

A refusal carries facts (status, code, field and reason), never a value the caller sent.
`shared/web.py` turns one into RFC 9457 problem details; consumers turn one into a `report.rejected`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with the input: a dotted field path and a short stable reason, no value of it.

    `line` (from 1) where the input was a text of many lines.
    """

    field: str
    reason: str
    line: int | None = None


class Refusal(Exception):
    """Base of all refusals: `code` is stable and for programs, `title` is for people."""

    status: ClassVar[int] = 500
    default_code: ClassVar[str] = "refused"
    default_title: ClassVar[str] = "The request was refused"

    def __init__(
        self,
        code: str | None = None,
        title: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self.code = code or self.default_code
        self.title = title or self.default_title
        self.errors = tuple(errors)
        self.extra = dict(extra or {})
        super().__init__(self.code)


class BadJson(Refusal):
    """The body is not JSON, or not a JSON object; `field` is `Content-Type` where that says so."""

    status = 400
    default_code = "not_json"
    default_title = "The body is not a JSON object"

    def __init__(self, field: str = "body") -> None:
        super().__init__(errors=[FieldError(field, "not_json")])


class Unauthenticated(Refusal):
    """No token, or one that does not verify."""

    status = 401
    default_code = "unauthenticated"
    default_title = "Sign in first"


class Forbidden(Refusal):
    """The role or force may not do this, or the referral was never offered to this officer."""

    status = 403
    default_code = "forbidden"
    default_title = "This is not yours to do"


class NotFound(Refusal):
    """Unknown, or not visible to this principal: the two look alike from outside."""

    status = 404
    default_code = "not_found"
    default_title = "There is nothing here that you can see"


class Conflict(Refusal):
    """The request contradicts what is already so."""

    status = 409
    default_code = "conflict"
    default_title = "This contradicts what is already recorded"


class AlreadyHeld(Conflict):
    """Somebody else owns the referral; the answer says who, and that nothing more is needed."""

    default_code = "already_held"
    default_title = "A colleague already has this one. Nothing more is needed from you."

    def __init__(self, force: str, officer: str) -> None:
        super().__init__(extra={"holder": {"force": force, "id": officer}})


class TooLarge(Refusal):
    """The body is over the limit (256 KiB)."""

    status = 413
    default_code = "too_large"
    default_title = "The body is larger than 256 KiB"

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("body", "too_large")])


class Invalid(Refusal):
    """The body is JSON, but not what the contract says; `errors` names each field."""

    status = 422
    default_code = "invalid"
    default_title = "Some fields are not as the contract says"


class Unavailable(Refusal):
    """A part this service cannot do without is away; `Retry-After` says when to come back (seconds)."""

    status = 503
    default_code = "unavailable"
    default_title = "This service cannot answer just now. Nothing was changed; please try again."

    def __init__(self, code: str | None = None, *, retry_after: int = 2) -> None:
        super().__init__(code)
        self.retry_after = retry_after
