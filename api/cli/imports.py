"""Commands that take cars, zones and members over from a table."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.terminal import AsJson, By, Reason, run, service_meant, show, with_system
from api.composition import Running
from api.importing import KINDS, Import, Imported

import_app = typer.Typer(help="Take cars, zones and members over from a CSV file.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV in UTF-8; its first line has the names.")]
Service = Annotated[str | None, typer.Option(help="Key of the service they belong to.")]


@import_app.command("vehicles")
def import_vehicles(file: File, reason: Reason, by: By, service: Service = None, as_json: AsJson = False) -> None:
    """Commission the cars of a file, all or none; those that were imported before stay as they are."""
    _import("vehicles", file, service, reason, by, as_json=as_json)


@import_app.command("zones")
def import_zones(file: File, reason: Reason, by: By, service: Service = None, as_json: AsJson = False) -> None:
    """Draw the zones of a file, all or none; one with the same city, kind and name is drawn anew."""
    _import("zones", file, service, reason, by, as_json=as_json)


@import_app.command("members")
def import_members(file: File, reason: Reason, by: By, service: Service = None, as_json: AsJson = False) -> None:
    """Register the members of a file, all or none; each gets a mail to prove the address."""
    _import("members", file, service, reason, by, as_json=as_json)


def _import(kind: str, file: Path, service: str | None, reason: str, by: str, *, as_json: bool) -> None:
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{file} is not UTF-8: {error.reason} at byte {error.start}") from error

    async def take(running: Running) -> Imported:
        system = running.system
        whose = service_meant(system, service)
        return await Import(system, whose, by, reason).take(KINDS[kind], file.name, text)

    done = run(with_system(take))
    words = f"{kind}: {done.new} imported, {done.known} were imported before"
    show(as_json, {"imported": done.new, "known": done.known}, words)
