"""Commands that write the books for accountants and tax auditors."""

import shutil
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from api.cli.terminal import AsJson, a_month, fail, run, show, with_system
from api.composition import Running
from api.composition.books import DTD, Chart, Supplier, Written, write_datev, write_for_tax_audit
from domain.rulebook.legal_entity import LegalEntity

books_app = typer.Typer(help="Write the books for those who read them elsewhere.", no_args_is_help=True)


Into = Annotated[
    Path, typer.Option("--to", file_okay=False, exists=True, writable=True, help="Directory of the files.")
]


@books_app.callback()
def _books() -> None:
    """Write the books for those who read them elsewhere."""


@books_app.command("datev")
def datev(
    chart: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="What DATEV calls the accounts, in TOML.")],
    month: Annotated[date, typer.Option(parser=a_month, metavar="YYYY-MM", help="The month of the entries.")],
    to: Into,
    after: Annotated[
        int, typer.Option(min=0, help="Only what was recorded after this position: what an earlier file lacks.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Write a month's entries of a seller as DATEV takes them (EXTF, Buchungsstapel)."""
    read = Chart.read(chart)

    async def write(running: Running) -> Written:
        _expect_seller(running, read.seller)
        return await write_datev(running.system, read, month, after, to)

    _told(run(with_system(write)), as_json)


@books_app.command("tax-audit")
def tax_audit(
    seller: Annotated[str, typer.Option(help="Id of the legal entity.")],
    year: Annotated[int, typer.Option(min=2000, max=9998, help="The calendar year.")],
    to: Into,
    dtd: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help=f"{DTD}, to be put beside what it describes.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a year's books of a seller for a German tax audit: CSV and index.xml (GoBD, Z3)."""

    async def write(running: Running) -> Written:
        entity = _expect_seller(running, seller)
        supplier = Supplier(entity.name, entity.city, f"{seller} {year}")
        return await write_for_tax_audit(running.system, seller, supplier, year, to)

    written = run(with_system(write))
    if dtd is not None:
        shutil.copyfile(dtd, to / DTD)
    _told(written, as_json)


def _expect_seller(running: Running, seller: str) -> LegalEntity:
    """Ends with an error when no service ever had it."""
    entities = running.system.rulebooks.legal_entities
    if seller not in entities:
        fail(f"nobody sells as {seller}: choose one of {', '.join(sorted(entities))}")
    return entities[seller]


def _told(written: Written, as_json: bool) -> None:
    files = [str(file) for file in written.files]
    lines = [*files, f"up to position {written.position}"] if files else ["there is nothing to write"]
    show(as_json, {"files": files, "position": written.position}, "\n".join(lines))
