"""Whether this process is well, and its figures; the public keys of its tokens."""

import asyncio
from contextlib import suppress

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.observability import DATABASE_UP
from api.problems import Problem
from api.readiness import PATIENCE_S, PartState
from api.rest.commands import InSystem
from api.rest.routing import Router
from api.rest.schemas.health import Alive, KeySet, PartShown, Readiness
from api.system import System

router = Router(tags=["health"])

_METRICS = {
    "schema": {"type": "string"},
    "example": 'csbe_commands_total{command="rental.start_trip",result="done"} 340.0\n',
}


@router.get("/healthz")
async def get_liveness() -> Alive:
    """The process answers."""
    return Alive()


@router.get(
    "/readyz",
    response_model_exclude_none=True,
    responses={503: {"model": Readiness, "description": "The process cannot do its work."}},
)
async def get_readiness(system: InSystem, response: Response) -> Readiness:
    """How each part is: 503 while one has failed without which this process cannot do its work."""
    parts = await system.readiness.look()
    can_work = system.readiness.can_work(parts)
    all_well = all(part.finding.state is PartState.OK for part in parts.values())
    response.status_code = 200 if can_work else 503
    return Readiness(
        status="not ready" if not can_work else "ready" if all_well else "degraded",
        parts={name: PartShown(since=part.since, **vars(part.finding)) for name, part in parts.items()},
        warnings=list(system.warnings) or None,
    )


@router.get("/metrics", response_class=PlainTextResponse, responses={200: {"content": {"text/plain": _METRICS}}})
async def get_metrics(request: Request, system: InSystem) -> Response:
    """Prometheus metrics, for trusted networks; nobody's where they have a port of their own."""
    if system.settings.metrics_port is not None or not request.state.trusted:
        raise Problem.not_found("the figures are not for everybody: see CSBE_METRICS_PORT")
    return await figures_of(system)


async def figures_of(system: System) -> Response:
    """Its own figures always, and those that the database knows while it answers."""
    DATABASE_UP.set(system.availability.is_up)
    if system.availability.is_up:
        with suppress(*system.outages):
            async with asyncio.timeout(PATIENCE_S):
                await system.take_stock()
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@router.get("/.well-known/jwks.json")
async def get_key_set(system: InSystem) -> KeySet:
    """The public keys that tokens are checked by (RFC 7517)."""
    return KeySet(**system.tokens.key_set())
