"""Providers to send to, in a process of their own: some that are well, and webhook receivers that are not.

Run as `python -m tests.benchmarks.notices.peers`, or with `unwell`; it prints one line, their addresses as JSON.
"""

import asyncio
import socket
import ssl
import struct
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import uvloop
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.edges.govuk_stand_in import govuk_notify

HERE = "127.0.0.1"
WELL = "is well"
DRIP_SECONDS = 0.5

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Received:
    """Counts the webhooks that came, each id once; says so at `GET /`."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._requests = 0

    async def take(self, request: web.Request) -> web.Response:
        """A webhook."""
        await request.read()
        self._requests += 1
        self._ids.add(request.headers.get("webhook-id") or str(self._requests))
        return web.Response(status=204)

    async def count(self, _request: web.Request) -> web.Response:
        """How many came."""
        return web.json_response({"received": len(self._ids), "requests": self._requests})


class Turncoat:
    """Stands before a provider: lets everything through until it is told to behave otherwise."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._kind = WELL
        self._open: set[asyncio.StreamWriter] = set()

    def turn(self, kind: str) -> None:
        """Behave so from now on, to those who are connected already as well."""
        self._kind = kind
        for writer in self._open:
            writer.close()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self._open.add(writer)
        try:
            if self._kind != WELL:
                await TALKS[self._kind](reader, writer)
                return
            theirs, ours = await asyncio.open_connection(HERE, self._port)
            self._open.add(ours)
            try:
                await asyncio.gather(_pass_on(reader, ours), _pass_on(theirs, writer))
            finally:
                self._open.discard(ours)
        finally:
            self._open.discard(writer)


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    finally:
        target.close()


class PostOffice:
    """Takes every e-mail."""

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:
        """Drop it."""
        return "250 taken"


async def well(stack: AsyncExitStack) -> dict[str, str]:
    """A webhook receiver, a mail server and GOV.UK Notify, all of them quick."""
    received = Received()
    app = web.Application()
    app.router.add_get("/", received.count)
    mail = await asyncio.get_running_loop().create_server(partial(SMTP, PostOffice()), HERE, 0)
    texts = await stack.enter_async_context(govuk_notify(per_minute=1_000_000, per_day=10_000_000))
    before = {"email": Turncoat(_port(mail)), "phone": Turncoat(urlsplit(texts.url).port or 80)}

    async def turn(request: web.Request) -> web.Response:
        before[request.match_info["means"]].turn(request.match_info["kind"])
        return web.Response(status=204)

    app.router.add_post("/turn/{means}/{kind}", turn)
    app.router.add_post("/{tail:.*}", received.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, HERE, 0)
    await site.start()
    sink = f"http://{HERE}:{_port(site._server)}"
    ports = {means: await _listen(one.talk) for means, one in before.items()}
    smtp, govuk = f"smtp://{HERE}:{ports['email']}", f"http://{HERE}:{ports['phone']}"
    return {"sink": f"{sink}/", "webhook": f"{sink}/hook", "smtp": smtp, "govuk": govuk}


async def unwell(_stack: AsyncExitStack) -> dict[str, str]:
    """Webhook receivers that hang, drip, reset, answer 500 or show a certificate nobody vouches for."""
    found = {name: f"http://{HERE}:{await _listen(talk)}/hook" for name, talk in TALKS.items()}
    return found | {"lies about its certificate": f"https://{HERE}:{await _listen(_fail, _self_signed())}/hook"}


async def _listen(talk: Talk, tls: ssl.SSLContext | None = None) -> int:
    return _port(await asyncio.start_server(partial(_until_gone, talk), HERE, 0, ssl=tls))


async def _until_gone(talk: Talk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await talk(reader, writer)
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def _hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    while await reader.read(4096):
        pass


async def _drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX-Patience: " + b"x" * 1000:
        if writer.is_closing():
            return
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(DRIP_SECONDS)


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    if writer.is_closing():
        return
    at_once = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    writer.transport.abort()


async def _fail(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length:")[2].split(b"\r\n")[0].strip()
        await reader.readexactly(int(length or 0))
        writer.write(b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()


TALKS: dict[str, Talk] = {"hangs": _hang, "drips": _drip, "resets": _reset, "answers 500": _fail}
"""How a provider is unwell."""


def _self_signed() -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "somebody.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HERE))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    kind = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pair.pem"
        file.write_bytes(key.private_bytes(*kind) + certificate.public_bytes(serialization.Encoding.PEM))
        context.load_cert_chain(file)
    return context


def _port(server: object) -> int:
    port: int = server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    return port


async def main(who: str) -> None:
    """Serve until killed."""
    async with AsyncExitStack() as stack:
        addresses = await (unwell if who == "unwell" else well)(stack)
        sys.stdout.write(orjson.dumps(addresses).decode() + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[-1]))
