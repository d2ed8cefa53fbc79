"""The API, asked by its own document for whatever it may be asked for, by everybody."""

import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import given, seed
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.auth import SCOPES
from api.problems import MEDIA_TYPE
from api.rest import live
from api.rest.application import ROUTERS
from api.rest.schemas.webhooks import CloudEvent
from domain.contexts import EVENTS
from domain.kernel.messages import Role
from domain.webhooks.subscription import TYPE_PREFIX, EventFilter, type_of
from tests.fuzz.conftest import Rig
from tests.fuzz.depth import SEED, looking
from tests.fuzz.planted import MARKS, NOBODYS, STRANGER, Planted
from tests.support.city import SERVICE
from tests.support.routes import application

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
STATUSES = {400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 429, 503}
"""Of the problems that callers may get."""
ENDLESS = "GET /v1/events"
TRUE = {"true", "1", "yes", "on", "y", "t"}
CALLERS = ("member", "agent", "operator", "analyst", "auditor", "device", "partner", "nobody")
TIMES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "2026-02-29T00:00:00Z", "-0001-01-01", "inf")
DAYS = ("0001-01-01", "9999-12-31", "2027-02-29")
NO_ID = "00000000-0000-4000-8000-000000000000"


def made_up(*values: str) -> str:
    """A cursor that nobody was given."""
    return urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()


HARD: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("since", "until", "at", "ended_at"), (*TIMES, *DAYS)),
    **dict.fromkeys(("issued_on", "expires_on", "birth_date"), DAYS),
    "cursor": tuple(made_up(of, at, NO_ID) for of in ("trips", "invoices", "tasks") for at in TIMES),
    "near": ("90,180", "-90,-180", "0,0", "9" * 400 + ",0", "1." + "9" * 400 + ",0"),
    **dict.fromkeys(("position", "at_least", "limit"), (0, 1, 2**31, 2**63 - 1, 2**63, -1)),
    "type": (["csbe."], ["csbe.members.", "csbe.billing."], ["csbe.fleet.vehicle."], ["csbe.rental.trip.ended"]),
    "last-event-id": ("0", "1", "60"),
    **dict.fromkeys(("min_energy", "distance_m", "driving_min", "parked_min"), (0, -0.0, 1e308, "nan", "inf", 2**63)),
}
"""What is hard to deal with, by the name of the field or of the parameter."""
STRANGERS = {"member", "partner", "device", "nobody"}
"""Whom the things of other members do not concern."""
NAMELESS = {"analyst", "auditor"}
"""Who sees what is done, but not by whom."""

DOCUMENT = application().openapi()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
SCHEMA.config.max_stream_events = 100_000
ROUTES = {
    f"{method} {route.path}": route
    for part in ROUTERS
    for route in part.routes
    if isinstance(route, APIRoute) and route.include_in_schema
    for method in route.methods or ()
}
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)}


def sharpen(case: Case[Any], planted: Planted, choose: st.DataObject) -> None:
    """What is made up finds nothing and is refused early: put ids of what is there, and hard values, in some places."""
    asked_for = {p.name for p in case.operation.iter_parameters() if p.location == "query"}
    for place in (case.path_parameters, case.query, case.body):
        if isinstance(place, dict):
            names = place.keys() | (asked_for if place is case.query else set())
            for name in sorted(names & (planted.ids.keys() | HARD.keys())):
                if choose.draw(st.integers(0, 3), label="sharpened?"):
                    place[name] = choose.draw(st.sampled_from(planted.ids.get(name) or HARD[name]), label=name)
    headers = {p.name.lower() for p in case.operation.iter_parameters() if p.location == "header"}
    for name in sorted(headers & HARD.keys()):
        if choose.draw(st.integers(0, 3), label="sharpened?"):
            case.headers[name] = choose.draw(st.sampled_from(HARD[name]), label=name)
    if choose.draw(st.integers(0, 3), label="proper headers?"):
        case.headers.pop("if-match", None)
        case.headers["idempotency-key"] = choose.draw(st.uuids().map(str), label="key")


def entitled(label: str) -> tuple[str, ...]:
    """Who may ask for it."""
    route = ROUTES[label]
    scopes = {scope for needed in route.dependant.dependencies for scope in getattr(needed.call, "scopes", ())}
    return tuple(role for role in CALLERS if role == "nobody" or scopes & SCOPES[Role(role)])


