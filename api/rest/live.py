"""The live view: the event stream as server-sent events, each a CloudEvent."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import monotonic
from typing import Annotated
from uuid import UUID

import orjson
import structlog
from fastapi import Depends, Header, Query, Request
from fastapi.responses import StreamingResponse

from api.auth import Allowed, Caller, caller, lacks
from api.cloudevents import to_body
from api.problems import Problem
from api.reads import door_of, note, whose
from api.rest.commands import InSystem
from api.rest.routing import Router
from api.rest.schemas.base import LAST_POSITION
from api.rest.schemas.webhooks import EVENT, EventType
from api.rest.webhooks import known_types
from api.system import System
from domain import contexts
from domain.kernel.errors import UnreadableEventError
from domain.kernel.messages import RecordedEvent, Role
from domain.webhooks.subscription import TYPE_PREFIX, EventFilter, type_of

log = structlog.get_logger(__name__)

router = Router(prefix="/v1", tags=["live"])

Watcher = Annotated[Caller, Depends(Allowed("live:read"))]

LastEventId = Annotated[int | None, Header(ge=0, le=LAST_POSITION)]

POLL_S = 0.25
_EVENTS = {
    "schema": {"type": "string"},
    "example": f"id: 4711\nevent: {EVENT['type']}\ndata: {orjson.dumps(EVENT).decode()}\n\n",
}
KEEP_ALIVE_S = 15.0
"""After so much silence a comment is sent: proxies cut connections that say nothing."""


async def personal_data(
    by: Annotated[Caller, Depends(caller)],
    personal_data: Annotated[bool, Query(description="With values about persons; needs scope personal:read.")] = False,
) -> bool:
    """Whether values about persons are shown. Raises `Problem` 403 for whoever may not see them."""
    if personal_data and not by.may("personal:read"):
        raise Problem.forbidden(lacks(by.role, "personal:read"))
    return personal_data


@dataclass(frozen=True)
class Watched:
    """What of the log a stream carries."""

    service: str
    role: Role
    filter: EventFilter
    personal: bool

    @property
    def right(self) -> str:
        """The scope that lets it be watched."""
        return "personal:read" if self.personal else "live:read"

    def read(self, system: System, after: int, until: int) -> AsyncIterator[RecordedEvent]:
        """Only the events that it carries are read, and none of the others decoded."""
        topics = self.filter.wanted_of(contexts.EVENTS)
        return system.store.read(
            after=after, until=until, topics=topics, service=self.service, aggregate_id=self.filter.subject
        )

    def shown(self, recorded: RecordedEvent) -> bytes:
        """An event as a message of the stream."""
        head = f"id: {recorded.position}\nevent: {type_of(recorded.topic)}\ndata: "
        return head.encode() + to_body(recorded, self.role, self.personal) + b"\n\n"


@router.get("/events", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": _EVENTS}}})
async def stream_events(
    request: Request,
    by: Watcher,
    system: InSystem,
    *,
    type: Annotated[
        list[EventType] | None, Query(max_length=50, description="Only these; one that ends in a dot begins types.")
    ] = None,
    subject: Annotated[UUID | None, Query(description="Only events of this aggregate.")] = None,
    personal: Annotated[bool, Depends(personal_data)],
    last_event_id: LastEventId = None,
) -> StreamingResponse:
    """Every event of the service as it happens, as CloudEvents; resumes after `Last-Event-ID`, ends with the token.

    Where the log ends before `Last-Event-ID`, as after a restore, the first message is `restarted`, and it goes on from
    there.
    """
    end = await system.end()
    is_lost = last_event_id is not None and last_event_id > end
    start = end if last_event_id is None or is_lost else last_event_id
    types = known_types(type or [TYPE_PREFIX], "type", "query")
    watched = Watched(by.service, by.role, EventFilter(types=types, subject=subject), personal)
    return StreamingResponse(
        _stream(request, by, system, watched, start, greeting=_restarted(end) if is_lost else b": open\n\n"),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store"},
    )


async def _stream(
    request: Request, by: Caller, system: System, watched: Watched, after: int, *, greeting: bytes
) -> AsyncIterator[bytes]:
    yield greeting
    spoke_at = monotonic()
    while not (_has_ended(by, system) or request.app.state.ending.is_set() or await request.is_disconnected()):
        end = await system.end()
        if end == after:
            await asyncio.sleep(POLL_S)
        try:
            async for recorded in watched.read(system, after, end):
                if _has_ended(by, system):
                    return
                message = watched.shown(recorded)
                await note(system, by, door_of(request), watched.right, whose(recorded, message))
                yield message
                spoke_at = monotonic()
            after = end
        except UnreadableEventError as error:
            log.exception("the event stream passes over an event")
            yield _unreadable(error)
            after = error.position or end
        if monotonic() - spoke_at > KEEP_ALIVE_S:
            yield b": keep-alive\n\n"
            spoke_at = monotonic()


def _has_ended(by: Caller, system: System) -> bool:
    return by.has_expired() or system.authenticate.is_revoked(by)


def _restarted(end: int) -> bytes:
    """What the client has seen beyond the end of the log is gone: it forgets that, and goes on from here."""
    return b"id: %d\nevent: restarted\ndata: %b\n\n" % (end, orjson.dumps({"log_end": end}))


def _unreadable(error: UnreadableEventError) -> bytes:
    """In the place of an event: its position, so that the client resumes after it, and which event it is."""
    which = {"type": type_of(error.topic), "subject": str(error.originator_id), "version": error.version}
    return b"id: %d\nevent: unreadable\ndata: %b\n\n" % (error.position or 0, orjson.dumps(which))
