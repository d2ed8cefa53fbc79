"""A trace: from a request, or what a car says, to all that comes of it, wherever and whenever that is."""

import json
import os
import subprocess
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator

import asyncpg
import httpx2
import pytest

from adapters.embedded.broker import free_port
from adapters.mqtt.findings import Received
from adapters.postgres.ingest_sessions import FIRST
from api.composition import Component
from domain.kernel.messages import Role
from tests.journeys.collector import Collector, all_in
from tests.support.brokers import MOSQUITTO, Broker
from tests.support.city import City
from tests.support.installation import Installation
from tests.support.waiting import until

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACED = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
STAGES = (
    "POST /v1/trips",
    "command rental.start_trip",
    "append csbe.events",
    "follow projection/rental/v1",
    "follow policies",
    "job ask_payment_provider",
    "payment hold",
    "job tell_vehicle",
    "publish commands",
)


@pytest.fixture
async def traced(collector: Collector, installation: Installation) -> AsyncIterator[City]:
    """The whole system with traces on."""
    del collector
    async with installation.started() as city:
        yield city


async def start_traced(city: City, collector: Collector) -> dict[str, str]:
    """A trip that its member starts as a part of a trace; returns the member's headers, and in which span it was."""
    member, car = await city.member(), await city.car()
    asked = await city.post("/v1/trips", {"vehicle_id": str(car.vehicle_id)}, member | TRACED)
    await city.until(f"/v1/trips/{asked.json()['id']}", member, "running")

    async def seen() -> bool:
        return all_in(STAGES, collector.names(TRACE))

    await until(seen)
    return member | {"X-Span": asked.headers["traceresponse"]}


async def test_one_request_is_one_trace_down_to_the_command_that_the_car_gets(
    traced: City, collector: Collector
) -> None:
    member = await start_traced(traced, collector)

    request = next(span for span in collector.of(TRACE) if span.name == "POST /v1/trips")
    assert request.parent == CALLER
    assert member["X-Span"] == f"00-{TRACE}-{request.id}-01"
    assert request.service == "csbe"
    assert request.facts == {
        "http.request.method": "POST",
        "http.route": "/v1/trips",
        "http.response.status_code": 201,
        "url.scheme": "http",
    }
    told = next(span for span in collector.of(TRACE) if span.name == "publish commands")
    assert told.facts["messaging.system"] == "mqtt"
    assert collector.ancestry(told) == [
        *("publish commands", "job tell_vehicle", "follow policies", "command rental.unlock_for_trip"),
        *("job rental.unlock_for_trip", "follow policies", "command billing.record_hold"),
        *("job ask_payment_provider", "follow policies", "command billing.request_hold"),
        *("job billing.request_hold", "follow policies", "command rental.start_trip", "POST /v1/trips"),
    ]


async def test_a_trace_goes_on_in_another_process_that_starts_after_the_request(
    collector: Collector, installation: Installation
) -> None:
    async with installation.started() as city:
        member, car = await city.member(), await city.car()
    front = await installation.serve(Component.API)
    async with installation.composed() as running, installation.visited(running) as city, installation.driving():
        asked = await city.post("/v1/trips", {"vehicle_id": str(car.vehicle_id)}, member | TRACED)
        assert asked.status_code == 201
        front.terminate()
        await front.wait()
        assert collector.names(TRACE) == {"POST /v1/trips", "command rental.start_trip", "append csbe.events"}

        behind = await installation.serve(Component.PROJECTIONS, Component.POLICIES, port=free_port())

        async def seen() -> bool:
            return all_in(STAGES, collector.names(TRACE))

        await until(seen)
        behind.terminate()
        await behind.wait()


@pytest.mark.skipif(MOSQUITTO is None, reason="the embedded broker does not speak MQTT 5")
@pytest.mark.parametrize("broker_kind", ["mosquitto"])
async def test_over_mqtt_5_the_answer_of_the_car_belongs_to_the_trace_too(
    collector: Collector, installation: Installation, broker: Broker
) -> None:
    broker.url += "?version=5"
    async with installation.started() as city:
        await start_traced(city, collector)

        async def answered() -> bool:
            return all_in(["process responses", "command fleet.confirm_vehicle_command"], collector.names(TRACE))

        await until(answered)


async def test_what_a_car_says_is_a_trace_from_message_to_append(traced: City, collector: Collector) -> None:
    car = await traced.car()
    topic = f"csbe/v1/{traced.place.service}/vehicles/{car.vin}/telemetry"
    unlocked = {"Vehicle.Cabin.Door.Row1.DriverSide.IsLocked": False}
    body = {"ts": traced.running.system.clock.now().isoformat(), "seq": 900, "signals": unlocked}
    writer = traced.running.ingest.session(FIRST)._writer

    message = Received(topic, json.dumps(body).encode(), traced.running.system.clock.now(), TRACED["traceparent"])
    await writer.write([message])

    async def seen() -> bool:
        return all_in(
            ["process telemetry", "command fleet.observe_vehicle", "append csbe.events"], collector.names(TRACE)
        )

    await until(seen)
    appended = next(span for span in collector.of(TRACE) if span.name == "append csbe.events")
    assert collector.ancestry(appended) == [
        "append csbe.events",
        "command fleet.observe_vehicle",
        "process telemetry",
    ]


