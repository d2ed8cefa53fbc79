"""Every request has a number by which support finds it: in the answer, in the problem, and in what followed from it."""

from unittest.mock import Mock
from uuid import UUID, uuid4

import httpx2
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from api import request_ids, traces
from api.rest.application import create_app, create_health_app
from api.settings import Settings
from domain.kernel.messages import Role
from tests.support.city import City
from tests.support.routes import pretended

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


async def test_every_answer_has_the_number_that_the_caller_gave_and_a_problem_tells_it(city: City) -> None:
    agent = city.token(Role.AGENT)
    asked = [
        ("GET", "/v1/trips", agent, None),
        ("GET", "/v1/trips", {}, None),
        ("GET", "/v1/nothing", {}, None),
        ("PATCH", "/v1/trips", agent, None),
        ("POST", "/v1/members", {}, b"x" * 100_000),
        ("GET", "/v1/trips?surprise=1", agent, None),
        ("GET", f"/v1/trips/{uuid4()}", agent, None),
        ("GET", "/", {}, None),
        ("GET", "/healthz", {}, None),
    ]

    for method, path, headers, content in asked:
        numbered = {**headers, "X-Request-Id": "my-7"}
        answer = await city.api.request(method, path, headers=numbered, content=content)

        assert answer.headers.get_list("X-Request-Id") == ["my-7"], path
        if answer.headers["content-type"] == "application/problem+json":
            assert answer.json()["request_id"] == "my-7"


async def test_what_breaks_has_the_number_too_and_the_log_says_it() -> None:
    broken = pretended(checks={"database": Mock(side_effect=RuntimeError)})
    for app in (create_app(broken), create_health_app(broken)):
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://csbe") as api:
            with structlog.testing.capture_logs() as lines:
                answer = await api.get("/readyz", headers={"X-Request-Id": "my-8"})

        assert (answer.status_code, answer.headers.get_list("X-Request-Id")) == (500, ["my-8"])
        assert "my-8" in answer.json()["detail"]
        assert [line["request_id"] for line in lines if line["event"] == "request failed"] == ["my-8"]


async def test_what_follows_from_a_request_is_found_by_its_number(city: City) -> None:
    member, auditor = await city.member(), city.token(Role.AUDITOR)
    number = str(uuid4())
    for car, given_number in zip(city.cars, ("my-9", number), strict=False):
        placed = await city.post(
            "/v1/reservations", {"vehicle_id": str(car.vehicle_id)}, {**member, "X-Request-Id": given_number}
        )
        (await city.post(f"{placed.headers['Location']}/cancel", None, member)).raise_for_status()
    await city.settled()

    found = [(await city.get("/v1/history", auditor, request_id=n))["events"] for n in ("my-9", number, "my-10")]

    assert [{event["topic"] for event in events} >= {"rental.reservation.placed"} for events in found[:2]] == [True] * 2
    assert {event["correlation_id"] for event in found[1]} == {number}
    assert found[2] == []


async def test_a_request_within_a_trace_is_followed_from_its_answer_to_its_event_and_its_log_line(city: City) -> None:
    member, car = await city.member(), await city.car()
    traced = {**member, "traceparent": TRACEPARENT}
    body = {"vehicle_id": str(car.vehicle_id)}

    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        placed = await city.post("/v1/reservations", body, traced)
        refused = await city.post("/v1/reservations", body, {**await city.member(), "traceparent": TRACEPARENT})
        foreign = await city.api.get("/v1/trips", headers={"traceparent": TRACEPARENT, "Authorization": "Bearer x"})

    assert placed.headers["X-Request-Id"] == TRACE
    assert [answer.json()["trace_id"] for answer in (refused, foreign)] == [TRACE] * 2
    events = city.running.store.read(aggregate_id=UUID(placed.json()["id"]))
    assert {recorded.metadata.traceparent async for recorded in events} == {TRACEPARENT}
    assert {line.get("trace_id") for line in lines if line["event"] == "token_refused"} == {TRACE}


@pytest.mark.parametrize(
    "wrong",
    [
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
        f"00-{TRACE}-00f067aa0ba902b7",
    ],
)
def test_what_is_no_trace_context_is_none(wrong: str) -> None:
    assert traces.given(wrong) is None


def test_a_later_version_of_trace_contexts_is_read_as_far_as_it_is_known() -> None:
    assert traces.given(TRACEPARENT.replace("00-", "01-", 1) + "-more") == TRACEPARENT


async def test_what_is_not_sane_is_replaced_and_a_trace_gives_its_id(city: City) -> None:
    async def number_for(**headers: str) -> str:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return str((await city.api.get("/healthz", headers=named)).headers["X-Request-Id"])

    assert UUID(await number_for())
    assert UUID(await number_for(X_Request_Id="a b"))
    assert UUID(await number_for(X_Request_Id="x" * 101))
    assert await number_for(traceparent=TRACEPARENT) == TRACE
    assert await number_for(traceparent=TRACEPARENT, X_Request_Id="mine") == "mine"
    assert await number_for() != await number_for()


@given(st.text())
def test_no_number_can_break_a_header_or_a_log_line(said: str) -> None:
    number, trace = request_ids.given(said), traces.given(said)

    for told in (number, trace):
        assert told is None or (told.isascii() and told.isprintable() and " " not in told)


async def test_a_page_of_another_origin_uses_the_api_where_the_settings_say_so() -> None:
    settings = Settings.model_validate({"cors_origins": "https://app.example, https://admin.example"})
    asks = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, idempotency-key",
    }

    async def asked(app_settings: Settings, headers: dict[str, str], method: str = "OPTIONS") -> httpx2.Response:
        app = create_app(pretended(given=app_settings))
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://csbe") as api:
            return await api.request(method, "/v1/trips" if method == "OPTIONS" else "/healthz", headers=headers)

    allowed = await asked(settings, asks)
    foreign = await asked(settings, {**asks, "Origin": "https://evil.example"})
    read = await asked(settings, {"Origin": "https://app.example"}, "GET")
    closed = await asked(Settings(), asks)

    assert (allowed.status_code, allowed.headers["Access-Control-Allow-Origin"]) == (200, "https://app.example")
    assert "X-Request-Id" in allowed.headers
    assert "Access-Control-Allow-Origin" not in foreign.headers
    assert "ETag" in read.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in read.headers
    assert "Access-Control-Allow-Origin" not in closed.headers


@pytest.mark.parametrize("wrong", ["app.example", "https://app.example/page", "https://*", "null"])
def test_what_is_no_origin_is_no_setting(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no origin: write scheme and host only"):
        Settings.model_validate({"cors_origins": wrong})
