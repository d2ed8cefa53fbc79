"""Seen from outside: JSON logs without personal data, and Prometheus metrics of the one way in and of ingest."""

import logging
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from textwrap import shorten
from time import perf_counter
from uuid import UUID

import structlog
from prometheus_client import Counter, Gauge, Histogram

from domain.dispatcher import CommandResult, Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.messages import Command, Metadata

log = structlog.get_logger(__name__)

COMMANDS = Counter("csbe_commands_total", "Commands by name and result.", ["command", "result"])
COMMAND_SECONDS = Histogram(
    "csbe_command_seconds",
    "From the dispatcher's door to the durable append.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
APPEND_SECONDS = Histogram(
    "csbe_append_seconds",
    "From group commit's door to the disk, waiting for the batch before included.",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1),
)
APPEND_BATCH = Histogram(
    "csbe_append_batch_events", "Events per transaction.", buckets=(1, 2, 5, 10, 20, 50, 100, 250, 500, 1000)
)
INGEST_MESSAGES = Counter(
    "csbe_ingest_messages_total", "Vehicle messages by channel and result.", ["channel", "result"]
)
INGEST_BATCH = Histogram(
    "csbe_ingest_batch_messages", "Messages per durable batch.", buckets=(1, 5, 20, 50, 100, 250, 500)
)
INGEST_LAG = Gauge("csbe_ingest_lag_seconds", "How long the oldest message of the last batch waited.")
INGEST_UP = Gauge(
    "csbe_ingest_connected", "Sessions at the broker that are connected and granted; 0 while standing by."
)
INGEST_LEFT_OUT = Counter(
    "csbe_ingest_values_left_out_total", "Values of cars that cannot be true, by what they are about.", ["value"]
)
INGEST_MISSING = Counter(
    "csbe_ingest_missing_messages_total", "Messages that had not come when a later one of the same car did."
)
INGEST_LET_GO = Counter("csbe_ingest_let_go_total", "Messages of QoS 0 that found no room in memory.")
INGEST_OUTAGES = Counter(
    "csbe_ingest_outages_total", "Tries to store a batch that failed for the database, by error.", ["error"]
)
DEMAND_LOST = Counter("csbe_demand_lost_total", "Asks for cars that were not counted, as too many waited.")
RETENTION_DELETED = Counter("csbe_retention_deleted_rows_total", "Rows deleted for their age, by table.", ["table"])
BROKER_REFUSALS = Counter("csbe_broker_refusals_total", "How often the broker said no, and to what.", ["what"])

PART_FAILURES = Counter("csbe_part_failures_total", "How often a part of the process failed and began again.", ["part"])
PART_STATE = Gauge("csbe_part_state", "How a part of readiness is: 0 ok, 1 degraded, 2 failed.", ["part"])

DATABASE_UP = Gauge("csbe_database_up", "Whether the database is there and takes writes, as this process knows it.")
SHED = Counter("csbe_requests_shed_total", "Requests that were answered 503 because too much was asked at once.")
LIMITED = Counter("csbe_requests_limited_total", "Requests that were answered 429, by whose limit.", ["limit"])

LAG = Gauge("csbe_projection_lag_positions", "How far a follower is behind the end of the log.", ["follower"])
LAG_SECONDS = Gauge(
    "csbe_projection_lag_seconds", "How old the first event is that a follower has not dealt with.", ["follower"]
)
JOBS_DUE = Gauge("csbe_policy_jobs_due", "What policies decided, is due, and is not done.")
JOBS_FAILED = Gauge("csbe_policy_jobs_failed", "What was given up and waits for an operator.")
JOBS_LATE = Gauge("csbe_policy_jobs_late_seconds", "How long the oldest due job or deadline has been waiting.")

CHARGES_IN_REVIEW = Gauge("csbe_charges_in_review", "Charges that wait for an agent.")
REFUNDS_FAILED = Gauge("csbe_refunds_failed", "Refunds that the provider has refused, and nobody has paid out since.")
PAYMENTS_SIMULATED = Gauge(
    "csbe_payments_simulated", "1 where the payment provider is the simulated one, by which no money moves."
)

