"""Commands about the rules of services: what is wrong with them, what a change would change, and which hold."""

import json
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from pydantic import AwareDatetime, TypeAdapter
from rich.markup import escape
from rich.table import Table

from api.cli.terminal import AsJson, By, Reason, errors, fail, parsed, run, show, with_system
from api.composition import Running, load, load_with_text
from domain.publishing.commands import PublishRulebook
from domain.rulebook.difference import EVERYBODY, Change, difference
from domain.rulebook.loading import Complaint, RulebookError
from domain.rulebook.model import Rulebook
from domain.rulebook.published import PublishedRulebook
from domain.rulebook.schema import schema

rulebook_app = typer.Typer(help="The rules of services, as they are written and as they hold.", no_args_is_help=True)


Service = Annotated[str, typer.Argument(help="Its key.")]
ValidFrom = Annotated[
    datetime | None,
    typer.Option(
        "--from",
        parser=parsed(TypeAdapter(AwareDatetime)),
        metavar="TIME",
        help="With its zone, e.g. 2027-01-01T00:00+01:00; at once when left out.",
    ),
]


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


@rulebook_app.command("publish")
def publish(
    folder: Annotated[Path, typer.Argument(exists=True, help="The folder of a service, or a file in it.")],
    reason: Reason,
    by: By,
    valid_from: ValidFrom = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether this is meant.")] = False,
) -> None:
    """Have these rules hold from a time on. Shows what changes, asks, and puts the whole text on record."""
    rulebook, texts = load_with_text(_folder(folder))
    command = PublishRulebook(files=texts, valid_from=valid_from, reason=reason)
    number = run(with_system(lambda running: _publish(running, rulebook, command, by, asks=not yes)))
    errors.print(f"{rulebook.key}: version {number} is published", soft_wrap=True)


@rulebook_app.command("versions")
def versions(service: Service, as_json: AsJson = False) -> None:
    """List what was published for a service: from when, by whom and why."""
    found = run(with_system(lambda running: _versions(running, service)))
    shown = Table("version", "valid from", "by", "why", "digest")
    for one in found:
        shown.add_row(str(one.version), one.valid_from.isoformat(), one.published_by, escape(one.reason), one.digest)
    fields = {"version", "digest", "valid_from", "published_by", "reason"}
    show(as_json, [one.model_dump(mode="json", include=fields) for one in found], shown)


@rulebook_app.command("export")
def export(
    service: Service,
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Where to: a folder that is new or empty.")],
    version: Annotated[int | None, typer.Option(min=1, help="The newest one if it is not given.")] = None,
) -> None:
    """Write what was published into a folder, to change it there and publish it again."""
    found = run(with_system(lambda running: _versions(running, service)))
    chosen = found[-1] if version is None else next((one for one in found if one.version == version), None)
    if chosen is None:
        fail(f"{service} has no version {version}: choose one of {', '.join(str(one.version) for one in found)}")
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        fail(f"{folder} is not empty: choose another folder")
    for name, written in chosen.files.items():
        (folder / name).write_text(written, "utf-8")
    errors.print(f"{service}: version {chosen.version} is in {folder}", soft_wrap=True)


@rulebook_app.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of the files of a service."""
    print(json.dumps(schema(), indent=2, ensure_ascii=False))  # noqa: T201 (to be piped, so never wrapped)


async def _publish(running: Running, rulebook: Rulebook, command: PublishRulebook, by: str, *, asks: bool) -> str:
    before = running.rulebooks.newest(rulebook.key)
    told = _told(difference(before.rulebook, rulebook)) if before else ["a new service"]
    errors.print("\n".join(map(escape, told or ["nothing changes"])), soft_wrap=True, highlight=False)
    if asks:
        typer.confirm(f"Publish this for {rulebook.key}?", abort=True, err=True)
    return str((await running.operators.dispatch(command, by, rulebook.key)).value)


async def _versions(running: Running, service: str) -> list[PublishedRulebook.Published]:
    events = [recorded.event async for recorded in running.store.read(aggregate_id=PublishedRulebook.id_of(service))]
    found = [event for event in events if isinstance(event, PublishedRulebook.Published)]
    return found or fail(f"nothing is published for {service}")


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
