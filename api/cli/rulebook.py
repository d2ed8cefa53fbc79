"""Commands about services as they are written: what is wrong with them, and what a change would change."""

import json
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from api.cli.terminal import AsJson, show
from api.composition import load
from domain.rulebook.difference import EVERYBODY, Change, difference
from domain.rulebook.loading import Complaint, RulebookError
from domain.rulebook.model import Rulebook
from domain.rulebook.schema import schema

rulebook_app = typer.Typer(help="Services as they are written.", no_args_is_help=True)


@rulebook_app.command("check")
def check(
    files: Annotated[list[Path], typer.Argument(exists=True, help="Folders of services, or files in them.")],
    as_json: AsJson = False,
) -> None:
    """Read services, whole even if one file is named, and say all that is wrong; exits with 2 when something is."""
    right, wrong = list[Rulebook](), list[Complaint]()
    for folder in dict.fromkeys(map(_folder, files)):
        try:
            right.append(load(folder))
        except RulebookError as error:
            wrong += error.complaints
    services = [{"key": r.key, "digest": r.digest, "cities": len(r.cities), "tariffs": _tariffs(r)} for r in right]
    good = [f"{r.key}: {len(r.cities)} cities, {_tariffs(r)} tariffs, digest {r.digest}" for r in right]
    show(
        as_json,
        {"services": services, "faults": [complaint._asdict() for complaint in wrong]},
        "\n".join([*map(escape, map(str, wrong)), *map(escape, good)]),
    )
    if wrong:
        raise typer.Exit(2)


@rulebook_app.command("diff")
def diff(
    old: Annotated[Path, typer.Argument(exists=True, help="The folder of a service, or a file in it.")],
    new: Annotated[Path, typer.Argument(exists=True, help="The same, changed.")],
    as_json: AsJson = False,
) -> None:
    """Say what changes from one text of a service to another: where, for whom, from when."""
    found = difference(load(_folder(old)), load(_folder(new)))
    show(as_json, [asdict(change) for change in found], escape("\n".join(_told(found)) or "nothing changes"))


@rulebook_app.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of the files of a service."""
    print(json.dumps(schema(), indent=2, ensure_ascii=False))  # noqa: T201 (to be piped, so never wrapped)


def _folder(path: Path) -> Path:
    return path if path.is_dir() else path.parent


def _tariffs(rulebook: Rulebook) -> int:
    return sum(len(city.tariffs) for city in rulebook.cities)


def _told(changes: list[Change]) -> list[str]:
    """City by city and part by part, with the parts' readers and times in their headings."""
    lines = list[str]()
    for city, in_city in groupby(changes, key=lambda change: change.city):
        lines.append(city or "whole service")
        for (part, whom, since), same in groupby(in_city, key=lambda change: (change.part, change.whom, change.since)):
            when = f", from {since}" if since else ""
            lines.append(f"  {part}{'' if whom == EVERYBODY else f', for {whom}'}{when}")
            lines += [f"    {change}" for change in same]
    return lines
