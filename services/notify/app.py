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
from services.notify.channels.posting import Posting
from services.notify.channels.push import PushChannel
from services.notify.channels.webhook import WebhookChannel
from services.notify.channels.wording import Wording
from services.notify.consumers import ReferralsConsumer, RosterConsumer
from services.notify.control_rooms import OutboundConsumer
from services.notify.control_rooms_api import ControlRooms
from services.notify.control_rooms_sending import Way, loops
from services.notify.departures import Departures
from services.notify.devices import Devices
from services.notify.dispatcher import AT_ONCE, Dispatcher
from services.notify.fallback import Sheet
from services.notify.heartbeat import Health, Heartbeat
from services.notify.lanes import Lanes
from services.notify.letters import WAKES, Letters
from services.notify.my_means import MyMeans
from services.notify.newcomers import Newcomers
from services.notify.numbers import Marks
from services.notify.reminding import Reminding
from services.notify.replying import Replying
from services.notify.rules.attempts import SINK
from services.notify.texting import Texting
from shared.contracts.deliveries import Means
from shared.policy_file import forces
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
    lanes = Lanes(providers=providers(ways).values())
    dispatcher = Dispatcher(database, platform.bell("dispatcher"), departures, lanes)
    health = Health(lanes, providers(ways))
    newcomers = Newcomers(database, platform.bell("newcomers"))
    letters = Letters(database, platform.bell(WAKES), platform.keys, ways, settings.base_url)
    router = routes(database, demo=settings.auth == "demo")
    router.include_router(MyMeans(database, platform.keys).router())
    router.include_router(callback_routes(database, Replying(platform.keys), callers))

    async def read(topic: str) -> bool:
        return platform.caught_up(topic)

    service = Service(
        name="notify",
        router=router,
        subscriptions=[
            Subscription("referrals", ("referrals",), ReferralsConsumer(dispatcher), most=AT_ONCE),
            # A group of their own: a long queue of referrals must not keep a changed number waiting.
            Subscription("roster", ("officers", "policy"), RosterConsumer()),
        ],
        tasks={
            "dispatcher": dispatcher.run,
            "newcomers": newcomers.run,
            "letters": letters.run,
            "reminding": Reminding(database, platform.bell("reminding")).run,
            "heartbeat": Heartbeat(database, platform.instance, health.failing).run,
        },
        readiness={"officers_read": lambda: read("officers"), "policy_read": lambda: read("policy")},
        sheet=Sheet(database).section,
    )
    _tell_control_rooms(service, platform)
    return service


def _tell_control_rooms(service: Service, platform: Platform) -> None:
    """Webhooks of `outbound`: what is kept for them, who sends it, and where one sees how they stand."""
    database, settings = platform.database, platform.settings
    served = forces(settings)
    outbound = tuple(f"outbound.{force}" for force in served)
    # A door: what this release cannot read is passed on all the same, and nothing is held behind it.
    service.subscriptions.append(Subscription("control_rooms", outbound, OutboundConsumer(), door=True))
    service.router.include_router(ControlRooms(database, served).router())
    post = WebhookChannel(settings.signing_secrets(platform.keys), settings.webhook_networks())
    sending = loops(Way(database, platform.keys, post), served, platform.bell)
    service.tasks |= {name: one.run for name, one in sending.items()}
    service.on_stop.append(post.close)


def gathered(ways: Mapping[str, Channel]) -> frozenset[str]:
    """The means over which a storm is one message: texts, e-mails and pushes that leave the house, never webhooks."""
    real = (GovukNotifyChannel, EmailChannel, PushChannel)
    return frozenset(means for means, channel in ways.items() if isinstance(channel, real))


def providers(ways: Mapping[str, Channel]) -> Mapping[Means, str]:
    """The means that go through one provider for everybody, and the lane each takes up there."""
    shared: dict[Means, Channel] = {"phone": ways["phone"], "email": ways["email"]}
    return {means: one.lane("") for means, one in shared.items() if isinstance(one, GovukNotifyChannel | EmailChannel)}


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
        "push": _push(platform, wording) or none,
        "phone": _phone(settings, wording) or (PhonesChannel(database, wording, "delivered") if demo else none),
        SINK: PhonesChannel(database, wording, "delivered"),
    }


def _push(platform: Platform, wording: Wording) -> Channel | None:
    key = platform.settings.push_key(platform.keys)
    if key is None:
        return None
    posting = Posting(platform.settings.webhook_networks())
    gone = Devices(platform.database, platform.keys).gone
    return PushChannel(key, posting, wording, platform.database.clock, gone)


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
