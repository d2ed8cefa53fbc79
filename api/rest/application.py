"""The FastAPI application."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fastapi_swagger  # type: ignore[import-untyped]  # of an untyped package
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import error_catalogue, problems
from api.problems import Problem
from api.rest import (
    billing,
    charges,
    fleet,
    health,
    history,
    live,
    login,
    members,
    payments,
    rental,
    reports,
    staff_login,
    webhooks,
)
from api.rest.numbering import NumberedRequests
from api.rest.openapi import describe
from api.rest.tracing import TracedRequests
from api.system import System

ROUTERS = tuple(
    context.router
    for context in (
        rental,
        fleet,
        members,
        billing,
        payments,
        charges,
        login,
        live,
        webhooks,
        reports,
        history,
        health,
        staff_login,
    )
)
"""The routes of each context, the busiest first: they are tried one by one."""
CROSS_ORIGIN: Mapping[str, Any] = {
    "allow_methods": ["GET", "HEAD", "POST"],
    "allow_headers": [
        *("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID"),
        *("X-Request-Id", "traceparent"),
    ],
    "expose_headers": ["ETag", "Location", "Retry-After", "X-CSBE-Position", "X-Request-Id"],
    "max_age": 3600,
}
"""What a page of another origin may send, and see of an answer. Never cookies: tokens are sent as headers."""
LIVE_PAGE = Path(__file__).parent.parent / "pages" / "live"
SWAGGER = Path(fastapi_swagger.__file__).parent / "resources"
"""Script and style of the API's page. What else the package offers reads them in a way that Python gives up."""


def create_health_app(system: System) -> FastAPI:
    """What a process without the API answers: whether it is well, and its figures."""
    app = FastAPI(title="CSBE", openapi_url=None)
    app.state.system = system
    problems.install(app)
    app.include_router(health.router)
    app.add_middleware(NumberedRequests)
    return app


def create_app(system: System) -> FastAPI:
    """The routes over a system."""
    app = FastAPI(
        title="CSBE",
        version="0.1.0",
        summary="Car Sharing Backend System",
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        webhooks=webhooks.sent,
    )
    _show_documentation(app)
    app.state.system = system
    problems.install(app)
    for router in ROUTERS:
        app.router.routes.extend(router.routes)  # an included router tries its routes twice for every request
    describe(app)
    app.mount("/", StaticFiles(directory=LIVE_PAGE, html=True), name="live")
    app.add_middleware(BodyLimit, max_bytes=system.settings.max_body_bytes)
    if system.tracer is not None:
        app.add_middleware(TracedRequests, tracer=system.tracer)
    if system.settings.cors_origins:
        app.add_middleware(CORSMiddleware, allow_origins=system.settings.cors_origins, **CROSS_ORIGIN)
    app.add_middleware(NumberedRequests)
    return app


def _show_documentation(app: FastAPI) -> None:
    """The API's page at `/docs`, and that of its errors, all of it from our own server."""
    app.mount("/swagger", StaticFiles(directory=SWAGGER), name="swagger")

    @app.get("/docs", include_in_schema=False)
    async def page() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="openapi.json",
            title="CSBE",
            swagger_js_url="swagger/swagger-ui-bundle.js",
            swagger_css_url="swagger/swagger-ui.css",
            swagger_favicon_url="swagger/favicon-32x32.png",
            swagger_ui_parameters={"persistAuthorization": True, "filter": True, "tryItOutEnabled": True},
        )

    @app.get(error_catalogue.ADDRESS, include_in_schema=False)
    async def errors() -> HTMLResponse:
        return HTMLResponse(error_catalogue.page())


class BodyLimit:
    """Refuses a body that is larger than allowed, as soon as that shows."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self._app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._max_bytes:
                too_large = Problem(413, "too-large", "Body too large", f"send at most {self._max_bytes} bytes")
                await too_large.response()(scope, receive, send)
                return
        await self._app(scope, _replay(body, receive), send)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body that was read, once; after that whatever comes, such as the client's going away."""
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return first.pop() if first else await receive()

    return replay
