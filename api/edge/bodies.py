"""A request reaches the routes whole or not at all."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problem


class WholeBodies:
    """Reads a body, of whatever method, before the application begins. Refuses one that is larger than allowed.

    A request whose end never comes, because its connection ended, is no request: nothing of it is carried out.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            body = await self._whole(scope, receive)
        except Problem as problem:
            await problem.response()(scope, receive, send)
            return
        if body is not None:
            await self._app(scope, _replay(body, receive), send)

    async def _whole(self, scope: Scope, receive: Receive) -> bytes | None:
        """The body; none when its end never came. Raises `Problem`."""
        coding = Headers(scope=scope).get("transfer-encoding", "chunked")
        if coding.strip().lower() != "chunked":
            raise Problem(501, "not-implemented", "Not implemented", "send the body as it is, or in chunks")
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._max_bytes:
                raise Problem(413, "too-large", "Body too large", f"send at most {self._max_bytes} bytes")
        return body


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body that was read, once; after that whatever comes, such as the client's going away."""
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return first.pop() if first else await receive()

    return replay
