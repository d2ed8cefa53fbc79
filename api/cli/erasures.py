"""Erasures kept apart from the database, so that a backup that is restored brings nobody back."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, NamedTuple
from uuid import UUID, uuid4

import typer
from pydantic import BaseModel, Field, ValidationError

from api.cli.terminal import By, Reason, complain, errors, fail, run, with_system
from api.composition import Running
from domain.kernel.errors import NotFoundError, RefusedError
from domain.kernel.ids import MemberId
from domain.members.commands import EraseMember
from domain.members.member import Member

erasures_app = typer.Typer(help="Erasures, kept apart from the database.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(dir_okay=False, help="JSON: who was erased, by id, and when.")]


class Erasures(BaseModel):
    """Who was erased in an installation, and when."""

    installation: UUID
    members: dict[UUID, datetime] = Field(default_factory=dict)


class Applied(NamedTuple):
    """What became of the erasures of a file."""

    erased: int
    unknown: int
    refused: dict[UUID, str]


@erasures_app.command("export")
def erasures_export(file: File) -> None:
    """Add every erasure to a file, which is made if it is not there. Keep it elsewhere than the backups."""
    before = _read(file) if file.exists() else None
    kept = run(with_system(lambda running: _joined(running, before, file)))
    draft = file.with_name(f".{uuid4()}.draft")
    draft.touch(mode=0o600)
    draft.write_text(kept.model_dump_json(indent=1), "utf-8")
    draft.replace(file)
    errors.print(f"{len(kept.members)} erasures are in {file}", soft_wrap=True, highlight=False)


@erasures_app.command("apply")
def erasures_apply(file: File, reason: Reason, by: By) -> None:
    """Erase again whoever was erased, in a database that was restored. Twice changes nothing."""
    if not file.exists():
        fail(f"there is no file {file}")
    kept = _read(file)
    done = run(with_system(lambda running: _apply(running, kept, file, reason, by)))
    told = f"{done.erased} are erased now; {done.unknown} are not known here"
    errors.print(f"{told}; whoever runs the policies destroys the keys", soft_wrap=True, highlight=False)
    for member_id, why in done.refused.items():
        complain(f"member {member_id} is not erased: {why}")
    if done.refused:
        fail("settle what is open first, then apply the file again")


async def _joined(running: Running, before: Erasures | None, file: Path) -> Erasures:
    """What was kept before, and what the log has: nothing is taken out, as the log may have gone back."""
    own = await running.installation_id()
    kept = before or Erasures(installation=own)
    _expect_own(kept, own, file)
    async for recorded in running.store.read(topics=[Member.Erased.TOPIC]):
        kept.members.setdefault(recorded.event.originator_id, recorded.event.timestamp)
    return kept


async def _apply(running: Running, kept: Erasures, file: Path, reason: str, by: str) -> Applied:
    _expect_own(kept, await running.installation_id(), file)
    erased, unknown, refused = 0, 0, dict[UUID, str]()
    for member_id in kept.members:
        try:
            member = await running.store.load(Member, member_id)
            if not member.erased:
                command = EraseMember(member_id=MemberId(member_id), reason=reason)
                await running.operators.dispatch(command, by, member.service)
                erased += 1
        except NotFoundError:  # registered after the backup
            unknown += 1
        except RefusedError as error:
            refused[member_id] = str(error)
    return Applied(erased, unknown, refused)


def _read(file: Path) -> Erasures:
    try:
        return Erasures.model_validate_json(file.read_bytes())
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)[0]["msg"]
        fail(f"{file} is no file of erasures: {wrong}")


def _expect_own(kept: Erasures, own: UUID, file: Path) -> None:
    if kept.installation != own:
        fail(f"{file} is of installation {kept.installation}, and this is another, {own}: which database is meant?")
