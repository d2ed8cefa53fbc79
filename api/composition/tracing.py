"""Traces: switched on by the standard OTEL_ variables, which OpenTelemetry's SDK reads itself wherever it does.

The SDK is imported here only, and only when traces are on.
"""

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from importlib.metadata import version
from threading import Thread
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from anyio import to_thread
from opentelemetry.trace import Span, Tracer

from adapters import tracing
from adapters.tracing import Facts, SpanKind
from api.observability import MeasuredDispatcher
from domain.dispatcher import CommandResult
from domain.kernel.messages import Command, Metadata
from domain.kernel.policy import (
    AskPaymentProvider,
    DestroyKey,
    Effect,
    ForgetIdentifier,
    LookUpPayment,
    SendMessage,
    TellVehicle,
)

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")

FLUSH_S = 5
"""How long what is left of the traces may take at the end of the process."""


class TracedDispatcher(MeasuredDispatcher):
    """The dispatcher, counted and timed, and with a span for each command, whose context is stored with its events."""

    async def dispatch(
        self, command: Command, metadata: Metadata, *, expected: Mapping[UUID, int] | None = None
    ) -> CommandResult:
        """As the dispatcher does."""
        with tracing.span(f"command {command.NAME}", attributes=_facts(metadata)) as span:
            carried = metadata.model_copy(update={"traceparent": tracing.own_traceparent()})
            with structlog.contextvars.bound_contextvars(trace_id=f"{span.get_span_context().trace_id:032x}"):
                answered = await super().dispatch(command, carried, expected=expected)
            span.set_attributes({"csbe.position": answered.position, "csbe.repeated": answered.repeated})
            return answered


def _facts(metadata: Metadata) -> Facts:
    return {
        "csbe.command": metadata.command,
        "csbe.command.id": str(metadata.command_id),
        "csbe.correlation.id": str(metadata.correlation_id),
        "csbe.service": metadata.service,
        "csbe.actor.role": metadata.actor.role.value,
    }


def effect_span(effect: Effect, idempotency_key: str) -> AbstractContextManager[Span]:
    """Of something that is done to the outside world, by the names of OpenTelemetry where it has some."""
    match effect:
        case TellVehicle():
            facts: Facts = {
                "messaging.system": "mqtt",
                "messaging.operation.type": "send",
                "messaging.operation.name": "publish",
                "messaging.destination.template": "csbe/v1/{service}/vehicles/{vin}/commands",
                "messaging.message.id": str(effect.request_id),
                "csbe.vehicle.command": effect.type,
            }
            return tracing.span("publish commands", SpanKind.PRODUCER, facts)
        case AskPaymentProvider():
            facts = {"csbe.payment.operation": effect.operation, "csbe.payment.id": str(effect.payment_id)}
            return tracing.span(f"payment {effect.operation}", SpanKind.CLIENT, facts)
        case LookUpPayment():
            facts = {"csbe.payment.about": effect.about, "csbe.payment.id": str(effect.payment_id)}
            return tracing.span("payment look_up", SpanKind.CLIENT, facts)
        case SendMessage():
            facts = {"csbe.message.template": effect.template, "csbe.message.id": idempotency_key}
            return tracing.span("send message", SpanKind.CLIENT, facts)
        case DestroyKey():
            return tracing.span("destroy key", attributes={"csbe.message.id": idempotency_key})
        case ForgetIdentifier():
            return tracing.span("forget identifier", attributes={"csbe.message.id": idempotency_key})


@asynccontextmanager
async def traced() -> AsyncIterator[Tracer | None]:
    """Traces during the block, if the environment asks for them; at its end what is left is sent.

    Raises `ValueError` when it asks for something that is not there.
    """
    exporters = _chosen(os.environ)
    if not exporters:
        yield None
        return
    provider = _provider(exporters)
    tracer = provider.get_tracer("csbe", version("csbe"))
    try:
        with tracing.switch_on(tracer):
            yield tracer
    finally:
        sending = Thread(target=provider.shutdown, daemon=True)  # the collector may be away: the process ends anyway
        sending.start()
        await to_thread.run_sync(sending.join, FLUSH_S)


def _chosen(environment: Mapping[str, str]) -> list[str]:
    """Which exporters the variables name; none, unless they name one or say where OTLP is to go."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return []
    default = "otlp" if any(environment.get(name) for name in _ENDPOINTS) else "none"
    names = [name.strip() for name in (environment.get("OTEL_TRACES_EXPORTER") or default).split(",")]
    for name in names:
        if name not in {"otlp", "console", "none"}:
            raise ValueError(f"OTEL_TRACES_EXPORTER is otlp, console or none, not {name!r}")
    protocol = next((value for name in _PROTOCOLS if (value := environment.get(name))), "http/protobuf")
    if "otlp" in names and protocol != "http/protobuf":
        raise ValueError(f"OTLP is sent as http/protobuf, not as {protocol!r}: see OTEL_EXPORTER_OTLP_PROTOCOL")
    return [name for name in names if name != "none"]


def _provider(exporters: list[str]) -> "TracerProvider":
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415 (only when traces are on)
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 (the same)
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 (the same)

    ours = {"service.name": "csbe", "service.version": version("csbe")}
    resource = Resource.create({**ours, **OTELResourceDetector().detect().attributes})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    for name in exporters:
        provider.add_span_processor(BatchSpanProcessor(_exporter(name)))
    return provider


def _exporter(name: str) -> "SpanExporter":
    if name == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter  # noqa: PLC0415 (only when asked for)

        return ConsoleSpanExporter(out=sys.stderr)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 (the same)

    return OTLPSpanExporter()
