"""What auditors see: every event with who, when and why, and any aggregate as it was."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from api.auth import Allowed, Caller
from api.dossier import Dossier, dossiers
from api.problems import Problem
from api.redaction import facts_of, state_of
from api.rest.commands import InSystem
from api.rest.schemas.base import LAST_POSITION, LogPosition, Moment
from api.rest.schemas.history import EventShown, History, InvoiceHistory, Log, LogEntry, StateShown, Told
from api.system import System
from domain import contexts
from domain.kernel.aggregate import Aggregate
from domain.kernel.messages import RecordedEvent

router = APIRouter(prefix="/v1/history", tags=["history"])

Auditor = Annotated[Caller, Depends(Allowed("history:read"))]

InvoiceNumber = Annotated[str, Path(max_length=60, pattern=r"^[^\x00]*$")]

_LOG = """
select position, recorded_at, aggregate_id, version, topic, member_id, vehicle_id, actor_role, actor_id, command,
    command_id, correlation_id, causation_id, reason
from read_v1.event_log
where service = $1 and ($2::uuid is null or member_id = $2) and ($3::uuid is null or vehicle_id = $3)
and ($4::timestamptz is null or recorded_at >= $4) and ($5::timestamptz is null or recorded_at < $5)
"""
_FORWARD = _LOG + "and position > $6 order by position limit $7"
_BACKWARD = _LOG + "and position < $6 order by position desc limit $7"


def shown(recorded: RecordedEvent) -> EventShown:
    """An event with who, when and why; secrets and values about a person are left out."""
    return EventShown(
        position=recorded.position,
        recorded_at=recorded.recorded_at,
        aggregate_id=recorded.event.originator_id,
        version=recorded.event.originator_version,
        type=recorded.topic,
        at=recorded.event.timestamp,
        facts=facts_of(recorded.event),
        metadata=recorded.metadata,
    )


@router.get("")
async def log(
    by: Auditor,
    system: InSystem,
    *,
    member_id: UUID | None = None,
    vehicle_id: UUID | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    cursor: LogPosition | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    newest_first: bool = False,
) -> Log:
    """The event log of a member, a vehicle, a time: as it was written, or `newest_first`."""
    query, start = (_BACKWARD, LAST_POSITION) if newest_first else (_FORWARD, 0)
    chosen = (by.service, member_id, vehicle_id, since, until)
    rows = await system.fetch(query, *chosen, start if cursor is None else cursor, limit)
    return Log(events=[LogEntry(**row) for row in rows], next=rows[-1]["position"] if len(rows) == limit else None)


@router.get("/invoices/{number}")
async def invoice(number: InvoiceNumber, by: Auditor, system: InSystem) -> InvoiceHistory:
    """Everything behind an invoice, and who, when and why: what was driven, quoted, charged, paid, credited, told."""
    found = await dossiers(number, by.service, system.store, system.fetch)
    if not found:
        raise Problem.not_found(f"there is no invoice {number}")
    return invoice_shown(found[0])


def invoice_shown(found: Dossier) -> InvoiceHistory:
    """Secrets and values about a person are left out."""
    return InvoiceHistory(
        invoice_id=found.invoice_id,
        quotes=found.quotes,
        messages=[Told(template=told.template, position=told.position) for told in found.messages],
        events=[shown(recorded) for recorded in found.events],
    )


@router.get("/{aggregate_id}")
async def history(aggregate_id: UUID, by: Auditor, system: InSystem) -> History:
    """Every event of one aggregate, oldest first."""
    events = [shown(recorded) async for recorded in system.store.read(aggregate_id=aggregate_id, service=by.service)]
    if not events:
        raise Problem.not_found(f"there is no aggregate {aggregate_id}")
    return History(events=events)


@router.get("/{aggregate_id}/state")
async def state(
    aggregate_id: UUID,
    by: Auditor,
    system: InSystem,
    at: Moment | None = None,
    position: LogPosition | None = None,
) -> StateShown:
    """An aggregate as it was recorded at a time or at a position of the log."""
    kind = await _kind_of(aggregate_id, by.service, system)
    found = await system.store.load_as_of(kind, aggregate_id, at=at, position=position)
    return StateShown(id=aggregate_id, type=kind.TOPIC, version=found.version, state=state_of(found))


async def _kind_of(aggregate_id: UUID, service: str, system: System) -> type[Aggregate]:
    async for recorded in system.store.read(aggregate_id=aggregate_id, service=service, batch=1):
        return contexts.AGGREGATES[recorded.topic.rpartition(".")[0]]
    raise Problem.not_found(f"there is no aggregate {aggregate_id}")
