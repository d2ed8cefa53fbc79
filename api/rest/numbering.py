"""Every request has a number, the caller's or a new one, and every answer tells it."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from api import request_ids, traces
from api.command_ids import new_id

_HEADER = request_ids.HEADER.lower().encode()


class NumberedRequests:
    """Whatever answers inside of it, the answer and the log lines have the number, and the lines the caller's trace."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        traceparent = headers.getlist("traceparent")
        traces.begin(traces.given(traceparent[0]) if len(traceparent) == 1 else None)
        trace_id = traces.trace_id()
        number = request_ids.given(headers.get(request_ids.HEADER)) or trace_id or str(new_id())
        request_ids.begin(number)

        async def numbered(message: Message) -> None:
            if message["type"] == "http.response.start":
                others = [header for header in message["headers"] if header[0] != _HEADER]
                message["headers"] = [*others, (_HEADER, number.encode())]
            await send(message)

        with bound_contextvars(request_id=number, **({"trace_id": trace_id} if trace_id else {})):
            await self._app(scope, receive, numbered)
