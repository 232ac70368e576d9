"""Puts a process together: embedded parts or given ones, migrations, topics, and the services asked for."""

import asyncio
import fcntl
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib import import_module

import orjson

from shared.contracts.topics import topic_names
from shared.database import engine_for
from shared.embedded.broker import EmbeddedBroker
from shared.embedded.native import NativeKafka
from shared.embedded.postgres import EmbeddedPostgres
from shared.migrate import epoch_of, migrate
from shared.policy_file import forces
from shared.runtime import Build, Running, Sources, running
from shared.server import create_app, serving
from shared.settings import SERVICES, Settings, SettingsError
from shared.telemetry import get_logger
from shared.topics import create_topics

log = get_logger("assembly")


def build_of(service: str) -> Build:
    """The composition root of a service; an image holds one of the three, so it is looked up by name."""
    build: Build = import_module(f"services.{service}.app").build
    return build


@asynccontextmanager
async def databases(settings: Settings) -> AsyncIterator[dict[str, str]]:
    """URLs of the services' databases; the embedded PostgreSQL runs for the length of the block where one is unset."""
    urls = {service: settings.database_url(service) for service in SERVICES}
    if not settings.embedded_database:
        yield {service: url for service, url in urls.items() if url is not None}
        return
    postgres = EmbeddedPostgres(settings.data_dir)
    embedded = await asyncio.to_thread(postgres.start)
    try:
        yield {service: url or embedded for service, url in urls.items()}
    finally:
        await asyncio.to_thread(postgres.stop)


@dataclass(frozen=True)
class Broker:
    """Where Kafka is, and whether it is the embedded one."""

    bootstrap: str
    embedded: bool


@asynccontextmanager
async def broker(settings: Settings) -> AsyncIterator[Broker]:
    """The broker of `KAFKA_BOOTSTRAP`, with every topic there; one started here stops when the block ends."""
    names = topic_names(forces(settings))
    if settings.kafka_mode == "embedded":
        inside = EmbeddedBroker()
        try:
            yield Broker(await asyncio.to_thread(inside.start, names), True)
        finally:
            await asyncio.to_thread(inside.stop)
    elif settings.kafka_mode == "native":
        native = NativeKafka(settings.data_dir)
        bootstrap = await asyncio.to_thread(native.start)
        try:
            await create_topics(bootstrap, names)
            yield Broker(bootstrap, False)
        finally:
            await asyncio.to_thread(native.stop)
    else:
        yield Broker(settings.kafka_bootstrap, False)


async def migrate_all(urls: dict[str, str]) -> None:
    """Bring every schema to head, all with one clock epoch."""
    engines = {service: engine_for(url, pool=2) for service, url in urls.items()}
    try:
        epoch = await epoch_of(engines)
        for service, engine in engines.items():
            await migrate(engine, service, epoch)
    finally:
        for engine in engines.values():
            await engine.dispose()


@dataclass(frozen=True)
class System:
    """Services at work in this process, with their address."""

    settings: Settings
    services: list[Running]
    base_url: str
    bootstrap: str


def running_here(settings: Settings) -> dict[str, str] | None:
    """Address and broker of the `liaison run` that uses this DATA_DIR; None where there is no note of one."""
    note = settings.data_dir / "running.json"
    try:
        found: dict[str, str] = orjson.loads(note.read_bytes())
    except (OSError, ValueError):
        return None
    return found


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """The only `run` on this DATA_DIR: two would share a database and each have a broker of its own."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingsError("DATA_DIR", "another `liaison run` is using it") from None
        yield


@contextmanager
def _noted(system: System) -> Iterator[None]:
    """A note of this process under DATA_DIR, so that `simulate` finds it, for the length of the block."""
    note = system.settings.data_dir / "running.json"
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_bytes(orjson.dumps({"base_url": system.base_url, "bootstrap": system.bootstrap}))
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


@asynccontextmanager
async def whole_system(settings: Settings) -> AsyncIterator[System]:
    """All three services on one port, with what is embedded: migrated, topics there."""
    async with AsyncExitStack() as stack:
        stack.enter_context(_alone(settings))
        urls = await stack.enter_async_context(databases(settings))
        await migrate_all(urls)
        wire = await stack.enter_async_context(broker(settings))
        if settings.kafka_mode == "external":
            await create_topics(wire.bootstrap, topic_names(forces(settings)), **settings.kafka_security())
        sources = Sources(settings, urls, wire.bootstrap, wire.embedded)
        system = await _serve(stack, SERVICES, sources)
        stack.enter_context(_noted(system))
        yield system


@asynccontextmanager
async def one_service(name: str, settings: Settings) -> AsyncIterator[System]:
    """One service on its port; databases, schema and topics must be there already."""
    if settings.kafka_mode == "embedded":
        raise SettingsError("KAFKA_BOOTSTRAP", "is not set, and the embedded broker serves one process only")
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(databases(settings))
        wire = await stack.enter_async_context(broker(settings))
        yield await _serve(stack, (name,), Sources(settings, urls, wire.bootstrap, drills=True))


async def _serve(stack: AsyncExitStack, names: Sequence[str], sources: Sources) -> System:
    if sources.settings.auth == "oidc":
        # Nobody could sign in: an identity provider's tokens are not read yet. Better no start than a locked door.
        raise SettingsError("AUTH", "only the demo's sign-in is built so far; oidc is not")
    builds = {name: build_of(name) for name in names}
    started = await stack.enter_async_context(running(builds, sources))
    app = create_app(started, sources.settings)
    try:
        port = await stack.enter_async_context(serving(app, sources.settings.host, sources.settings.port))
    except OSError as error:
        raise SettingsError("PORT", f"{sources.settings.port} cannot be listened on: {error.strerror}") from None
    base = sources.settings.base_url
    if sources.settings.port == 0:
        base = base.rsplit(":", 1)[0] + f":{port}"
    return System(sources.settings, started, base, sources.bootstrap)


async def until_ready(system: System, seconds: float = 60) -> bool:
    """Wait until every service is ready; False when the time is out."""
    deadline = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < deadline:
        checks = [await one.ready() for one in system.services]
        if all(all(check.values()) for check in checks):
            return True
        await asyncio.sleep(0.1)
    return False


async def until_told_to_stop() -> None:
    """Return on SIGTERM or SIGINT."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await told.wait()
