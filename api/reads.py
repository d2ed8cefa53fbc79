"""Putting on record who of the staff, or of the partners, was shown something of a member."""

import re
from collections.abc import Iterable
from uuid import UUID

from fastapi import Request

from api.auth import Caller
from api.system import System
from api.visibility import KINDS, Kind
from domain.kernel.messages import RecordedEvent, Role
from domain.kernel.reads import PersonalRead
from domain.members.member import Member

_NAMES = "|".join(sorted(name for name, kind in KINDS.items() if kind is Kind.PERSON and not name.startswith("actor")))
_WHOSE = re.compile(rb'"(?:%b)": ?(\[[^\]]*\]|"[^"]*")|"role": ?"member", ?"id": ?("[^"]*")' % _NAMES.encode())
_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_BEHIND = "select distinct member_id from read_v1.event_log where aggregate_id = $1 and member_id is not null"


def persons_in(body: bytes) -> set[UUID]:
    """Whom a JSON text names, by the fields that say which person: it costs less than reading it."""
    return {UUID(id.decode()) for found in _WHOSE.finditer(body) for id in _ID.findall(found[1] or found[2])}


def whose(recorded: RecordedEvent, shown: bytes) -> set[UUID]:
    """Whom an event tells of, as it is shown."""
    of_a_member = recorded.topic.startswith(f"{Member.TOPIC}.")
    return persons_in(shown) | ({recorded.event.originator_id} if of_a_member else set())


async def note_reads(request: Request, body: bytes) -> None:
    """Put on record of whom this answer tells, unless it is their own or nobody is asking."""
    by: Caller | None = getattr(request.state, "caller", None)
    if by is None or by.role is Role.MEMBER:
        return
    system: System = request.app.state.system
    found = persons_in(body)
    if "member_id" in request.path_params and request.method != "POST":  # which a command's own record tells
        found.add(UUID(str(request.path_params["member_id"])))
    if (aggregate_id := request.path_params.get("aggregate_id")) is not None:
        found |= {row["member_id"] for row in await system.fetch(_BEHIND, UUID(str(aggregate_id)))}
    right = getattr(request.state, "right", "login")  # which whoever has logged in may do
    await note(system, by, door_of(request), right, found)


async def note_shown(request: Request, *members: UUID) -> None:
    """The same for an answer without fields, such as a document: of whom it tells is known beforehand."""
    by: Caller = request.state.caller
    if by.role is not Role.MEMBER:
        await note(request.app.state.system, by, door_of(request), request.state.right, members)


def door_of(request: Request) -> str:
    """Method and path of a route, without what was asked for."""
    return f"{request.method} {request.scope['route'].path}"


async def note(system: System, by: Caller, door: str, right: str, members: Iterable[UUID | None]) -> None:
    """The same for whatever is no answer in one piece. None stands for all that a report has."""
    if told := [*members]:
        at = system.clock.now()
        await system.reads.note([PersonalRead(at, by.service, by.role, by.subject, door, right, one) for one in told])
