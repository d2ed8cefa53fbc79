"""Whether this process is well, and its figures; the public keys of its tokens."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.observability import DATABASE_UP
from api.problems import Problem
from api.rest.commands import InSystem
from api.rest.routing import Router
from api.rest.schemas.health import Alive, KeySet, Readiness
from api.system import System

router = Router(tags=["health"])

PATIENCE_S = 3.0
"""How long what is asked about may take to answer."""

_METRICS = {
    "schema": {"type": "string"},
    "example": 'csbe_commands_total{command="rental.start_trip",result="done"} 340.0\n',
}


@router.get("/healthz")
async def healthz() -> Alive:
    """The process answers."""
    return Alive()


@router.get(
    "/readyz",
    response_model_exclude_none=True,
    responses={503: {"model": Readiness, "description": "Something does not answer."}},
)
async def readyz(system: InSystem, response: Response) -> Readiness:
    """What it needs answers too: 503 while something does not."""
    answers = dict(zip(system.checks, await asyncio.gather(*map(_in_time, system.checks.values())), strict=True))
    checks = {name: answer is True for name, answer in answers.items()}
    reasons = {name: answer for name, answer in answers.items() if isinstance(answer, str)}
    ready = all(checks.values())
    response.status_code = 200 if ready else 503
    return Readiness(
        status="ready" if ready else "not ready",
        checks=checks,
        reasons=reasons or None,
        warnings=list(system.warnings) or None,
    )


async def _in_time(check: Callable[[], Awaitable[bool | str]]) -> bool | str:
    """Whoever says nothing for long is not well."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await check()
    except TimeoutError:
        return False


@router.get("/metrics", response_class=PlainTextResponse, responses={200: {"content": {"text/plain": _METRICS}}})
async def metrics(request: Request, system: InSystem) -> Response:
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
async def key_set(system: InSystem) -> KeySet:
    """The public keys that tokens are checked by (RFC 7517)."""
    return KeySet(**system.tokens.key_set())
