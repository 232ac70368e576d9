"""One reader for each kind of cell. A reader gives a value or raises BadCell with a stable reason."""

import re
from datetime import UTC, date, datetime, time, timedelta
from ipaddress import IPv4Address
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

T = TypeVar("T", bound=date)

LONDON = ZoneInfo("Europe/London")

_ID = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_CODE = re.compile(r"[a-z0-9_]{1,40}")
_DISTRICT = re.compile(r"[A-Z][0-9]{8}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ZONE = r"[Zz]|[+-][0-9]{2}(:?[0-9]{2})?"
_TIME = re.compile(rf"{_DATE.pattern}[Tt ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]{{1,6}})?)?({_ZONE})?")
_YEARS = range(1900, 2200)
"""The rest is a slip of the keyboard, and would overflow when moved between time zones."""
_OUTWARD = r"[A-Z]{1,2}[0-9][A-Z0-9]?"
_SECTOR = re.compile(rf"({_OUTWARD})([0-9])")
_POSTCODE = re.compile(rf"({_OUTWARD})([0-9][A-Z]{{2}})")
_PRINTABLE = re.compile(r"[!-~]+")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_EMAIL = re.compile(r"[^@\s<>,;:\"()]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")


class BadCell(ValueError):
    """A cell that cannot be read; `reason` is stable and holds nothing of the value."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def identifier(text: str) -> str:
    """An officer's id: 1 to 40 letters, digits, `_`, `.` or `-`."""
    if not _ID.fullmatch(text):
        raise BadCell("not_an_id")
    return text


def code(text: str) -> str:
    """A policy code: `[a-z0-9_]{1,40}`."""
    if not _CODE.fullmatch(text):
        raise BadCell("not_a_code")
    return text


def words(text: str) -> str:
    """A title or name: up to 120 printable characters."""
    if len(text) > 120 or not text.isprintable():
        raise BadCell("not_plain_text")
    return text


def district(text: str) -> str:
    """An ONS district code such as `E07000099`."""
    if not _DISTRICT.fullmatch(text):
        raise BadCell("not_a_district_code")
    return text


def language(text: str) -> str:
    """A language tag such as `pl` or `bfi`, in lower case."""
    lowered = text.lower()
    if not _LANGUAGE.fullmatch(lowered):
        raise BadCell("not_a_language")
    return lowered


def number(text: str) -> int:
    """A cap: a whole number from 1 to 99."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 99:
        raise BadCell("not_between_1_and_99")
    return int(text)


def sector(text: str) -> str:
    """A postcode sector, `SG8 7` in any case and spacing."""
    match = _SECTOR.fullmatch(text.upper().replace(" ", ""))
    if match is None:
        raise BadCell("not_a_postcode_sector")
    return f"{match[1]} {match[2]}"


def postcode(text: str) -> str:
    """A full postcode in any case and spacing, given back as `SG8 7AB`."""
    match = _POSTCODE.fullmatch(text.upper().replace(" ", ""))
    if match is None:
        raise BadCell("not_a_postcode")
    return f"{match[1]} {match[2]}"


def day(text: str) -> date:
    """A date, `YYYY-MM-DD`."""
    if not _DATE.fullmatch(text):
        raise BadCell("not_a_date")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadCell("not_a_date") from error


def _plausible(read: T) -> T:
    if read.year not in _YEARS:
        raise BadCell("not_a_plausible_year")
    return read


def starts(text: str) -> datetime:
    """When something begins, in UTC. A bare date begins at its London midnight."""
    return midnight(_plausible(day(text))) if _DATE.fullmatch(text) else instant(text)


def ends(text: str) -> datetime:
    """When something ends, in UTC. A bare date ends at the London midnight that closes it."""
    return midnight(_plausible(day(text)) + timedelta(days=1)) if _DATE.fullmatch(text) else instant(text)


def instant(text: str) -> datetime:
    """An ISO 8601 time in UTC; without an offset it is read as Europe/London (the first of two in autumn)."""
    if not _TIME.fullmatch(text):
        raise BadCell("not_a_time")
    try:
        read = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise BadCell("not_a_time") from error
    _plausible(read)
    if read.tzinfo is not None:
        return read.astimezone(UTC)
    local = read.replace(tzinfo=LONDON)
    if local.astimezone(UTC).astimezone(LONDON).replace(tzinfo=None) != read:
        raise BadCell("no_such_local_time")
    return local.astimezone(UTC)


def phone(text: str) -> str:
    """A number in international form; a leading 0 is read as a British one."""
    digits = re.sub(r"[\s().-]", "", text)
    international = "+44" + digits[1:] if re.fullmatch(r"0\d{9,10}", digits) else digits
    if not re.fullmatch(r"\+[1-9]\d{6,14}", international):
        raise BadCell("not_a_phone_number")
    return international


def email(text: str) -> str:
    """An e-mail address; a bare host is allowed for a force's own network."""
    if len(text) > 254 or not _EMAIL.fullmatch(text):
        raise BadCell("not_an_email_address")
    return text


def webhook(text: str) -> str:
    """An http or https address with a host and no user or password in it, in printable ASCII.

    An IP address is taken as four numbers or as IPv6 alone: `10.1` and `0xa000001` mean one too, and hide it.
    """
    if len(text) > 2000 or not _PRINTABLE.fullmatch(text):
        raise BadCell("not_a_web_address")
    try:
        parts = urlsplit(text)
        host, user, port = parts.hostname or "", parts.username, parts.port
        if _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
            IPv4Address(host)
    except ValueError as error:
        raise BadCell("not_a_web_address") from error
    if parts.scheme not in {"http", "https"} or not host or user is not None or port == 0:
        raise BadCell("not_a_web_address")
    return text


def midnight(of: date) -> datetime:
    """The London midnight at which a day begins, in UTC."""
    return datetime.combine(of, time(), LONDON).astimezone(UTC)
