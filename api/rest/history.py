"""What auditors see: every event with who, when and why, and any aggregate as it was."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query

from api import request_ids
from api.auth import Allowed, Caller
from api.dossier import Dossier, dossiers
from api.problems import Problem
from api.redaction import facts_of, state_of
from api.rest.commands import InSystem
from api.rest.pagination import Cursor, InPage, InPeriod, Limit, Listing, Order
from api.rest.routing import Router
from api.rest.schemas.base import LogPosition, Moment, Word
from api.rest.schemas.history import EventShown, History, InvoiceHistory, Log, LogEntry, StateShown, Told
from api.system import System
from api.visibility import SEES
from api.wording import WITHOUT_NUL
from domain import contexts
from domain.kernel.aggregate import Aggregate
from domain.kernel.messages import RecordedEvent, Role

router = Router(prefix="/v1/history", tags=["history"])

RequestId = Annotated[str, Query(min_length=1, max_length=100, pattern=WITHOUT_NUL)]
Auditor = Annotated[Caller, Depends(Allowed("history:read"))]
Watcher = Annotated[Caller, Depends(Allowed("history:read", "live:read"))]
"""Who may watch the stream may look back, too."""

InvoiceNumber = Annotated[str, Path(max_length=60, pattern=WITHOUT_NUL)]

_LOG = (
    "select position, recorded_at, aggregate_id, version, topic, member_id, vehicle_id, actor_role, actor_id, command, "
    "command_id, correlation_id, causation_id, reason from read_v1.event_log"
)
_FORWARD = Listing(_LOG, Order("history", {"position": int}, descending=False))
_BACKWARD = Listing(_LOG, Order("history_newest_first", {"position": int}))
_OF_ONE = Order("history_of_one", {"position": int}, descending=False)


def shown(recorded: RecordedEvent) -> EventShown:
    """An event with who, when and why; secrets and values about a person are left out."""
    return EventShown(
        position=recorded.position,
        recorded_at=recorded.recorded_at,
        aggregate_id=recorded.event.originator_id,
        version=recorded.event.originator_version,
        type=recorded.topic,
        at=recorded.event.timestamp,
        facts=facts_of(recorded.event, SEES[Role.AUDITOR]),
        metadata=recorded.metadata,
    )


@router.get("")
async def list_events(
    by: Watcher,
    system: InSystem,
    page: InPage,
    recorded: InPeriod,
    *,
    member_id: UUID | None = None,
    vehicle_id: UUID | None = None,
    aggregate_id: UUID | None = None,
    correlation_id: Annotated[UUID | None, Query(description="Everything that follows from one request.")] = None,
    request_id: Annotated[RequestId | None, Query(description="The same, by its X-Request-Id.")] = None,
    topic: Word | None = None,
    newest_first: bool = False,
) -> Log:
    """The event log of a member, a vehicle, a request, a time: as it was written, or `newest_first`."""
    listing = _BACKWARD if newest_first else _FORWARD
    rows, after = await listing.page(
        system,
        page,
        [
            ("service = {}", by.service),
            ("member_id = {}", member_id),
            ("vehicle_id = {}", vehicle_id),
            ("aggregate_id = {}", aggregate_id),
            ("correlation_id = {}", correlation_id),
            ("correlation_id = {}", request_id and request_ids.correlation_of(request_id)),
            ("topic = {}", topic),
            *recorded.of("recorded_at"),
        ],
    )
    return Log(events=[LogEntry(**row) for row in rows], next=after)


@router.get("/invoices/{number}")
async def get_invoice_history(number: InvoiceNumber, by: Auditor, system: InSystem) -> InvoiceHistory:
    """Everything behind an invoice, and who, when and why: what was driven, quoted, charged, paid, credited, told."""
    found = await dossiers(number, by.service, system.store, system.fetch)
    if not found:
        raise Problem.not_found("there is no invoice with this number")
    return invoice_shown(found[0])


def invoice_shown(found: Dossier) -> InvoiceHistory:
    """Secrets and values about a person are left out."""
    return InvoiceHistory(
        invoice_id=found.invoice_id,
        quotes=found.quotes,
        messages=[Told(**told._asdict()) for told in found.messages],
        events=[shown(recorded) for recorded in found.events],
    )


@router.get("/{aggregate_id}")
async def get_history(
    aggregate_id: UUID, by: Auditor, system: InSystem, cursor: Cursor = None, limit: Limit = 50
) -> History:
    """Every event of one aggregate, oldest first."""
    [start] = [0] if cursor is None else _OF_ONE.after(cursor)
    found = system.store.read(after=start, aggregate_id=aggregate_id, service=by.service, batch=limit + 1)
    events: list[EventShown] = []
    async for recorded in found:
        events.append(shown(recorded))
        if len(events) > limit:
            break
    if not events and cursor is None:
        raise Problem.not_found("nothing has happened under this id")
    more = _OF_ONE.cursor({"position": events[limit - 1].position}) if len(events) > limit else None
    return History(events=events[:limit], next=more)


@router.get("/{aggregate_id}/state")
async def get_state_at(
    aggregate_id: UUID,
    by: Auditor,
    system: InSystem,
    at: Moment | None = None,
    position: LogPosition | None = None,
) -> StateShown:
    """An aggregate as it was recorded at a time or at a position of the log."""
    kind = await _kind_of(aggregate_id, by.service, system)
    found = await system.store.load_as_of(kind, aggregate_id, at=at, position=position)
    seen = state_of(found, SEES[Role.AUDITOR])
    return StateShown(id=aggregate_id, type=kind.TOPIC, version=found.version, state=seen)


async def _kind_of(aggregate_id: UUID, service: str, system: System) -> type[Aggregate]:
    async for recorded in system.store.read(aggregate_id=aggregate_id, service=service, batch=1):
        return contexts.AGGREGATES[recorded.topic.rpartition(".")[0]]
    raise Problem.not_found("nothing has happened under this id")
