"""Every field has a kind, and no door shows a role a kind that it does not see."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel

import projections
from api.auth import SCOPES
from api.redaction import facts_of
from api.rest.application import ROUTERS
from api.rest.documents import PDF
from api.visibility import SEES, Kind, fields_of, kind_of_column, of_events
from domain.contexts import AGGREGATES, EVENTS
from domain.kernel.messages import Role
from domain.kernel.personal import sensitive_fields
from tests.golden import samples

ROUTES = [route for part in ROUTERS for route in part.routes if isinstance(route, APIRoute)]


def answered(route: APIRoute) -> list[type[BaseModel]]:
    """What a route answers with."""
    models = [route.response_model, *(more.get("model") for more in route.responses.values())]
    return [model for model in models if isinstance(model, type) and issubclass(model, BaseModel)]


def scopes_of(route: APIRoute) -> set[str]:
    return {scope for needed in route.dependant.dependencies for scope in getattr(needed.call, "scopes", ())}


def shown_by(route: APIRoute) -> Iterator[tuple[str, Kind | None]]:
    for model in answered(route):
        yield from ((f"{owner.__qualname__}.{name}", kind) for owner, name, kind in fields_of(model))


def test_every_field_of_every_event_aggregate_answer_and_report_has_a_kind() -> None:
    fields = [field for model in (*EVENTS.values(), *AGGREGATES.values()) for field in fields_of(model)]
    unknown = {f"{owner.__qualname__}.{name}" for owner, name, kind in fields if kind is None}
    unknown |= {name for route in ROUTES for name, kind in shown_by(route) if kind is None}
    reports = projections.reports().values()
    unknown |= {f"{r.name}.{column}" for r in reports for column in r.columns if kind_of_column(r.name, column) is None}

    assert unknown == set(), "say in api/visibility.py what they tell: until then nobody sees them"


@pytest.mark.parametrize("role", Role)
def test_no_answer_has_a_field_that_a_role_who_may_ask_does_not_see(role: Role) -> None:
    mine = [route for route in ROUTES if scopes_of(route) & SCOPES[role]]

    beyond = {(route.path, name, kind) for route in mine for name, kind in shown_by(route) if kind not in SEES[role]}

    assert beyond == set()


@pytest.mark.parametrize("role", Role)
def test_no_document_goes_to_a_role_that_does_not_see_whom_it_names(role: Role) -> None:
    documents = {route.path for route in ROUTES if PDF in route.responses.get(200, {}).get("content", {})}
    mine = {route.path for route in ROUTES if scopes_of(route) & SCOPES[role]}

    assert documents
    assert Kind.PERSONAL in SEES[role] or not documents & mine


def test_no_report_has_a_column_that_analysts_do_not_see() -> None:
    for report in projections.reports().values():
        kinds = {column: kind_of_column(report.name, column) for column in report.columns}

        assert [column for column, kind in kinds.items() if kind not in SEES[Role.ANALYST]] == []


@pytest.mark.parametrize("topic", EVENTS)
def test_a_partner_without_a_grant_is_sent_nobody_and_nothing_that_somebody_typed(topic: str) -> None:
    event_class = EVENTS[topic]
    event = samples.read(samples.name_of(event_class), samples.load(samples.name_of(event_class)))

    sent = names_in(facts_of(event, of_events(Role.PARTNER, personal=False)))

    kinds = {name: kind for owner, name, kind in fields_of(event_class) if owner is event_class}
    assert not {name for name in sent if kinds.get(name) in {Kind.PERSON, Kind.PERSONAL, Kind.STAFF, Kind.SECRET}}
    assert not sent & (sensitive_fields(event_class) | {"member_id", "payer_id", "driver_id", "holder_id", "zones"})


def test_a_field_that_nobody_gave_a_kind_is_shown_to_nobody() -> None:
    class Sighting(BaseModel):
        at: str
        whereabouts: str

    kinds = {name: kind for _, name, kind in fields_of(Sighting)}

    assert kinds == {"at": Kind.PLAIN, "whereabouts": None}
    assert all(None not in sees for sees in SEES.values())


def names_in(value: Any) -> set[str]:
    """The names in a JSON value."""
    if isinstance(value, dict):
        return set(value) | {name for inner in value.values() for name in names_in(inner)}
    return {name for inner in value for name in names_in(inner)} if isinstance(value, list) else set()
