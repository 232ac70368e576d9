"""Notify, the mouth: put together once, here."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from services.notify.addressing import Addressing
from services.notify.api import routes
from services.notify.channels.channel import Channel, NoChannel
from services.notify.channels.email import EmailChannel
from services.notify.channels.phones import PhonesChannel
from services.notify.channels.webhook import WebhookChannel
from services.notify.channels.wording import Wording
from services.notify.consumers import ReferralsConsumer, RosterConsumer
from services.notify.dispatcher import Dispatcher
from services.notify.heartbeat import Heartbeat
from services.notify.newcomers import Newcomers
from services.notify.rules.attempts import SINK
from shared.service import Platform, Service, Subscription


def build(platform: Platform) -> Service:
    """The notify service on this platform."""
    database, settings = platform.database, platform.settings
    addressing = Addressing(platform.keys, channels(platform), settings.base_url)
    dispatcher = Dispatcher(database, platform.bell("dispatcher"), addressing)
    newcomers = Newcomers(database, platform.bell("newcomers"))

    async def read(topic: str) -> bool:
        return platform.caught_up(topic)

    return Service(
        name="notify",
        router=routes(database, demo=settings.auth == "demo"),
        subscriptions=[
            Subscription("referrals", ("referrals",), ReferralsConsumer()),
            # A group of their own: a long queue of referrals must not keep a changed number waiting.
            Subscription("roster", ("officers", "policy"), RosterConsumer()),
        ],
        tasks={
            "dispatcher": dispatcher.run,
            "newcomers": newcomers.run,
            "heartbeat": Heartbeat(database, platform.instance).run,
        },
        readiness={"officers_read": lambda: read("officers"), "policy_read": lambda: read("policy")},
    )


def channels(platform: Platform) -> Mapping[str, Channel]:
    """A channel for each means: real where settings name a provider, the demo's phones in the demo, else none."""
    settings, database = platform.settings, platform.database
    wording = Wording()
    demo = settings.auth == "demo"
    email: Channel = NoChannel("no_provider")
    if settings.smtp_url is not None:
        domain = urlsplit(settings.base_url).hostname or "localhost"
        email = EmailChannel(settings.smtp_url.get_secret_value(), domain, wording)
    elif demo:
        email = PhonesChannel(database, wording, "sent")
    return {
        "webhook": WebhookChannel(settings.signing_secrets(platform.keys), settings.webhook_networks()),
        "email": email,
        "phone": PhonesChannel(database, wording, "delivered") if demo else NoChannel("no_provider"),
        SINK: PhonesChannel(database, wording, "delivered"),
    }
