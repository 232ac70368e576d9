"""The command line: `liaison`. Each group of commands has a module in `services/commands/`."""

import sys

import typer

from services.commands import contract, coverage, deadletters, decisions, inspect, look, operate, policy, serve
from shared.embedded.tenancy import StartFailed
from shared.errors import Refusal
from shared.settings import SettingsError

app = typer.Typer(
    name="liaison",
    help="Finds a liaison officer for every report, and does not let go until a named person owns it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (serve, operate, coverage, look, inspect):
    module.register(app)
app.add_typer(deadletters.app, name="dead-letters")
app.add_typer(contract.app, name="contract")
app.add_typer(decisions.app, name="decisions")
app.add_typer(operate.roster, name="roster")
app.add_typer(policy.app, name="policy")


_NO_SCHEMA = frozenset({"3F000", "42P01"})
"""PostgreSQL's words for a schema and a table that are not there."""


def main() -> None:
    """Run a command; what goes wrong is one line on stderr and a non-zero exit."""
    try:
        app()
    except (SettingsError, StartFailed) as error:
        _fail(str(error))
    except Refusal as error:
        _fail(f"{error.code}: {error.title}")
    except RuntimeError as error:
        if type(error).__name__ != "SimulationFailed":  # its package is not in every image
            raise
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or type(error).__name__}: {error.strerror or 'cannot be reached'}")
    except Exception as error:
        if getattr(getattr(error, "orig", None), "sqlstate", None) not in _NO_SCHEMA:
            raise
        _fail("the database has no tables of ours yet: run `liaison migrate`")


def _fail(line: str) -> None:
    sys.stderr.write(f"liaison: {line}\n")
    raise SystemExit(1)


if __name__ == "__main__":
    main()
