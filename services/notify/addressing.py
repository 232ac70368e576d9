"""From a notice that is due to a message a channel can send: the address opened, the link written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from services.notify.channels.channel import Channel, Message, NoChannel
from services.notify.rules.attempts import SINK, Leg, Moment
from services.notify.rules.planning import said_as
from services.notify.rules.setting_out import ways_now
from services.notify.store.leases import Due
from shared.addressees import open_address
from shared.sealing import MasterKeys, SealBroken

MEANS_GONE = NoChannel("means_gone")
SEAL_BROKEN = NoChannel("seal_broken")
_PAGES = {"role.alert": "roster", "role.note": "coverage"}
"""What is about no referral leads to the page it speaks of; all else to the officer's tasks."""


class Addressed(NamedTuple):
    """A message, the channel it goes over, and the lane it needs room in."""

    channel: Channel
    message: Message
    lane: str


@dataclass(frozen=True)
class Addressing:
    """Knows the keys, the channel of each means, and where links lead."""

    keys: MasterKeys
    channels: Mapping[str, Channel]
    base_url: str

    def address(self, due: Due, leg: Leg, moment: Moment) -> Addressed:
        """The message for one leg. Means changed or lost since the notice was planned are refused, not guessed."""
        channel, address = self._way(due, leg, moment)
        message = Message(
            notice_id=due.goes_as(leg),
            to=due.recipient.id,
            means=leg.means,
            nth=leg.nth,
            address=address,
            type=said_as(due.type),
            reference=due.reference,
            response_class=due.response_class,
            respond_by=due.respond_by,
            url=self._link(due),
            exercise=due.exercise,
            sent_at=moment.real,
            tries=leg.tries + 1,
            note=due.type == "role.note",
        )
        return Addressed(channel, message, channel.lane(address))

    def _way(self, due: Due, leg: Leg, moment: Moment) -> tuple[Channel, str]:
        if leg.means == SINK:
            return self.channels[SINK], ""
        same = [way for way in ways_now(due.recipient, moment.domain) if way.kind == leg.means]
        if leg.nth >= len(same) or same[leg.nth].gone:
            return MEANS_GONE, ""
        try:
            address = open_address(self.keys, due.recipient.id, leg.means, same[leg.nth].sealed)
        except SealBroken:
            return SEAL_BROKEN, ""
        return self.channels[leg.means], address

    def desk_of(self, recipient: str) -> str:
        """Where somebody finds all that is theirs."""
        return f"{self.base_url}/{'board' if ':' in recipient else 'tasks'}"

    def _link(self, due: Due) -> str:
        if due.reference is not None:
            return f"{self.base_url}/referrals/{due.reference}"
        if due.recipient.id.startswith("ops:"):
            return f"{self.base_url}/v1/control-rooms"
        return f"{self.base_url}/{_PAGES.get(due.type, 'tasks')}"
