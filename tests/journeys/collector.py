"""Where traces are sent to: a receiver of OTLP over HTTP that keeps every span."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

Value = str | int | bool


@dataclass(frozen=True)
class Seen:
    """A span as it was received."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    failed: bool
    facts: dict[str, Value]


@dataclass
class Collector:
    """Keeps what it is sent."""

    url: str = ""
    spans: list[Seen] = field(default_factory=list)
    raw: bytes = b""

    def of(self, trace: str) -> list[Seen]:
        return [span for span in list(self.spans) if span.trace == trace]

    def names(self, trace: str) -> set[str]:
        return {span.name for span in self.of(trace)}

    def ancestry(self, span: Seen) -> list[str]:
        """The names of a span and of what it is a part of, up to the first that was received."""
        known = {other.id: other for other in self.of(span.trace)}
        names, at = [], span
        while True:
            names.append(at.name)
            if at.parent not in known:
                return names
            at = known[at.parent]

    def take(self, body: bytes) -> None:
        self.raw += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            about = {fact.key: _value(fact.value) for fact in resource.resource.attributes}
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                facts = {fact.key: _value(fact.value) for fact in span.attributes}
                ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
                failed = span.status.code == 2
                self.spans.append(Seen(str(about["service.name"]), span.name, *ids, failed, facts))


def all_in(names: Sequence[str], found: set[str]) -> bool:
    return set(names) <= found


@contextmanager
def collecting() -> Iterator[Collector]:
    """A receiver at work."""
    collector = Collector()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(ExportTraceServiceResponse().SerializeToString())

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    collector.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _value(value: AnyValue) -> Value:
    found: Value = getattr(value, value.WhichOneof("value") or "string_value")
    return found
