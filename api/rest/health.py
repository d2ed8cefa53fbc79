"""Whether this process is well, and its figures; the public keys of its tokens."""

from fastapi import Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.rest.commands import InSystem
from api.rest.routing import Router
from api.rest.schemas.health import Alive, KeySet, Readiness

router = Router(tags=["health"])

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
    answers = {name: await check() for name, check in system.checks.items()}
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


@router.get("/metrics", response_class=PlainTextResponse, responses={200: {"content": {"text/plain": _METRICS}}})
async def metrics(system: InSystem) -> Response:
    """Prometheus metrics."""
    await system.take_stock()
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@router.get("/.well-known/jwks.json")
async def key_set(system: InSystem) -> KeySet:
    """The public keys that tokens are checked by (RFC 7517)."""
    return KeySet(**system.tokens.key_set())