WEBHOOK_ATTEMPTS = Counter("csbe_webhook_attempts_total", "Attempts to deliver an event by result.", ["result"])
WEBHOOK_SECONDS = Histogram(
    "csbe_webhook_attempt_seconds",
    "From the look-up of a receiver's name to its answer.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
WEBHOOKS = Gauge("csbe_webhooks", "Webhooks by state.", ["state"])
WEBHOOK_LAG = Gauge("csbe_webhook_lag_positions", "How far the last active webhook is behind the end of the log.")


NOISY = ("httpx2", "httpcore2")
"""Libraries whose everyday messages are nobody's business here; their warnings are."""


def places_of(exc_info: structlog.typing.ExcInfo) -> str:
    """What kinds of errors were raised and where; not their texts, which may quote values about a person."""
    error: BaseException | None = exc_info[1]
    found = []
    while error is not None:
        frames = reversed(traceback.extract_tb(error.__traceback__))
        path = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
        found.append(f"{type(error).__name__} at {path or 'an unknown place'}")
        error = error.__cause__ or error.__context__
    return "; after ".join(found)


class OneOfMany(logging.Filter):
    """Of what OpenTelemetry says when spans cannot be sent, one short line a minute: it says a long one per attempt."""

    LOGGERS = ("opentelemetry.exporter.", "opentelemetry.sdk.")
    EVERY_S = 60
    LENGTH = 120

    _quiet_until = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is logged."""
        if not record.name.startswith(self.LOGGERS):
            return True
        if record.created < self._quiet_until:
            return False
        self._quiet_until = record.created + self.EVERY_S
        record.msg, record.args = shorten(f"traces: {record.getMessage()}", self.LENGTH, placeholder=" ..."), ()
        return True


def configure_logs(level: str) -> None:
    """JSON lines on standard error, from our own code and from libraries alike."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(places_of),
    ]
    lowest = logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(lowest),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(OneOfMany())
    finish: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.JSONRenderer(),
    ]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=finish))
    logging.basicConfig(level=lowest, handlers=[handler], force=True)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


class MeasuredDispatcher(Dispatcher):
    """The dispatcher, counted and timed."""

    async def dispatch(
        self, command: Command, metadata: Metadata, *, expected: Mapping[UUID, int] | None = None
    ) -> CommandResult:
        """As the dispatcher does."""
        with structlog.contextvars.bound_contextvars(**_named(metadata)):
            started = perf_counter()
            try:
                answered = await super().dispatch(command, metadata, expected=expected)
            except DomainError:
                _count(command, "refused")
                raise
            except BaseException:
                _count(command, "failed")
                raise
            _count(command, _result_of(answered))
            COMMAND_SECONDS.observe(perf_counter() - started)
            return answered


def _result_of(answered: CommandResult) -> str:
    if answered.repeated:
        return "repeated"
    return "done" if answered.changed else "nothing_to_do"


def _count(command: Command, result: str) -> None:
    COMMANDS.labels(command.NAME, result).inc()
    log.debug("command", result=result)


def _named(metadata: Metadata) -> dict[str, str]:
    """What every log line about a command says of it."""
    names = ("command_id", "command", "correlation_id", "causation_id", "service")
    return {name: str(value) for name in names if (value := getattr(metadata, name)) is not None}


class AppendMetrics:
    """What group commit reports, as metrics."""

    def appended(self, seconds: float) -> None:
        APPEND_SECONDS.observe(seconds)

    def batch(self, events: int) -> None:
        APPEND_BATCH.observe(events)


class WebhookFigures:
    """What the delivery of webhooks reports, as metrics."""

    def attempted(self, result: str, seconds: float) -> None:
        WEBHOOK_ATTEMPTS.labels(result).inc()
        WEBHOOK_SECONDS.observe(seconds)


class DemandFigures:
    """What the count of demand reports, as metrics."""

    def lost(self, asks: int) -> None:
        DEMAND_LOST.inc(asks)


class RetentionFigures:
    """What is deleted for its age, as metrics."""

    def deleted(self, table: str, rows: int) -> None:
        RETENTION_DELETED.labels(table).inc(rows)


class BrokerFigures:
    """What the broker refused, as metrics."""

    def refused(self, what: str) -> None:
        BROKER_REFUSALS.labels(what).inc()


class IngestFigures(BrokerFigures):
    """What ingest reports, as metrics."""

    def connected(self, *, up: bool) -> None:
        INGEST_UP.inc(1 if up else -1)

    def batch(self, *, messages: int, seconds: float, lag_s: float) -> None:
        del seconds
        INGEST_BATCH.observe(messages)
        INGEST_LAG.set(lag_s)

    def messages(self, channel: str, result: str, count: int) -> None:
        INGEST_MESSAGES.labels(channel, result).inc(count)

    def left_out(self, name: str, count: int) -> None:
        INGEST_LEFT_OUT.labels(name).inc(count)

    def missing(self, messages: int) -> None:
        INGEST_MISSING.inc(messages)

    def let_go(self, messages: int) -> None:
        INGEST_LET_GO.inc(messages)

    def outage(self, error: str) -> None:
        INGEST_OUTAGES.labels(error).inc()