def given_in_query(case: Case[Any], name: str) -> list[Any]:
    """The values of a parameter in the query; the last one counts where there is to be one."""
    value = (case.query or {}).get(name, [])
    return value if isinstance(value, list) else [value]


def kept_from(caller: str, case: Case[Any], planted: Planted) -> tuple[str, ...]:
    """What must not be in the answer, unless the request itself gave it."""
    kept = NOBODYS + planted.foreign
    if caller in STRANGERS:
        return kept + MARKS + planted.strange
    if case.operation.label == ENDLESS:
        granted = [str(value).lower() in TRUE for value in given_in_query(case, "personal_data")][-1:] == [True]
        return kept if granted and caller == "operator" else kept + MARKS
    return kept + STRANGER.marks if caller in NAMELESS else kept


@pytest.fixture(autouse=True)
def _ends_when_all_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The live view has no end of its own: here it has one once it has nothing more to tell."""
    as_ever = live._stream

    async def until_silence(*what: Any, greeting: bytes) -> AsyncIterator[bytes]:
        async for piece in as_ever(*what, greeting=greeting):
            yield piece
            if piece.startswith(b": keep-alive"):
                return

    monkeypatch.setattr(live, "KEEP_ALIVE_S", 0.0)
    monkeypatch.setattr(live, "_stream", until_silence)


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_whatever_is_asked_the_answer_is_one_of_those_described_and_tells_nothing_of_others(
    label: str, rig: Rig
) -> None:
    operation = OPERATIONS[label]
    well_formed = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    malformed = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @seed(SEED)
    @looking(24 if any(operation.iter_parameters()) or label.startswith("POST") else len(CALLERS))
    @given(
        case=st.one_of(well_formed, well_formed, malformed),
        caller=st.one_of(st.sampled_from(entitled(label)), st.sampled_from(CALLERS)),
        choose=st.data(),
    )
    def ask(case: Case[Any], caller: str, choose: st.DataObject) -> None:
        sharpen(case, rig.planted, choose)
        answer = case.call(base_url=str(rig.city.api.base_url), headers=rig.planted.callers[caller], timeout=20)
        judge(case, answer, caller, rig.planted)

    ask()


def judge(case: Case[Any], answer: Response, caller: str, planted: Planted) -> None:
    if case.operation.label == ENDLESS and answer.status_code == 200:
        case.validate_response(answer, checks=[check for check in CHECKS if check is not response_schema_conformance])
        judge_stream(case, answer)  # that check takes the schema of the stream, a text, for that of each event in it
    else:
        case.validate_response(answer, checks=CHECKS)
    if answer.status_code >= 400:
        problem: dict[str, Any] = answer.json()
        assert answer.status_code in STATUSES
        assert answer.headers["content-type"][0].startswith(MEDIA_TYPE)
        assert problem["status"] == answer.status_code
    text, asked = answer.content.decode(errors="replace"), f"{case.path_parameters} {case.query} {case.body!r}"
    assert [kept for kept in kept_from(caller, case, planted) if kept in text and kept not in asked] == []


def judge_stream(case: Case[Any], answer: Response) -> None:
    """Every message is an event of the service, of those asked for, after the last one seen and in order."""
    blocks = answer.content.decode().split("\n\n")
    messages = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks if block.startswith("id")]
    after = float(case.headers.get("last-event-id", 0))
    if messages and messages[0]["event"] == "restarted":
        after = float(messages.pop(0)["id"])
    events = [CloudEvent.model_validate_json(message["data"]) for message in messages]
    positions = [int(message["id"]) for message in messages]

    types = tuple(given_in_query(case, "type") or [TYPE_PREFIX])
    wanted = {type_of(topic) for topic in EventFilter(types=types).wanted_of(EVENTS)}
    assert positions == sorted({p for p in positions if p > after})
    assert {event.source for event in events} <= {f"/csbe/{SERVICE}"}
    assert {event.type for event in events} <= wanted
    if subjects := given_in_query(case, "subject"):
        assert {UUID(event.subject) for event in events} <= {UUID(subjects[-1])}


@pytest.mark.parametrize("caller", sorted(STRANGERS))
def test_the_live_view_is_closed_to_whom_it_does_not_concern(caller: str, rig: Rig) -> None:
    answer = (
        OPERATIONS[ENDLESS]
        .Case()
        .call(base_url=str(rig.city.api.base_url), headers=rig.planted.callers[caller], timeout=20)
    )

    assert answer.status_code in {401, 403}
