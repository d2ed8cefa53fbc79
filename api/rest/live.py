"""The live view: the event stream as server-sent events, key figures, and the page that shows them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import StreamingResponse

from api.auth import Allowed, Caller
from api.rest.commanding import LAST_POSITION, InSystem, plain
from api.rest.history import shown
from api.system import System

router = APIRouter(prefix="/v1", tags=["live"])

Watcher = Annotated[Caller, Depends(Allowed("live:read"))]
Analyst = Annotated[Caller, Depends(Allowed("reports:read"))]

LastEventId = Annotated[int | None, Header(ge=0, le=LAST_POSITION)]

POLL_S = 0.25

_FIGURES = """
select
    (select count(*) from read_v1.vehicles where service = $1 and state = 'available') as available,
    (select count(*) from read_v1.vehicles where service = $1 and state = 'reserved') as reserved,
    (select count(*) from read_v1.vehicles where service = $1 and state = 'in_trip') as in_trip,
    (select count(*) from read_v1.members where service = $1) as members,
    (select count(*) from read_v1.trips where service = $1 and ended_at is not null) as trips,
    (select count(*) from read_v1.invoices where service = $1) as invoices,
    (select coalesce(sum(gross_minor), 0)::bigint from read_v1.invoices where service = $1) as gross_minor,
    (select min(currency) from read_v1.invoices where service = $1) as currency
"""
_UTILISATION = """
select day, city_id, trips, driving_s, distance_m, revenue_minor, currency from read_v1.fleet_days
where service = $1 order by day desc, city_id limit 400
"""


@router.get("/events", response_class=StreamingResponse)
async def events(
    request: Request,
    by: Watcher,
    system: InSystem,
    last_event_id: LastEventId = None,
) -> StreamingResponse:
    """Every event of the service as it happens; resumes after `Last-Event-ID`."""
    start = await system.end() if last_event_id is None else last_event_id
    return StreamingResponse(
        _stream(request, system, by.service, start),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store"},
    )


@router.get("/reports/key-figures")
async def key_figures(by: Analyst, system: InSystem) -> dict[str, Any]:
    """How the service stands now."""
    return plain(await system.fetch(_FIGURES, by.service))[0]


@router.get("/reports/utilisation")
async def utilisation(by: Analyst, system: InSystem) -> dict[str, Any]:
    """Trips, driving time, distance and revenue per day and city."""
    return {"days": plain(await system.fetch(_UTILISATION, by.service))}


async def _stream(request: Request, system: System, service: str, after: int) -> AsyncIterator[bytes]:
    yield b": open\n\n"
    while not await request.is_disconnected():
        end = await system.end()
        if end == after:
            await asyncio.sleep(POLL_S)
            continue
        async for recorded in system.store.read(after=after, until=end, service=service):
            data = orjson.dumps(shown(recorded)).decode()
            yield f"id: {recorded.position}\nevent: {recorded.topic}\ndata: {data}\n\n".encode()
        after = end
