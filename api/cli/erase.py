"""The command that erases a person."""

from typing import Annotated
from uuid import UUID

import typer

from api.cli.terminal import errors, fail, run, with_system
from api.composition import Running
from domain.members.member import Member
from projections.members import MembersProjector, forget


def erase(
    member_id: Annotated[UUID, typer.Argument(help="The member.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether this is meant.")] = False,
) -> None:
    """Destroy a member's key: nobody will ever read name, address, licence number or places again."""
    if not yes:
        typer.confirm(f"Erase member {member_id} for ever?", abort=True, err=True)
    run(with_system(lambda running: _erase(running, member_id)))
    errors.print(f"member {member_id} is erased")


async def _erase(running: Running, member_id: UUID) -> None:
    member = await running.store.load(Member, member_id)
    if member.trip_id or member.reservation_id:
        fail(f"member {member_id} has an open {'trip' if member.trip_id else 'reservation'}: end it first")
    await running.store.erase(member_id)
    projection = next(p for p in running.followers if p.name == MembersProjector.NAME)
    for generation in await projection.generations():  # what one has in hand may still name the member
        async with projection.follower(generation).held() as connection:
            await forget(connection, generation.schema, member_id)
