"""The API, asked by its own document for whatever it may be asked for, by everybody."""

from typing import Any
from unittest.mock import Mock

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
from api.rest.application import PARTS, create_app
from api.settings import Settings
from api.system import System
from domain.kernel.messages import Role
from tests.fuzz.conftest import Rig
from tests.fuzz.depth import SEED, looking
from tests.fuzz.planted import MARKS, Planted

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
STATUSES = {400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 503}
"""Of the problems that callers may get."""
ENDLESS = "GET /v1/events"
CALLERS = ("member", "agent", "operator", "analyst", "auditor", "device", "partner", "nobody")
TIMES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "2026-02-29T00:00:00Z", "-0001-01-01", "inf")
DAYS = ("0001-01-01", "9999-12-31", "2027-02-29")
HARD: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("since", "until", "at", "ended_at"), (*TIMES, *DAYS)),
    **dict.fromkeys(("issued_on", "expires_on", "birth_date"), DAYS),
    "cursor": tuple(f"{time}~00000000-0000-4000-8000-000000000000" for time in TIMES),
    "near": ("90,180", "-90,-180", "0,0", "9" * 400 + ",0", "1." + "9" * 400 + ",0"),
    **dict.fromkeys(("position", "at_least", "limit"), (0, 1, 2**31, 2**63 - 1, 2**63, -1)),
    **dict.fromkeys(("min_energy", "distance_m", "driving_min", "parked_min"), (0, -0.0, 1e308, "nan", "inf", 2**63)),
}
"""What is hard to deal with, by the name of the field or of the parameter."""
STRANGERS = {"member", "partner", "device", "nobody"}
"""Whom the things of other members do not concern."""

DOCUMENT = create_app(Mock(spec=System, settings=Settings(), tracer=None)).openapi()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
ROUTES = {
    f"{method} {route.path}": route
    for part in PARTS
    for route in part.routes
    if isinstance(route, APIRoute)
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
    if choose.draw(st.integers(0, 3), label="proper headers?"):
        case.headers.pop("if-match", None)
        case.headers["idempotency-key"] = choose.draw(st.uuids().map(str), label="key")


def entitled(label: str) -> tuple[str, ...]:
    """Who may ask for it."""
    route = ROUTES[label]
    scopes = {scope for needed in route.dependant.dependencies for scope in getattr(needed.call, "scopes", ())}
    return tuple(role for role in CALLERS if role == "nobody" or scopes & SCOPES[Role(role)])


def told_of(case: Case[Any], text: str) -> list[str]:
    """The marks in an answer that the request itself did not give."""
    asked = f"{case.path_parameters} {case.query} {case.body!r} {case.headers}"
    return [mark for mark in MARKS if mark in text and mark not in asked]


@pytest.mark.parametrize("label", sorted(OPERATIONS.keys() - {ENDLESS}))
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
    case.validate_response(answer, checks=CHECKS)
    if answer.status_code >= 400:
        problem: dict[str, Any] = answer.json()
        assert answer.status_code in STATUSES
        assert answer.headers["content-type"][0].startswith(MEDIA_TYPE)
        assert problem["status"] == answer.status_code
    if caller in STRANGERS:
        text = answer.content.decode(errors="replace")
        asked = f"{case.path_parameters} {case.query} {case.body!r}"
        assert told_of(case, text) == []
        assert [id for id in planted.strange if id in text and id not in asked] == []


@pytest.mark.parametrize("caller", sorted(STRANGERS))
def test_the_live_view_is_closed_to_whom_it_does_not_concern(caller: str, rig: Rig) -> None:
    answer = (
        OPERATIONS[ENDLESS]
        .Case()
        .call(base_url=str(rig.city.api.base_url), headers=rig.planted.callers[caller], timeout=20)
    )

    assert answer.status_code in {401, 403}
