"""The live view: the event stream as server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import StreamingResponse

from api.auth import Allowed, Caller
from api.problems import Problem
from api.rest.commanding import InSystem
from api.rest.history import shown
from api.rest.schemas.base import LAST_POSITION
from api.system import System
from domain.kernel.messages import RecordedEvent

router = APIRouter(prefix="/v1", tags=["live"])

Watcher = Annotated[Caller, Depends(Allowed("live:read"))]

LastEventId = Annotated[int | None, Header(ge=0, le=LAST_POSITION)]

POLL_S = 0.25
_EVENTS = {
    "schema": {"type": "string"},
    "example": 'id: 4711\nevent: rental.trip.requested\ndata: {"position": 4711, "type": "rental.trip.requested"}\n\n',
}
KEEP_ALIVE_S = 15.0
"""After so much silence a comment is sent: proxies cut connections that say nothing."""


@router.get("/events", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": _EVENTS}}})
async def events(
    request: Request,
    by: Watcher,
    system: InSystem,
    last_event_id: LastEventId = None,
) -> StreamingResponse:
    """Every event of the service as it happens; resumes after `Last-Event-ID`."""
    start = end = await system.end()
    if last_event_id is not None:
        if last_event_id > end:
            raise Problem.invalid("last-event-id", f"the log ends at {end}: read it anew", place="header")
        start = last_event_id
    return StreamingResponse(
        _stream(request, system, by.service, start),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store"},
    )


async def _stream(request: Request, system: System, service: str, after: int) -> AsyncIterator[bytes]:
    yield b": open\n\n"
    spoke_at = monotonic()
    while not await request.is_disconnected():
        end = await system.end()
        if end == after:
            await asyncio.sleep(POLL_S)
        async for recorded in system.store.read(after=after, until=end, service=service):
            yield f"id: {recorded.position}\nevent: {recorded.topic}\n{_data(recorded)}\n\n".encode()
            spoke_at = monotonic()
        after = end
        if monotonic() - spoke_at > KEEP_ALIVE_S:
            yield b": keep-alive\n\n"
            spoke_at = monotonic()


def _data(recorded: RecordedEvent) -> str:
    return f"data: {shown(recorded).model_dump_json()}"
