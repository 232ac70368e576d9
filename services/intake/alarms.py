"""The break-glass webhook: what a person outside must hear when Liaison cannot be relied on (design §1.2, §4).

It does not go through notify, because notify may be what is broken. It names the kind, the force and a reference, and
says nothing else.
"""

import asyncio
from dataclasses import dataclass, field

import aiohttp
import orjson

from services.intake.store import alarms
from services.intake.store.alarms import Waiting
from shared.database import is_transient
from shared.metrics import metrics
from shared.service import Platform
from shared.signing import signed_headers, signing_keys
from shared.telemetry import get_logger

log = get_logger("alarms")

_LOOK_SECONDS = 1.0
_LEASE_SECONDS = 30.0
_LONGEST_PAUSE = 60.0
_AT_ONCE = 20
_TIMEOUT = aiohttp.ClientTimeout(total=10)


@dataclass
class BreakGlass:
    """A loop that posts alarms until a 2xx takes them. Without a webhook they stay on `/unrouted` and in the log."""

    platform: Platform
    _session: aiohttp.ClientSession | None = field(default=None, repr=False)

    async def run(self) -> None:
        """Send until cancelled; the database being away is waited out."""
        try:
            while True:
                try:
                    sent = await self.send_due()
                except Exception as error:
                    if not is_transient(error):
                        raise
                    sent = 0
                await asyncio.sleep(0 if sent else _LOOK_SECONDS)
        finally:
            if self._session is not None:
                await self._session.close()

    async def send_due(self) -> int:
        """Try every alarm that is due once; gives how many those were."""
        settings, database = self.platform.settings, self.platform.database
        async with database.unit() as unit:
            metrics().alarms_waiting.labels(database.name).set(await alarms.waiting(unit.connection))
            if settings.break_glass_webhook is None:
                return 0
            due = await alarms.lease(unit.connection, _LEASE_SECONDS, _AT_ONCE)
        for one in due:
            await self._send(one, settings.break_glass_webhook.get_secret_value())
        return len(due)

    async def _send(self, one: Waiting, url: str) -> None:
        gone = await self._post(one, url)
        async with self.platform.database.unit() as unit:
            if gone:
                await alarms.taken(unit.connection, one.id)
            else:
                await alarms.try_again(unit.connection, one.id, min(2.0**one.tries, _LONGEST_PAUSE))

    async def _post(self, one: Waiting, url: str) -> bool:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar())
        settings, body = self.platform.settings, _body(one, self.platform.settings.base_url)
        keys = signing_keys(settings.signing_secrets(self.platform.keys))
        headers = signed_headers(str(one.id), one.now, body, keys) | {"Content-Type": "application/json"}
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                if 200 <= answer.status < 300:
                    return True
                log.error("alarm_not_taken", status=answer.status)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.error("alarm_not_taken", reason=type(error).__name__)
        return False


def _body(one: Waiting, base_url: str) -> bytes:
    alarm = one.alarm
    return orjson.dumps(
        {
            "id": str(one.id),
            "type": alarm.kind,
            "force": alarm.force,
            "reference": alarm.reference,
            "at": one.raised_at.isoformat(),
            "url": f"{base_url}/unrouted",
        }
    )
