"""How many event streams there may be: each one asks the log again and again."""

from collections import Counter
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from api.observability import LIMITED
from api.problems import Problem

STREAMS = "/v1/events"
RETRY_AFTER_S = 5


class Streams:
    """Counts the open streams, all and by who reads them. Raises none; refuses with 429."""

    def __init__(self, app: ASGIApp, who: Callable[[Scope], str | None], *, most: int, per_caller: int) -> None:
        self._app = app
        self._who = who
        self._most = most
        self._per_caller = per_caller
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = self._who(scope) if scope["type"] == "http" and scope["path"] == STREAMS else None
        if caller is None:
            await self._app(scope, receive, send)
            return
        if self._open[caller] >= self._per_caller or self._open.total() >= self._most:
            LIMITED.labels("streams").inc()
            await Problem.come_again(RETRY_AFTER_S).response()(scope, receive, send)
            return
        self._open[caller] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._open[caller] -= 1
            if not self._open[caller]:
                del self._open[caller]
