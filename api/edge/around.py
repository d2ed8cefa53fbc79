"""Everything that a request passes before it reaches the routes, from outside to inside."""

from collections.abc import Mapping
from typing import Any

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from api.edge.access_log import AccessLog
from api.edge.admission import Admission
from api.edge.bodies import WholeBodies
from api.edge.headers import SafeHeaders
from api.edge.heads import Heads
from api.edge.hosts import Hosts, allowed_hosts
from api.edge.outage import Outage
from api.edge.rates import RateLimits, caller_by
from api.edge.shedding import Shedding
from api.edge.sources import Sources
from api.edge.streams import Streams
from api.rest.numbering import NumberedRequests
from api.settings import Settings
from api.system import System

CROSS_ORIGIN: Mapping[str, Any] = {
    "allow_methods": ["GET", "HEAD", "POST"],
    "allow_headers": [
        *("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID"),
        *("X-Request-Id", "traceparent"),
    ],
    "expose_headers": [
        *("ETag", "Location", "Retry-After", "X-CSBE-Position", "X-Request-Id", "traceresponse"),
        *("RateLimit", "RateLimit-Policy"),
    ],
    "max_age": 3600,
}
"""What a page of another origin may send, and see of an answer. Never cookies: tokens are sent as headers."""


def guarded(app: ASGIApp, system: System, admission: Admission) -> ASGIApp:
    """The application behind its edge. Read from below: what stands last comes first."""
    settings, who = system.settings, caller_by(system.tokens.verify)
    app = Outage(app, system.availability)
    app = Shedding(app, admission)
    app = WholeBodies(app, settings.max_body_bytes)
    app = Streams(app, who, most=settings.max_streams, per_caller=settings.streams_per_caller)
    app = RateLimits(app, settings, who)
    if settings.cors_origins:
        app = CORSMiddleware(app, allow_origins=settings.cors_origins, **CROSS_ORIGIN)
    return presentable(app, settings)


def presentable(app: ASGIApp, settings: Settings) -> ASGIApp:
    """The same for what has only health and figures: nothing of it needs to be limited."""
    app = Heads(app)
    app = Hosts(app, allowed_hosts(settings, settings.host))
    app = SafeHeaders(app, https_only=settings.is_https_only)
    app = NumberedRequests(app)
    if settings.access_log:
        app = AccessLog(app)
    return Sources(app, settings)
