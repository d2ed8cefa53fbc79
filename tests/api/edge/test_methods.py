"""HEAD says what GET would, and a method that an address does not take is told which ones it does."""

import asyncio

import pytest

from domain.kernel.messages import Role
from tests.support.routes import application, asked, every_route, token_of

APP = application()
ROUTES = dict(every_route(APP))
GETS = sorted(path for path, methods in ROUTES.items() if "GET" in methods and path != "/metrics")


@pytest.mark.parametrize("path", [*GETS, "/", "/app.js", "/swagger/swagger-ui.css", "/nothing/here"])
async def test_head_is_answered_as_get_is_without_a_body(path: str) -> None:
    async with asked(APP) as api:
        head, get = await api.head(path), await api.get(path)

    assert (head.status_code, head.content) == (get.status_code, b"")
    varies = {"x-request-id"}
    assert {n: v for n, v in head.headers.items() if n not in varies} == {
        n: v for n, v in get.headers.items() if n not in varies
    }


async def test_head_of_an_answer_without_an_end_ends() -> None:
    APP.state.ending = asyncio.Event()
    async with asked(APP, **token_of(Role.OPERATOR, "olga")) as api, asyncio.timeout(5):
        head = await api.head("/v1/events")

    assert (head.status_code, head.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")


@pytest.mark.parametrize("path", sorted(ROUTES))
async def test_a_wrong_method_is_told_the_right_ones(path: str) -> None:
    takes = ROUTES[path] | ({"HEAD"} if "GET" in ROUTES[path] else set())
    async with asked(APP) as api:
        for method in sorted({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - takes):
            answer = await api.request(method, path)

            assert answer.status_code == 405, method
            assert set(answer.headers["allow"].split(", ")) == takes


async def test_where_there_is_only_the_place_of_files_only_reading_is_allowed() -> None:
    async with asked(APP) as api:
        found = {method: await api.request(method, "/v1/nothing") for method in ("GET", "HEAD", "PATCH", "POST")}

    statuses = {method: (answer.status_code, answer.headers.get("allow")) for method, answer in found.items()}
    assert statuses == dict.fromkeys(("GET", "HEAD"), (404, None)) | dict.fromkeys(
        ("PATCH", "POST"), (405, "GET, HEAD")
    )
