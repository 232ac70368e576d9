"""`liaison policy`: check a policy, see what it changes, propose it, and approve what somebody else proposed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import orjson
import typer
from pydantic import TypeAdapter, ValidationError

from services.commands.assembly import databases
from shared.contracts.model import Instant
from shared.contracts.policy import PolicyDocument, PolicyError, WrittenPolicy, in_force, read_json, read_toml
from shared.contracts.policy_schema import policy_schema
from shared.errors import FieldError, Unauthenticated
from shared.identity import parse
from shared.policy_file import forces, load_policy
from shared.runtime import Sources, platform_for
from shared.service import Platform
from shared.settings import Settings, load_settings
from shared.telemetry import configure_logging
from shared.web import BODY_LIMIT

if TYPE_CHECKING:
    from services.routing.policies import Proposals

app = typer.Typer(help="The policy: proposed by one person, approved by another.", no_args_is_help=True)

T = TypeVar("T")
_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)
_File = Annotated[Path, typer.Argument(help="A policy as TOML, or as JSON where its name ends so.")]
_Person = Annotated[str, typer.Option("--as", help="Who does this: policy:NAME. Two people are two names.")]


@app.command("check")
def check(
    file: Annotated[Path | None, typer.Argument(help="A policy as TOML, or as JSON where its name ends so.")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a policy instead.")] = False,
) -> None:
    """Say what is wrong with a policy, line by line, without asking any database."""
    if schema:
        typer.echo(orjson.dumps(policy_schema(), option=orjson.OPT_INDENT_2).decode())
        return
    if file is None:
        raise typer.BadParameter("name a file, or ask for --schema")
    # Without a date it holds from its approval, which may be now.
    document = _read(file, datetime.now(UTC)).document
    typer.echo(f"{document.version} can be used: {len(document.forces)} forces, {len(document.classes)} classes.")


@app.command("diff")
def diff(
    before: Annotated[str, typer.Argument(help="A file, or a version's name.")],
    after: Annotated[str, typer.Argument(help="A file, or a version's name.")],
) -> None:
    """Say what changes from one policy to another, a line for each change."""
    from services.routing.rules.policy.diff import changes

    found = changes(_document(before), _document(after))
    for change in found:
        typer.echo(str(change))
    if not found:
        typer.echo("Nothing changes.")


@app.command("propose")
def propose(file: _File, person: _Person) -> None:
    """Propose a policy. Somebody else must approve it; proposed again until then, it takes the place of the first."""
    from services.routing.rules.policy.proposal import Refused

    who = _named(person)

    async def work(platform: Platform, proposals: "Proposals") -> list[str]:
        async with platform.database.unit() as unit:
            written = _read(file, await unit.now())
        try:
            outcome = await proposals.propose(written, who)
        except Refused as refused:
            raise _Wrong(refused.code, refused.errors, file.name) from None
        version = outcome.version
        begins = "its approval" if version.on_approval else version.document.effective_from.isoformat()
        said = "is proposed" if outcome.new else "was proposed already"
        return [f"{version.name} {said}. It holds from {begins}.", *_lines(outcome.warnings, "worth a look")]

    _tell(_with(work))


@app.command("approve")
def approve(
    version: Annotated[str, typer.Argument(help="The version's name.")],
    person: _Person,
    digest: Annotated[str, typer.Option(help="Only if it still is what was read: the digest `show` gave.")] = "",
) -> None:
    """Approve what somebody else proposed. It is published, and holds from its date without a restart."""
    from services.routing.rules.policy.proposal import Refused

    who = _named(person)

    async def work(_platform: Platform, proposals: "Proposals") -> list[str]:
        try:
            found = await proposals.approve(version, who, digest or None)
        except Refused as refused:
            raise _Wrong(refused.code, refused.errors, version) from None
        if found is None:
            raise _Wrong("not_found", (), version)
        return [f"{found.name} is approved. It holds from {found.document.effective_from.isoformat()}."]

    _tell(_with(work))


@app.command("show")
def show(
    version: Annotated[str, typer.Argument(help="The version's name; left out, the one in force.")] = "",
    at: Annotated[str, typer.Option(help="The one in force at a time, ISO 8601 with an offset.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="A line for each version instead.")] = False,
) -> None:
    """Print a version as TOML, to be read or changed and proposed anew."""
    from services.routing.rules.policy.writing import toml_of
    from services.routing.store import policies as store

    when = _instant(at) if at else None

    async def work(platform: Platform, _proposals: "Proposals") -> list[str]:
        async with platform.database.unit() as unit:
            found = await store.all_versions(unit.connection)
            now = await unit.now()
        if all_:
            return [_row(one.document, one.digest, one.approved_at) for one in found]
        approved = [one.document for one in found if one.approved_at is not None]
        asked = next((one.document for one in found if one.name == version), None)
        if not version and approved:
            asked = in_force(approved, when or now)
        if asked is None:
            raise _Wrong("not_found", (), version or "policy")
        return [toml_of(asked).rstrip()]

    _tell(_with(work))


class _Wrong(Exception):
    """What cannot be done: a code, each place with its line, and the name of what it is about."""

    def __init__(self, code: str, errors: tuple[FieldError, ...], about: str) -> None:
        self.lines = _lines(errors, about) or [f"{about}: {code}"]
        super().__init__(code)


def _lines(errors: tuple[FieldError, ...], about: str) -> list[str]:
    return [
        f"{about}{'' if one.line is None else f':{one.line}'}: {one.field}: {one.reason.replace('_', ' ')}"
        for one in errors
    ]


def _row(document: PolicyDocument, digest: str, approved_at: datetime | None) -> str:
    people = f"proposed by {document.proposed_by or '-'}, approved by {document.approved_by or '-'}"
    state = "approved" if approved_at else "proposed"
    return f"{document.version}  {state}  from {document.effective_from.isoformat()}  {people}  {digest}"


def _tell(lines: list[str]) -> None:
    for line in lines:
        typer.echo(line)


def _fail(lines: list[str]) -> typer.Exit:
    for line in lines:
        typer.echo(line, err=True)
    return typer.Exit(1)


def _read(file: Path, begins: datetime | None = None) -> WrittenPolicy:
    """The policy in a file; every mistake on a line of its own: file, line, place, reason."""
    content = file.read_bytes()
    if len(content) > BODY_LIMIT:
        raise _fail([f"{file}: is larger than 256 KiB"])
    try:
        text = content.decode("utf-8-sig")
        return read_json(text, begins) if file.suffix == ".json" else read_toml(text, begins)
    except UnicodeDecodeError:
        raise _fail([f"{file}: is not UTF-8"]) from None
    except PolicyError as error:
        said = tuple(FieldError(one.field, error.said or one.reason, one.line) for one in error.errors)
        raise _fail(_lines(said, str(file))) from None


def _document(named: str) -> PolicyDocument:
    """A policy by its file, else by its version's name."""
    file = Path(named)
    if file.is_file():
        return _read(file, datetime(1970, 1, 1, tzinfo=UTC)).document

    async def work(platform: Platform, _proposals: "Proposals") -> PolicyDocument:
        from services.routing.store import policies as store

        async with platform.database.unit() as unit:
            found = await store.one(unit.connection, named)
        if found is None:
            raise _Wrong("is neither a file nor a version", (), named)
        return found.document

    return _with(work)


def _named(name: str) -> str:
    try:
        person = parse(name)
    except Unauthenticated:
        raise typer.BadParameter("write it as policy:NAME") from None
    if person.role != "policy" or person.id is None:
        raise typer.BadParameter("write it as policy:NAME")
    return str(person)


def _instant(text: str) -> datetime:
    try:
        return _INSTANT.validate_python(text)
    except ValidationError:
        raise typer.BadParameter("write a time as 2026-12-01T00:00:00+00:00") from None


def _with(work: Callable[[Platform, "Proposals"], Awaitable[T]]) -> T:
    settings = load_settings()
    configure_logging("policy")
    try:
        return asyncio.run(_run(settings, work))
    except _Wrong as wrong:
        raise _fail(wrong.lines) from None


async def _run(settings: Settings, work: Callable[[Platform, "Proposals"], Awaitable[T]]) -> T:
    from services.routing.policies import Policies, Proposals

    async with databases(settings) as urls:
        platform = await platform_for("routing", Sources(settings, urls, ""))
        try:
            policies = Policies(platform.database)
            await policies.seed(load_policy(settings))
            return await work(platform, Proposals(policies, frozenset(forces(settings))))
        finally:
            await platform.database.close()
