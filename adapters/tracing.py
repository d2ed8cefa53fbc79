"""Spans from command to effect: nothing until `switch_on`, which the composition root does when asked to.

Only OpenTelemetry's API is used here. A span holds names, ids and counts; never a body, an error's text, a token or a
value of SQL.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from domain.kernel.messages import RecordedEvent

__all__ = ["Facts", "SpanKind", "following", "onward", "own_traceparent", "span", "switch_on"]

Facts = Mapping[str, str | int | bool]
"""Attributes of a span."""
FRESH = timedelta(hours=1)
"""Events that are older get no span from those who follow the log: a rebuild does not add to the traces of old."""

_W3C = TraceContextTextMapPropagator()
_NOTHING = nullcontext(INVALID_SPAN)
_passed_on: ContextVar[Mapping[str, str] | None] = ContextVar("passed_on", default=None)


class _Switch:
    tracer: Tracer | None = None


@contextmanager
def switch_on(tracer: Tracer) -> Iterator[None]:
    """Make spans with this tracer until the end of the block."""
    before, _Switch.tracer = _Switch.tracer, tracer
    try:
        yield
    finally:
        _Switch.tracer = before


def span(
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Facts | None = None,
    *,
    parent: str | None = None,
) -> AbstractContextManager[Span]:
    """A span around a block, under the current one, or under a `parent` in W3C form where there is no current one.

    A `parent` that is malformed counts as none. An error that leaves the block marks the span, by its kind only.
    """
    return _NOTHING if _Switch.tracer is None else _made(_Switch.tracer, name, kind, attributes, _under(parent))


def own_traceparent() -> str | None:
    """The current span in W3C form, to be stored or sent on; none while there is none."""
    if _Switch.tracer is None:
        return None
    carrier: dict[str, str] = {}
    _W3C.inject(carrier)
    return carrier.get("traceparent")


def following(follower: str, events: Sequence[RecordedEvent]) -> AbstractContextManager[object]:
    """One span for each command whose events are in a batch, as a part of that command's trace."""
    return _NOTHING if _Switch.tracer is None else _followed(_Switch.tracer, follower, events)


def onward(traceparent: str | None) -> str | None:
    """What follows from an event under this trace context continues it from here: from its follower's span."""
    return None if traceparent is None else (_passed_on.get() or {}).get(traceparent, traceparent)


@contextmanager
def _made(
    tracer: Tracer,
    name: str,
    kind: SpanKind,
    attributes: Facts | None,
    context: Context | None,
) -> Generator[Span, None, None]:
    with tracer.start_as_current_span(
        name, context, kind, attributes, record_exception=False, set_status_on_exception=False
    ) as made:
        try:
            yield made
        except BaseException as error:
            _mark_failed(made, error)
            raise


def _mark_failed(made: Span, error: BaseException) -> None:
    """Say that it failed, and by which kind of error; its text may quote what is known of a person."""
    made.set_attribute("error.type", type(error).__qualname__)
    made.set_status(Status(StatusCode.ERROR))


def _under(parent: str | None) -> Context | None:
    if parent is None or trace.get_current_span().get_span_context().is_valid:
        return None
    return _W3C.extract({"traceparent": parent}, Context())


@contextmanager
def _followed(tracer: Tracer, follower: str, events: Sequence[RecordedEvent]) -> Generator[None, None, None]:
    counts: dict[str, int] = {}
    oldest = datetime.now(UTC) - FRESH
    for event in events:
        if event.metadata.traceparent is not None and event.recorded_at > oldest:
            counts[event.metadata.traceparent] = counts.get(event.metadata.traceparent, 0) + 1
    passed_on: dict[str, str] = {}
    with ExitStack() as spans:
        for traceparent, count in counts.items():
            facts: Facts = {"csbe.follower": follower, "csbe.events": count, "csbe.batch.events": len(events)}
            context = _W3C.extract({"traceparent": traceparent}, Context())
            with_it = _made(tracer, f"follow {follower}", SpanKind.CONSUMER, facts, context)
            spans.enter_context(with_it)
            passed_on[traceparent] = own_traceparent() or traceparent
        spans.callback(_passed_on.reset, _passed_on.set(passed_on))
        yield
