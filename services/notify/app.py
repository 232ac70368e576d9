"""Notify, the mouth: put together once, here."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from services.notify.addressing import Addressing
from services.notify.api import routes
from services.notify.callbacks import GOVUK_NOTIFY, Callers, callback_routes
from services.notify.channels.channel import Channel, NoChannel
from services.notify.channels.email import EmailChannel
from services.notify.channels.govuk_notify import Account, Form, GovukNotifyChannel
from services.notify.channels.phones import PhonesChannel
from services.notify.channels.webhook import WebhookChannel
from services.notify.channels.wording import Wording
from services.notify.consumers import ReferralsConsumer, RosterConsumer
from services.notify.departures import Departures
from services.notify.dispatcher import Dispatcher
from services.notify.fallback import Sheet
from services.notify.heartbeat import Heartbeat
from services.notify.letters import WAKES, Letters
from services.notify.my_means import MyMeans
from services.notify.newcomers import Newcomers
from services.notify.numbers import Marks
from services.notify.reminding import Reminding
from services.notify.replying import Replying
from services.notify.rules.attempts import SINK
from services.notify.texting import Texting
from shared.service import Platform, Service, Subscription
from shared.settings import Settings, SettingsError


def build(platform: Platform) -> Service:
    """The notify service on this platform."""
    database, settings = platform.database, platform.settings
    ways = channels(platform)
    callers = callers_of(settings)
    addressing = Addressing(platform.keys, ways, settings.base_url)
    texting = Texting(Marks(platform.keys), answered=callers.demo or bool(callers.tokens))
    departures = Departures(addressing, texting, gathered(ways))
    dispatcher = Dispatcher(database, platform.bell("dispatcher"), departures)
    newcomers = Newcomers(database, platform.bell("newcomers"))
    letters = Letters(database, platform.bell(WAKES), platform.keys, ways, settings.base_url)
    router = routes(database, demo=settings.auth == "demo")
    router.include_router(MyMeans(database, platform.keys).router())
    router.include_router(callback_routes(database, Replying(platform.keys), callers))

    async def read(topic: str) -> bool:
        return platform.caught_up(topic)

    return Service(
        name="notify",
        router=router,
        subscriptions=[
            Subscription("referrals", ("referrals",), ReferralsConsumer()),
            # A group of their own: a long queue of referrals must not keep a changed number waiting.
            Subscription("roster", ("officers", "policy"), RosterConsumer()),
        ],
        tasks={
            "dispatcher": dispatcher.run,
            "newcomers": newcomers.run,
            "letters": letters.run,
            "reminding": Reminding(database, platform.bell("reminding")).run,
            "heartbeat": Heartbeat(database, platform.instance).run,
        },
        readiness={"officers_read": lambda: read("officers"), "policy_read": lambda: read("policy")},
        sheet=Sheet(database).section,
    )


def gathered(ways: Mapping[str, Channel]) -> frozenset[str]:
    """The means over which a storm is one message: texts and e-mails that leave the house, never webhooks."""
    real = (GovukNotifyChannel, EmailChannel)
    return frozenset(means for means, channel in ways.items() if isinstance(channel, real))


def callers_of(settings: Settings) -> Callers:
    """The providers that may call: GOV.UK Notify once it has been given a token."""
    token = settings.govuk_notify_callback_token
    tokens = {GOVUK_NOTIFY: token.get_secret_value()} if token is not None else {}
    return Callers(tokens, demo=settings.auth == "demo")


def channels(platform: Platform) -> Mapping[str, Channel]:
    """A channel for each means: real where settings name a provider, the demo's phones in the demo, else none."""
    settings, database = platform.settings, platform.database
    wording = Wording()
    demo = settings.auth == "demo"
    none: Channel = NoChannel("no_provider")
    return {
        "webhook": WebhookChannel(settings.signing_secrets(platform.keys), settings.webhook_networks()),
        "email": _email(settings, wording) or (PhonesChannel(database, wording, "sent") if demo else none),
        "phone": _phone(settings, wording) or (PhonesChannel(database, wording, "delivered") if demo else none),
        SINK: PhonesChannel(database, wording, "delivered"),
    }


def _phone(settings: Settings, wording: Wording) -> Channel | None:
    account, template = _account(settings), settings.govuk_notify_sms_template
    return GovukNotifyChannel(account, Form("sms", template), wording) if account and template else None


def _email(settings: Settings, wording: Wording) -> Channel | None:
    """A mail server of one's own comes before GOV.UK Notify's e-mail."""
    if settings.smtp_url is not None:
        domain = urlsplit(settings.base_url).hostname or "localhost"
        return EmailChannel(settings.smtp_url.get_secret_value(), domain, wording)
    account, template = _account(settings), settings.govuk_notify_email_template
    return GovukNotifyChannel(account, Form("email", template), wording) if account and template else None


def _account(settings: Settings) -> Account | None:
    key = settings.govuk_notify_api_key
    if key is None:
        return None
    try:
        return Account.of(settings.govuk_notify_url, key.get_secret_value())
    except ValueError:
        raise SettingsError("GOVUK_NOTIFY_API_KEY", "must end in a service id and a secret, each a UUID") from None
