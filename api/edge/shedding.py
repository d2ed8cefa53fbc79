"""Overload is told at once: 503, and when to come again, instead of an answer that comes too late."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.edge.admission import Admission, OverloadedError, Urgency
from api.observability import SHED
from api.problems import Problem

_ENDING = ("/end", "/force-end", "/cancel", "/park")
_COSTLY = ("/v1/quotes", "/v1/reports", "/v1/history")


def urgency_of(method: str, path: str) -> Urgency:
    """How urgent a request is."""
    if path.startswith(_COSTLY):
        return Urgency.COSTLY
    if method in {"GET", "HEAD"}:
        return Urgency.READING
    return Urgency.ENDING if path.endswith(_ENDING) else Urgency.COMMAND


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
