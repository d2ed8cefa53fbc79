"""Every answer says to browsers and caches what keeps them from doing harm; strangers' names lead nowhere."""

import re
from typing import Any

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response

from tests.support.routes import application, asked, every_route

APP = application()


async def everything(app: Any, **headers: str) -> dict[str, httpx2.Response]:
    """An answer of each kind: pages, files, health, refusals, errors of ours."""
    async with asked(app, **headers) as api:
        paths = [*dict(every_route(app)), "/", "/app.js", "/swagger/swagger-ui.css", "/nothing"]
        answers = {f"GET {path}": await api.get(path) for path in paths}
        answers["POST"] = await api.post("/v1/members", content=b"{")
        answers["DELETE"] = await api.delete("/v1/trips")
        answers["too large"] = await api.post("/v1/members", content=b"x" * 70_000)
        return answers


async def test_every_answer_has_them() -> None:
    answers = await everything(APP)

    statuses = {answer.status_code for answer in answers.values()}
    assert {200, 401, 404, 405, 413} <= statuses
    for name, answer in answers.items():
        said = {header: answer.headers.get(header) for header in ("x-content-type-options", "x-frame-options")}
        assert said == {"x-content-type-options": "nosniff", "x-frame-options": "DENY"}, name
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], name
        assert "unsafe" not in answer.headers["content-security-policy"], name
        assert answer.headers["referrer-policy"] == "no-referrer", name
        assert "geolocation=()" in answer.headers["permissions-policy"], name
        assert "strict-transport-security" not in answer.headers, name
        assert "server" not in answer.headers, name


async def test_an_error_of_ours_has_them_too() -> None:
    app = application()

    async def fail(_: Request) -> Response:
        raise ValueError("a secret")

    app.router.add_route("/v1/broken", fail)
    app.router.routes.insert(0, app.router.routes.pop())
    async with asked(app) as api:
        answer = await api.get("/v1/broken")

    assert (answer.status_code, answer.headers["x-content-type-options"]) == (500, "nosniff")
    assert answer.headers["cache-control"] == "no-store"
    assert "secret" not in answer.text


async def test_what_may_be_about_a_person_is_kept_nowhere() -> None:
    answers = await everything(APP)

    kept = {name for name, answer in answers.items() if "no-store" not in answer.headers.get("cache-control", "")}
    assert not {name for name in kept if " /v1/" in name or not name.startswith("GET")}


async def test_browsers_are_told_to_come_by_https_where_it_is_spoken() -> None:
    answers = await everything(application(https_only=True))

    assert {answer.headers["strict-transport-security"] for answer in answers.values()} == {
        "max-age=31536000; includeSubDomains"
    }


@pytest.mark.parametrize("path", ["/", "/docs"])
async def test_pages_have_nothing_inline_and_nothing_from_elsewhere(path: str) -> None:
    async with asked(APP) as api:
        page = await api.get(path)
        parts = re.findall(r'<(?:script|link)[^>]* (?:src|href)="([^"]*)"', page.text)
        found = [await api.get(f"/{part}") for part in parts if not part.startswith("data:")]

    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert not re.findall(r"<script>|<script [^>]*>[^<]|<style| style=| on\w+=", page.text)
    assert not [part for part in parts if "//" in part or part.startswith("/")]
    assert {answer.status_code for answer in found} == {200}


async def test_a_page_that_has_not_changed_keeps_what_it_may_load() -> None:
    async with asked(APP) as api:
        page = await api.get("/")
        again = await api.get("/", headers={"If-None-Match": page.headers["etag"]})

    assert again.status_code == 304
    assert "content-security-policy" not in again.headers


@pytest.mark.parametrize("path", ["/docs", "/", "/openapi.json", "/v1/trips", "/healthz", "/docs/", "/vendor"])
@pytest.mark.parametrize(
    "host", ["evil.example", "csbe.evil.example", "localhost.evil.example", "127.0.0.1@evil.example"]
)
async def test_a_strangers_name_is_refused(path: str, host: str) -> None:
    async with asked(APP, Host=host) as api:
        answer = await api.get(path)

    assert answer.status_code == 421
    assert "evil" not in answer.text + str(answer.headers)


@pytest.mark.parametrize(
    ("allowed", "host", "status"),
    [
        ("", "localhost:8123", 200),
        ("", "127.0.0.1", 200),
        ("", "[::1]:8123", 200),
        ("", "LOCALHOST", 200),
        ("", "localhost.", 200),
        ("", "", 421),
        ("api.example.org", "api.example.org", 200),
        ("api.example.org", "API.example.org:443", 200),
        ("api.example.org", "www.example.org", 421),
        ("*.example.org, other.example", "www.example.org", 200),
        ("*.example.org, other.example", "a.b.example.org", 200),
        ("*.example.org, other.example", "other.example", 200),
        ("*.example.org, other.example", "notexample.org", 421),
        ("*.example.org, other.example", "example.org", 421),
    ],
)
async def test_one_is_asked_by_the_names_that_are_allowed(allowed: str, host: str, status: int) -> None:
    async with asked(application(allowed_hosts=allowed), Host=host) as api:
        assert (await api.get("/healthz")).status_code == status


async def test_who_listens_everywhere_knows_this_machines_names() -> None:
    async with asked(application(host="::"), Host="evil.example") as api:
        stranger = await api.get("/healthz")
        own = await api.get("/healthz", headers={"Host": "127.0.0.1:8123"})

    assert (stranger.status_code, own.status_code) == (421, 200)
