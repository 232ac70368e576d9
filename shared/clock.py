"""One clock: domain time, read from the service's database and scaled from one epoch.

Hosts' clocks decide nothing. `CLOCK_SPEED` makes domain time run faster than real time (demo only);
holds, leases, retries, heartbeats and token lifetimes stay in real time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Clock:
    """Maps the database's real time to domain time: `epoch + (real - epoch) * speed`."""

    epoch: datetime
    speed: float = 1.0

    def domain(self, real: datetime) -> datetime:
        """Domain time of a real instant; before the epoch the two are the same."""
        if self.speed == 1.0 or real <= self.epoch:
            return real
        return self.epoch + (real - self.epoch) * self.speed

    def real_seconds(self, domain: timedelta) -> float:
        """How many real seconds a stretch of domain time takes."""
        return domain.total_seconds() / self.speed