async def test_a_refusal_marks_the_command_and_no_span_tells_of_a_person(traced: City, collector: Collector) -> None:
    member = await start_traced(traced, collector)
    car = await traced.car()

    refused = await traced.post("/v1/reservations", {"vehicle_id": str(car.vehicle_id)}, member | TRACED)

    async def seen() -> bool:
        return "POST /v1/reservations" in collector.names(TRACE)

    await until(seen)
    assert refused.status_code == 409
    spans = {span.name: span for span in collector.of(TRACE)}
    command, request = spans["command rental.place_reservation"], spans["POST /v1/reservations"]
    assert command.failed
    assert command.facts["error.type"] == "RefusedError"
    assert (request.failed, request.facts["http.response.status_code"]) == (False, 409)
    secrets = ("Ada", "@example.org", "tok_visa", member["Authorization"].split()[1], car.vin)
    assert [secret for secret in secrets if secret.encode() in collector.raw] == []


async def test_while_no_collector_answers_one_line_says_so_and_none_after_the_end(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1")
    process = await installation.serve(Component.API, stderr=PIPE)
    async with httpx2.AsyncClient(base_url=installation.address) as api:
        for _ in range(3):
            await api.get("/v1/vehicles")

    process.terminate()
    _, printed = await process.communicate()

    lines = printed.decode().splitlines()
    [logged] = [json.loads(line) for line in lines if line.startswith("{")]
    assert logged["event"].startswith("traces: Failed to export")
    assert lines[-1] == "stopped"


HOSTILE = (
    "",
    "x" * 30_000,
    f"00-{'0' * 32}-{CALLER}-01",
    f"00-{TRACE}-{'0' * 16}-01",
    f"ff-{TRACE}-{CALLER}-01",
    f"00-{TRACE}-{CALLER}-01-more",
    f"00-{TRACE.upper()}-{CALLER}-01",
    f"00-{TRACE}-{CALLER}-01'; drop table csbe.events; --",
)


async def test_a_traceparent_that_is_hostile_or_there_twice_is_ignored(traced: City, collector: Collector) -> None:
    operator = traced.token(Role.OPERATOR)

    answers = [await traced.api.get("/v1/tasks", headers=operator | {"traceparent": value}) for value in HOSTILE]
    answers.append(await traced.api.get("/v1/tasks", headers=[*operator.items(), *TRACED.items(), *TRACED.items()]))

    async def seen() -> bool:
        return len([span for span in list(collector.spans) if span.name == "GET /v1/tasks"]) == len(answers)

    await until(seen)
    assert {answer.status_code for answer in answers} == {200}
    assert collector.of(TRACE) == []
    assert {span.parent for span in collector.spans if span.name == "GET /v1/tasks"} == {""}


async def test_when_off_only_what_a_caller_has_given_is_stored_and_nothing_is_made(
    city: City, pool: asyncpg.Pool
) -> None:
    member, car = await city.member(), await city.car()

    await city.post("/v1/reservations", {"vehicle_id": str(car.vehicle_id)}, member | TRACED)

    assert city.running.system.tracer is None
    stored = await pool.fetch("select distinct metadata ->> 'traceparent' as given from csbe.events")
    assert {row["given"] for row in stored} == {None, TRACED["traceparent"]}


@pytest.mark.parametrize(
    ("variables", "outcome"),
    [
        ({}, "off"),
        ({"OTEL_TRACES_EXPORTER": "none"}, "off"),
        ({"OTEL_TRACES_EXPORTER": "console", "OTEL_SDK_DISABLED": "true"}, "off"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "on"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, "on"),
    ],
)
def test_the_sdk_is_imported_only_where_the_variables_ask_for_traces(variables: dict[str, str], outcome: str) -> None:
    code = """
import asyncio, sys
from api.composition.tracing import traced
async def main():
    async with traced() as tracer:
        print("on" if tracer else "off", any(name.startswith("opentelemetry.sdk") for name in sys.modules))
asyncio.run(main())
"""
    printed = subprocess.run(  # noqa: S603 (our own)
        [sys.executable, "-c", code], env=_environment(variables), capture_output=True, check=True
    )

    assert printed.stdout.decode().split() == [outcome, str(outcome == "on")]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER is otlp, console or none, not 'zipkin'"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "http/protobuf, not as 'grpc'"),
    ],
)
def test_an_exporter_that_is_not_there_is_named(variables: dict[str, str], said: str, postgres_dsn: str) -> None:
    environment = _environment(variables) | {"CSBE_POSTGRES_DSN": postgres_dsn}

    ended = subprocess.run(
        [sys.executable, "-m", "api.cli", "operations", "list"], env=environment, capture_output=True, check=False
    )

    assert ended.returncode == 2
    assert said in ended.stderr.decode()


def _environment(variables: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")} | variables
