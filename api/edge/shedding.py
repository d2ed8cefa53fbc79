"""Overload is told at once: 503, and when to come again, instead of an answer that comes too late."""

from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.command_ids import new_id
from api.edge.admission import Admission, OverloadedError, Urgency
from api.edge.refusals import head_and_body
from api.observability import SHED
from api.problems import Problem

_ENDING = ("/end", "/force-end", "/cancel", "/park")
_A_NUMBER = "00000000-0000-0000-0000-000000000000"
_COSTLY = ("/v1/quotes", "/v1/reports", "/v1/history")


def urgency_of(method: str, path: str) -> Urgency:
    """How urgent a request is."""
    if path.startswith(_COSTLY):
        return Urgency.COSTLY
    if method in {"GET", "HEAD"}:
        return Urgency.READING
    return Urgency.ENDING if path.endswith(_ENDING) else Urgency.COMMAND


class FrontDoor:
    """Sends away whoever the application would send away at once, before it hears of the request.

    That costs a third, so that a crowd that is too large leaves more of the process to those who are served.
    """

    def __init__(self, admission: Admission, *, https_only: bool) -> None:
        self._admission = admission
        self._on_their_way = 0
        self._head, self._body = head_and_body(Problem.overloaded(), _A_NUMBER, https_only=https_only)

    def is_shut_to(self, scope: Mapping[str, Any]) -> bool:
        """Whether there is no room for the request, and the answer needs nothing that only the application knows."""
        if scope["method"] == "HEAD" or not scope["path"].startswith("/v1/"):
            return False
        full = self._admission.is_full_for(urgency_of(scope["method"], scope["path"]), self._on_their_way)
        return full and not any(name == b"origin" for name, _ in scope["headers"])

    def let_in(self) -> None:
        """Somebody is on the way to the queue; many may be before the first is there."""
        self._on_their_way += 1

    def went_in(self) -> None:
        """And has arrived, or waits for a body."""
        self._on_their_way -= 1

    def answer(self, *, keep_alive: bool) -> bytes:
        """What is sent, with a number of its own."""
        SHED.inc()
        answer = self._head + (b"" if keep_alive else b"connection: close\r\n") + b"\r\n" + self._body
        return answer.replace(_A_NUMBER.encode(), str(new_id()).encode())


class Shedding:
    """Takes in as many requests as can be worked on; health, metrics and pages pass by.

    A request has its place until its answer begins: a stream holds none.
    """

    def __init__(self, app: ASGIApp, admission: Admission) -> None:
        self._app = app
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        try:
            await self._admission.enter(urgency_of(scope["method"], scope["path"]))
        except OverloadedError:
            SHED.inc()
            await Problem.overloaded().response()(scope, receive, send)
            return
        inside = True

        async def leaving(message: Message) -> None:
            nonlocal inside
            if inside:
                inside = False
                self._admission.leave()
            await send(message)

        try:
            await self._app(scope, receive, leaving)
        finally:
            if inside:
                self._admission.leave()
