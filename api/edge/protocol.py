"""HTTP/1.1 with an end to everything: what uvicorn waits for without a limit is cut here."""

from asyncio import AbstractEventLoop, TimerHandle, Transport
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

import structlog
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from api.command_ids import new_id
from api.edge.connections import Connections, network_of
from api.edge.refusals import head_and_body
from api.edge.shedding import FrontDoor
from api.problems import Problem

log = structlog.get_logger(__name__)

MOST_HEADERS = 100
MOST_HEAD_BYTES = 32 * 1024
"""Of the request line and all headers."""
_HEAD_TOO_LARGE = f"send at most {MOST_HEADERS} headers, and {MOST_HEAD_BYTES} bytes of them with the address"


@dataclass(frozen=True)
class Bounds:
    """How long a client may keep us waiting, in seconds."""

    head_s: float
    """From the connection, or the first byte of a further request, to the end of its headers."""
    body_s: float
    """From there to the end of its body."""
    write_s: float
    """For an answer that the client does not read, until it has read some of it."""
    unlimited: Callable[[str], bool]
    """Which addresses may have any number of connections."""


class _Awaited(Enum):
    """What the next byte belongs to."""

    HEAD = auto()
    BODY = auto()
    NOTHING = auto()
    """A whole request is there, or answered."""


class _TooLargeError(Exception):
    """The head of a request has no end in sight."""


class BoundedProtocol(HttpToolsProtocol):
    """A connection that is cut when it keeps us waiting for too long, or sends a head that is too large."""

    def __init__(
        self,
        bounds: Bounds,
        table: Connections,
        door: FrontDoor | None,
        https_only: bool,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._bounds = bounds
        self._table = table
        self._door = door
        self._https_only = https_only
        self._awaited = _Awaited.HEAD
        self._deadline: TimerHandle | None = None
        self._unread: TimerHandle | None = None
        self._silent = True
        """It has never said a word."""
        self._began = False
        """Whether the head of a request began in the bytes that came last."""
        self._head_bytes = 0
        """Of the head that is under way, those after the piece that it began in."""
        self._refusal = HTTPStatus.BAD_REQUEST

    # The transport tells.

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # uvicorn's own narrowing
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        source = None if self._bounds.unlimited(address) else network_of(address)
        if not self._table.admit(self, source):
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections are open: try again soon")
            return
        self._await(_Awaited.HEAD, self._bounds.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        self._table.leave(self)
        self._stop(self._deadline)
        self._stop(self._unread)
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._began = False
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._awaited is _Awaited.HEAD and not self._began:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _HEAD_TOO_LARGE)
        elif self._awaited is _Awaited.NOTHING and self._is_idle and self.timeout_keep_alive_task is None:
            # Blank lines are no request.
            self._await(_Awaited.HEAD, self._bounds.head_s)

    def eof_received(self) -> bool:  # type: ignore[override] # uvicorn's closes always
        """Whoever has sent a whole request and closes its half still gets the answer; half a request gets none."""
        answering = self._awaited is _Awaited.NOTHING and not self._is_idle and self.scheme == "http"
        if answering:
            self.cycle.keep_alive = False
        return answering

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(self._bounds.write_s, self.cut)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop(self._unread)

    # The parser tells.

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._silent, self._began, self._head_bytes = False, True, 0
        if self._awaited is not _Awaited.HEAD:
            self._await(_Awaited.HEAD, self._bounds.head_s)

    def on_headers_complete(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > MOST_HEAD_BYTES or len(self.headers) > MOST_HEADERS:
            self._refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise _TooLargeError
        self._await(_Awaited.BODY, self._bounds.body_s)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._await(_Awaited.NOTHING)
        self._table.served(self)
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        if self._door is not None and self._door.is_shut_to(cycle.scope):
            self.loop.call_soon(self._send_away, self._door, cycle)
            return
        super()._start_asgi_task(cycle, app)
        if self._door is not None:
            self._door.let_in()
            self.loop.call_soon(self._door.went_in)  # after the first step of the task

    def _send_away(self, door: FrontDoor, cycle: RequestResponseCycle) -> None:
        if self.transport.is_closing():
            return
        keep_alive = cycle.keep_alive and not cycle.waiting_for_100_continue
        self.transport.write(door.answer(keep_alive=keep_alive))
        cycle.response_started = cycle.response_complete = True
        if not keep_alive:
            self.transport.close()
        self.on_response_complete()

    # The server tells.

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._cut_unless_read()
        elif self._is_idle:
            self._table.waits(self)

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._cut_unless_read()

    def shutdown(self) -> None:
        super().shutdown()
        if self.transport.is_closing():
            self._cut_unless_read()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (uvicorn's own words)
        if self._refusal is HTTPStatus.BAD_REQUEST:
            self._refuse(self._refusal, "this is no valid request of HTTP/1.1")
        else:
            self._refuse(self._refusal, _HEAD_TOO_LARGE)

    def cut(self) -> None:
        """End the connection now, whatever is under way."""
        self.transport.abort()

    @property
    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _await(self, what: _Awaited, seconds: float | None = None) -> None:
        self._awaited = what
        self._stop(self._deadline)
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._too_late, seconds)

    def _too_late(self, seconds: float) -> None:
        if self.flow.read_paused:  # we do not read: it waits for us
            self._deadline = self.loop.call_later(seconds, self._too_late, seconds)
        elif self._silent:
            self.cut()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "send the whole request sooner")

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        """Say why and close. While an answer is under way, only close: two answers would run into one another."""
        if self._is_idle or not self.cycle.response_started:
            problem = Problem(status.value, "http", status.phrase, why)
            head, body = head_and_body(problem, str(new_id()), https_only=self._https_only)
            self.transport.write(head + b"connection: close\r\n\r\n" + body)
        log.info("request refused", status=status.value, why=why)
        self.transport.close()
        self._cut_unless_read()

    def _cut_unless_read(self) -> None:
        """A closed connection lasts until its last bytes are read."""
        self._stop(self._unread)
        self._unread = self.loop.call_later(self._bounds.write_s, self.cut)

    @staticmethod
    def _stop(timer: TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()
