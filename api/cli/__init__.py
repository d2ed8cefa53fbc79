"""The command `csbe`: one module per kind of work, and what they share in `terminal`. Nothing is decided here."""

import os
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import Annotated

import asyncpg
import typer
from pydantic import ValidationError

from api.cli.audit import audit_app, history
from api.cli.bank import bank_app
from api.cli.books import books_app
from api.cli.dead_letters import dead_letters_app
from api.cli.devices import devices_app
from api.cli.erase import erase
from api.cli.erasures import erasures_app
from api.cli.followers import followers_app
from api.cli.imports import import_app
from api.cli.invoices import invoices_app
from api.cli.jobs import jobs_app
from api.cli.keys import keys_app
from api.cli.operations import operations_app
from api.cli.projections import projections_app
from api.cli.rulebook import rulebook_app
from api.cli.run import demo, migrate, serve, simulate, token
from api.cli.subject_access import subject_access
from api.cli.telemetry import telemetry_app
from api.cli.terminal import complain, output
from api.cli.webhooks import webhooks_app
from api.composition import BusyError, FollowerStoppedError, UnreachableError
from api.server import PortTakenError
from api.settings import Settings, refuse_unknown
from api.wording import explained
from domain.kernel.errors import DomainError
from domain.operations.ports import ImpossibleOrderError

__all__ = ["app", "main"]

app = typer.Typer(name="csbe", help="Car Sharing Backend System.", no_args_is_help=True, pretty_exceptions_enable=False)
for command in (demo, serve, migrate, history, token, simulate, erase, subject_access):
    app.command()(command)
for name, group in {
    "followers": followers_app,
    "projections": projections_app,
    "jobs": jobs_app,
    "operations": operations_app,
    "webhooks": webhooks_app,
    "telemetry": telemetry_app,
    "erasures": erasures_app,
    "dead-letters": dead_letters_app,
    "devices": devices_app,
    "import": import_app,
    "bank": bank_app,
    "books": books_app,
    "invoices": invoices_app,
    "keys": keys_app,
    "audit": audit_app,
    "rulebook": rulebook_app,
}.items():
    app.add_typer(group, name=name)


def _print_version(asked: bool) -> None:
    if asked:
        output.print(metadata.version("csbe"))
        raise typer.Exit


@app.callback()
def _about(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Car Sharing Backend System."""
    refuse_unknown(os.environ)


def _name(error: ValidationError, where: Sequence[int | str]) -> str:
    """Of a setting, as the environment has it; of anything else, its place."""
    place = ".".join(map(str, where))
    return f"CSBE_{place.upper()}" if error.title == Settings.__name__ else place


def main(words: Sequence[str] | None = None) -> None:
    """Entry point: every foreseeable error in one line, without a traceback."""
    try:
        app(words)
    except ValidationError as error:
        complain("; ".join(f"{_name(error, where)}: {why}" for where, why in explained(error)))
        sys.exit(2)
    except (DomainError, PortTakenError, FollowerStoppedError, ImpossibleOrderError, ValueError) as error:
        complain(str(error))
        sys.exit(2)
    except (OSError, UnreachableError, BusyError) as error:
        complain(str(error))
        sys.exit(3)
    except asyncpg.PostgresError as error:
        complain(f"PostgreSQL says no: {error}")
        sys.exit(3)
