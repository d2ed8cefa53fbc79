"""Commands on the certificates by which the broker knows cars. They need no database, and are best given offline."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from api.cli.terminal import AsJson, By, Reason, errors, show
from api.composition import Authority, DeviceCertificate, Who
from api.settings import Settings

devices_app = typer.Typer(help="Certificates of cars for the broker.", no_args_is_help=True)

Folder = Annotated[
    Path | None, typer.Option(help="Where the authority is; `devices` in the data directory when not given.")
]
Service = Annotated[str, typer.Argument(help="Key of the rulebook.")]
Vin = Annotated[str, typer.Argument(help="Vehicle identification number.")]


@devices_app.command("ca")
def devices_ca(
    broker: Annotated[str, typer.Argument(help="Name or address by which cars and backend reach the broker.")],
    reason: Reason,
    by: By,
    folder: Folder = None,
) -> None:
    """Make a certificate authority, and the files for broker and backend."""
    authority = _authority(folder)
    authority.found(broker, _who(by, reason))
    errors.print(f"made {authority.folder}: keep `private` to yourself", soft_wrap=True, highlight=False)


@devices_app.command("issue")
def devices_issue(
    service: Service,
    vin: Vin,
    reason: Reason,
    by: By,
    folder: Folder = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it holds.")] = 730,
) -> None:
    """Issue a certificate to a car. Those it has stay valid."""
    made = _authority(folder).issue(service, vin, _who(by, reason), days=days)
    errors.print(f"made {made}: for the car, and for nobody else", soft_wrap=True, highlight=False)


@devices_app.command("revoke")
def devices_revoke(service: Service, vin: Vin, reason: Reason, by: By, folder: Folder = None) -> None:
    """Revoke all certificates of a car. The broker must get the list, and read it again."""
    authority = _authority(folder)
    revoked = authority.revoke(service, vin, _who(by, reason))
    errors.print(f"{len(revoked)} revoked; the broker needs {authority.revoked_list}", soft_wrap=True, highlight=False)


@devices_app.command("list")
def devices_list(folder: Folder = None, as_json: AsJson = False) -> None:
    """All certificates that were issued to cars."""
    found = _authority(folder).certificates()
    table = Table("service", Column("vin", no_wrap=True), "number", "state")
    for one in found:
        table.add_row(one.service, one.vin, str(one.number), _state(one))
    show(as_json, [asdict(one) for one in found], table)


def _authority(folder: Path | None) -> Authority:
    return Authority(folder or Settings().data_dir / "devices")


def _who(by: str, reason: str) -> Who:
    return Who(by, reason, datetime.now(UTC))


def _state(one: DeviceCertificate) -> str:
    return f"revoked {one.revoked_at}" if one.revoked_at else f"until {one.until}"
