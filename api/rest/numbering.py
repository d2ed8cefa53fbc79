"""Every request has a number, the caller's or a new one, and every answer tells it."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from api import request_ids
from api.command_ids import new_id


class NumberedRequests:
    """Whatever answers inside of it, the answer and the log lines have the number."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        said = request_ids.given(headers.get(request_ids.HEADER), headers.get("traceparent"))
        number = said or str(new_id())
        request_ids.begin(number)

        async def numbered(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[request_ids.HEADER] = number
            await send(message)

        with bound_contextvars(request_id=number):
            await self._app(scope, receive, numbered)
