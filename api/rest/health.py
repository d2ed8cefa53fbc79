"""Whether this process is well, and its figures; the public keys of its tokens."""

from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.rest.commanding import InSystem

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(system: InSystem, response: Response) -> dict[str, Any]:
    """What it needs answers too: 503 while something does not."""
    checks = {name: await check() for name, check in system.checks.items()}
    ready = all(checks.values())
    response.status_code = 200 if ready else 503
    return {"status": "ready" if ready else "not ready", "checks": checks}


@router.get("/metrics")
async def metrics(system: InSystem) -> Response:
    """Prometheus metrics."""
    await system.take_stock()
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@router.get("/.well-known/jwks.json")
async def key_set(system: InSystem) -> dict[str, Any]:
    """The public keys that tokens are checked by (RFC 7517)."""
    return system.tokens.key_set()
