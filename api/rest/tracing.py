"""A span for each request, as a part of the caller's trace where the request names one (W3C Trace Context).

The answer names it as `traceresponse`.
"""

from http import HTTPStatus

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from api import traces

UNWATCHED = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds, by machines."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"})

_W3C = TraceContextTextMapPropagator()


class TracedRequests:
    """Names a request by its route. Its path, query, headers, body and address stay out: they may tell of a person."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in UNWATCHED:
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        facts = {"http.request.method": method, "url.scheme": scope["scheme"]}
        with self._tracer.start_as_current_span(
            method, caller_of(scope), SpanKind.SERVER, facts, record_exception=False, set_status_on_exception=False
        ) as span:
            own = _traceparent(span)
            traces.begin(own)
            try:
                with bound_contextvars(trace_id=traces.id_of(own)):
                    await self._app(scope, receive, _watched(send, span, own))
            except Exception as error:  # the server answers it with 500, outside of us
                _note_status(span, HTTPStatus.INTERNAL_SERVER_ERROR)
                span.set_attribute("error.type", type(error).__qualname__)
                raise
            finally:
                if route := getattr(scope.get("route"), "path", None):
                    span.set_attribute("http.route", route)
                    span.update_name(f"{method} {route}")


def caller_of(scope: Scope) -> Context:
    """The caller's trace; an empty one when the header is missing, malformed or there twice."""
    given = Headers(scope=scope).getlist("traceparent")
    return _W3C.extract({"traceparent": given[0]} if len(given) == 1 else {}, Context())


def _traceparent(span: Span) -> str:
    context = span.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def _watched(send: Send, span: Span, traceresponse: str) -> Send:
    async def watched(message: Message) -> None:
        if message["type"] == "http.response.start":
            _note_status(span, message["status"])
            MutableHeaders(scope=message)["traceresponse"] = traceresponse
        await send(message)

    return watched


def _note_status(span: Span, status: int) -> None:
    span.set_attribute("http.response.status_code", int(status))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        span.set_attribute("error.type", str(int(status)))
        span.set_status(Status(StatusCode.ERROR))
