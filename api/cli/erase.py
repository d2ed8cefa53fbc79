"""The command that erases a person."""

from typing import Annotated
from uuid import UUID

import typer

from api.cli.terminal import By, Reason, errors, run, with_system
from api.composition import Running
from domain.kernel.ids import MemberId
from domain.members.commands import EraseMember
from domain.members.member import Member


def erase(
    member_id: Annotated[UUID, typer.Argument(help="The member.")],
    reason: Reason,
    by: By,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether this is meant.")] = False,
) -> None:
    """Erase a member: nobody will ever read name, address, licence number or places again."""
    if not yes:
        typer.confirm(f"Erase member {member_id} for ever?", abort=True, err=True)
    run(with_system(lambda running: _erase(running, EraseMember(member_id=MemberId(member_id), reason=reason), by)))
    errors.print(f"member {member_id} is erased; whoever runs the policies destroys the key", soft_wrap=True)


async def _erase(running: Running, command: EraseMember, by: str) -> None:
    member = await running.store.load(Member, command.member_id)
    await running.operators.dispatch(command, by, member.service)
