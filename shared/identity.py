"""Who is asking, and the one table that says what they may do.

Demo tokens are signed from the master keys, so that every service accepts them (contract §4 "Who").
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import jwt

from shared.errors import Forbidden, Unauthenticated
from shared.sealing import MasterKeys

ISSUER = "liaison-demo"
LIFETIME = 12 * 3600
"""Seconds a demo token lasts: one long shift, in real time."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_WITH_FORCE = frozenset({"coordinator", "sergeant", "inspector", "fim", "psd", "control_room"})
_WITH_ID = frozenset({"officer", "partner"})
_ALONE = frozenset({"dpo", "ops", "policy"})
SUPERVISORS = frozenset({"coordinator", "sergeant", "inspector", "fim"})


@dataclass(frozen=True)
class Principal:
    """A signed-in person or program: a role, with a force or an id where the role has one."""

    role: str
    force: str | None = None
    id: str | None = None

    def __str__(self) -> str:
        return ":".join(part for part in (self.role, self.force, self.id) if part)


def parse(name: str) -> Principal:
    """The principal a name stands for (`officer:H1042`, `police:herts:PC7`, `fim:beds`), else Unauthenticated."""
    role, *rest = name.split(":")
    if not all(_NAME.fullmatch(part) for part in rest):
        raise Unauthenticated("malformed_name")
    if role in _WITH_ID and len(rest) == 1:
        return Principal(role, id=rest[0])
    if role in _WITH_FORCE and len(rest) == 1:
        return Principal(role, force=rest[0])
    if role == "police" and len(rest) == 2:
        return Principal(role, force=rest[0], id=rest[1])
    if role in _ALONE and not rest:
        return Principal(role)
    if role == "policy" and len(rest) == 1:
        # Two people must be told apart where one proposes and another approves; `policy` alone is one name.
        return Principal(role, id=rest[0])
    raise Unauthenticated("malformed_name")


def sign_demo(principal: Principal, keys: MasterKeys, now: int) -> str:
    """A demo token for `principal`, valid `LIFETIME` seconds from `now` (seconds since 1970)."""
    claims = {"sub": str(principal), "iss": ISSUER, "iat": now, "exp": now + LIFETIME}
    return jwt.encode(claims, keys.derive("demo-token")[0], algorithm="HS256")


def verify_demo(token: str, keys: MasterKeys) -> Principal:
    """The principal of a demo token; Unauthenticated when no master key verifies it or it has lapsed."""
    for key in keys.derive("demo-token"):
        try:
            claims = jwt.decode(
                token, key, algorithms=["HS256"], issuer=ISSUER, options={"require": ["exp", "iat", "sub"]}
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.PyJWTError as error:
            raise Unauthenticated("token_refused") from error
        return parse(claims["sub"])
    raise Unauthenticated("token_refused")


ANY_FORCE = frozenset({"dpo", "officer", "ops", "partner", "policy"})
"""Roles whose reach is not a force: what they see is narrowed by the record itself (offered, own, reference)."""

GRANTS: Mapping[str, frozenset[str]] = {
    "reports.submit": frozenset({"control_room", "police", "partner"}) | SUPERVISORS,
    "reports.read": frozenset({"control_room"}) | SUPERVISORS,
    "reports.amend": frozenset({"control_room"}) | SUPERVISORS,
    "reports.withdraw": frozenset({"control_room"}) | SUPERVISORS,
    "contacts.create": frozenset({"control_room", "police", "partner"}) | SUPERVISORS,
    "outbound.read": frozenset({"control_room"}),
    "codes.read": frozenset({"control_room", "police", "partner", "officer", "dpo", "ops", "policy", "psd"})
    | SUPERVISORS,
    "referrals.read": frozenset({"officer", "psd"}) | SUPERVISORS,
    "referrals.list": SUPERVISORS | {"psd"},
    "decisions.read": SUPERVISORS,
    "referrals.accept": frozenset({"officer"}),
    "referrals.decline": frozenset({"officer"}),
    "referrals.acknowledge": SUPERVISORS | {"psd"},
    "referrals.release": SUPERVISORS | {"officer"},
    "referrals.contact": SUPERVISORS | {"officer"},
    "referrals.update": SUPERVISORS | {"officer"},
    "referrals.hand_over": SUPERVISORS | {"officer"},
    "referrals.keep": frozenset({"officer"}),
    "referrals.close": SUPERVISORS | {"officer"},
    "referrals.plan": SUPERVISORS,
    "referrals.link": SUPERVISORS,
    "referrals.transfer": SUPERVISORS,
    "referrals.pause": SUPERVISORS,
    "referrals.reopen": SUPERVISORS,
    "referrals.override": SUPERVISORS,
    "referrals.hand_off": SUPERVISORS,
    "referrals.confirm_repeat": SUPERVISORS,
    "officers.read": SUPERVISORS,
    "duties.write": SUPERVISORS | {"officer"},
    "means.write": frozenset({"officer"}),
    "roles.write": SUPERVISORS,
    "roster.read": SUPERVISORS | {"officer"},
    "board.read": SUPERVISORS,
    "notices.read": SUPERVISORS,
    "means.read": frozenset({"officer"}),
    "provider.pretend": frozenset({"officer", "ops"}),
    "coverage.read": SUPERVISORS,
    "tasks.read": frozenset({"officer"}),
    "policies.read": frozenset({"policy", "psd", "dpo", "ops"}) | SUPERVISORS,
    "policies.write": frozenset({"policy"}),
    "fallback.read": SUPERVISORS | {"control_room"},
    "unrouted.read": SUPERVISORS | {"control_room"},
    "control_rooms.read": SUPERVISORS | {"ops", "control_room"},
    "control_rooms.pause": frozenset({"ops", "control_room", "coordinator", "fim"}),
}
"""Action → roles. The only place that grants; a force, where the role has one, must also be the record's."""


def may(principal: Principal, action: str, *forces: str | None) -> bool:
    """Whether `principal` may do `action`; where `forces` are given, one of them must be the principal's own."""
    if principal.role not in GRANTS.get(action, frozenset()):
        return False
    if not forces or principal.force is None:
        return principal.force is not None or principal.role in ANY_FORCE or not forces
    return principal.force in forces


def allow(principal: Principal, action: str, *forces: str | None) -> None:
    """Like `may`, raising Forbidden."""
    if not may(principal, action, *forces):
        raise Forbidden()
