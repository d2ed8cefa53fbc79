"""The real routes over a system of which nothing is there, for what the edge does before them."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock, Mock

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from starlette.routing import Route

from api.auth import Caller, TokenAuthority
from api.edge.outage import Availability
from api.readiness import Check, Readiness
from api.rest.application import create_app
from api.settings import Settings
from api.system import System
from domain.kernel.messages import Role
from tests.support.clocks import SystemClock

SERVICE = "drivenow-europe"
AUTHORITY = TokenAuthority(Ed25519PrivateKey.generate())


class _Authenticate:
    """Takes our own tokens, of which none is revoked."""

    async def __call__(self, token: str) -> Caller:
        return AUTHORITY.verify(token)

    def is_revoked(self, caller: Caller) -> bool:
        return caller.has_expired()


def pretended(
    checks: Mapping[str, Check] | None = None,
    given: Settings | None = None,
    **settings: Any,
) -> Mock:
    """A system of which nothing is there, with these settings."""
    return Mock(
        spec=System,
        settings=given or Settings(**settings),
        tracer=None,
        warnings=(),
        readiness=Readiness(checks or {}, SystemClock()),
        take_stock=AsyncMock(),
        tokens=AUTHORITY,
        rulebooks=Mock(services=[SERVICE]),
        availability=Availability(),
        outages=(ConnectionError,),
        mail_allowance=AsyncMock(return_value=None),
        code_allowance=AsyncMock(return_value=None),
        authenticate=_Authenticate(),
        end=AsyncMock(return_value=0),
        reads=Mock(note=AsyncMock()),
    )


def application(**settings: Any) -> FastAPI:
    """The routes over it."""
    return create_app(pretended(**settings))


@asynccontextmanager
async def asked(app: FastAPI, source: str = "127.0.0.1", **headers: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client at an address."""
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False, client=(source, 1234))
    async with httpx2.AsyncClient(transport=transport, base_url="http://csbe", headers=headers) as api:
        yield api


def every_route(app: FastAPI) -> Iterator[tuple[str, set[str]]]:
    """Each address, with any id in it, and the methods of its routes."""
    found: dict[str, set[str]] = {}
    for route in app.routes:
        if isinstance(route, Route):
            path = route.path_format
            for name in route.param_convertors:
                path = path.replace("{" + name + "}", "8d1191a4-9167-4e4d-bdf6-315c9c17a282")
            found.setdefault(path, set()).update(route.methods or ())
    yield from found.items()


def token_of(role: Role, subject: str) -> dict[str, str]:
    """Headers of somebody."""
    at = datetime.now(UTC)
    signed = AUTHORITY.issue(role, subject, service=SERVICE, at=at, expires_in=timedelta(hours=1))
    return {"Authorization": f"Bearer {signed}"}
