"""The FastAPI application."""

from collections.abc import Awaitable, Callable
from functools import cache
from mimetypes import guess_type
from pathlib import Path

import fastapi_swagger  # type: ignore[import-untyped]  # of an untyped package
import orjson
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles

from api import error_catalogue, problems
from api.edge.admission import Admission
from api.edge.around import guarded, presentable
from api.edge.shedding import FrontDoor
from api.rest import (
    bank_entries,
    billing,
    charges,
    corrections,
    damages,
    documents,
    fleet,
    health,
    history,
    jobs,
    live,
    login,
    mandates,
    member_search,
    members,
    payments,
    products,
    provider_notices,
    reads,
    rental,
    reports,
    scheduled,
    staff_login,
    trip_costs,
    webhooks,
)
from api.rest.openapi import describe
from api.rest.tracing import TracedRequests
from api.rest.validators import conditional
from api.system import System

ROUTERS = tuple(
    context.router
    for context in (
        rental,
        scheduled,
        fleet,
        members,
        member_search,
        billing,
        documents,
        payments,
        provider_notices,
        charges,
        corrections,
        products,
        damages,
        trip_costs,
        bank_entries,
        mandates,
        login,
        live,
        webhooks,
        reports,
        history,
        reads,
        jobs,
        health,
        staff_login,
    )
)
"""The routes of each context, the busiest first: they are tried one by one."""
PAGES = Path(__file__).parent.parent / "pages"
SWAGGER = Path(fastapi_swagger.__file__).parent / "resources"
"""Script and style of the API's page. What else the package offers reads them in a way that Python gives up."""


def create_health_app(system: System) -> FastAPI:
    """What a process without the API answers: whether it is well, and its figures."""
    app = FastAPI(title="CSBE", openapi_url=None)
    app.state.system = system
    problems.install(app)
    app.router.routes.extend(health.router.routes)
    app.middleware_stack = presentable(app.build_middleware_stack(), system.settings)
    return app


def create_metrics_app(system: System) -> FastAPI:
    """What the port of its own for figures answers."""
    app = FastAPI(title="CSBE", openapi_url=None)

    async def metrics(_: Request) -> Response:
        return await health.figures_of(system)

    app.add_route("/metrics", metrics)
    return app


def create_app(system: System) -> FastAPI:
    """The routes over a system."""
    app = FastAPI(
        title="CSBE",
        version="0.1.0",
        summary="Car Sharing Backend System",
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        docs_url=None,
        openapi_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        webhooks=webhooks.sent,
    )
    _show_documentation(app)
    app.state.system = system
    problems.install(app)
    problems.install_outages(app, system.outages)
    for router in ROUTERS:
        app.router.routes.extend(router.routes)  # an included router tries its routes twice for every request
    describe(app)
    app.mount("/", StaticFiles(directory=PAGES / "live", html=True), name="live")
    if system.tracer is not None:
        app.add_middleware(TracedRequests, tracer=system.tracer)
    settings = system.settings
    admission = Admission(settings.requests_at_once, settings.requests_waiting)
    app.middleware_stack = guarded(app.build_middleware_stack(), system, admission)  # around answers to errors, too
    if not settings.access_log:  # in which who is sent away has a line as well
        app.state.front_door = FrontDoor(admission, https_only=settings.is_https_only)
    return app


def _show_documentation(app: FastAPI) -> None:
    """The API's page at `/docs`, and that of its errors, all of it from our own server."""
    app.mount("/swagger", StaticFiles(directory=SWAGGER), name="swagger")
    for path, file in (("/docs", "docs.html"), ("/docs.js", "docs.js")):
        app.add_route(path, _shown(PAGES / "docs" / file))

    async def errors(request: Request) -> Response:
        return conditional(request, HTMLResponse(error_catalogue.page()))

    @cache
    def written() -> bytes:
        return orjson.dumps(app.openapi())

    async def document(request: Request) -> Response:
        return conditional(request, Response(written(), media_type="application/json"))

    app.add_route(error_catalogue.ADDRESS, errors)
    app.add_route("/openapi.json", document)


def _shown(file: Path) -> Callable[[Request], Awaitable[Response]]:
    content, (kind, _) = file.read_bytes(), guess_type(file)

    async def page(request: Request) -> Response:
        return conditional(request, Response(content, media_type=kind))

    return page
