"""How much anybody may ask: by address until it is known who asks, then by who that is."""

from collections.abc import Callable
from math import ceil
from time import monotonic

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.auth import Caller
from api.edge.buckets import Buckets, Rate, Taken
from api.edge.connections import network_of
from api.edge.settings import EdgeSettings
from api.observability import LIMITED
from api.problems import Problem

COSTS = (
    ("POST", "/v1/quotes", 5),
    ("GET", "/v1/reports", 10),
    ("GET", "/v1/history", 5),
    ("GET", "/v1/events", 5),
    ("POST", "/v1/members", 10),
    ("POST", "/v1/member-search", 5),
)
"""What costs more than one: by method and beginning of the path."""
FAILED = 10
"""What an answer 401 costs the address: guessing is dear."""
_EXACT = frozenset({"/v1/members"})
"""Where what lies below costs as anything else."""


def cost_of(method: str, path: str) -> int:
    """What a request costs."""
    for dear, beginning, cost in COSTS:
        if method == dear and (path == beginning or (beginning not in _EXACT and path.startswith(beginning))):
            return cost
    return 1


class RateLimits:
    """Refuses with 429 who has asked too much, and tells everybody how much is left.

    The buckets are this process's own: n processes together allow n times as much.
    Requests from trusted networks are not limited; see `Sources`.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: EdgeSettings,
        who: Callable[[Scope], str | None],
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._app = app
        self._who = who
        self._now = now
        self._sources = Buckets(Rate(settings.source_requests_per_second, settings.source_requests_at_once))
        self._callers = Buckets(Rate(settings.caller_requests_per_second, settings.caller_requests_at_once))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["state"]["trusted"] or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        source = network_of((scope["client"] or ("",))[0])
        caller = self._who(scope)
        policy, buckets, name = (
            ("source", self._sources, source) if caller is None else ("caller", self._callers, caller)
        )
        taken = buckets.take(name, cost_of(scope["method"], scope["path"]), self._now())

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_headers(policy, buckets.rate, taken))
                if message["status"] == 401:  # noqa: PLR2004 (not authenticated)
                    self._sources.fine(source, FAILED, self._now())
            await send(message)

        if taken.allowed:
            await self._app(scope, receive, told)
        else:
            LIMITED.labels(policy).inc()
            await Problem.come_again(taken.retry_after_s).response()(scope, receive, told)


def caller_by(verify: Callable[[str], Caller]) -> Callable[[Scope], str | None]:
    """Tells who asks, if a token of ours says so."""

    def who(scope: Scope) -> str | None:
        kind, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        try:
            found = verify(token.strip())
        except Problem:
            return None
        return f"{found.service} {found.role} {found.subject}"

    return who


def _headers(policy: str, rate: Rate, taken: Taken) -> dict[str, str]:
    """As draft-ietf-httpapi-ratelimit-headers-10 says."""
    window = ceil(rate.burst / rate.per_second)
    return {
        "RateLimit-Policy": f'"{policy}";q={int(rate.burst)};w={window}',
        "RateLimit": f'"{policy}";r={int(taken.left)};t={ceil(taken.full_after_s)}',
    }
