"""The API describes itself: every request and every answer has an example, and the examples fit."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel

from api.auth import SCOPES
from api.problems import MEDIA_TYPE
from api.rest.application import ROUTERS
from api.rest.openapi import operations
from domain.fleet.commands import PutIntoService
from domain.members.commands import RemovePaymentMethod
from tests.support.routes import application

LOGIN = {f"POST /v1/login/{how}" for how in ("codes", "tokens", "pages", "refresh", "revoke")}
PUBLIC = LOGIN | {"POST /v1/members", "GET /healthz", "GET /readyz", "GET /metrics", "GET /.well-known/jwks.json"}
NO_COMMAND = LOGIN | {"POST /v1/quotes", "POST /v1/member-search"}
"""Secrets that are good once are keys enough for logging in."""


APP = application()
DOCUMENT: dict[str, Any] = APP.openapi()
OPERATIONS = dict(operations(DOCUMENT))
ROUTES = {
    f"{method} {r.path}": r
    for part in ROUTERS
    for r in part.routes
    if isinstance(r, APIRoute) and r.include_in_schema
    for method in r.methods or ()
}
READ = [operation["operationId"] for name, operation in OPERATIONS.items() if name.startswith("GET")]


def models(route: APIRoute) -> Iterator[type[BaseModel]]:
    if isinstance(route.response_model, type):
        yield route.response_model
    if route.body_field is not None:
        body = route.body_field.field_info.annotation
        assert isinstance(body, type)
        yield body


def parameters(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {parameter["name"]: parameter for parameter in operation.get("parameters", ())}


def test_the_document_is_openapi_3_1_and_describes_every_route() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    assert OPERATIONS.keys() == ROUTES.keys()
    assert all(operation["description"] for operation in OPERATIONS.values())


def test_a_route_says_what_its_command_says_and_what_only_http_needs_to_know() -> None:
    removed = OPERATIONS["POST /v1/members/{member_id}/payment-methods/{method_id}/remove"]["description"]
    offered = OPERATIONS["POST /v1/vehicles/{vehicle_id}/in-service"]["description"]

    said = f"{RemovePaymentMethod.__doc__} Not while a reservation or a trip may have to be charged."
    assert removed == f"{said}\n\nScope: `own:write` or `members:write`."
    assert offered == f"{PutIntoService.__doc__}\n\nScope: `vehicles:write`."


def test_an_operation_has_the_name_that_a_person_gave_it() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]

    assert names == [ROUTES[name].endpoint.__name__ for name in OPERATIONS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", name) and "_v1_" not in name for name in names)
    assert all(name.startswith(("get_", "list_", "stream_")) for name in READ)
    assert [operation["summary"] for operation in OPERATIONS.values()] == [
        name.replace("_", " ").capitalize() for name in names
    ]


def test_the_document_begins_with_what_one_must_know_and_explains_its_sections() -> None:
    explained = {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]}
    introduction = DOCUMENT["info"]["description"]

    assert explained == {tag for operation in OPERATIONS.values() for tag in operation["tags"]}
    for scope in {scope for scopes in SCOPES.values() for scope in scopes}:
        assert f"`{scope}`" in introduction
    assert "(errors)" in introduction


@pytest.mark.parametrize("name", ROUTES)
def test_the_examples_of_a_route_are_what_it_takes_and_gives(name: str) -> None:
    for model in models(ROUTES[name]):
        [example] = model.model_json_schema()["examples"]

        read = model.model_validate_json(json.dumps(example))

        assert read.model_dump(mode="json", exclude_unset=True).keys() == example.keys()


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_has_an_example_or_a_model_with_one(name: str) -> None:
    for answer in OPERATIONS[name]["responses"].values():
        for content in answer["content"].values():
            schema = content["schema"]
            named = DOCUMENT["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], {})
            assert "example" in content or named.get("examples")


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_error_is_a_problem_document(name: str) -> None:
    answers = OPERATIONS[name]["responses"]

    assert list(answers["default"]["content"]) == [MEDIA_TYPE]
    assert "422" not in answers


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - PUBLIC))
def test_what_is_not_public_asks_for_a_token(name: str) -> None:
    assert OPERATIONS[name]["security"] == [{"HTTPBearer": []}]


@pytest.mark.parametrize("name", sorted(name for name in OPERATIONS if name.startswith("POST")))
def test_every_command_wants_a_key_and_says_at_which_position_it_was_done(name: str) -> None:
    operation = OPERATIONS[name]
    successes = [answer for status, answer in operation["responses"].items() if status.startswith("2")]

    is_command = name not in NO_COMMAND

    assert parameters(operation).get("idempotency-key", {}).get("required", False) is is_command
    assert {"X-CSBE-Position" in success.get("headers", {}) for success in successes} == {is_command}


def test_what_changes_an_aggregate_can_be_bound_to_the_version_seen() -> None:
    changing = {name for name, operation in OPERATIONS.items() if "if-match" in parameters(operation)}
    tagged = {name for name, o in OPERATIONS.items() if "ETag" in o["responses"].get("200", {}).get("headers", {})}

    assert len(changing) > len(tagged) > 0
    assert all("{" in name for name in changing)
    assert {name for name in OPERATIONS if name.startswith("POST") and "{" in name} == changing


async def test_the_page_of_the_api_fetches_nothing_from_elsewhere() -> None:
    transport = httpx2.ASGITransport(application())
    async with httpx2.AsyncClient(transport=transport, base_url="http://csbe") as api:
        page = (await api.get("/docs")).text
        fetched = re.findall(r'(?:src|href)="([^"]+)"', page)

        assert fetched
        assert [(await api.get(address)).status_code for address in fetched] == [200] * len(fetched)
        assert "http:" not in page.replace("http://csbe", "")
        assert "https:" not in page


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/docs.js", "/errors"])
async def test_a_page_that_the_caller_has_is_not_sent_again(path: str) -> None:
    transport = httpx2.ASGITransport(application())
    async with httpx2.AsyncClient(transport=transport, base_url="http://csbe") as api:
        first = await api.get(path)
        again = await api.get(path, headers={"If-None-Match": first.headers["etag"]})
        other = await api.get(path, headers={"If-None-Match": '"other"'})
        head = await api.head(path)

    assert (first.status_code, again.status_code, other.content) == (200, 304, first.content)
    assert again.content == b""
    assert head.status_code == 200


def test_no_role_has_a_scope_that_no_route_asks_for() -> None:
    asked = {scope for route in ROUTES.values() for scope in scopes_of(route)}

    assert {scope for scopes in SCOPES.values() for scope in scopes} == asked


def scopes_of(route: APIRoute) -> Iterator[str]:
    for dependency in route.dependant.dependencies:
        yield from getattr(dependency.call, "scopes", ())
